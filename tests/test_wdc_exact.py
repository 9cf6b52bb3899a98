"""Suprema over all directions in one and two dimensions, and what samples say of them."""

import numpy as np
import pytest

import gendemod as gd
from reference import wdc_supremum_in_a_plane

rng = np.random.default_rng(8)
GAUSSIAN = {f"gaussian {rows}": rng.standard_normal((rows, 2)) / rows**0.5 for rows in (1, 2, 3, 8)}
STRUCTURED = {
    "orthogonal": np.eye(2),
    "opposite": np.array([[1.0, 2.0], [-1.0, -2.0], [2.0, -1.0]]),
    "duplicates": np.repeat(rng.integers(-2, 3, (4, 2)), 3, axis=0).astype(float),
    "zero rows": np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [-1.0, 3.0]]),
    "all zero": np.zeros((3, 2)),
    "rank one": np.outer(rng.standard_normal(6), [1.0, -2.0]),
    "grid": np.array([[a, b] for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]),
}


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("name", [*GAUSSIAN, *STRUCTURED])
def test_the_plane_matches_brute_force(name, alpha):
    W = (GAUSSIAN | STRUCTURED)[name]
    found = gd.wdc.exact(W, alpha)
    assert found.lower == found.upper
    expected = wdc_supremum_in_a_plane(W, alpha)
    scale = np.sum(W**2) + alpha
    assert found.lower == pytest.approx(expected, abs=1e-8 * scale)
    # The witness lies on the right side of the walls.
    assert gd.wdc.deviation(W, found.x, found.y, alpha) == pytest.approx(found.lower, rel=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_random_is_at_most_exact(seed):
    random = np.random.default_rng(seed)
    n = 1 + seed % 2
    W = random.integers(-3, 4, (random.integers(1, 30), n)) * 10.0 ** random.integers(-3, 4)
    if seed % 3 == 0:
        W = random.standard_normal(W.shape)
    alpha = float(np.sum(W**2) / n) or 1.0
    found = gd.wdc.exact(W, alpha)
    sample = gd.wdc.sample(W, alpha, pairs=300, seed=seed)
    assert sample.maximum <= found.upper * (1 + 1e-9)
    trivial = np.linalg.norm(W.T @ W - alpha * np.eye(n), 2) / 2
    assert found.lower >= trivial * (1 - 1e-12)
    if n == 2:
        assert found.lower >= np.max(np.sum(W**2, axis=1)) * (1 - 1e-12)


def test_one_dimension_is_two_sums():
    W = np.array([[1.0], [-2.0], [0.5], [0.0]])
    found = gd.wdc.exact(W, 3.0)
    assert (found.lower, found.upper) == (2.5, 2.5)
    assert gd.wdc.deviation(W, found.x, found.y, 3.0) == 2.5


def test_four_quadrants_decide_the_joint_condition_in_one_dimension():
    B, C = np.random.default_rng(3).standard_normal((2, 20, 1))
    found = gd.wdc.joint_exact(B, C, 0.7)
    (h, x), (m, y) = found.x, found.y
    assert max(gd.wdc.joint_deviation(B, C, h, x, m, y, 0.7)) == pytest.approx(found.lower)
    signs = [[s] for s in (1.0, -1.0)]
    values = [
        gd.wdc.joint_deviation(B, C, a, b, c, d, 0.7)
        for a in signs for b in signs for c in signs for d in signs
    ]  # fmt: skip
    assert np.max(values) == pytest.approx(found.upper, rel=1e-12)


def test_the_size_for_gaussian_rows_is_that_of_the_theory():
    sizes = [
        gd.wdc.exact(np.random.default_rng(k).standard_normal((1000, 2)) / 1000**0.5).lower
        for k in range(20)
    ]
    assert 2.0 < np.mean(sizes) * np.sqrt(1000 / 2) < 2.5


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_sample_says_what_it_says(n):
    W = np.random.default_rng(n).standard_normal((100, n)) / 10
    found = gd.wdc.sample(W, 1.0, pairs=400, seed=5, confidence=0.95)
    assert found.values.shape == found.angles.shape == (400,)
    assert np.sum(found.angles == 0) >= 100
    if n > 1:  # stratified: each tenth of the angles has its share
        counts, _ = np.histogram(found.angles[found.angles > 0], 10, (0, np.pi))
        assert counts.tolist() == [30] * 10
    assert found.maximum == found.values.max()
    assert found.quantiles[0.5] == np.median(found.values)
    assert (1 - found.fraction) ** 400 == pytest.approx(0.05)
    assert "nothing about the supremum" in found.statement
    again = gd.wdc.sample(W, 1.0, pairs=400, seed=5, threads=2)
    np.testing.assert_array_equal(again.values, found.values)


def test_a_joint_sample_is_of_both_conditions():
    B, C = np.random.default_rng(0).standard_normal((2, 80, 3)) / 80**0.5
    found = gd.wdc.joint_sample(B, C, pairs=200, seed=1)
    assert found.values.shape == (200,)
    assert 0 < found.quantiles[0.5] <= found.maximum


@pytest.mark.parametrize("sides", [3, 12, 60, 200, 700])
def test_regular_polygons_end(sides):
    # Every direction is as good as the best: the branch and bound gives way to all arcs.
    angles = np.arange(sides) * 2 * np.pi / sides
    W = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for alpha in (0.5 * sides, 6.0, 1e10):
        found = gd.wdc.exact(W, alpha)
        at_witness = gd.wdc.deviation(W, found.x, found.y, alpha)
        assert at_witness == pytest.approx(found.lower, rel=1e-6, abs=2e-9 * (sides + alpha))
        if sides <= 12:
            scale = sides + alpha
            assert found.lower == pytest.approx(wdc_supremum_in_a_plane(W, alpha), abs=1e-8 * scale)


def test_rows_that_are_opposite_up_to_rounding_are_both_on_in_a_sliver():
    w = np.array([0.7, 0.9])
    W = np.array([w, -3 * w])
    found = gd.wdc.exact(W)
    assert found.lower == pytest.approx(9 * (w @ w), rel=1e-9)
    assert found.upper == pytest.approx(10 * (w @ w) - 1 / 2, rel=1e-9)
    assert gd.wdc.deviation(W, found.x, found.y) == pytest.approx(found.lower, rel=1e-6)
    opposite = gd.wdc.exact([w, -2 * w])
    assert opposite.lower == opposite.upper == pytest.approx(4 * (w @ w), rel=1e-9)


@pytest.mark.parametrize("width", [1e-8, 5e-14, 9e-15, 1e-15, 1e-17, 1e-100])
@pytest.mark.parametrize("turn", [0, 1])
def test_slivers_of_any_width_count(width, turn):
    # Both rows are on at (width / 2, 1), with I / 2 as their mean: 1.5.
    W, x = np.array([[1.0, 0.0], [-1.0, width]]), np.array([width / 2, 1.0])
    W, x = (W[:, ::-1], x[::-1]) if turn else (W, x)
    assert gd.wdc.deviation(W, x, x) == pytest.approx(1.5)
    found = gd.wdc.exact(W)
    assert found.lower <= found.upper
    assert found.upper == pytest.approx(1.5, abs=2 * width + 1e-12)
    assert gd.wdc.deviation(W, found.x, found.y) == pytest.approx(found.lower, rel=1e-6)
    circle = gd.wdc.great_circle(W, x, np.eye(2)[turn])
    assert circle.lower <= circle.upper
    assert circle.upper >= 1.5
    assert gd.wdc.deviation(W, x, circle.y) == pytest.approx(circle.lower, rel=1e-6)
    passing = gd.wdc.great_circle(W, x, np.eye(2)[turn], start=np.ones(2))
    assert passing.upper >= 1.5


@pytest.mark.parametrize("call", [gd.wdc.exact, lambda W: gd.wdc.deviation(W, [1, 1], [1, 1])])
def test_squares_that_overflow_are_refused(call):
    with pytest.raises(ValueError, match=r"`W` must be below 1e150 in size because .*; got"):
        call(np.ones((2, 2)) * 1e200)


def test_a_tiny_matrix_leaves_half_of_alpha():
    tiny = 1e-170 * np.ones((3, 2))
    assert gd.wdc.exact(tiny).lower == pytest.approx(0.5)
    assert gd.wdc.search(np.ones((3, 3)) * 1e-170, seed=0).lower == pytest.approx(0.5)
