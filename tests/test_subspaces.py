"""Linear subspaces in the place of generators: alternating least squares, and its bases."""

import numpy as np
import pytest

from gendemod.baselines import LinearSubspaces, principal_basis
from reference import alternating_least_squares, relative_error

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.standard_normal((8, 300)), RNG.standard_normal((4, 300))
PRODUCTS = (RNG.standard_normal((5, 8)) @ FIRST) * (RNG.standard_normal((5, 4)) @ SECOND)
NOISY = PRODUCTS + RNG.standard_normal(PRODUCTS.shape)
BOTH = LinearSubspaces(FIRST, SECOND)


def test_every_iteration_is_that_of_the_definition():
    found = BOTH.split(NOISY, iterations=7)
    for i, y in enumerate(NOISY):
        w, x, history = alternating_least_squares(y, FIRST, SECOND, 7)
        assert relative_error(found.w[i] * found.x[i], w * x) < 1e-8
        assert relative_error(found.x[i] / found.x[i, 0], x / x[0]) < 1e-8
        np.testing.assert_allclose(found.history[i], history, rtol=1e-10)


@pytest.mark.parametrize("y", [NOISY, PRODUCTS, RNG.standard_normal((60, 300))])
def test_the_objective_never_rises(y):
    history = BOTH.split(y, iterations=60).history
    assert history.shape == (len(y), 60)
    energy = np.sum(y * y, axis=1, keepdims=True)
    assert np.all(np.diff(history) <= 1e-13 * energy)
    assert np.all(history <= energy / 2)


def test_exact_products_are_fitted_exactly():
    found = BOTH.split(PRODUCTS, iterations=60)
    assert relative_error(found.w * found.x, PRODUCTS) < 1e-10
    assert np.all(np.abs(found.history[:, -1]) <= 1e-13 * np.sum(PRODUCTS**2, axis=1))


def test_the_factors_are_those_that_made_the_product():
    b, c = RNG.standard_normal(8), RNG.standard_normal(4)
    found = BOTH.split((b @ FIRST) * (c @ SECOND), iterations=60)
    for factor, truth in ((found.w[0], b @ FIRST), (found.x[0], c @ SECOND)):
        scale = (factor @ truth) / (factor @ factor)
        assert relative_error(scale * factor, truth) < 1e-9


def test_a_picture_is_split_the_same_alone_and_among_many():
    many = BOTH.split(np.tile(NOISY, (21, 1)), iterations=5)
    alone = BOTH.split(NOISY[3], iterations=5)
    assert many.w.shape == (105, 300)
    assert relative_error(many.w[103], alone.w[0]) < 1e-9
    assert relative_error(many.history[103], alone.history[0]) < 1e-12


def test_a_scale_of_the_picture_goes_into_a_factor():
    one, other = (BOTH.split(scale * NOISY, iterations=5) for scale in (1, 1e6))
    np.testing.assert_allclose(other.w * other.x, 1e6 * one.w * one.x, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scale", [1e155, 1e300, 1e-200, 1e-306])
def test_scales_near_the_ends_of_the_numbers_change_nothing(scale):
    one, other = (BOTH.split(PRODUCTS * s, iterations=60) for s in (1.0, scale))
    assert np.isfinite(other.w).all()
    assert np.isfinite(other.x).all()
    np.testing.assert_allclose(other.w * (other.x / scale), PRODUCTS, atol=1e-9)
    bases = LinearSubspaces(FIRST * scale, SECOND / scale).split(PRODUCTS, iterations=60)
    assert relative_error(bases.w * bases.x, one.w * one.x) < 1e-9


def test_a_search_that_starts_at_zero_is_refused():
    pytest.importorskip("sklearn")
    whole = np.round(4 * FIRST)
    centred = np.concatenate([whole, -whole])
    basis = principal_basis(centred, 3)
    assert not basis[0].any()
    with pytest.raises(ValueError, match="`second` must have a first row that is not zero because"):
        LinearSubspaces(FIRST, basis)
    assert LinearSubspaces(FIRST, basis[1:]).split(NOISY, iterations=2).w.any()


def test_a_black_picture_stays_black():
    found = BOTH.split(np.zeros((2, 300)), iterations=3)
    assert np.all(found.w * found.x == 0)
    assert np.all(found.history == 0)


def test_dependent_rows_of_a_basis_do_no_harm():
    twice = LinearSubspaces(np.concatenate([FIRST, FIRST[:2]]), SECOND).split(NOISY, iterations=5)
    once = BOTH.split(NOISY, iterations=5)
    assert relative_error(twice.w * twice.x, once.w * once.x) < 1e-5


def test_no_pictures_have_no_factors():
    found = BOTH.split(np.empty((0, 300)))
    assert found.w.shape == found.x.shape == (0, 300)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LinearSubspaces(FIRST[0], SECOND), ValueError, "`first` must be a matrix"),
        (lambda: LinearSubspaces(FIRST, SECOND[:, 1:]), ValueError, "`second` must have the 300"),
        (lambda: LinearSubspaces(FIRST * np.nan, SECOND), ValueError, "`first` must be finite"),
        (lambda: LinearSubspaces("no", SECOND), TypeError, "`first` must hold real numbers"),
        (lambda: BOTH.split(NOISY[:, 1:]), ValueError, r"`y` must have shape \(300,\) or"),
        (lambda: BOTH.split(NOISY * np.inf), ValueError, "`y` must be finite"),
        (lambda: BOTH.split(NOISY, iterations=0), ValueError, "`iterations` must be at least 1"),
        (lambda: BOTH.split(NOISY, iterations=2.0), TypeError, "`iterations` must be an integer"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# The bases.


@pytest.fixture(scope="module")
def pictures():
    pytest.importorskip("sklearn")
    spread = 2.0 ** -np.arange(30)
    return 3 + (RNG.standard_normal((600, 30)) * spread) @ RNG.standard_normal((30, 700))


def test_the_mean_comes_first_and_the_directions_are_those_of_the_spread(pictures):
    basis = principal_basis(pictures, 5)
    mean = pictures.mean(axis=0)
    assert basis.shape == (6, 700)
    np.testing.assert_allclose(basis[0], mean / np.linalg.norm(mean), rtol=1e-12)
    np.testing.assert_allclose(basis[1:] @ basis[1:].T, np.eye(5), atol=1e-10)
    exact = np.linalg.svd(pictures - mean, full_matrices=False)[2][:5]
    np.testing.assert_allclose(np.abs(np.sum(basis[1:] * exact, axis=1)), 1, atol=1e-6)


def test_a_basis_is_a_function_of_the_pictures(pictures):
    np.testing.assert_array_equal(principal_basis(pictures, 3), principal_basis(pictures, 3))


def test_no_direction_leaves_the_mean(pictures):
    assert principal_basis(pictures, 0).shape == (1, 700)


@pytest.mark.parametrize(
    ("some", "count", "message"),
    [
        (np.ones(3), 1, "`pictures` must be a matrix"),
        (np.ones((4, 9)), 5, "`count` must be at most 4"),
        (np.ones((4, 9)), -1, "`count` must be at least 0"),
        (np.full((4, 9), np.nan), 1, "`pictures` must be finite"),
    ],
)
def test_bad_pictures_are_refused(some, count, message):
    with pytest.raises(ValueError, match=message):
        principal_basis(some, count)
