"""Saving and loading networks: bit for bit, and never by pickle."""

import io
import os
import zipfile

import numpy as np
import pytest

import gendemod as gd
from reference import random_weights

FAULT = r"^`path` must .+ because .+; got "


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def archive(tmp_path):
    """A good file and the arrays in it."""
    path = tmp_path / "network.npz"
    gd.ReLUNetwork(random_weights((3, 8, 21), 0)).save(path)
    with np.load(path, allow_pickle=False) as stored:
        return path, dict(stored)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(1, 1), (3, 8, 21), (2, 3, 4, 3, 2, 3, 4, 3, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "path"])
def test_a_saved_network_comes_back_bit_for_bit(tmp_path, dims, dtype, kind):
    g = gd.ReLUNetwork(random_weights(dims, 1, dtype))
    path = kind(tmp_path / "network.npz")
    g.save(path)
    again = gd.ReLUNetwork.load(path)
    assert again.dtype == dtype
    assert tuple(again.dims) == dims
    for a, b in zip(again.weights, g.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_file_is_a_plain_archive_without_objects(archive):
    path, arrays = archive
    assert zipfile.is_zipfile(path)
    assert all(array.dtype != object for array in arrays.values())


def test_saving_leaves_nothing_else_behind(archive):
    path, _ = archive
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises((FileNotFoundError, ValueError), match=r"absent\.npz"):
        gd.ReLUNetwork.load(tmp_path / "absent.npz")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: b"",
        lambda good: b"not an archive",
        lambda good: good[: len(good) // 2],
        lambda good: good[:-1],
        lambda good: good[len(good) // 2 :],
        lambda good: good[:200] + bytes([good[200] ^ 255]) + good[201:],
    ],
    ids=["empty", "text", "first half", "last byte gone", "second half", "one byte flipped"],
)
def test_a_broken_archive_is_a_value_error(archive, spoil):
    path, _ = archive
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)


def test_an_npy_file_is_a_value_error(tmp_path):
    path = tmp_path / "network.npz"
    buffer = io.BytesIO()
    np.save(buffer, np.ones((3, 2)))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)


def spoiled_first_weight(arrays, change):
    """The arrays with W_1, the only one of 8 x 3, changed."""
    changed = {k: change(a) if a.shape == (8, 3) else a for k, a in arrays.items()}
    assert any(changed[k] is not arrays[k] for k in arrays)
    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w[:-1],
        lambda w: w[0],
        lambda w: w[None],
        lambda w: w * np.nan,
        lambda w: w / 0.0,
        lambda w: w.astype(complex),
        lambda w: w.astype(str),
        lambda w: w[:, :0],
    ],
    ids=["not chaining", "vector", "3-d", "nan", "inf", "complex", "text", "no columns"],
)
def test_arrays_that_are_no_network_are_a_value_error(archive, change):
    path, arrays = archive
    with np.errstate(all="ignore"):
        np.savez(path, **spoiled_first_weight(arrays, change))
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)


def test_a_missing_layer_is_a_value_error(archive):
    path, arrays = archive
    np.savez(path, **{k: a for k, a in arrays.items() if a.shape != (8, 3)})
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)


def test_an_archive_without_arrays_is_a_value_error(archive):
    path, _ = archive
    np.savez(path)
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)


def test_pickled_content_is_refused_and_never_run(archive):
    path, arrays = archive
    folder = path.parent / "unpickled"
    content = np.array([Malicious(folder)], dtype=object)
    np.savez(path, **spoiled_first_weight(arrays, lambda w: content))
    with pytest.raises(ValueError, match=FAULT):
        gd.ReLUNetwork.load(path)
    assert not folder.exists()
