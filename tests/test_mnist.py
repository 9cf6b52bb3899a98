"""IDX files and the folders of MNIST: what is read, and what is refused."""

import functools
import gzip
import hashlib
import http.server
import os
import struct
import threading
import tracemalloc

import numpy as np
import pytest

from gendemod.data import _mnist, idx, mnist
from reference import bilinear


def idx_bytes(array):
    """The definition of the format."""
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


def sha256(contents):
    return hashlib.sha256(contents).hexdigest()


def random_bytes(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def small(monkeypatch):
    """A tiny MNIST in place of the published one: the contents of its files by their names."""
    contents, files = {}, {}
    for part, stem, count in (("train", "train", 5), ("test", "t10k", 3)):
        arrays = {
            f"{stem}-images-idx3-ubyte": random_bytes(count, 28, 28),
            f"{stem}-labels-idx1-ubyte": np.arange(count, dtype=np.uint8),
        }
        files[part] = ()
        for name, array in arrays.items():
            contents[name] = idx_bytes(array)
            zipped = gzip.compress(contents[name], mtime=0)
            sums = sha256(contents[name]), sha256(zipped)
            files[part] += (_mnist.File(name, array.shape, *sums),)
    monkeypatch.setattr(_mnist, "FILES", files)
    return contents


@pytest.fixture
def folder(small, tmp_path):
    for name, contents in small.items():
        (tmp_path / name).write_bytes(contents)
    return tmp_path


# IDX files.


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 5), (1, 1, 2, 1)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_an_idx_file_holds_its_array(tmp_path, shape, pack):
    array = random_bytes(*shape)
    (tmp_path / "file").write_bytes(pack(idx_bytes(array)))
    found = idx(tmp_path / "file")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


def test_a_large_file_is_read_whole(tmp_path):
    array = random_bytes(3, 2**20 - 1)
    (tmp_path / "file").write_bytes(idx_bytes(array))
    np.testing.assert_array_equal(idx(str(tmp_path / "file")), array)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("length", [0, 2, 3, 4, 9, 15, 16, 40, 75])
def test_a_file_that_ends_too_early_is_refused(tmp_path, length, pack):
    contents = idx_bytes(random_bytes(3, 4, 5))
    (tmp_path / "file").write_bytes(pack(contents[:length]))
    message = rf"`path` must be a whole IDX file .*; got .*file \(it ends after {length} of "
    with pytest.raises(ValueError, match=message):
        idx(tmp_path / "file")


@pytest.mark.parametrize("missing", [1, 8, 100])
def test_a_gzip_archive_that_ends_too_early_is_refused(tmp_path, missing):
    zipped = gzip.compress(idx_bytes(random_bytes(10, 28)))
    (tmp_path / "file").write_bytes(zipped[:-missing])
    with pytest.raises(ValueError, match=r"`path` must be a whole IDX file of bytes"):
        idx(tmp_path / "file")


def test_a_gzip_archive_with_a_changed_byte_is_refused(tmp_path):
    zipped = bytearray(gzip.compress(idx_bytes(random_bytes(10, 28)), compresslevel=0))
    zipped[100] ^= 1
    (tmp_path / "file").write_bytes(zipped)
    with pytest.raises(ValueError, match=r"`path` must be .*; got .* \(CRC check failed"):
        idx(tmp_path / "file")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_more_than_the_header_tells_is_refused(tmp_path, pack):
    (tmp_path / "file").write_bytes(pack(idx_bytes(random_bytes(6)) + b"\0"))
    with pytest.raises(ValueError, match=r"more than the 6 entries that its header tells"):
        idx(tmp_path / "file")


@pytest.mark.parametrize(
    "magic", [b"\0\0\x0d\3", b"\0\0\x08\0", b"\1\0\x08\3", b"\x89PNG", b"\0\0\x08\xff"]
)
def test_another_magic_number_is_refused(tmp_path, magic):
    (tmp_path / "file").write_bytes(magic + bytes(2000))
    with pytest.raises(ValueError, match=rf"\(its first four bytes are {magic.hex(' ')}\)"):
        idx(tmp_path / "file")


def test_a_file_without_entries_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", 0, 2**31, 2**31))
    with pytest.raises(ValueError, match=r"\(its header tells the shape \(0, .*no entries\)"):
        idx(tmp_path / "file")


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(idx_bytes(np.zeros(9, np.uint8)) + bytes(2**26), id="a bomb"),
        pytest.param(bytes([0, 0, 8, 2]) + b"\xff" * 8, id="a header that lies"),
    ],
)
def test_a_small_archive_takes_little_memory(tmp_path, contents):
    (tmp_path / "file").write_bytes(gzip.compress(contents))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"`path` must be a whole IDX file"):
            idx(tmp_path / "file")
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_an_archive_takes_the_memory_that_its_header_tells(tmp_path):
    (tmp_path / "file").write_bytes(gzip.compress(idx_bytes(np.zeros((2**12, 2**12), np.uint8))))
    assert (tmp_path / "file").stat().st_size < 2**24 / 900
    tracemalloc.start()
    try:
        assert idx(tmp_path / "file").shape == (2**12, 2**12)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * 2**24
    finally:
        tracemalloc.stop()


def test_a_path_is_asked_for(tmp_path):
    with pytest.raises(TypeError, match=r"`path` must be a path because .*; got 3"):
        idx(3)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        idx(tmp_path / "nowhere")


# Folders.


@pytest.mark.parametrize(("part", "stem"), [("train", "train"), ("test", "t10k")])
def test_digits_are_dark_on_white_and_enlarged_bilinearly(small, folder, part, stem):
    pytest.importorskip("skimage")
    images, labels = mnist(folder, part=part, size=40)
    contents = small[f"{stem}-images-idx3-ubyte"]
    ink = np.frombuffer(contents, np.uint8, offset=16).reshape(-1, 28, 28)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, np.arange(len(ink)))
    expected = [1 - bilinear(picture / 255, 40).ravel() for picture in ink]
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert images.min() >= 0
    assert images.max() <= 1


@pytest.mark.parametrize("between", ["-idx", ".idx"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_go_by_their_usual_names(small, tmp_path, between, suffix):
    pytest.importorskip("skimage")
    for name, contents in small.items():
        packed = gzip.compress(contents, compresslevel=1) if suffix else contents
        (tmp_path / (name.replace("-idx", between) + suffix)).write_bytes(packed)
    images, labels = mnist(str(tmp_path), size=28)
    assert images.shape == (5, 784)
    assert len(labels) == 5


def test_the_environment_names_the_folder(folder, monkeypatch):
    pytest.importorskip("skimage")
    monkeypatch.setenv("GENDEMOD_MNIST", str(folder))
    np.testing.assert_array_equal(mnist(size=28)[0], mnist(folder, size=28)[0])
    monkeypatch.setenv("GENDEMOD_MNIST", str(folder / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"`GENDEMOD_MNIST` must be a folder because"):
        mnist()


def test_a_missing_folder_or_file_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"`folder` must be a folder because .*nowhere"):
        mnist(folder / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"`folder` must be a folder because"):
        mnist(folder / "train-images-idx3-ubyte")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    message = r"`folder` must hold t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz because"
    with pytest.raises(FileNotFoundError, match=message):
        mnist(folder, part="test")


def test_a_changed_file_is_refused(folder):
    path = folder / "train-labels-idx1-ubyte"
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(contents)
    message = r"`folder` must hold MNIST, unpacked with the SHA-256 \w{64}, because .*; got .*"
    with pytest.raises(ValueError, match=rf"{message}train-labels-.* with {sha256(contents)}"):
        mnist(folder)


def test_a_truncated_file_is_refused(folder):
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:1000])
    message = (
        r"`folder` must be a whole IDX file .*train-images.* \(it ends after 1000 of 3936 bytes"
    )
    with pytest.raises(ValueError, match=message):
        mnist(folder)


def test_a_file_of_another_shape_is_not_unpacked(folder):
    labels = folder / "train-labels-idx1-ubyte"
    labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", 2**31)))
    with pytest.raises(ValueError, match=r"header tells the shape \(2147483648,\), not \(5,\)"):
        mnist(folder)
    labels.write_bytes((folder / "train-images-idx3-ubyte").read_bytes())
    with pytest.raises(ValueError, match=r"header tells the shape \(5, 28, 28\), not \(5,\)"):
        mnist(folder)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"part": "t10k"},
            ValueError,
            r'`part` must be "train" or "test" because .*; got \'t10k\'',
        ),
        ({"part": None}, ValueError, r'`part` must be "train" or "test" because .*; got None'),
        ({"size": 27}, ValueError, r"`size` must be at least 28 because .*; got 27"),
        ({"size": 64.0}, TypeError, r"`size` must be an integer because .*; got 64.0"),
        ({"folder": 3}, TypeError, r"`folder` must be a path because .*; got 3"),
    ],
)
def test_bad_arguments_are_refused(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        mnist(**{"folder": folder, **arguments})


# Downloads.


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(small, tmp_path, monkeypatch):
    """A folder that a server of this machine publishes as the mirror; the cache is empty."""
    pooch = pytest.importorskip("pooch")
    pytest.importorskip("skimage")
    published = tmp_path / "published"
    published.mkdir()
    for name, contents in small.items():
        (published / f"{name}.gz").write_bytes(gzip.compress(contents, mtime=0))
    monkeypatch.delenv("GENDEMOD_MNIST", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    handler = functools.partial(Quiet, directory=published)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setattr(_mnist, "MIRROR", f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield published
        server.shutdown()
        thread.join()


def test_files_are_downloaded_once(small, mirror, tmp_path):
    images, labels = mnist(part="test", size=28)
    ink = np.frombuffer(small["t10k-images-idx3-ubyte"], np.uint8, offset=16)
    np.testing.assert_allclose(images.ravel(), 1 - ink / 255, atol=1e-6)
    np.testing.assert_array_equal(labels, [0, 1, 2])
    for file in mirror.iterdir():
        file.unlink()
    np.testing.assert_array_equal(mnist(part="test", size=28)[0], images)
    cached = sorted(file.name for file in (tmp_path / "cache" / "gendemod").iterdir())
    assert cached == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def test_a_spoiled_download_names_the_file_and_is_not_kept(mirror, tmp_path):
    (mirror / "t10k-images-idx3-ubyte.gz").write_bytes(b"<html>moved</html>")
    message = r"`folder` must be named because .*/t10k-images-idx3-ubyte.gz; got SHA256 hash of"
    with pytest.raises(ValueError, match=message):
        mnist(part="test")
    assert not list((tmp_path / "cache" / "gendemod").iterdir())


def test_a_spoiled_cache_is_downloaded_again(mirror, tmp_path):
    mnist(part="test", size=28)
    spoiled = tmp_path / "cache" / "gendemod" / "t10k-images-idx3-ubyte.gz"
    spoiled.write_bytes(b"")
    mnist(part="test", size=28)
    assert spoiled.read_bytes() == (mirror / spoiled.name).read_bytes()


def test_a_file_that_the_mirror_lacks_is_named(mirror):
    (mirror / "train-images-idx3-ubyte.gz").unlink()
    message = r"`folder` must be named because .*/train-images-idx3-ubyte.gz; got 404"
    with pytest.raises(OSError, match=message):
        mnist()


# The real one.


def test_mnist_has_60000_and_10000_digits():
    folder = os.environ.get("GENDEMOD_MNIST")
    if not folder:
        pytest.skip("GENDEMOD_MNIST is not set")
    pytest.importorskip("skimage")
    for part, count, least in (("train", 60000, 5421), ("test", 10000, 892)):
        images, labels = mnist(folder, part=part, size=28)
        assert images.shape == (count, 784)
        assert (images.min(), images.max()) == (0, 1)
        # Mostly white; the rarest digit is the 5.
        assert images.mean() > 0.85
        counts = np.bincount(labels)
        assert (len(counts), counts.argmin(), counts.min()) == (10, 5, least)
