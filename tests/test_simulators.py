"""Simulated distortions: their formulas found again in the pictures, their ranges, their seeds."""

import numpy as np
import pytest

from gendemod.data import (
    bells,
    linear_shading,
    mri_bias_field,
    quadratic_shading,
    terahertz_sweep,
    vignetting,
)

# Each with the least value that its formula can take.
LEAST = {
    vignetting: (1 + 2 * 1.25**2 / 1.5**2) ** -2,
    linear_shading: 0.2,
    quadratic_shading: 0.2,
    mri_bias_field: 3 / 7,
    terahertz_sweep: 3 / 17,
}
simulators = pytest.mark.parametrize("simulator", LEAST, ids=lambda simulator: simulator.__name__)

SIZE = 33
LINE = np.linspace(-1, 1, SIZE)
U, V = (axis.ravel() for axis in np.meshgrid(LINE, LINE, indexing="ij"))


def coefficients(pictures, degree):
    """Those of u^i v^j, i + j <= degree, by (i, j), in pictures that are such polynomials."""
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    terms = np.stack([U**i * V**j for i, j in powers], axis=1)
    found = np.linalg.lstsq(terms, pictures.T, rcond=None)[0]
    np.testing.assert_allclose(terms @ found, pictures.T, atol=1e-11)
    return dict(zip(powers, found, strict=True))


def assert_uniform(drawn, low, high):
    """1000 numbers that keep to an interval, nearly reach its ends, and lie around its middle."""
    width = high - low
    assert low - 1e-9 * width <= drawn.min() < low + 0.02 * width
    assert high - 0.02 * width < drawn.max() <= high + 1e-9 * width
    assert abs(drawn.mean() - (low + high) / 2) < 0.04 * width


@simulators
@pytest.mark.parametrize("size", [2, 3, 64])
def test_all_is_above_0_and_at_most_1(simulator, size):
    pictures = simulator(500, size, seed=5)
    assert pictures.shape == (500, size * size)
    assert pictures.dtype == np.float64
    assert pictures.min() >= LEAST[simulator] - 1e-12
    assert pictures.max() <= 1


@simulators
def test_the_stated_range_is_nearly_used(simulator):
    pictures = simulator(2000, 16, seed=2)
    assert pictures.min() < LEAST[simulator] + 0.03
    assert pictures.max() > 0.999


@simulators
def test_pictures_are_a_function_of_the_seed(simulator):
    np.testing.assert_array_equal(simulator(4, 16, seed=7), simulator(4, 16, seed=7))
    assert np.all(np.any(simulator(4, 16, seed=7) != simulator(4, 16, seed=8), axis=1))


@simulators
def test_more_pictures_begin_with_the_same_ones(simulator):
    np.testing.assert_array_equal(simulator(40, 16, seed=7)[:5], simulator(5, 16, seed=7))


@simulators
def test_no_two_pictures_are_alike(simulator):
    assert len(np.unique(simulator(50, 8, seed=0), axis=0)) == 50


@simulators
def test_no_pictures_is_an_empty_array(simulator):
    assert simulator(0, 16, seed=0).shape == (0, 256)


def test_vignetting_is_the_fourth_power_of_the_cosine_of_the_angle():
    pictures = vignetting(1000, SIZE, seed=1)
    # 1 / cos^2 = 1 + ((u - a)^2 + (v - b)^2) / f^2.
    found = coefficients(pictures**-0.5, 2)
    np.testing.assert_allclose(found[1, 1], 0, atol=1e-12)
    np.testing.assert_allclose(found[2, 0], found[0, 2], atol=1e-12)
    f = found[2, 0] ** -0.5
    a, b = (-found[power] * f**2 / 2 for power in ((1, 0), (0, 1)))
    np.testing.assert_allclose(found[0, 0], 1 + (a**2 + b**2) / f**2, atol=1e-12)
    assert_uniform(f, 1.5, 4)
    assert_uniform(a, -0.25, 0.25)
    assert_uniform(b, -0.25, 0.25)
    angles = np.arctan(np.hypot(U - a[:, None], V - b[:, None]) / f[:, None])
    np.testing.assert_allclose(pictures, np.cos(angles) ** 4, atol=1e-12)


def test_linear_shading_falls_linearly_between_opposite_corners():
    pictures = linear_shading(1000, SIZE, seed=1)
    found = coefficients(pictures, 1)
    np.testing.assert_array_equal(pictures.max(axis=1), 1)
    assert_uniform(1 - pictures.min(axis=1), 0.1, 0.8)
    assert_uniform(np.arctan2(-found[0, 1], -found[1, 0]) + np.pi, 0, 2 * np.pi)
    corners = pictures.reshape(-1, SIZE, SIZE)[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    darkest = corners.argmin(axis=1)
    np.testing.assert_array_equal(corners.argmax(axis=1), 3 - darkest)


def test_quadratic_shading_is_a_paraboloid_with_its_top_in_the_middle_half():
    pictures = quadratic_shading(1000, SIZE, seed=1)
    found = coefficients(pictures, 2)
    assert_uniform(1 - pictures.min(axis=1), 0.1, 0.8)
    hessians = np.array([[2 * found[2, 0], found[1, 1]], [found[1, 1], 2 * found[0, 2]]])
    curvatures = np.linalg.eigvalsh(np.moveaxis(hessians, -1, 0))
    assert_uniform(curvatures[:, 1] / curvatures[:, 0], 0, 1)
    # At the top the value is 1; a trough has no single top, so that the flattest are left out.
    bowls = np.abs(curvatures[:, 1]) > 0.05 * np.abs(curvatures[:, 0])
    slopes = np.stack([found[1, 0], found[0, 1]], axis=1)[bowls]
    tops = -np.linalg.solve(np.moveaxis(hessians, -1, 0)[bowls], slopes[:, :, None])[:, :, 0]
    assert np.abs(tops).max() < 0.5 + 1e-9
    np.testing.assert_allclose(found[0, 0][bowls] + np.sum(slopes * tops, axis=1) / 2, 1, atol=1e-9)


def test_a_bias_field_is_the_exponential_of_a_cubic_and_never_near_0():
    pictures = mri_bias_field(1000, SIZE, seed=1)
    coefficients(np.log(pictures), 3)
    np.testing.assert_array_equal(pictures.max(axis=1), 1)
    assert_uniform(-np.log(pictures.min(axis=1)), np.log(1.1 / 0.9), np.log(1.4 / 0.6))
    assert pictures.min() > 0.42


def test_sweeps_are_fringes_with_a_chirp_along_one_axis():
    size = 1001
    line = np.linspace(-1, 1, size)
    pictures = terahertz_sweep(8, size, seed=1).reshape(-1, size, size)
    np.testing.assert_array_equal(pictures, pictures[:, :, :1].repeat(size, axis=2))
    for fringes in pictures[:, :, 0]:
        # Two fringes at least: the ends of the cosine are in the picture.
        assert fringes.max() == pytest.approx(1, abs=1e-3)
        a = (1 - fringes.min()) / (1 + fringes.min())
        assert 0.2 - 1e-3 < a < 0.7 + 1e-3
        cosine = (1 + a) * fringes - 1
        # The cosine is 0 at every half wavelength of a path that is quadratic in u.
        before = np.flatnonzero(np.diff(np.sign(cosine)))
        step = cosine[before] / (cosine[before] - cosine[before + 1])
        zeros = line[before] + step * (line[1] - line[0])
        assert len(zeros) >= 4
        bend, k, start = np.polyfit(zeros, np.arange(len(zeros)) / 2, 2)
        path = np.polyval([bend, k, start], zeros)
        np.testing.assert_allclose(path, np.arange(len(zeros)) / 2, atol=5e-3)
        assert 1 - 1e-2 < k < 3 + 1e-2
        assert abs(2 * bend / k) < 0.5 + 2e-2


@pytest.mark.parametrize("draw", [*LEAST, bells], ids=lambda draw: draw.__name__)
def test_more_pictures_than_memory_holds_are_not_begun(draw):
    # 2**51 bytes, beyond what a process can address.
    with pytest.raises(MemoryError, match=r"shape \(17179869184, 128, 128\)"):
        draw(2**34, 128, seed=0)


@simulators
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1, 8, 0), ValueError, r"`count` must be at least 0 because .*; got -1"),
        ((1, 1, 0), ValueError, r"`size` must be at least 2 because .*; got 1"),
        ((1, 8, -1), ValueError, r"`seed` must be at least 0 because .*; got -1"),
        ((True, 8, 0), TypeError, r"`count` must be an integer because .*; got True"),
        ((1, 8.0, 0), TypeError, r"`size` must be an integer because .*; got 8.0"),
        ((1, 8, None), TypeError, r"`seed` must be an integer because .*; got None"),
    ],
)
def test_bad_arguments_are_refused(simulator, arguments, error, message):
    count, size, seed = arguments
    with pytest.raises(error, match=message):
        simulator(count, size, seed=seed)
