"""Solving on the device agrees with solving on the CPU."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod import _core
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]


def problem(inner, dtype=np.float64, batch=4, n=4, p=3, ell=600, rng=None):
    """Return two random networks, latents, and their products."""
    rng = rng or fresh()
    seeds = [int(seed) for seed in rng.integers(2**32, size=2)]
    g1 = gd.ReLUNetwork.gaussian((n, *inner, ell), seed=seeds[0], dtype=dtype)
    g2 = gd.ReLUNetwork.gaussian((p, *inner, ell), seed=seeds[1], dtype=dtype)
    h, m = (rng.standard_normal((batch, size)).astype(dtype) for size in (n, p))
    return g1, g2, h, m, g1(h) * g2(m)


def relative(found, expected):
    return np.max(np.linalg.norm(found - expected, axis=-1) / np.linalg.norm(expected, axis=-1))


FIXED = [
    {},
    {"momentum": 0.5, "sign_check": 3},
    {"balance": False, "sign_check": 0},
    {"simultaneous": True, "step_size": (2.0, 1.0)},
]


@pytest.mark.parametrize("inner", [(), (40,), (30, 40)])
@pytest.mark.parametrize("options", FIXED)
@pytest.mark.parametrize("tolerance", [0, 1e-10])
def test_iterates_are_those_of_the_cpu(inner, options, tolerance):
    g1, g2, h, m, y = problem(inner)
    rng = fresh()
    start = tuple(z + 0.3 * rng.standard_normal(z.shape) for z in (-h, m))
    solver = gd.AlternatingDescent(
        **{"step_size": 1.0, "max_iterations": 30, "tolerance": tolerance, **options}
    )
    results = [gd.demodulate(y, g1, g2, solver, start=start, device=d) for d in ("cpu", "cuda")]
    expected, found = results
    assert found.status == expected.status
    for a, b in zip(expected.history, found.history, strict=True):
        assert a.shape == b.shape
        assert np.allclose(a, b, rtol=1e-9)
    assert relative(found.h, expected.h) < 1e-10
    assert relative(found.m, expected.m) < 1e-10


@pytest.mark.parametrize("inner", [(), (40,), (30, 40)])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.3, "sign_check": 2, "balance": False}])
def test_automatic_steps_find_the_same_solutions(inner, options):
    g1, g2, h, m, y = problem(inner, batch=5)
    rng = fresh()
    start = tuple(z + 0.02 * rng.standard_normal(z.shape) for z in (h, -m))
    solver = gd.AlternatingDescent(**options)
    results = [gd.demodulate(y, g1, g2, solver, start=start, device=d) for d in ("cpu", "cuda")]
    expected, found = results
    assert (expected.relative_residual < 1e-8).any()
    both = (found.relative_residual < 1e-8) & (expected.relative_residual < 1e-8)
    assert np.array_equal(both, expected.relative_residual < 1e-8)
    assert relative((found.w * found.x)[both], y[both]) < 1e-7
    if solver.balance:
        assert relative(found.h[both], expected.h[both]) < 1e-6
    for record in found.history:
        assert (np.diff(record) <= 0).all()


def test_the_first_iterates_with_automatic_steps_are_those_of_the_cpu():
    g1, g2, h, m, y = problem((40,), batch=6)
    start = h + 0.5, m - 0.5
    solver = gd.AlternatingDescent(max_iterations=8)
    noisy = y + 0.3 * y.std() * fresh().standard_normal(y.shape)
    results = [gd.demodulate(noisy, g1, g2, solver, start=start, device=d) for d in ("cpu", "cuda")]
    expected, found = results
    for a, b in zip(expected.history, found.history, strict=True):
        assert np.allclose(a, b, rtol=1e-8)
    assert relative(found.h, expected.h) < 1e-7


@pytest.mark.parametrize("solver", [gd.AlternatingDescent(), gd.AlternatingDescent(step_size=0.5)])
def test_runs_end_as_on_the_cpu(solver):
    g1, g2, h, m, y = problem((40,), batch=3)
    y[1] = -y[1]
    start = h + 1e-3, m
    results = [gd.demodulate(y, g1, g2, solver, start=start, device=d) for d in ("cpu", "cuda")]
    assert results[0].status == results[1].status
    assert results[1].status[1] == gd.Status.HOPELESS
    assert results[0].message == results[1].message


def test_weights_and_missing_entries_count():
    g1, g2, _, _, y = problem((40,), batch=3)
    rng = fresh()
    weights = rng.random(y.shape) * (rng.random(y.shape) < 0.7)
    broken = np.where(weights > 0, y, np.nan)
    found = gd.demodulate(
        broken, g1, g2, gd.AlternatingDescent(), seed=3, y_weights=weights, device="cuda"
    )
    expected = gd.demodulate(broken, g1, g2, gd.AlternatingDescent(), seed=3, y_weights=weights)
    assert found.status == expected.status
    assert np.allclose(found.relative_residual, expected.relative_residual, atol=1e-8)


@pytest.mark.parametrize("ell", [40, 512, 1100])
def test_what_has_no_positive_entry_with_a_weight_is_hopeless(ell):
    g1, g2, _, _, y = problem((20,), batch=3, ell=ell)
    weights = fresh().uniform(0.5, 1, size=y.shape)
    y = -np.abs(y) - 1
    y[1:, -1] = 1
    weights[2, -1] = 0
    result = gd.demodulate(y, g1, g2, seed=1, y_weights=weights, device="cuda")
    hopeless = [status == gd.Status.HOPELESS for status in result.status]
    assert hopeless == [True, False, True]
    y[2, -1] = 0
    at_zero = np.sum(weights * y**2, axis=1) / 2
    assert np.allclose(result.objective[hopeless], at_zero[hopeless], rtol=1e-13)
    assert (result.relative_residual[hopeless] == 1).all()
    assert np.allclose(result.relative_residual**2, result.objective / at_zero, rtol=1e-12)


def test_float32_reaches_what_it_can():
    g1, g2, _, _, y = problem((40,), dtype=np.float32, batch=4)
    found = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=5, device="cuda")
    expected = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=5)
    assert found.h.dtype == np.float32
    assert np.array_equal(found.relative_residual < 1e-4, expected.relative_residual < 1e-4)


def test_chains_stop_at_the_first_fit():
    g1, g2, _, _, y = problem((40,), batch=3, rng=np.random.default_rng(1))
    options = {"seed": 8, "restarts": 5}
    found = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), device="cuda", **options)
    expected = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), **options)
    assert np.array_equal(found.restarts, expected.restarts)
    assert expected.restarts.min() < 5
    assert np.allclose(found.relative_residual, expected.relative_residual, atol=1e-8)


def test_more_problems_than_the_memory_holds_take_turns():
    info = _core.cuda.device()
    if info["compute_capability"] > 0:
        pytest.skip("only the device of a host build is so small")
    g1, g2, h, m, y = problem((20,), batch=60, n=10, p=10, ell=20000)
    solver, start = gd.AlternatingDescent(step_size=1.0, max_iterations=1), (h + 0.1, m)
    found = gd.demodulate(y, g1, g2, solver, start=start, device="cuda")
    expected = gd.demodulate(y, g1, g2, solver, start=start)
    assert relative(found.h, expected.h) < 1e-10
    assert _core.cuda.device()["free_bytes"] > info["free_bytes"] - 2**24  # the networks stay
    stopped = gd.demodulate(y, g1, g2, solver, start=start, time_limit=0, device="cuda")
    late = np.array([status == gd.Status.TIME_LIMIT for status in stopped.status])
    assert late.any()
    first = [record[0] for record in expected.history]
    assert np.allclose(stopped.objective[late], np.array(first)[late], rtol=1e-9)


@pytest.mark.parametrize("options", FIXED)
def test_fixed_steps_do_not_depend_on_whether_a_tolerance_asks_for_their_length(options):
    g1, g2, h, m, y = problem((40,), batch=3, ell=1400)
    start = -h + 0.3, m - 0.3
    options = {"step_size": 1.0, "max_iterations": 25, **options}
    asked, unasked = (
        gd.demodulate(
            y,
            g1,
            g2,
            gd.AlternatingDescent(tolerance=tolerance, **options),
            start=start,
            device="cuda",
        )
        for tolerance in (1e-14, 0)
    )
    for a, b in zip(asked.history, unasked.history, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(asked.h, unasked.h)
    assert np.array_equal(asked.m, unasked.m)


def test_a_problem_among_many_takes_the_same_steps_as_alone():
    """Where the tiles of all are few, four signs look at all rows at once; here they do not."""
    g1, g2, h, m, y = problem((40,), batch=20, ell=9000)
    start = h + 0.5, m - 0.5
    solver = gd.AlternatingDescent(step_size=1.0, max_iterations=20, tolerance=0)
    many = gd.demodulate(y, g1, g2, solver, start=start, device="cuda")
    for i in (0, 7, 19):
        alone = gd.demodulate(y[i], g1, g2, solver, start=tuple(z[i] for z in start), device="cuda")
        assert np.array_equal(alone.h, many.h[i])
        assert np.array_equal(alone.m, many.m[i])


def test_two_runs_agree_bit_for_bit():
    g1, g2, _, _, y = problem((40,), batch=3)
    a, b = (
        gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=1, device="cuda") for _ in range(2)
    )
    assert np.array_equal(a.h, b.h)
    assert all(np.array_equal(p, q) for p, q in zip(a.history, b.history, strict=True))


def test_the_record_of_a_long_run_is_complete():
    g1, g2, h, m, y = problem((), batch=2)
    solver = gd.AlternatingDescent(step_size=1e-3, max_iterations=700, tolerance=0)
    found = gd.demodulate(y, g1, g2, solver, start=(h + 0.1, m), device="cuda")
    expected = gd.demodulate(y, g1, g2, solver, start=(h + 0.1, m))
    assert found.iterations.tolist() == [700, 700]
    for a, b in zip(expected.history, found.history, strict=True):
        assert np.allclose(a, b, rtol=1e-9)


def test_a_time_limit_returns_where_the_runs_stand():
    g1, g2, _, _, y = problem((40,), batch=3)
    solver = gd.AlternatingDescent(tolerance=0, max_iterations=10**6)
    found = gd.demodulate(y, g1, g2, solver, seed=2, time_limit=0.3, device="cuda")
    assert found.status == [gd.Status.TIME_LIMIT] * 3
    f = [gd.Problem(y[i], g1, g2).objective(found.h[i], found.m[i]) for i in range(3)]
    assert np.allclose(f, found.objective, rtol=1e-6, atol=1e-25)


def test_a_known_factor_is_solved_there_too():
    g1, g2, h, m, _ = problem((40,), batch=2)
    x = g2(m[0])
    y = g1(h) * x
    solver = gd.AlternatingDescent()
    found = gd.demodulate(y, g1, None, solver, x=x, seed=1, device="cuda")
    assert (found.relative_residual < 1e-6).all()
    assert relative(found.h, h) < 1e-4


def test_what_cannot_run_there_is_refused():
    g1, g2, _, _, y = problem((40,), batch=2)
    with pytest.raises(ValueError, match=r"`device` must be .cpu. where `shared` is given"):
        gd.demodulate(y, g1, g2, shared="x", device="cuda")
    with pytest.raises(ValueError, match=r"`device` must be .cpu. or .cuda."):
        gd.demodulate(y, g1, g2, device="tpu")
