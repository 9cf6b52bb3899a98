"""A start that cannot change the result is cut, and cutting changes nothing."""

import numpy as np
import pytest

import gendemod as gd
from instances import assert_same, few, networks, observations

FIT = 16  # tolerances: such a relative residual is a fit


def solve(y, solver, restarts, threads=1):
    return gd.demodulate(y, *networks(), solver, restarts=restarts, seed=9, threads=threads)


@pytest.mark.parametrize("solver", [gd.LevenbergMarquardt(), gd.AlternatingDescent()])
def test_the_first_start_that_fits_is_kept_and_later_ones_are_cut(solver):
    y = observations(12, *networks())
    cut = solve(y, solver, 6)
    assert cut.restarts.min() == 1
    assert len(set(cut.restarts)) > 1
    for used in set(cut.restarts):
        # As many starts as were used, and none of them can be cut but by the last.
        whole = solve(y, solver, int(used))
        for b in np.flatnonzero(cut.restarts == used):
            np.testing.assert_array_equal(cut.h[b], whole.h[b])
            np.testing.assert_array_equal(cut.history[b], whole.history[b])
            assert whole.restarts[b] == used
            if used < 6:
                assert cut.converged[b]
                assert cut.relative_residual[b] <= FIT * solver.tolerance


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_what_is_cut(threads):
    y = observations(12, *networks())
    solver = gd.LevenbergMarquardt()
    assert_same(solve(y, solver, 6, threads), solve(y, solver, 6))


def test_nothing_is_cut_where_no_start_fits():
    noisy = observations(5, *networks(), noise=0.1)
    assert solve(noisy, gd.LevenbergMarquardt(), 6).restarts.tolist() == [6] * 5


def test_nothing_is_cut_where_early_stops_are_off():
    exact = observations(5, *networks())
    assert solve(exact, few(300), 6).restarts.tolist() == [6] * 5


def test_what_a_time_limit_left_unbegun_is_balanced():
    g1, g2 = networks()
    y = observations(3, g1, g2)
    start = np.full((3, 4), 8.0), np.full((3, 3), 0.1)
    result = gd.demodulate(y, g1, g2, start=start, time_limit=0.0, threads=1)
    norms = np.linalg.norm(result.h, axis=1), np.linalg.norm(result.m, axis=1)
    np.testing.assert_allclose(*norms, rtol=1e-12)


def test_a_time_limit_counts_the_starts_that_were_begun():
    g1, g2 = networks()
    y = observations(3, g1, g2, noise=0.3)
    result = gd.demodulate(y, g1, g2, restarts=100_000, seed=0, time_limit=0.1, threads=1)
    assert result.restarts.min() >= 1
    assert result.restarts.sum() < 100_000
    assert np.isfinite(result.objective).all()
