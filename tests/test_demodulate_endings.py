"""demodulate on missing, noisy and hopeless data, and when it is interrupted."""

import time
from pathlib import Path

import numpy as np
import pytest

import gendemod as gd
from interrupting import interrupting
from reference import random_weights, relative_error

ELL = 300
SOLVER = gd.AlternatingDescent()
ENDLESS = gd.AlternatingDescent(max_iterations=10**7, tolerance=0)


@pytest.fixture(scope="module")
def problem():
    """Networks that identify their latents, the latents and the observation."""
    g1, g2 = (gd.ReLUNetwork(random_weights((4, 100, ELL), seed)) for seed in (0, 1))
    h, m = np.random.default_rng(2).standard_normal((2, 4))
    return g1, g2, h, m, g1(h) * g2(m)


def product_error(result, g1, g2, h, m):
    """The error of h and m up to the scale that no method can know."""
    return max(
        relative_error(result.h / np.linalg.norm(result.h), h / np.linalg.norm(h)),
        relative_error(result.m / np.linalg.norm(result.m), m / np.linalg.norm(m)),
    )


def test_status_has_the_six_endings():
    assert {status.name for status in gd.Status} == {
        "CONVERGED",
        "STALLED",
        "ITERATION_LIMIT",
        "TIME_LIMIT",
        "DIVERGED",
        "HOPELESS",
    }


@pytest.mark.parametrize("solver", [SOLVER, gd.LevenbergMarquardt()])
def test_missing_entries_do_not_hinder_recovery(problem, solver):
    g1, g2, h, m, y = problem
    v = (np.random.default_rng(3).uniform(size=ELL) < 0.7).astype(float)
    result = gd.demodulate(np.where(v == 0, np.nan, y), g1, g2, solver, seed=0, y_weights=v)
    assert result.converged
    assert product_error(result, g1, g2, h, m) < 1e-6
    assert result.relative_residual < 1e-6
    assert np.isfinite(result.w * result.x).all()


@pytest.mark.parametrize("solver", [SOLVER, gd.LevenbergMarquardt()])
def test_what_stands_under_weight_zero_changes_no_bit(problem, solver):
    g1, g2, _, _, y = problem
    v = np.random.default_rng(3).uniform(size=ELL) < 0.7
    results = [
        gd.demodulate(np.where(v, y, missing), g1, g2, solver, seed=0, y_weights=v)
        for missing in (y, np.nan, -np.inf, 1e300)
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.h, results[0].h)
        np.testing.assert_array_equal(other.m, results[0].m)
        np.testing.assert_array_equal(other.history, results[0].history)


def test_y_weights_are_shared_or_one_for_each_problem(problem):
    g1, g2, _, _, y = problem
    rng = np.random.default_rng(4)
    ys = y * rng.uniform(0.5, 1.5, size=(2, ELL))
    v = rng.uniform(size=(2, ELL)) * (rng.uniform(size=(2, ELL)) < 0.8)
    start = np.ones((2, 4)), np.ones((2, 4))
    own = gd.demodulate(ys, g1, g2, SOLVER, start=start, y_weights=v)
    shared = gd.demodulate(ys, g1, g2, SOLVER, start=start, y_weights=v[1])
    for b in range(2):
        alone = gd.demodulate(ys[b], g1, g2, SOLVER, start=(np.ones(4), np.ones(4)), y_weights=v[b])
        np.testing.assert_array_equal(own.h[b], alone.h)
        np.testing.assert_array_equal(own.history[b], alone.history)
    np.testing.assert_array_equal(shared.h[1], own.h[1])
    assert np.any(shared.h[0] != own.h[0])


def test_negative_noise_is_allowed_and_leaves_a_residual(problem):
    g1, g2, h, m, y = problem
    noise = 0.02 * np.std(y) * np.random.default_rng(5).standard_normal(ELL)
    assert (y + noise).min() < 0
    result = gd.demodulate(y + noise, g1, g2, SOLVER, seed=0)
    assert result.converged
    assert result.relative_residual > 1e-3
    assert product_error(result, g1, g2, h, m) < 0.1


@pytest.mark.parametrize("kind", ["zero", "negative", "positive only where missing"])
def test_nothing_positive_is_hopeless(problem, kind):
    g1, g2, _, _, y = problem
    v = np.ones(ELL)
    v[: ELL // 2] = 0
    observed = {"zero": 0 * y, "negative": -y, "positive only where missing": y * (v == 0)}[kind]
    result = gd.demodulate(observed, g1, g2, SOLVER, seed=0, y_weights=v)
    assert result.status == gd.Status.HOPELESS
    assert result.converged is False
    assert result.history.shape == (result.iterations + 1,)
    for value in (result.h, result.m, result.w, result.x, result.objective):
        assert np.isfinite(value).all()


def test_one_hopeless_problem_leaves_the_others_alone(problem):
    g1, g2, _, _, y = problem
    result = gd.demodulate(np.array([y, 0 * y, y]), g1, g2, SOLVER, seed=0)
    assert [status == gd.Status.HOPELESS for status in result.status] == [False, True, False]
    assert result.converged.tolist() == [True, False, True]


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (0, 0)])
def test_a_start_at_zero_stays_there_and_stalls(problem, a, b):
    g1, g2, _, _, y = problem
    result = gd.demodulate(y, g1, g2, SOLVER, start=(a * np.ones(4), b * np.ones(4)))
    assert result.status == gd.Status.STALLED
    assert result.objective == pytest.approx(y @ y / 2)
    assert np.isfinite([*result.h, *result.m, *result.history]).all()


@pytest.mark.parametrize("batch", [None, 3])
def test_a_time_limit_ends_with_what_there_is(problem, batch):
    g1, g2, _, _, y = problem
    y = y if batch is None else np.stack([y] * batch)
    began = time.monotonic()
    result = gd.demodulate(y, g1, g2, ENDLESS, seed=0, time_limit=0.3)
    assert time.monotonic() - began < 5
    statuses = [result.status] if batch is None else result.status
    messages = [result.message] if batch is None else result.message
    assert statuses == [gd.Status.TIME_LIMIT] * len(statuses)
    assert all("time_limit" in message for message in messages)
    assert not np.any(result.converged)
    assert np.all(result.iterations < 10**7)
    assert np.all(result.restarts >= 1)
    for value in (result.h, result.m, result.w, result.x, result.objective):
        assert np.isfinite(value).all()


def test_a_time_limit_too_short_for_every_problem_still_returns_them_all(problem):
    g1, g2, _, _, y = problem
    result = gd.demodulate(np.stack([y] * 40), g1, g2, ENDLESS, seed=0, time_limit=1e-6)
    assert result.h.shape == (40, 4)
    assert np.isfinite(result.h).all()
    assert np.isfinite(result.objective).all()
    for h, m, w, x in zip(result.h, result.m, result.w, result.x, strict=True):
        assert relative_error(w, g1(h)) < 1e-12
        assert relative_error(x, g2(m)) < 1e-12


def test_a_generous_time_limit_changes_nothing(problem):
    g1, g2, _, _, y = problem
    free, limited = (gd.demodulate(y, g1, g2, SOLVER, seed=0, time_limit=t) for t in (None, 1e6))
    np.testing.assert_array_equal(free.h, limited.h)
    assert limited.status == gd.Status.CONVERGED


@pytest.mark.parametrize("batch", [None, 20])
def test_ctrl_c_stops_a_long_run(problem, batch):
    g1, g2, _, _, y = problem
    y = y if batch is None else np.stack([y] * batch)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interrupting(0.3):
        gd.demodulate(y, g1, g2, ENDLESS, seed=0)
    assert time.monotonic() - began < 5
    assert gd.demodulate(y, g1, g2, SOLVER, seed=0).h.shape[-1] == 4


def test_messages_are_sentences(problem):
    g1, g2, _, _, y = problem
    short = gd.AlternatingDescent(max_iterations=2)
    for result in (
        gd.demodulate(y, g1, g2, SOLVER, seed=0),
        gd.demodulate(y, g1, g2, short, seed=0),
        gd.demodulate(0 * y, g1, g2, SOLVER, seed=0),
        gd.demodulate(y, g1, g2, ENDLESS, seed=0, time_limit=1e-3),
    ):
        assert result.message[0].isupper()
        assert result.message.endswith(".")
        assert len(result.message.split()) > 4


def test_auto_restarts_try_on_where_a_start_converges_far_from_y():
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    from gendemod._pairs import demo_pairs

    folder = Path(gd.__file__).parent / "weights"
    g1, g2 = (gd.ReLUNetwork.load(folder / f"{name}.npz") for name in ("digits", "bells"))
    y = demo_pairs(105, 32, 0).y.astype(np.float32)
    once = gd.demodulate(y, g1, g2, restarts=1, seed=0)
    far = once.converged & (once.relative_residual > 0.5)
    assert far.any()
    assert all("far from y" in once.message[i] for i in np.flatnonzero(far))
    auto = gd.demodulate(y, g1, g2, seed=0)
    assert (auto.restarts[far] > 1).all()
    assert (auto.relative_residual < 0.5).all()
    assert not any("far from y" in message for message in auto.message)
