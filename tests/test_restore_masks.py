"""`gendemod solve` with a mask: what is missing does not matter."""

import numpy as np
import pytest

from gendemod.pictures import write_picture
from solving import (
    SIDE,
    aligned_error,
    assert_refused,
    colour_factors,
    command_in,
    factors,
    single_precision,
)


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


# Masks.


def test_masked_pixels_do_not_matter(tmp_path, solve):
    w, x = factors(60)
    mask = np.random.default_rng(0).random((SIDE, SIDE)) > 0.2
    spoiled = np.where(mask, w * x, 5.0)
    spoiled[~mask & (w > 0.1)] = np.nan
    np.save(tmp_path / "p.npy", spoiled)
    write_picture(tmp_path / "mask.png", mask.astype(float))
    code, _, _ = solve(tmp_path / "p.npy", "--mask", str(tmp_path / "mask.png"))
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert aligned_error(arrays["w"], w) < 1e-5
        assert aligned_error(arrays["x"], x) < 1e-5


def test_a_mask_holds_for_colour_under_a_shared_distortion(tmp_path, solve):
    w, x = colour_factors(61)
    mask = np.random.default_rng(0).random((SIDE, SIDE)) > 0.2
    np.save(tmp_path / "p.npy", np.where(mask[..., None], w * x[..., None], np.nan))
    np.save(tmp_path / "mask.npy", mask)
    options = ("--mask", str(tmp_path / "mask.npy"), "--shared-distortion")
    code, _, _ = solve(tmp_path / "p.npy", *options)
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert aligned_error(arrays["w"], w) < 1e-5


@pytest.mark.parametrize(
    ("mask", "culprit"),
    [
        (np.ones((SIDE, SIDE + 1)), "`mask` must be a grey picture of 256 pixels"),
        (np.ones((SIDE, SIDE, 3)), "`mask` must be a grey picture of 256 pixels"),
        (np.ones((2 * SIDE, SIDE // 2)), "`mask` must be of the shape of the picture"),
        (np.zeros((SIDE, SIDE)), "`mask` must be at least 0 everywhere and positive somewhere"),
        (1 - 2 * np.eye(SIDE), "`mask` must be at least 0 everywhere and positive somewhere"),
        (np.full((SIDE, SIDE), np.nan), "mask.npy, whose pixel at row 0, column 0 is not finite"),
    ],
)
def test_bad_masks(tmp_path, solve, mask, culprit):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    np.save(tmp_path / "mask.npy", mask)
    code, _, err = solve(tmp_path / "p.npy", "--mask", str(tmp_path / "mask.npy"))
    assert_refused(tmp_path, code, err, culprit)


def test_values_that_are_not_finite_under_a_positive_mask(tmp_path, solve):
    picture = np.prod(factors(3), axis=0)
    picture[2, 3] = np.nan
    np.save(tmp_path / "p.npy", picture)
    np.save(tmp_path / "mask.npy", np.ones((SIDE, SIDE)))
    code, _, err = solve(tmp_path / "p.npy", "--mask", str(tmp_path / "mask.npy"))
    assert_refused(tmp_path, code, err, "`input` must be finite where the mask is not 0", "p.npy")


@pytest.mark.parametrize("scale", [4.0**-100, 4.0**100])
def test_only_ratios_of_weights_matter(tmp_path, solve, scale):
    w, x = factors(60)
    weights = np.random.default_rng(0).random((SIDE, SIDE))
    np.save(tmp_path / "p.npy", (w * x).clip(0, 0.3))
    found = []
    for place, v in enumerate((weights, scale * weights)):
        np.save(tmp_path / "mask.npy", v)
        options = ("--mask", str(tmp_path / "mask.npy"), *single_precision(tmp_path))
        solve(tmp_path / "p.npy", *options, output=str(place))
        found.append((tmp_path / str(place) / "p.npz").read_bytes())
    assert found[0] == found[1]


def test_what_is_masked_may_be_beyond_the_type_of_the_generators(tmp_path, solve):
    w, x = factors(60)
    mask = np.random.default_rng(0).random((SIDE, SIDE)) > 0.2
    np.save(tmp_path / "p.npy", np.where(mask, w * x, 1e300))
    np.save(tmp_path / "mask.npy", mask)
    options = ("--mask", str(tmp_path / "mask.npy"), *single_precision(tmp_path))
    code, _, err = solve(tmp_path / "p.npy", *options)
    assert (code, err) == (0, "")
