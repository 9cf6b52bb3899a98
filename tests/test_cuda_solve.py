"""gendemod solve --device."""

import numpy as np
import pytest

from gendemod._device import why_no_cuda
from solving import aligned_error, assert_refused, command_in, factors, report_of


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


@pytest.fixture
def picture(tmp_path):
    w, x = factors(3)
    np.save(tmp_path / "p.npy", w * x)
    return tmp_path / "p.npy"


@pytest.mark.cuda
@pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())
def test_a_picture_is_split_on_the_device(tmp_path, solve, picture):
    code, _, err = solve(picture, "--device", "cuda")
    assert (code, err) == (0, "")
    assert report_of(tmp_path / "out")["settings"]["device"] == "cuda"
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        for name, truth in zip("wx", factors(3), strict=True):
            assert aligned_error(arrays[name], truth) < 1e-5


@pytest.mark.cuda
@pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())
def test_a_shared_distortion_is_refused_there(tmp_path, solve, picture):
    code, _, err = solve(picture, "--device", "cuda", "--frames")
    assert_refused(tmp_path, code, err, "`device` must be cpu with --frames", "got cuda")


@pytest.mark.skipif(not why_no_cuda(), reason="there is a device")
def test_a_device_that_is_not_there_is_refused_with_the_reason(tmp_path, solve, picture):
    code, _, err = solve(picture, "--device", "cuda")
    assert_refused(tmp_path, code, err, "--device", why_no_cuda())


def test_another_word_is_refused(tmp_path, solve, picture):
    code, _, err = solve(picture, "--device", "cuda:1")
    assert_refused(tmp_path, code, err, "--device", "must be cpu or cuda; got cuda:1")
