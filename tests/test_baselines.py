"""Classical splits of one picture into a detailed and a smooth factor."""

import numpy as np
import pytest

from gendemod.baselines import (
    FLOOR,
    blur_division,
    homomorphic_filter,
    polynomial_log_fit,
    rank_one_split,
    total_variation_split,
)
from reference import low_pass

GRID = np.linspace(-1, 1, 24)
U, V = np.meshgrid(GRID, GRID[:20], indexing="ij")
SMOOTH = np.exp(-(U**2) - 0.5 * U * V + 0.3 * V - 1)


def blur(image, sigma=3.0):
    pytest.importorskip("skimage")
    return blur_division(image, sigma)


def homomorphic(image, cutoff=0.03, floor=FLOOR):
    pytest.importorskip("skimage")
    return homomorphic_filter(image, cutoff, floor)


def variation(image, weight=1.0, floor=FLOOR):
    pytest.importorskip("skimage")
    return total_variation_split(image, weight, floor)


def rank_one(image, quantile=0.8):
    return rank_one_split(image, quantile)


METHODS = [blur, polynomial_log_fit, homomorphic, variation, rank_one]


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
@pytest.mark.parametrize("exponent", [-1000, 1000])
def test_a_power_of_two_near_the_ends_of_the_numbers_changes_no_bit(method, exponent):
    image = SMOOTH * np.random.default_rng(0).uniform(0.1, 1, SMOOTH.shape)
    w, x = method(image)
    scaled_w, scaled_x = method(np.ldexp(image, exponent))
    np.testing.assert_array_equal(scaled_w, w)
    np.testing.assert_array_equal(scaled_x, np.ldexp(x, exponent))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [5e-324, 1e-300, 1.7e308])
def test_a_constant_picture_of_any_size_has_finite_factors(method, value):
    w, x = method(np.full((9, 7), value))
    np.testing.assert_allclose(w, 1, rtol=1e-9)
    np.testing.assert_allclose(x, value, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_factor_that_overflows_is_refused(method):
    image = np.full((9, 7), 1e-300)
    image[4, 3] = -1e300
    with pytest.raises(ValueError, match="`image` must have factors among the floating-point"):
        method(image)


@pytest.mark.parametrize("method", [polynomial_log_fit, homomorphic, variation])
def test_the_floor_may_be_as_small_as_a_number_can_be(method):
    image = SMOOTH * np.random.default_rng(0).uniform(0.1, 1, SMOOTH.shape)
    for floor in (1e-320, 5e-324):
        for found, expected in zip(method(image, floor=floor), method(image), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(5, 8), (1, 6), (4, 1)])
@pytest.mark.parametrize("degree", [7, 100, 10**9])
def test_a_degree_beyond_the_pixels_fits_them_all(shape, degree):
    image = np.random.default_rng(0).uniform(0.1, 1, shape)
    w, x = polynomial_log_fit(image, degree)
    if degree >= sum(shape) - 2:
        np.testing.assert_allclose(x, image, rtol=1e-9)
    u, v = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    powers = [(i, j) for i in range(12) for j in range(12) if i + j <= degree]
    terms = np.stack([(u**i * v**j).ravel() for i, j in powers], axis=1)
    fit = terms @ np.linalg.lstsq(terms, np.log(image).ravel(), rcond=None)[0]
    np.testing.assert_allclose(x.ravel(), np.exp(fit), rtol=1e-8)
    np.testing.assert_allclose(w * x, image, rtol=1e-12)


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
    with pytest.raises(ValueError, match=r"`sigma` must be at most 24 because .*; got 1000000000"):
        blur_division(SMOOTH, 1e9)
    with pytest.raises(ValueError, match="`degree` must be at least 0 because"):
        polynomial_log_fit(SMOOTH, degree=-1)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (lambda: homomorphic_filter(SMOOTH, 0), "`cutoff` must be positive because"),
        (lambda: homomorphic_filter(SMOOTH, 0.6), "`cutoff` must be at most 1/2 because .* 0.6"),
        (lambda: homomorphic_filter(SMOOTH, 0.1, 0), r"`floor` must lie in \(0, 1\] because"),
        (lambda: total_variation_split(SMOOTH, 0.0), "`weight` must be positive because"),
        (lambda: total_variation_split(SMOOTH, 1, 2), r"`floor` must lie in \(0, 1\] because"),
        (lambda: polynomial_log_fit(SMOOTH, 2, np.nan), r"`floor` must lie in \(0, 1\] because"),
        (lambda: rank_one_split(SMOOTH, 1.5), r"`quantile` must lie in \[0, 1\] because .* 1.5"),
        (lambda: rank_one_split(SMOOTH, np.nan), r"`quantile` must lie in \[0, 1\] because"),
    ],
)
def test_parameters_out_of_range_are_refused(split, message):
    with pytest.raises(ValueError, match=message):
        split()


@pytest.mark.parametrize("method", [homomorphic_filter, total_variation_split, rank_one_split])
@pytest.mark.parametrize("value", [True, "1", None])
def test_a_parameter_that_is_no_number_is_refused(method, value):
    with pytest.raises(TypeError, match="must be a number because"):
        method(SMOOTH, value)


@pytest.mark.parametrize("method", [polynomial_log_fit, homomorphic, variation])
def test_pixels_below_the_floor_count_as_the_floor(method):
    image = SMOOTH.copy()
    image[5, 5], lifted = 0, image.copy()
    lifted[5, 5] = 0.2 * image.max()
    x = [method(one, floor=floor)[1] for one, floor in ((image, 0.2), (lifted, FLOOR))]
    darkest = SMOOTH.min() / SMOOTH.max()
    assert darkest < 0.2
    bright = np.maximum(lifted, 0.2 * image.max())
    np.testing.assert_allclose(x[0], method(bright)[1], rtol=1e-9)
    assert np.abs(x[0] / x[1] - 1).max() > 0.01


def test_the_homomorphic_filter_is_a_low_pass_of_the_logarithm():
    pytest.importorskip("skimage")
    image = SMOOTH * np.random.default_rng(0).uniform(0.1, 1, SMOOTH.shape)
    w, x = homomorphic_filter(image, 0.08)
    low = low_pass(np.log(image), 0.08)
    np.testing.assert_allclose(np.log(x), low, atol=1e-10)
    np.testing.assert_allclose(np.log(w), np.log(image) - low, atol=1e-10)


def test_the_cutoff_frequency_is_halved():
    pytest.importorskip("skimage")
    wave = np.cos(2 * np.pi * 0.1 * (np.arange(200) + 0.5))
    _, x = homomorphic_filter(np.exp(np.tile(wave, (200, 1))), 0.1)
    middle = np.log(x)[80:120, 80:120]
    np.testing.assert_allclose(middle, wave[80:120] / 2 * np.ones((40, 1)), atol=2e-3)


def test_total_variation_lowers_a_step_by_what_the_weight_says():
    pytest.importorskip("skimage")
    # Halves of 10 columns move towards each other by weight / 10 each.
    step = np.exp(np.repeat([0.0, 3.0], 10) * np.ones((30, 1)))
    _, x = total_variation_split(step, 5.0)
    np.testing.assert_allclose(np.log(x[:, 0]), 0.5, atol=0.01)
    np.testing.assert_allclose(np.log(x[:, -1]), 2.5, atol=0.01)


def test_total_variation_removes_what_is_thin_and_keeps_what_is_wide():
    pytest.importorskip("skimage")
    image = np.ones((64, 64))
    image[:, 30:33] = 0.2
    image[:, :16] = 0.2
    _, x = total_variation_split(image, 3.0)
    assert np.all(x[:, 30:33] > 0.6)
    assert np.all(x[:, :16] < 0.35)


def test_rank_one_is_exact_under_a_pattern_on_a_white_ground():
    smooth = np.outer(np.exp(-(GRID**2)), np.exp(-0.5 * (GRID[:20] - 0.3) ** 2))
    pattern = np.ones(smooth.shape)
    pattern[4:8, 2:6], pattern[10:18, 9:13] = 0.1, 0.0
    w, x = rank_one_split(smooth * pattern, 0.8)
    np.testing.assert_allclose(x, smooth, rtol=1e-8)
    np.testing.assert_allclose(w, pattern, atol=1e-8)


def test_rank_one_with_any_quantile_settles_in_a_matrix_of_rank_one():
    image = SMOOTH * np.random.default_rng(1).random(SMOOTH.shape)
    for quantile in (0, 0.5, 0.9, 1):
        _, x = rank_one_split(image, quantile)
        singular = np.linalg.svd(x, compute_uv=False)
        assert singular[1] < 1e-12 * singular[0]


def test_the_largest_quantile_is_an_envelope():
    image = SMOOTH * np.random.default_rng(1).random(SMOOTH.shape)
    w, _ = rank_one_split(image, 1)
    assert w.max() < 1 + 1e-9
    np.testing.assert_allclose(w.max(axis=0), 1, rtol=1e-9)
    median, _ = rank_one_split(image, 0.5)
    np.testing.assert_allclose(np.median(median, axis=0), 1, rtol=0.05)
