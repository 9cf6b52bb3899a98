"""Classical splits of one picture into a detailed and a smooth factor."""

import numpy as np
import pytest

from gendemod.baselines import FLOOR, blur_division, polynomial_log_fit

GRID = np.linspace(-1, 1, 24)
U, V = np.meshgrid(GRID, GRID[:20], indexing="ij")
SMOOTH = np.exp(-(U**2) - 0.5 * U * V + 0.3 * V - 1)


def blur(image, sigma=3.0):
    pytest.importorskip("skimage")
    return blur_division(image, sigma)


METHODS = [blur, polynomial_log_fit]


@pytest.mark.parametrize("method", METHODS)
def test_the_factors_multiply_to_the_picture(method):
    image = SMOOTH * np.random.default_rng(0).random(SMOOTH.shape)
    w, x = method(image)
    assert w.shape == x.shape == image.shape
    np.testing.assert_allclose(w * x, image, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_scale_of_the_picture_goes_into_the_smooth_factor(method):
    image = SMOOTH * np.random.default_rng(0).random(SMOOTH.shape)
    w, x = method(image)
    scaled_w, scaled_x = method(7 * image)
    np.testing.assert_allclose(scaled_w, w, rtol=1e-9)
    np.testing.assert_allclose(scaled_x, 7 * x, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_with_black_and_negative_pixels_is_split_with_finite_factors(method):
    image = np.zeros((24, 20))
    image[3:6, 3:6] = 1
    image[20, 18] = -0.01
    w, x = method(image)
    assert np.isfinite(w).all()
    assert np.all(x > 0)
    np.testing.assert_allclose(w * x, image, atol=1e-12)


def test_a_quadratic_logarithm_is_found_exactly():
    w, x = polynomial_log_fit(SMOOTH)
    np.testing.assert_allclose(x, SMOOTH, rtol=1e-10)
    np.testing.assert_allclose(w, 1, rtol=1e-10)


def test_degree_counts_the_sum_of_both_exponents():
    _, plane = polynomial_log_fit(SMOOTH, degree=1)
    assert np.abs(plane / SMOOTH - 1).max() > 0.1
    saddle = np.exp(U * V)
    np.testing.assert_allclose(polynomial_log_fit(saddle, degree=2)[1], saddle, rtol=1e-10)
    assert np.abs(polynomial_log_fit(saddle, degree=1)[1] / saddle - 1).max() > 0.1


def test_degree_zero_is_the_geometric_mean():
    _, x = polynomial_log_fit(SMOOTH, degree=0)
    np.testing.assert_allclose(x, np.exp(np.log(SMOOTH).mean()), rtol=1e-12)


def test_a_constant_picture_is_its_own_blur():
    w, x = blur(np.full((24, 20), 0.5))
    np.testing.assert_allclose(x, 0.5, rtol=1e-12)
    np.testing.assert_allclose(w, 1, rtol=1e-12)


def test_the_blur_of_a_point_has_the_asked_width():
    image = np.zeros((41, 41))
    image[20, 20] = 1
    _, x = blur(image, 2.0)
    assert x[20, 22] / x[20, 20] == pytest.approx(np.exp(-0.5), rel=1e-6)


def test_the_divisor_is_never_below_its_floor():
    image = np.zeros((24, 20))
    image[0, 0] = 5
    _, x = blur(image, 1.0)
    assert x.min() == FLOOR * 5


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones(4), "`image` must be a matrix because"),
        (np.ones((0, 3)), "`image` must be a matrix because"),
        (np.zeros((3, 3)), "`image` must have a positive pixel because"),
        (np.full((3, 3), np.nan), "`image` must be finite because"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_picture_is_refused(method, image, message):
    with pytest.raises(ValueError, match=message):
        method(image)


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="`sigma` must be positive because"):
        blur_division(SMOOTH, 0.0)
    with pytest.raises(ValueError, match="`degree` must be at least 0 because"):
        polynomial_log_fit(SMOOTH, degree=-1)
