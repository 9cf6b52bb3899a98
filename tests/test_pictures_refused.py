"""Pictures: what is none is named and refused."""

import os

import numpy as np
import pytest

from gendemod.pictures import list_pictures, read_picture, write_picture


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image")


@pytest.fixture
def tifffile():
    return pytest.importorskip("tifffile")


def bytes_of(shape, seed=0, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_empty_files(tmp_path, suffix):
    path = tmp_path / f"void{suffix}"
    path.touch()
    with pytest.raises(ValueError, match=rf"void\{suffix}, an empty file"):
        read_picture(path)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
@pytest.mark.parametrize("kept", [5, 0.5])
def test_broken_files(tmp_path, pillow, tifffile, suffix, kept):
    path = tmp_path / f"torn{suffix}"
    write_picture(path, bytes_of((40, 40)) / 255)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if kept >= 1 else int(kept * len(whole))])
    with pytest.raises(ValueError, match=rf"readable {suffix[1:].upper()} file.*torn\{suffix}"):
        read_picture(path)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_text_under_a_wrong_name(tmp_path, pillow, tifffile, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_text("not a picture at all\n" * 10)
    with pytest.raises(ValueError, match=rf"text\{suffix}"):
        read_picture(path)


def test_pickled_content_is_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.save(tmp_path / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"trap\.npy"):
        read_picture(tmp_path / "trap.npy")
    assert not (tmp_path / "sprung").exists()


def test_archive_under_the_name_of_an_array(tmp_path):
    np.savez(tmp_path / "p.npz", a=np.ones((2, 2)))
    (tmp_path / "p.npz").rename(tmp_path / "p.npy")
    with pytest.raises(ValueError, match="an archive of several arrays"):
        read_picture(tmp_path / "p.npy")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(tmp_path, value):
    picture = np.ones((4, 6))
    picture[2, 5] = value
    np.save(tmp_path / "p.npy", picture)
    with pytest.raises(ValueError, match=r"p\.npy, whose pixel at row 2, column 5 is not finite"):
        read_picture(tmp_path / "p.npy")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.npy", finite=False), picture)


@pytest.mark.parametrize("shape", [(), (4,), (4, 4, 2), (4, 4, 4), (2, 4, 4, 3), (0, 4), (4, 0, 3)])
def test_wrong_number_of_dimensions(tmp_path, shape):
    np.save(tmp_path / "p.npy", np.ones(shape))
    with pytest.raises(ValueError, match=r"p\.npy, an array of shape \("):
        read_picture(tmp_path / "p.npy")
    with pytest.raises(ValueError, match=r"`picture` must be of shape"):
        write_picture(tmp_path / "q.npy", np.ones(shape))
    assert not (tmp_path / "q.npy").exists()


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, np.complex128, "U3"])
def test_types_without_a_known_range(tmp_path, dtype):
    np.save(tmp_path / "p.npy", np.zeros((3, 3), dtype=dtype))
    with pytest.raises(ValueError, match=r"p\.npy, of type"):
        read_picture(tmp_path / "p.npy")


def test_several_pages_and_inverted_grey_are_refused(tmp_path, tifffile):
    levels = bytes_of((5, 8, 9))
    tifffile.imwrite(tmp_path / "stack.tif", levels, photometric="minisblack")
    with pytest.raises(ValueError, match=r"stack\.tif \(5 pages instead of one\)"):
        read_picture(tmp_path / "stack.tif")
    tifffile.imwrite(tmp_path / "white.tif", levels[0], photometric="miniswhite")
    with pytest.raises(ValueError, match=r"white\.tif.*neither black to white nor RGB"):
        read_picture(tmp_path / "white.tif")


def test_unknown_suffix(tmp_path):
    (tmp_path / "p.jpg").write_bytes(b"x")
    for act in (
        lambda: read_picture(tmp_path / "p.jpg"),
        lambda: list_pictures(tmp_path / "p.jpg"),
        lambda: write_picture(tmp_path / "p.jpg", np.ones((2, 2))),
    ):
        with pytest.raises(ValueError, match=r"must end in one of .png, .tif, .tiff, .npy.*p\.jpg"):
            act()


def test_missing_file(tmp_path):
    for read in (read_picture, list_pictures):
        with pytest.raises(FileNotFoundError, match=r"gone\.png"):
            read(tmp_path / "gone.png")


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan])
def test_png_holds_nothing_outside_zero_and_one(tmp_path, value):
    with pytest.raises(ValueError, match=r"`picture` must lie in \[0, 1\]"):
        write_picture(tmp_path / "p.png", np.array([[0.5, value]]))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    write_picture(tmp_path / "p.npy", np.ones((2, 2)))

    def full(file, *_args, **_kwargs):
        file.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="no space left"):
        write_picture(tmp_path / "p.npy", np.zeros((2, 2)))
    assert [file.name for file in tmp_path.iterdir()] == ["p.npy"]
    np.testing.assert_array_equal(read_picture(tmp_path / "p.npy"), np.ones((2, 2)))
