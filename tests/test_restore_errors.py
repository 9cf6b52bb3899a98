"""`gendemod solve` with bad input: exit code 2, one line that names the culprit, no file."""

import errno

import numpy as np
import pytest

import gendemod as gd
from gendemod import _output
from gendemod.pictures import write_picture
from solving import SIDE, assert_refused, command_in, factors


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


# Bad input: exit code 2, one line that names the culprit, nothing written.


@pytest.mark.parametrize("shape", [(SIDE, SIDE + 1), (SIDE - 1, SIDE), (SIDE, SIDE + 1, 3)])
def test_a_picture_of_another_size(tmp_path, solve, shape):
    np.save(tmp_path / "p.npy", np.ones(shape))
    code, _, err = solve(tmp_path / "p.npy")
    pixels = shape[0] * shape[1]
    assert_refused(tmp_path, code, err, "p.npy", f"= {pixels} pixels", "256 outputs")


def test_generators_of_different_sizes(tmp_path, solve):
    gd.ReLUNetwork.gaussian((4, 100), seed=0).save(tmp_path / "g2.npz")
    np.save(tmp_path / "p.npy", np.ones((SIDE, SIDE)))
    code, _, err = solve(tmp_path / "p.npy")
    assert_refused(tmp_path, code, err, "100", "g2.npz", "256", "g1.npz")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_that_is_not_finite(tmp_path, solve, value):
    picture = np.ones((SIDE, SIDE))
    picture[4, 5] = value
    np.save(tmp_path / "p.npy", picture)
    code, _, err = solve(tmp_path / "p.npy")
    assert_refused(tmp_path, code, err, "p.npy", "row 4, column 5")


def test_an_empty_picture(tmp_path, solve):
    (tmp_path / "p.png").touch()
    code, _, err = solve(tmp_path / "p.png")
    assert_refused(tmp_path, code, err, "p.png", "empty file")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_a_broken_picture(tmp_path, solve, suffix):
    write_picture(tmp_path / f"p{suffix}", np.prod(factors(3), axis=0))
    whole = (tmp_path / f"p{suffix}").read_bytes()
    (tmp_path / f"p{suffix}").write_bytes(whole[: len(whole) // 2])
    code, _, err = solve(tmp_path / f"p{suffix}")
    assert_refused(tmp_path, code, err, f"p{suffix}")


def test_a_missing_picture(tmp_path, solve):
    code, _, err = solve(tmp_path / "gone.png")
    assert_refused(tmp_path, code, err, "gone.png")


def test_a_folder_without_pictures(tmp_path, solve):
    (tmp_path / "in").mkdir()
    code, _, err = solve(tmp_path / "in")
    assert_refused(tmp_path, code, err, "must hold a picture", "in")


@pytest.mark.parametrize("name", ["g1", "g2"])
@pytest.mark.parametrize("spoil", ["missing", "empty", "torn", "text", "pickled"])
def test_bad_weights(tmp_path, solve, name, spoil):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    path = tmp_path / f"{name}.npz"
    whole = path.read_bytes()
    path.unlink()
    if spoil == "empty":
        path.touch()
    elif spoil == "torn":
        path.write_bytes(whole[: len(whole) // 2])
    elif spoil == "text":
        path.write_text("weights")
    elif spoil == "pickled":
        np.savez(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    code, _, err = solve(tmp_path / "p.npy")
    assert_refused(tmp_path, code, err, f"{name}.npz")


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_file_of_pytorch_is_refused_with_the_way_to_convert_it(tmp_path, solve, suffix):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    (tmp_path / "g1.npz").rename(tmp_path / f"g1{suffix}")
    code, _, err = solve(tmp_path / "p.npy", "--g1", str(tmp_path / f"g1{suffix}"))
    told = ("`g1` must be .npz, .safetensors or .onnx", "pickle", "save_file", "docs/interop.md")
    assert_refused(tmp_path, code, err, *told, f"g1{suffix}")


def test_an_output_that_is_a_file(tmp_path, solve):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    (tmp_path / "taken").write_text("mine")
    for output, reason in (("taken", "File exists"), ("taken/out", "Not a directory")):
        code, _, err = solve(tmp_path / "p.npy", output=output)
        assert_refused(tmp_path, code, err, "`output` must be a folder", "taken", reason)
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_output_that_cannot_be_written(tmp_path, solve, monkeypatch):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    (tmp_path / "locked").mkdir()

    def locked(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(_output.tempfile, "TemporaryFile", locked)
    code, _, err = solve(tmp_path / "p.npy", output="locked")
    assert_refused(tmp_path, code, err, "`output` must be a folder", "locked (Permission denied)")
    assert list((tmp_path / "locked").iterdir()) == []


def test_the_folder_of_the_pictures_is_no_output(tmp_path, solve):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    before = sorted(tmp_path.iterdir())
    for output in (".", "out/.."):
        code, _, err = solve(tmp_path / "p.npy", output=output)
        assert_refused(tmp_path, code, err, "`output` must be another folder")
    assert sorted(tmp_path.iterdir()) == before


def test_two_pictures_of_one_name(tmp_path, solve):
    (tmp_path / "in").mkdir()
    for suffix in (".npy", ".tif"):
        write_picture(tmp_path / "in" / f"p{suffix}", np.prod(factors(3), axis=0))
    code, _, err = solve(tmp_path / "in")
    assert_refused(tmp_path, code, err, "p.npy and p.tif")
