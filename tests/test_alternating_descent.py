"""AlternatingDescent against the paper's lines 3 to 5, and how it ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gendemod as gd
from reference import Model, algorithm_1, balanced, forward, random_weights, relative_error

SHAPES = [((4, 30), (3, 30)), ((4, 20, 60), (3, 20, 60)), ((3, 12, 24, 60), (2, 8, 60))]
VARIANTS = [
    {},
    {"sign_check": 3},
    {"sign_check": 0},
    {"balance": False},
    {"momentum": 0.5},
    {"momentum": 0.5, "sign_check": 3, "balance": False},
    {"simultaneous": True},
    {"simultaneous": True, "momentum": 0.5, "sign_check": 3},
]


def instance(dims1, dims2, seed=0, noise=0.0):
    """The model of y = G1(h0) * G2(m0) + noise, the balanced truth, and a start near nothing."""
    rng = np.random.default_rng(seed)
    weights1, weights2 = random_weights(dims1, seed), random_weights(dims2, seed + 100)
    truth = rng.standard_normal(dims1[0]), rng.standard_normal(dims2[0])
    start = rng.standard_normal(dims1[0]), rng.standard_normal(dims2[0])
    y = forward(weights1, truth[0]) * forward(weights2, truth[1])
    y = y + noise * rng.standard_normal(y.shape)
    return Model(y, weights1, weights2), balanced(*truth), start


def natural_step(model, kappa):
    """kappa over the curvature at the truth, for networks that keep the size of their input."""
    return kappa * np.sqrt(len(model.y)) / np.linalg.norm(model.y)


def solve(model, start, *, y_weights=None, **settings):
    networks = gd.ReLUNetwork(model.weights1), gd.ReLUNetwork(model.weights2)
    solver = gd.AlternatingDescent(**settings)
    return gd.demodulate(model.y, *networks, solver, start=start, y_weights=y_weights)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_iterates_are_those_of_the_paper(dims1, dims2, variant):
    for seed in range(3):
        model, _, start = instance(dims1, dims2, seed, noise=0.1)
        step = natural_step(model, 0.1)
        points, objectives = algorithm_1(model, start, step, 20, **variant)
        for k in (1, 2, 3, 4, 20):
            result = solve(model, start, step_size=step, max_iterations=k, tolerance=0, **variant)
            assert result.iterations == k
            assert relative_error(result.h, points[k][0]) < 1e-12
            assert relative_error(result.m, points[k][1]) < 1e-12
            np.testing.assert_allclose(result.history, objectives[: k + 1], rtol=1e-11)


@pytest.mark.parametrize(("shapes", "seed"), [(SHAPES[0], 31), (SHAPES[1], 24)])
def test_signs_are_compared_as_often_as_sign_check_says(shapes, seed):
    model, _, start = instance(*shapes, seed, noise=0.1)
    step, ends = natural_step(model, 0.1), []
    for sign_check in (1, 3, 100):
        points, objectives = algorithm_1(model, start, step, 12, sign_check=sign_check)
        result = solve(
            model, start, step_size=step, max_iterations=12, tolerance=0, sign_check=sign_check
        )
        assert relative_error(result.h, points[-1][0]) < 1e-12
        np.testing.assert_allclose(result.history, objectives, rtol=1e-11)
        ends.append(objectives[-1])
    assert min(np.diff(sorted(ends))) > 1e-4


def test_the_two_factors_may_have_their_own_step_sizes():
    model, _, start = instance(*SHAPES[1])
    steps = natural_step(model, 0.1), natural_step(model, 0.02)
    points, _ = algorithm_1(model, start, steps, 10)
    result = solve(model, start, step_size=steps, max_iterations=10, tolerance=0)
    assert relative_error(result.h, points[-1][0]) < 1e-12
    assert relative_error(result.m, points[-1][1]) < 1e-12


def test_y_weights_enter_the_iterates():
    model, _, start = instance(*SHAPES[1])
    model.v = np.random.default_rng(1).integers(0, 3, size=60) / 2
    step = natural_step(model, 0.1)
    points, objectives = algorithm_1(model, start, step, 10)
    model.y = np.where(model.v == 0, np.nan, model.y)
    result = solve(model, start, y_weights=model.v, step_size=step, max_iterations=10, tolerance=0)
    assert relative_error(result.h, points[-1][0]) < 1e-12
    assert relative_error(result.m, points[-1][1]) < 1e-12
    np.testing.assert_allclose(result.history, objectives, rtol=1e-11)


@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_float32_follows_float64(dims1, dims2):
    model, _, start = instance(dims1, dims2, 1)
    step = natural_step(model, 0.1)
    points, _ = algorithm_1(model, start, step, 10)
    model.y = model.y.astype(np.float32)
    model.weights1 = [w.astype(np.float32) for w in model.weights1]
    model.weights2 = [w.astype(np.float32) for w in model.weights2]
    start = tuple(a.astype(np.float32) for a in start)
    result = solve(model, start, step_size=step, max_iterations=10, tolerance=0)
    assert result.h.dtype == result.m.dtype == result.w.dtype == result.x.dtype == np.float32
    assert relative_error(result.h, points[-1][0]) < 1e-4
    assert relative_error(result.m, points[-1][1]) < 1e-4


@pytest.mark.parametrize("step_size", ["auto", 0.5])
def test_the_fields_of_a_result_belong_together(step_size):
    model, _, start = instance(*SHAPES[2], noise=0.1)
    result = solve(model, start, step_size=step_size, max_iterations=50)
    w, x = model.outputs(result.h, result.m)
    assert relative_error(result.w, w) < 1e-12
    assert relative_error(result.x, x) < 1e-12
    assert result.objective == pytest.approx(model.objective(result.h, result.m), rel=1e-11)
    residual = np.linalg.norm(w * x - model.y) / np.linalg.norm(model.y)
    assert result.relative_residual == pytest.approx(residual, rel=1e-11)
    assert result.history.shape == (result.iterations + 1,)
    assert result.history[0] == pytest.approx(model.objective(*start), rel=1e-11)
    assert result.history[-1] == pytest.approx(result.objective, rel=1e-11)
    assert result.converged == (result.status == gd.Status.CONVERGED)


@pytest.mark.parametrize("step_size", ["auto", 0.5])
def test_tolerance_zero_does_every_iteration_even_at_the_solution(step_size):
    model, truth, _ = instance(*SHAPES[1])
    result = solve(model, truth, step_size=step_size, max_iterations=500, tolerance=0)
    assert result.iterations == 500
    assert result.history.shape == (501,)
    assert result.status == gd.Status.ITERATION_LIMIT


@pytest.mark.parametrize("step_size", ["auto", 0.5])
def test_latents_are_balanced_unless_told_not_to(step_size):
    model, (h, m), _ = instance(*SHAPES[1], noise=0.1)
    for balance in (True, False):
        result = solve(
            model, (4 * h, m / 4), step_size=step_size, max_iterations=1, balance=balance
        )
        ratio = np.linalg.norm(result.h) / np.linalg.norm(result.m)
        assert (ratio == pytest.approx(1, rel=1e-12)) if balance else ratio > 2


@pytest.mark.parametrize("seed", range(3))
def test_too_large_a_step_diverges_with_the_last_finite_point(seed):
    model, _, start = instance(*SHAPES[1], seed)
    step = natural_step(model, 100.0)
    with np.errstate(all="ignore"):
        points, objectives = algorithm_1(model, start, step, 100)
    finite = [
        bool(np.isfinite([*h, *m, f]).all()) for (h, m), f in zip(points, objectives, strict=True)
    ]
    last = finite.index(False) - 1
    result = solve(model, start, step_size=step, max_iterations=100, tolerance=0)
    assert result.status == gd.Status.DIVERGED
    assert not result.converged
    assert relative_error(result.h, points[last][0]) < 1e-9
    assert relative_error(result.m, points[last][1]) < 1e-9
    for value in (result.w, result.x, result.objective, result.history):
        assert np.isfinite(value).all()
    assert result.history.shape == (result.iterations + 1,)
    assert "step_size" in result.message


def test_a_limit_cycle_stalls():
    model, _, start = instance(*SHAPES[1], seed=2)
    step = natural_step(model, 1.0)
    _, objectives = algorithm_1(model, start, step, 400)
    np.testing.assert_allclose(objectives[-2:], objectives[-4:-2], rtol=1e-4)
    assert objectives[-1] > 1.01 * objectives[-2]
    result = solve(model, start, step_size=step)
    assert result.status == gd.Status.STALLED
    assert not result.converged
    assert "step_size" in result.message


def test_the_iteration_limit_is_reported():
    model, _, start = instance(*SHAPES[1])
    result = solve(model, start, max_iterations=3)
    assert result.iterations == 3
    assert result.status == gd.Status.ITERATION_LIMIT
    assert not result.converged
    assert "max_iterations" in result.message


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8])
def test_tolerance_bounds_the_error_in_the_latents(tolerance):
    model, truth, _ = instance((4, 200), (3, 200))
    h, m = truth
    result = solve(model, (1.1 * h, 1.1 * m), tolerance=tolerance)
    assert result.status == gd.Status.CONVERGED
    error = relative_error(np.concatenate([result.h, result.m]), np.concatenate(truth))
    assert error < 100 * tolerance


@pytest.mark.parametrize("dims", [(10, 1000), (10, 100, 500), (10, 250, 600), (10, 50, 250, 1000)])
@pytest.mark.parametrize("seed", range(3))
def test_the_defaults_recover_both_latents(dims, seed):
    g1, g2 = (
        gd.ReLUNetwork.gaussian(dims, seed=2 * seed + i, last_layer="truncated") for i in range(2)
    )
    h, m = np.random.default_rng(seed).standard_normal((2, dims[0]))
    result = gd.demodulate(g1(h) * g2(m), g1, g2, gd.AlternatingDescent(), seed=seed)
    assert result.converged
    assert result.status == gd.Status.CONVERGED
    truth = np.concatenate(balanced(h, m))
    assert relative_error(np.concatenate([result.h, result.m]), truth) < 1e-6


def test_float32_recovers_what_float32_can_tell():
    dims = (10, 100, 500)
    g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=i, dtype=np.float32) for i in range(2))
    h, m = np.random.default_rng(0).standard_normal((2, 10)).astype(np.float32)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, gd.AlternatingDescent(), seed=0)
    assert result.converged
    truth = np.concatenate(balanced(h, m))
    assert relative_error(np.concatenate([result.h, result.m]), truth) < 1e-4


@settings(deadline=None, derandomize=True, max_examples=80, database=None)
@given(
    st.sampled_from([*SHAPES, ((1, 1), (1, 1)), ((2, 5), (1, 3, 5)), ((3, 2, 8), (6, 8))]),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.fixed_dictionaries(
        {
            "momentum": st.sampled_from([0.0, 0.5, 0.9]),
            "sign_check": st.sampled_from([0, 1, 7]),
            "balance": st.booleans(),
        }
    ),
)
def test_the_recorded_objective_never_rises(shapes, seed, noise, variant):
    model, _, start = instance(*shapes, seed, noise)
    result = solve(model, start, max_iterations=200, **variant)
    assert np.all(np.diff(result.history) <= 0)
    assert np.isfinite([*result.h, *result.m]).all()
