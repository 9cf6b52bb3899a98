"""Facts that hold for every network and every point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gendemod as gd
from reference import random_weights

exact = settings(deadline=None, derandomize=True, max_examples=100, database=None)
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=3)
scales = st.floats(1e-3, 1e3)


@st.composite
def instances(draw):
    """A problem, its networks and latents."""
    outputs, seed = draw(st.integers(1, 30)), draw(st.integers(0, 2**32))
    g1, g2 = (gd.ReLUNetwork(random_weights((*draw(sizes), outputs), seed + i)) for i in range(2))
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(outputs)
    h, m = rng.standard_normal(g1.dims[0]), rng.standard_normal(g2.dims[0])
    return gd.Problem(y, g1, g2), y, g1, g2, h, m


@exact
@given(instances(), scales)
def test_a_network_is_positively_homogeneous(instance, c):
    _, _, g1, _, h, _ = instance
    np.testing.assert_allclose(g1(c * h), c * g1(h), rtol=1e-10, atol=1e-13 * c)


@exact
@given(instances(), scales)
def test_the_objective_is_constant_on_hyperbolas(instance, c):
    problem, _, _, _, h, m = instance
    assert problem.objective(c * h, m / c) == pytest.approx(problem.objective(h, m), rel=1e-11)


@exact
@given(instances(), scales)
def test_gradients_scale_along_hyperbolas(instance, c):
    problem, _, _, _, h, m = instance
    size = np.abs(problem.gradient_h(h, m)).max() + np.abs(problem.gradient_m(h, m)).max()
    np.testing.assert_allclose(
        c * problem.gradient_h(c * h, m / c), problem.gradient_h(h, m), atol=1e-10 * size
    )
    np.testing.assert_allclose(
        problem.gradient_m(c * h, m / c) / c, problem.gradient_m(h, m), atol=1e-10 * size
    )


@exact
@given(instances())
def test_both_gradients_have_the_same_radial_part(instance):
    problem, y, g1, g2, h, m = instance
    product = g1(h) * g2(m)
    size = product @ product + np.abs(y * product).sum()
    expected = product @ product - y @ product
    assert h @ problem.gradient_h(h, m) == pytest.approx(expected, abs=1e-12 * size)
    assert m @ problem.gradient_m(h, m) == pytest.approx(expected, abs=1e-12 * size)


@exact
@given(instances(), st.integers(0, 2**32))
def test_the_directional_derivative_is_linear_at_smooth_points(instance, seed):
    problem, _, _, _, h, m = instance
    rng = np.random.default_rng(seed)
    dh, dm = rng.standard_normal(h.shape), rng.standard_normal(m.shape)
    parts = problem.gradient_h(h, m) @ dh, problem.gradient_m(h, m) @ dm
    size = np.abs(problem.gradient_h(h, m)) @ np.abs(dh)
    size += np.abs(problem.gradient_m(h, m)) @ np.abs(dm)
    for sign in (1, -1):
        slope = problem.directional_derivative(h, m, sign * dh, sign * dm)
        assert slope == pytest.approx(sign * sum(parts), abs=1e-11 * size)


@exact
@given(instances())
def test_the_slope_along_minus_the_gradient_is_minus_its_square(instance):
    problem, _, _, _, h, m = instance
    g = problem.gradient_h(h, m)
    slope = problem.directional_derivative(h, m, -g, 0 * m)
    assert slope == pytest.approx(-g @ g, rel=1e-10, abs=1e-14)


@exact
@given(instances())
def test_the_best_signs_are_never_worse(instance):
    problem, _, _, _, h, m = instance
    sign_h, sign_m = problem.best_signs(h, m)
    assert {sign_h, sign_m} <= {1, -1}
    best = problem.objective(sign_h * h, sign_m * m)
    lowest = min(problem.objective(a * h, b * m) for a in (1, -1) for b in (1, -1))
    assert best == pytest.approx(lowest, rel=1e-12)
