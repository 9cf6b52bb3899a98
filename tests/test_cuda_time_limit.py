"""A time limit on the device, wherever it falls: what comes back is true."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod import _solve
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

BATCH = 64


def noisy_problem(rng):
    """Return networks and observations that no start fits."""
    seeds = [int(seed) for seed in rng.integers(2**32, size=2)]
    g1, g2 = (gd.ReLUNetwork.gaussian((3, 15, 40), seed=seed) for seed in seeds)
    y = g1(rng.standard_normal((BATCH, 3))) * g2(rng.standard_normal((BATCH, 3)))
    return g1, g2, y + 3 * y.std() * rng.standard_normal(y.shape)


def cut_after(monkeypatch, slices):
    """Let the time be over after so many slices, each as short as can be."""
    monkeypatch.setattr(
        _solve, "run_in_slices", lambda run, *_, **__: any(run(0.0) for _ in range(slices))
    )


def assert_true(result, y, g1, g2):
    """Status, iterations, history, objective and latents of each problem tell one story."""
    for i, record in enumerate(result.history):
        assert result.iterations[i] == len(record) - 1
        assert result.objective[i] == record[-1]
        assert (np.diff(record) <= 0).all()
        assert result.restarts[i] >= 1
    at = [gd.Problem(y[i], g1, g2).objective(result.h[i], result.m[i]) for i in range(len(y))]
    np.testing.assert_allclose(at, result.objective, rtol=1e-9)
    zero = np.sum(y**2, axis=1) / 2
    np.testing.assert_allclose(result.relative_residual**2, at / zero, rtol=1e-9)
    np.testing.assert_array_equal(
        result.converged, [status == gd.Status.CONVERGED for status in result.status]
    )


@pytest.mark.parametrize("solver", [gd.AlternatingDescent, gd.LevenbergMarquardt])
@pytest.mark.parametrize("slices", [1, 2, 5])
def test_starts_that_have_failed_when_the_time_is_over(monkeypatch, solver, slices):
    rng = fresh()
    cut_after(monkeypatch, slices)
    mixed = False
    for tolerance in (0.3, 0.1, 0.03, 0.01):
        g1, g2, y = noisy_problem(rng)
        result = gd.demodulate(
            y, g1, g2, solver(tolerance=tolerance), seed=1, restarts="auto", device="cuda"
        )
        assert_true(result, y, g1, g2)
        assert (result.restarts <= slices).all()
        late = np.array([status == gd.Status.TIME_LIMIT for status in result.status])
        mixed = mixed or (late.any() and not late.all())
    assert mixed  # some first starts had ended far from y, and others still ran


@pytest.mark.parametrize("restarts", ["auto", 3])
def test_time_that_is_over_at_once(restarts):
    g1, g2, y = noisy_problem(fresh())
    for most in (2, 8, 50):
        solver = gd.AlternatingDescent(max_iterations=most)
        result = gd.demodulate(
            y, g1, g2, solver, seed=most, restarts=restarts, time_limit=0, device="cuda"
        )
        assert_true(result, y, g1, g2)
