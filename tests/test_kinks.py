"""Eq. (4) and D_g f at points where pre-activations are exactly zero: everything is dyadic."""

import itertools

import numpy as np
import pytest

import gendemod as gd
import reference

SHAPES = [((3, 12), (2, 12)), ((3, 6, 12), (2, 5, 12)), ((2, 5, 6, 12), (3, 12))]
T = 2.0**-26


def kink(dims1, dims2, seed):
    """Small integers for everything: no rounding, and many units at exactly zero."""
    rng = np.random.default_rng(seed)

    def integers(*shape):
        return rng.integers(-1, 2, size=shape).astype(float)

    weights1, weights2 = (
        [integers(rows, columns) for columns, rows in itertools.pairwise(dims)]
        for dims in (dims1, dims2)
    )
    y = np.abs(integers(dims1[-1]))
    point = integers(dims1[0]), integers(dims2[0])
    direction = integers(dims1[0]), integers(dims2[0])
    return y, weights1, weights2, point, direction


def zeros_crossed(weights, z, dz):
    """Units at exactly zero that the direction switches on or off."""
    before, (after, _, _) = reference.masks(weights, z), reference.lexicographic(weights, z, dz)
    return sum(int(np.sum(a != b)) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_directional_derivative_is_exact_at_kinks(dims1, dims2):
    crossed = 0
    for seed in range(60):
        y, weights1, weights2, (h, m), (dh, dm) = kink(dims1, dims2, seed)
        problem = gd.Problem(y, gd.ReLUNetwork(weights1), gd.ReLUNetwork(weights2))
        slope = problem.directional_derivative(h, m, dh, dm)
        assert slope == reference.Model(y, weights1, weights2).directional_derivative(h, m, dh, dm)
        moved = problem.objective(h + T * dh, m + T * dm)
        assert slope == pytest.approx((moved - problem.objective(h, m)) / T, abs=1e-2)
        crossed += zeros_crossed(weights1, h, dh) + zeros_crossed(weights2, m, dm)
    assert crossed > 60


@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_one_sided_gradients_are_the_limits_of_the_gradients(dims1, dims2):
    for seed in range(60):
        y, weights1, weights2, (h, m), (dh, dm) = kink(dims1, dims2, seed)
        problem = gd.Problem(y, gd.ReLUNetwork(weights1), gd.ReLUNetwork(weights2))
        g1, g2 = problem.one_sided_gradients(h, m, (dh, dm))
        exact = reference.Model(y, weights1, weights2).one_sided_gradients(h, m, (dh, dm))
        np.testing.assert_array_equal(g1, exact[0])
        np.testing.assert_array_equal(g2, exact[1])
        near = h + T * dh, m + T * dm
        np.testing.assert_allclose(g1, problem.gradient_h(*near), atol=1e-2, rtol=0)
        np.testing.assert_allclose(g2, problem.gradient_m(*near), atol=1e-2, rtol=0)
        slope = problem.directional_derivative(h, m, dh, dm)
        assert slope == g1 @ dh + g2 @ dm


def test_a_zero_direction_leaves_zero_units_off():
    for seed in range(20):
        y, weights1, weights2, (h, m), (dh, dm) = kink((3, 6, 12), (2, 12), seed)
        problem = gd.Problem(y, gd.ReLUNetwork(weights1), gd.ReLUNetwork(weights2))
        g1, g2 = problem.one_sided_gradients(h, m, (0 * dh, 0 * dm))
        np.testing.assert_array_equal(g1, problem.gradient_h(h, m))
        np.testing.assert_array_equal(g2, problem.gradient_m(h, m))
        assert problem.directional_derivative(h, m, 0 * dh, 0 * dm) == 0


def test_all_three_agree_at_smooth_points():
    rng = np.random.default_rng(0)
    g1, g2 = gd.ReLUNetwork.gaussian((3, 8, 21), seed=1), gd.ReLUNetwork.gaussian((2, 21), seed=2)
    problem = gd.Problem(rng.uniform(size=21), g1, g2)
    for _ in range(50):
        h, m, dh, dm = (rng.standard_normal(n) for n in (3, 2, 3, 2))
        one_sided = problem.one_sided_gradients(h, m, (dh, dm))
        np.testing.assert_allclose(one_sided[0], problem.gradient_h(h, m), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(one_sided[1], problem.gradient_m(h, m), rtol=1e-12, atol=1e-15)
        slope = problem.gradient_h(h, m) @ dh + problem.gradient_m(h, m) @ dm
        assert problem.directional_derivative(h, m, dh, dm) == pytest.approx(slope, rel=1e-11)


def test_the_slope_along_minus_a_one_sided_gradient_needs_its_own_masks():
    """The second unit is at zero: on along (0, 1), off along -g1 = -(1, 2)."""
    g1, g2 = gd.ReLUNetwork([[[1.0, 3.0], [0.0, 1.0]]]), gd.ReLUNetwork([[[1.0], [1.0]]])
    problem = gd.Problem([0.0, 1.0], g1, g2)
    h, m, still = [1.0, 0.0], [1.0], np.zeros(1)
    gradient, _ = problem.one_sided_gradients(h, m, ([0.0, 1.0], still))
    np.testing.assert_array_equal(gradient, [1, 2])
    assert problem.directional_derivative(h, m, -gradient, still) == -7
    assert -gradient @ gradient == -5
    moved = problem.objective(h - T * gradient, m)
    assert (moved - problem.objective(h, m)) / T == pytest.approx(-7, abs=1e-6)
