"""Digits and bells: what they look like, and that they are functions of their seeds."""

import numpy as np
import pytest

from gendemod.data import bells, digits, paper_bells, split
from reference import bilinear


@pytest.fixture(scope="module")
def both():
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    return digits(32)


def test_there_are_1797_digits_of_ten_kinds(both):
    images, labels = both
    assert images.shape == (1797, 1024)
    assert images.dtype == np.float64
    assert labels.shape == (1797,)
    assert set(labels) == set(range(10))


def test_digits_are_dark_on_a_white_ground(both):
    images, _ = both
    assert images.min() == 0
    assert images.max() == 1
    corners = images.reshape(-1, 32, 32)[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.mean() > 0.95
    assert np.all(images.min(axis=1) < 0.2)


def test_enlarged_digits_keep_the_ink_where_it_was(both):
    images, _ = both
    from sklearn.datasets import load_digits

    cells = images.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4))
    ink = load_digits().images / 16
    assert np.abs(cells - (1 - ink)).mean() < 0.06
    assert np.corrcoef(cells.ravel(), 1 - ink.ravel())[0, 1] > 0.98


def test_digits_come_in_any_size_from_8(both):
    small, labels = digits(8)
    assert small.shape == (1797, 64)
    np.testing.assert_array_equal(labels, both[1])
    with pytest.raises(ValueError, match=r"`size` must be at least 8 because .*; got 7"):
        digits(7)


def test_a_third_is_held_out():
    train, test = split(1797, seed=0)
    assert (len(train), len(test)) == (1198, 599)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))


def test_a_split_is_a_function_of_the_seed():
    one, again, other = (split(100, seed=seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("count", "held_out", "tests"), [(2, 0.01, 1), (2, 0.99, 1), (10, 0.5, 5)])
def test_both_parts_of_a_split_have_an_item(count, held_out, tests):
    train, test = split(count, held_out=held_out, seed=0)
    assert (len(train), len(test)) == (count - tests, tests)


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_outside_0_to_1_is_refused(held_out):
    with pytest.raises(ValueError, match=r"`held_out` must lie strictly between 0 and 1 because"):
        split(10, held_out=held_out, seed=0)


@pytest.mark.parametrize("held_out", ["a", None, True])
def test_a_share_is_a_number(held_out):
    with pytest.raises(TypeError, match=r"`held_out` must be a number because .*; got"):
        split(10, held_out=held_out, seed=0)


def test_bells_are_a_function_of_the_seed():
    np.testing.assert_array_equal(bells(5, 16, seed=7), bells(5, 16, seed=7))
    assert not np.array_equal(bells(5, 16, seed=7), bells(5, 16, seed=8))


def test_more_bells_begin_with_the_same_ones():
    np.testing.assert_array_equal(bells(9, 16, seed=7)[:5], bells(5, 16, seed=7))


def test_the_logarithm_of_a_bell_is_the_paraboloid_of_the_paper():
    grid = np.linspace(-5, 5, 21)
    u, v = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing="ij"))
    terms = np.stack([np.ones_like(u), u + v, u * u + v * v], axis=1)
    logarithms = np.log(bells(2000, 21, seed=1))
    coefficients = np.linalg.lstsq(terms, logarithms.T, rcond=None)[0]
    np.testing.assert_allclose(terms @ coefficients, logarithms.T, atol=1e-12)
    sigma = -1 / coefficients[2]
    c = coefficients[1] * sigma / 2
    np.testing.assert_allclose(coefficients[0], -2 * c**2 / sigma, atol=1e-12)
    # Both are uniform: the ranges are kept, nearly reached, and the means are in the middle.
    assert 20 <= sigma.min() < 20.1
    assert 34.9 < sigma.max() <= 35
    assert -3 <= c.min() < -2.98
    assert 2.98 < c.max() <= 3
    assert abs(sigma.mean() - 27.5) < 0.4
    assert abs(c.mean()) < 0.16
    assert abs(np.corrcoef(c, sigma)[0, 1]) < 0.1


def test_no_bells_is_an_empty_array():
    assert bells(0, 16, seed=0).shape == (0, 256)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 8, 0), r"`count` must be at least 0"),
        ((1, 1, 0), r"`size` must be at least 2"),
        ((1, 8, -1), r"`seed` must be at least 0"),
    ],
)
def test_bad_bells_are_refused(arguments, message):
    count, size, seed = arguments
    with pytest.raises(ValueError, match=message):
        bells(count, size, seed=seed)


def test_the_paper_enlarges_bells_of_28_by_28():
    pytest.importorskip("skimage")
    large = paper_bells(20, 64, reading="draws", seed=4)
    small = bells(20, 28, seed=4).reshape(-1, 28, 28)
    expected = np.stack([bilinear(bell, 64).ravel() for bell in small])
    np.testing.assert_allclose(large, expected, atol=1e-12)
    np.testing.assert_array_equal(paper_bells(5, 64, reading="draws", seed=4), large[:5])


def test_the_grid_has_90_centres_and_90_widths():
    pytest.importorskip("skimage")
    grid = paper_bells(size=28)
    assert grid.shape == (8100, 784)
    assert 0 < grid.min() < grid.max() <= 1
    u, v = np.meshgrid(np.linspace(-5, 5, 28), np.linspace(-5, 5, 28), indexing="ij")
    for i, j in [(0, 0), (0, 89), (89, 0), (89, 89), (30, 57)]:
        c, sigma = -3 + 6 * i / 89, 20 + 15 * j / 89
        bell = np.exp(-((u - c) ** 2 + (v - c) ** 2) / sigma).ravel()
        np.testing.assert_allclose(grid[90 * i + j], bell, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"count": 8000}, ValueError, r"`count` must be 8100 because the grid .*; got 8000"),
        ({"count": 8100.0}, TypeError, r"`count` must be an integer because .*; got 8100.0"),
        ({"seed": 0}, ValueError, r"`seed` must be None because nothing .*; got 0"),
        ({"reading": "draws"}, TypeError, r"`seed` must be an integer because .*; got None"),
        (
            {"reading": "draws", "seed": 0, "count": -1},
            ValueError,
            r"`count` must be at least 0 because .*; got -1",
        ),
        (
            {"reading": "random"},
            ValueError,
            r"`reading` must be \"grid\" or \"draws\" because .*; got 'random'",
        ),
        ({"size": 27}, ValueError, r"`size` must be at least 28 because .*; got 27"),
    ],
)
def test_bad_paper_bells_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        paper_bells(**arguments)
