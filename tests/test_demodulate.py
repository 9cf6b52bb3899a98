"""demodulate: batches, restarts, seeds, threads, missing entries and how it ends."""

import numpy as np
import pytest

import gendemod as gd
from instances import ELL, FIELDS, assert_same, few, networks, observations
from reference import Model, algorithm_1, normals, relative_error


def of_problem(result, b):
    """The fields of problem b of a batch."""
    values = {name: getattr(result, name)[b] for name in FIELDS}
    return {**values, "status": result.status[b], "message": result.message[b]}


def test_a_single_observation_gives_vectors_and_numbers():
    g1, g2 = networks()
    result = gd.demodulate(observations(1, g1, g2)[0], g1, g2, few(), seed=0)
    assert result.h.shape == (4,)
    assert result.m.shape == (3,)
    assert result.w.shape == result.x.shape == (ELL,)
    assert result.history.ndim == 1
    for name, kind in [
        ("objective", float),
        ("relative_residual", float),
        ("iterations", int),
        ("restarts", int),
        ("converged", bool),
        ("status", gd.Status),
        ("message", str),
    ]:
        assert isinstance(getattr(result, name), kind), name


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_a_batch_gives_arrays_and_lists(batch):
    g1, g2 = networks()
    result = gd.demodulate(observations(batch, g1, g2), g1, g2, few(), seed=0)
    assert result.h.shape == (batch, 4)
    assert result.m.shape == (batch, 3)
    assert result.w.shape == result.x.shape == (batch, ELL)
    for name, kind in [
        ("objective", "f"),
        ("relative_residual", "f"),
        ("iterations", "iu"),
        ("restarts", "iu"),
        ("converged", "b"),
    ]:
        value = getattr(result, name)
        assert isinstance(value, np.ndarray), name
        assert value.shape == (batch,), name
        assert value.dtype.kind in kind, name
    for name, kind in [("status", gd.Status), ("message", str), ("history", np.ndarray)]:
        value = getattr(result, name)
        assert isinstance(value, list), name
        assert len(value) == batch, name
        assert all(isinstance(item, kind) for item in value), name
    assert [h.shape for h in result.history] == [(31,)] * batch


def test_the_solver_may_stand_fourth():
    g1, g2 = networks()
    y = observations(2, g1, g2)
    named = gd.demodulate(y, g1, g2, solver=few(), seed=1)
    assert_same(named, gd.demodulate(y, g1, g2, few(), seed=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("restarts", [1, 3, "auto"])
def test_the_first_problem_of_a_batch_equals_a_single_one(restarts, dtype):
    g1, g2 = networks(dtype)
    y = observations(3, g1, g2, noise=0.1).astype(dtype)
    together = gd.demodulate(y, g1, g2, few(), restarts=restarts, seed=2)
    alone = gd.demodulate(y[0], g1, g2, few(), restarts=restarts, seed=2)
    for name, value in of_problem(together, 0).items():
        np.testing.assert_array_equal(value, getattr(alone, name), err_msg=name)
    np.testing.assert_array_equal(together.history[0], alone.history)


def test_equal_problems_of_a_batch_get_different_starts():
    g1, g2 = networks()
    y = np.repeat(observations(1, g1, g2), 3, axis=0)
    result = gd.demodulate(y, g1, g2, few(1), restarts=1, seed=3)
    assert len({history[0] for history in result.history}) == 3


def test_a_batch_with_starts_equals_its_problems_one_by_one():
    g1, g2 = networks()
    y = observations(3, g1, g2, noise=0.1)
    rng = np.random.default_rng(4)
    h, m = rng.standard_normal((3, 4)), rng.standard_normal((3, 3))
    together = gd.demodulate(y, g1, g2, few(), start=(h, m))
    assert together.restarts.tolist() == [1, 1, 1]
    for b in range(3):
        alone = gd.demodulate(y[b], g1, g2, few(), start=(h[b], m[b]))
        for name, value in of_problem(together, b).items():
            np.testing.assert_array_equal(value, getattr(alone, name), err_msg=name)
        np.testing.assert_array_equal(together.history[b], alone.history)
        expected = Model(y[b], g1.weights, g2.weights).objective(h[b], m[b])
        assert alone.history[0] == pytest.approx(expected, rel=1e-12)


def test_a_start_excludes_restarts():
    g1, g2 = networks()
    y, start = observations(1, g1, g2)[0], (np.ones(4), np.ones(3))
    assert gd.demodulate(y, g1, g2, few(), start=start, restarts=1).restarts == 1
    assert gd.demodulate(y, g1, g2, few(), start=start, restarts="auto").restarts == 1
    with pytest.raises(ValueError, match=r"^`restarts` must .+ because .+; got 2"):
        gd.demodulate(y, g1, g2, few(), start=start, restarts=2)


def test_the_best_of_the_restarts_is_kept():
    g1, g2 = networks()
    y = observations(4, g1, g2)
    results = [gd.demodulate(y, g1, g2, few(4), restarts=r, seed=5) for r in range(1, 8)]
    objectives = np.array([result.objective for result in results])
    assert np.all(np.diff(objectives, axis=0) <= 0)
    assert np.any(objectives[-1] < objectives[0])
    for r, result in enumerate(results, start=1):
        assert result.restarts.tolist() == [r] * 4
        for history, objective in zip(result.history, result.objective, strict=True):
            assert history[-1] == pytest.approx(objective, rel=1e-12)
            assert history.shape == (5,)


def test_auto_restarts_stop_at_the_first_that_converges():
    g1, g2 = networks()
    y = observations(20, g1, g2)
    solver = gd.AlternatingDescent(max_iterations=300)
    auto = gd.demodulate(y, g1, g2, solver, seed=6)
    assert set(auto.restarts) <= set(range(1, 9))
    assert len(set(auto.restarts)) > 1
    assert auto.converged[auto.restarts == 1].all()
    for r in set(auto.restarts):
        fixed = gd.demodulate(y, g1, g2, solver, restarts=int(r), seed=6)
        for b in np.flatnonzero(auto.restarts == r):
            np.testing.assert_array_equal(auto.h[b], fixed.h[b])
            np.testing.assert_array_equal(auto.history[b], fixed.history[b])


def test_auto_restarts_are_eight_where_none_converges():
    g1, g2 = networks()
    result = gd.demodulate(observations(2, g1, g2), g1, g2, few(3), seed=7)
    assert result.restarts.tolist() == [8, 8]


@pytest.mark.parametrize(("b", "r"), [(0, 0), (2, 0)])
def test_random_starts_are_philox_normals_at_the_radial_minimiser(b, r):
    g1, g2 = networks()
    y = observations(3, g1, g2)
    h, m = (normals(8, 2, b, 2 * r + i, n) for i, n in enumerate((4, 3)))
    product = g1(h) * g2(m)
    scale = np.sqrt((y[b] @ product) / (product @ product))
    norm = np.sqrt(np.linalg.norm(h) * np.linalg.norm(m))
    start = (
        scale * norm * h / np.linalg.norm(h),
        scale * norm * m / np.linalg.norm(m),
    )
    model = Model(y[b], g1.weights, g2.weights)
    points, objectives = algorithm_1(model, start, 0.05, 5)
    solver = gd.AlternatingDescent(step_size=0.05, max_iterations=5, tolerance=0)
    result = gd.demodulate(y, g1, g2, solver, restarts=1, seed=8)
    np.testing.assert_allclose(result.history[b], objectives, rtol=1e-10)
    assert relative_error(result.h[b], points[-1][0]) < 1e-11
    assert relative_error(result.m[b], points[-1][1]) < 1e-11


def test_the_seed_decides():
    g1, g2 = networks()
    y = observations(2, g1, g2)
    first, again, other = (gd.demodulate(y, g1, g2, few(), seed=s) for s in (9, 9, 10))
    assert_same(first, again)
    assert not np.any(first.h == other.h)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("restarts", [1, 3, "auto"])
def test_any_number_of_threads_gives_the_same_bits(restarts, dtype):
    g1, g2 = networks(dtype)
    y = observations(7, g1, g2, noise=0.05).astype(dtype)
    solver = gd.AlternatingDescent(max_iterations=200)
    serial = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=11, threads=1)
    for threads in (2, 5, None):
        parallel = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=11, threads=threads)
        assert_same(serial, parallel)


def test_progress_changes_nothing_but_the_screen(capfd):
    g1, g2 = networks()
    y = observations(2, g1, g2)
    silent = gd.demodulate(y, g1, g2, few(), seed=12)
    assert capfd.readouterr() == ("", "")
    assert_same(silent, gd.demodulate(y, g1, g2, few(), seed=12, progress=True))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("solver", [gd.AlternatingDescent(), gd.LevenbergMarquardt()])
def test_threads_that_share_one_large_problem_do_not_change_it(solver):
    g1, g2 = (gd.ReLUNetwork.gaussian((3, 20, 100_001), seed=i) for i in (1, 2))
    y = g1([1, -2, 0.5]) * g2([0.5, 1, -1])
    results = [gd.demodulate(y, g1, g2, solver, seed=1, threads=threads) for threads in (1, 2, 3)]
    assert results[0].converged
    for other in results[1:]:
        np.testing.assert_array_equal(other.h, results[0].h)
        np.testing.assert_array_equal(other.history, results[0].history)
