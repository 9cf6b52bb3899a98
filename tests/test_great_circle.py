"""Great circles: the supremum over all cells, against both ends of every cell."""

import numpy as np
import pytest

import gendemod as gd
from instances import WDC_MATRICES
from reference import wdc_deviation, wdc_on_a_circle


def circle(n, seed):
    """Unit vectors x, s, u with u across s."""
    rng = np.random.default_rng(seed)
    x, s, u = rng.standard_normal((3, n))
    u -= u @ s / (s @ s) * s
    return x / np.linalg.norm(x), s / np.linalg.norm(s), u / np.linalg.norm(u)


def gaussian(ell, n, seed=0):
    return np.random.default_rng(seed).standard_normal((ell, n)) / np.sqrt(ell)


SIZES = [(1, 2), (30, 2), (50, 3), (9, 12), (200, 10), (150, 17), (120, 40)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("ell", "n"), SIZES)
def test_through_x_it_is_the_largest_value_at_the_ends_of_cells(ell, n, threads):
    W, (x, u, _) = gaussian(ell, n), circle(n, ell)
    u = u - u @ x * x
    u /= np.linalg.norm(u)
    found = gd.wdc.great_circle(W, 3 * x, u + x, 0.7, threads=threads)
    expected = wdc_on_a_circle(W, x, x, u, 0.7)[0].max()
    scale = np.linalg.norm(W, 2) ** 2 + 0.7
    assert found.lower <= found.upper <= found.lower + 3e-9 * scale
    assert found.lower == pytest.approx(expected, abs=2e-9 * scale)
    y = found.y / np.linalg.norm(found.y)
    np.testing.assert_allclose(y, np.cos(found.angle) * x + np.sin(found.angle) * u, atol=1e-14)
    assert wdc_deviation(W, x, found.y, 0.7) == pytest.approx(found.lower, rel=1e-6)


@pytest.mark.parametrize(("ell", "n"), SIZES)
def test_elsewhere_it_is_a_bracket_as_wide_as_a_cell_allows(ell, n):
    W, (x, s, u) = gaussian(ell, n), circle(n, ell)
    found = gd.wdc.great_circle(W, x, u, start=s)
    values, widths = wdc_on_a_circle(W, x, s, u, 1.0)
    assert values.max() - 1e-8 <= found.upper
    assert found.lower <= found.upper <= found.lower + widths.max() / (4 * np.pi) + 1e-8
    assert wdc_deviation(W, x, found.y, 1.0) == pytest.approx(found.lower, rel=1e-6)
    angles = np.linspace(-np.pi, np.pi, 400)
    Y = np.cos(angles)[:, None] * s + np.sin(angles)[:, None] * u
    assert gd.wdc.deviation(W, x, Y).max() <= found.upper


def test_the_bracket_holds_the_supremum_through_x():
    W, (x, _, _) = gaussian(60, 3), circle(3, 1)
    for seed in range(20):
        u = np.random.default_rng(100 + seed).standard_normal(3)
        inside = gd.wdc.great_circle(W, x, u)
        turned = gd.wdc.great_circle(W, x, u, start=x + 0.3 * u)
        assert turned.lower - 1e-8 <= inside.upper
        assert inside.lower <= turned.upper + 1e-8


@pytest.mark.parametrize("name", WDC_MATRICES)
def test_nothing_on_the_circle_is_above_it(name):
    W = WDC_MATRICES[name]
    n = W.shape[1]
    alpha = float(np.sum(W**2) / n) or 1.0
    scale = np.sum((W / W.max(initial=1e-300)) ** 2) * W.max(initial=1e-300) ** 2 + alpha
    directions = [np.eye(n)[0], np.ones(n), np.random.default_rng(1).standard_normal(n)]
    for x in directions:
        u = np.roll(x, 1) + 0.5 * np.eye(n)[-1]
        found = gd.wdc.great_circle(W, x, u, alpha)
        t = np.concatenate([np.linspace(-np.pi, np.pi, 101), [0.0]])
        across = u - u @ x / (x @ x) * x
        Y = np.cos(t)[:, None] * x / np.linalg.norm(x)
        Y = Y + np.sin(t)[:, None] * across / np.linalg.norm(across)
        assert gd.wdc.deviation(W, x, Y, alpha).max() <= found.upper + 4e-9 * scale
        assert gd.wdc.deviation(W, x, found.y, alpha) == pytest.approx(
            found.lower, rel=1e-6, abs=1e-8 * scale
        )
        assert found.upper - found.lower <= 4e-9 * scale


def test_a_supremum_that_is_a_limit_comes_from_the_right_side():
    # One row, off from a quarter turn on, where Q = [[1 / 4, 1 / (2 pi)], [1 / (2 pi), 1 / 4]].
    W = np.array([[1.0, 0.0]])
    found = gd.wdc.great_circle(W, [1.0, 0.0], [0.0, 1.0])
    assert W @ found.y > 0
    assert found.upper == pytest.approx(1 / 4 + np.sqrt(1 / 4 + 1 / (4 * np.pi**2)), abs=1e-8)


def test_many_circles_are_each_as_alone_for_any_number_of_threads():
    W = gaussian(300, 6)
    X, U = np.random.default_rng(2).standard_normal((2, 9, 6))
    one = gd.wdc.great_circle(W, X, U, threads=1)
    two = gd.wdc.great_circle(W, X, U, threads=2)
    for name in ("lower", "upper", "angle", "y"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    for i in (0, 5):
        alone = gd.wdc.great_circle(W, X[i], U[i])
        assert (alone.lower, alone.upper, alone.angle) == (one.lower[i], one.upper[i], one.angle[i])
    shared = gd.wdc.great_circle(W, X[0], U)
    assert shared.lower[0] == one.lower[0]
    assert shared.y.shape == (9, 6)


def test_long_walks_do_not_drift():
    W, (x, _, u) = gaussian(20_000, 3), circle(3, 4)
    found = gd.wdc.great_circle(W, x, u)
    u = u - u @ x * x
    u /= np.linalg.norm(u)
    assert found.lower == pytest.approx(wdc_on_a_circle(W, x, x, u, 1.0)[0].max(), abs=4e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"W": np.ones((3, 1)), "x": [1.0], "tangent": [1.0]},
            "`W` must have at least two columns",
        ),
        ({"tangent": [2.0, 0.0]}, "`tangent` must not be a multiple of the start"),
        ({"x": [0.0, 0.0]}, "`x` must not be zero"),
        ({"x": [1.0, np.nan]}, "`x` must be finite"),
        ({"x": np.ones((2, 2)), "tangent": np.ones((3, 2))}, "`tangent` must have 2 rows as `x`"),
        ({"start": [1.0, 2.0, 3.0]}, "`start` must have shape"),
        ({"alpha": 0.0}, "`alpha` must be greater than 0"),
        ({"threads": 0}, "`threads` must be at least 1"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {"W": np.eye(2), "x": [1.0, 0.0], "tangent": [0.0, 1.0]} | change
    with pytest.raises(ValueError, match=message):
        gd.wdc.great_circle(**arguments)
