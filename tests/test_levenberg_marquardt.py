"""Levenberg-Marquardt: machine precision, honest ends, and the same numbers for any threads."""

import numpy as np
import pytest

import gendemod as gd


def pair(dims, seed, dtype=np.float64):
    return tuple(
        gd.ReLUNetwork.gaussian(dims, seed=2 * seed + i, last_layer="truncated", dtype=dtype)
        for i in range(2)
    )


def balanced(h, m):
    c = np.sqrt(np.linalg.norm(h) / np.linalg.norm(m))
    return np.concatenate([h / c, c * m])


def error(result, h, m):
    found = np.concatenate([result.h, result.m])
    return np.linalg.norm(found - balanced(h, m)) / np.linalg.norm(found)


@pytest.mark.parametrize(
    "dims", [(1, 30), (10, 1000), (10, 250, 1000), (10, 250, 1003), (10, 50, 250, 1029)]
)
def test_both_latents_are_found_to_machine_precision(dims):
    g1, g2 = pair(dims, 3)
    h, m = np.random.default_rng(3).standard_normal((2, dims[0]))
    result = gd.demodulate(g1(h) * g2(m), g1, g2, gd.LevenbergMarquardt(), seed=3)
    assert result.converged
    assert result.iterations <= 25  # the Jacobian is exact
    assert error(result, h, m) < 1e-12


def test_float32_reaches_the_accuracy_of_float32():
    g1, g2 = pair((10, 250, 1000), 4, np.float32)
    h, m = np.random.default_rng(4).standard_normal((2, 10)).astype(np.float32)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, gd.LevenbergMarquardt(), seed=4)
    assert result.h.dtype == np.float32
    assert result.converged
    assert error(result, h, m) < 2e-6


def test_it_is_the_default():
    g1, g2 = pair((5, 60, 300), 5)
    y = g1(np.arange(1.0, 6)) * g2(np.ones(5))
    default = gd.demodulate(y, g1, g2, seed=1)
    named = gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(), seed=1)
    np.testing.assert_array_equal(default.h, named.h)
    assert default.iterations == named.iterations


def test_latent_directions_of_very_different_size_keep_their_digits():
    # The columns of the Jacobian span six decades. Normal equations would square that to twelve
    # and leave four digits of the weakest direction; the reflections leave ten.
    scales = np.logspace(0, -6, 6)
    networks = []
    for network in pair((6, 80, 600), 6):
        first, last = network.weights
        networks.append(gd.ReLUNetwork([first * scales, last]))
    g1, g2 = networks
    rng = np.random.default_rng(6)
    h, m = rng.standard_normal((2, 6)) / scales
    start = (h * (1 + 1e-3 * rng.standard_normal(6)), m * (1 + 1e-3 * rng.standard_normal(6)))
    solver = gd.LevenbergMarquardt(tolerance=0.0, max_iterations=200)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, solver, start=start)
    found, truth = np.concatenate([result.h, result.m]), balanced(h, m)
    scaled = np.concatenate([scales, scales])
    assert np.max(np.abs(found - truth) * scaled) < 1e-9 * np.max(np.abs(truth) * scaled)
    weakest = [5, 11]
    assert np.max(np.abs(found / truth - 1)[weakest]) < 1e-8


@pytest.mark.parametrize("weighted", [False, True])
def test_with_noise_it_ends_where_both_gradients_vanish(weighted):
    g1, g2 = pair((4, 50, 400), 7)
    rng = np.random.default_rng(7)
    h, m = rng.standard_normal((2, 4))
    y = g1(h) * g2(m)
    y = y + 0.05 * np.abs(y).mean() * rng.standard_normal(400)
    weights = rng.random(400) if weighted else None
    result = gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(), y_weights=weights, seed=7)
    assert result.converged
    problem = gd.Problem(y, g1, g2, y_weights=weights)
    for gradient in (problem.gradient_h, problem.gradient_m):
        size = np.linalg.norm(gradient(1.1 * result.h, 1.1 * result.m))
        assert np.linalg.norm(gradient(result.h, result.m)) < 1e-6 * size
    assert result.relative_residual > 1e-3


def test_the_objective_never_rises_and_the_history_is_true():
    g1, g2 = pair((10, 50, 250), 8)
    h, m = np.random.default_rng(8).standard_normal((2, 10))
    y = g1(h) * g2(m)
    for seed in range(10):
        result = gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(), restarts=1, seed=seed)
        assert np.all(np.diff(result.history) <= 0)
        assert len(result.history) == result.iterations + 1
        f = gd.Problem(y, g1, g2).objective(result.h, result.m)
        assert f == pytest.approx(result.history[-1], rel=1e-6, abs=1e-25)


def test_tolerance_zero_does_exactly_max_iterations():
    g1, g2 = pair((5, 40, 200), 9)
    y = g1(np.ones(5)) * g2(np.ones(5))
    solver = gd.LevenbergMarquardt(max_iterations=37, tolerance=0.0)
    result = gd.demodulate(y, g1, g2, solver, restarts=1, seed=0)
    assert result.iterations == 37
    assert result.status == gd.Status.ITERATION_LIMIT
    assert np.isfinite(result.h).all()


def test_results_do_not_depend_on_threads():
    g1, g2 = pair((5, 40, 200), 10)
    y = g1(np.random.default_rng(1).standard_normal((6, 5))) * g2(np.ones((6, 5)))
    results = [
        gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(), restarts=3, seed=2, threads=threads)
        for threads in (1, 2, 5)
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.h, results[0].h)
        np.testing.assert_array_equal(other.m, results[0].m)
        for a, b in zip(other.history, results[0].history, strict=True):
            np.testing.assert_array_equal(a, b)


def test_latents_are_balanced():
    g1, g2 = pair((5, 40, 200), 11)
    start = (np.ones(5), 1e3 * np.ones(5))
    result = gd.demodulate(g1(np.ones(5)) * g2(np.ones(5)), g1, g2, start=start)
    assert np.linalg.norm(result.h) == pytest.approx(np.linalg.norm(result.m), rel=1e-12)


@pytest.mark.parametrize(
    "setting", [{"max_iterations": 0}, {"tolerance": -1.0}, {"tolerance": np.nan}]
)
def test_bad_settings_are_refused(setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"`{name}` must .* because .*; got"):
        gd.LevenbergMarquardt(**setting)
