"""Warnings about input: clipped, too dark, negative, constant; and none for good pictures."""

import numpy as np
import pytest

from gendemod._input_checks import input_warnings
from gendemod.pictures import write_picture
from solving import SIDE, colour_factors, command_in, factors, report_of


def bell(top=1.0):
    grid = np.linspace(-5, 5, 64)
    return top * np.exp(-(grid[:, None] ** 2 + grid**2) / 35).ravel()


def rounded(y, levels=255):
    return np.rint(levels * np.clip(y, 0, 1)) / levels


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


@pytest.mark.parametrize("levels", [255, 65535])
@pytest.mark.parametrize("top", [0.3, 1.0])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_well_exposed_picture_gets_no_warning(levels, top, dtype):
    assert input_warnings(rounded(bell(top), levels).astype(dtype)) == []


def test_digits_under_bells_get_no_warning_in_8_bits():
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    from gendemod.data import bells, digits

    y = rounded(digits(32)[0][:200] * bells(200, 32, seed=0))
    assert [said for row in y for said in input_warnings(row)] == []


@pytest.mark.parametrize("levels", [255, 65535, None])
@pytest.mark.parametrize("top", [0.5, 1.0])
def test_a_clipped_picture_is_called_clipped(levels, top):
    y = np.minimum(bell(1.1 * top), top)
    y = y if levels is None else rounded(y, levels)
    share = np.mean(y == y.max())
    assert share > 0.02
    (said,) = input_warnings(y)
    assert said.startswith(f"{share:.1%} of its pixels")
    assert "clipped" in said
    assert "--mask" in said


def test_clipped_pixels_of_weight_0_are_not_complained_about():
    y = np.minimum(bell(1.2), 1)
    assert input_warnings(y, (y < 1).astype(float)) == []
    assert input_warnings(np.where(y < 1, y, np.nan), (y < 1).astype(float)) == []


def test_the_broad_top_of_a_rounded_bell_is_not_called_clipped():
    y = rounded(bell(0.5), 40)
    assert np.mean(y == y.max()) > 0.01
    assert not any("clipped" in said for said in input_warnings(y))


def test_a_dark_picture_is_warned_about_with_the_error_of_rounding():
    y = rounded(bell(0.1))
    (said,) = input_warnings(y)
    error = np.linalg.norm(y - bell(0.1)) / np.linalg.norm(y)
    assert "too dark" in said
    stated = float(said.split("about ")[1].split(";")[0])
    assert 0.01 < stated == pytest.approx(error, rel=0.2)
    assert input_warnings(rounded(bell(0.1), 65535)) == []
    assert input_warnings(bell(0.1)) == []


def test_negative_pixels_bound_the_residual_from_below():
    y = bell() - 0.4
    (said,) = input_warnings(y)
    best = np.maximum(y, 0)
    bound = np.linalg.norm(best - y) / np.linalg.norm(y)
    assert f"{bound:.2g} of its norm" in said
    assert input_warnings(bell() - 0.1) == []


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_constant_picture_is_called_constant(value):
    (said,) = input_warnings(np.full(64, value))
    assert f"constant (every pixel is {value:.3g})" in said


def test_a_drawing_in_black_and_white_is_not_called_dark():
    assert not any("dark" in said for said in input_warnings(np.repeat([0.0, 1.0], [60, 4])))


@pytest.mark.parametrize("scale", [1e-300, 1e307])
def test_warnings_are_the_same_at_any_scale(scale):
    y = rounded(bell(0.1)) - 0.04
    dark, negative = input_warnings(y)
    dark_too, negative_too = input_warnings(scale * y)
    assert negative_too == negative
    assert dark_too.split("about")[1] == dark.split("about")[1]


def test_the_widest_range_gets_its_warning():
    (said,) = input_warnings(np.array([-1.7e308, 0.5e308, 1.7e308]))
    assert "negative pixels hold 0.69 of its norm" in said


def test_a_plateau_at_0_is_not_called_clipped():
    (said,) = input_warnings(-np.maximum(bell() - 0.5, 0))
    assert "negative pixels hold 1 of its norm" in said
    assert "every pixel is 0)" in input_warnings(np.full(64, -0.0))[0]


# In `gendemod solve`.


def test_warnings_are_printed_and_reported(tmp_path, solve):
    (tmp_path / "in").mkdir()
    w, x = factors(3)
    write_picture(tmp_path / "in" / "a.npy", np.minimum(w * x, 0.2))
    write_picture(tmp_path / "in" / "b.npy", w * x)
    code, _, err = solve(tmp_path / "in")
    assert code == 0
    clipped, good = report_of(tmp_path / "out")["pictures"]
    assert good["warnings"] == []
    (said,) = clipped["warnings"]
    assert err == f"gendemod: warning: a.npy: {said}\n"


def test_a_warning_names_the_channel(tmp_path, solve):
    w, x = colour_factors(7)
    y = w * x[..., None]
    y[..., 1] = np.minimum(y[..., 1], 0.3 * y[..., 1].max())
    np.save(tmp_path / "p.npy", y)
    solve(tmp_path / "p.npy")
    (said,) = report_of(tmp_path / "out")["pictures"][0]["warnings"]
    assert said.startswith("green: ")


def test_a_mask_of_the_clipped_pixels_restores_the_factors(tmp_path, solve):
    w, x = factors(3)
    y = np.minimum(w * x, 0.3)
    assert y.shape == (SIDE, SIDE)
    np.save(tmp_path / "p.npy", y)
    np.save(tmp_path / "mask.npy", y < 0.3)
    code, _, err = solve(tmp_path / "p.npy", "--mask", str(tmp_path / "mask.npy"))
    assert (code, err) == (0, "")
    assert report_of(tmp_path / "out")["pictures"][0]["relative_residual"] < 1e-5
