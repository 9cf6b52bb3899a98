"""What overflows on the device shows as on the CPU, and ends a run at its last finite latents."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

DTYPES = [np.float32, np.float64]
#: Hidden layers; rows of the last one fill no tile.
HIDDEN = [(), (60,), (40, 160)]
#: Its square overflows; it does not.
HUGE = {np.float32: 1e25, np.float64: 1e200}
#: What multiplies a step of the order of ell 6^(depth - 1), so that the objective overflows within
#: three iterations and is far from that in the ones before.
ALTERNATING = {np.float32: 5e3, np.float64: 1e12}
SIMULTANEOUS = {np.float32: 3e8, np.float64: 1e12}


def networks(hidden, dtype, ell=600):
    seed = int(fresh().integers(2**32))
    return tuple(
        gd.ReLUNetwork.gaussian((5, *hidden, ell), seed=seed + i, dtype=dtype) for i in range(2)
    )


def both(y, g1, g2, solver, **options):
    """The results on the CPU and on the device, of which the latents are finite."""
    results = [
        gd.demodulate(y, g1, g2, solver, seed=1, device=device, **options)
        for device in ("cpu", "cuda")
    ]
    for result in results:
        for part in (result.h, result.m, result.w, result.x):
            assert part is None or np.isfinite(part).all()
    return results


def near_truth(g1, g2, dtype):
    """A start, and what is observed a little away from it."""
    rng = fresh()
    h, m = (rng.standard_normal(5).astype(dtype) for _ in range(2))
    y = g1(h) * g2(m)
    return (
        (h + 0.1 * rng.standard_normal(5)).astype(dtype),
        (m + 0.1 * rng.standard_normal(5)).astype(dtype),
    ), y


def with_huge_rows(g, dtype):
    """The last layer with rows of one sign, some so large that products with them overflow."""
    last = np.abs(g.weights[-1])
    factor = fresh().choice([1.0, -1.0, HUGE[dtype], -HUGE[dtype]], len(last))
    return gd.ReLUNetwork([*g.weights[:-1], (last * factor[:, None]).astype(dtype)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_overflows_is_finite_nowhere_else(hidden, dtype):
    rng = fresh()
    g1, g2 = networks(hidden, dtype)
    g1 = with_huge_rows(g1, dtype)
    h = (HUGE[dtype] * rng.uniform(1, 2, (3, 5))).astype(dtype)
    m = rng.standard_normal((3, 5)).astype(dtype)
    with np.errstate(all="ignore"):
        problem = gd.Problem(np.abs(rng.standard_normal(600)).astype(dtype), g1, g2)
        v, r = (rng.standard_normal((3, n)).astype(dtype) for n in (5, 600))
        for evaluate in (
            lambda device: g1(h, device=device),
            lambda device: g1.jvp(h, v, device=device),
            lambda device: g1.vjp(h, r, device=device),
            lambda device: problem.objective(h, m, device=device),
            lambda device: problem.gradient_h(h, m, device=device),
            lambda device: problem.gradient_m(h, m, device=device),
        ):
            expected, found = np.isfinite(evaluate("cpu")), np.isfinite(evaluate("cuda"))
            np.testing.assert_array_equal(found, expected)
        outputs = np.isfinite(g1(h, device="cuda"))
        assert outputs.any()
        assert not outputs.all()
        assert not np.isfinite(problem.objective(h, m, device="cuda")).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("depth", [2, 3])
def test_infinities_of_both_signs_are_no_zero(depth, dtype):
    # inf or NaN, which depends on the order of sums.
    huge = np.full((2, 1), HUGE[dtype], dtype)
    above = [np.array([[HUGE[dtype], -HUGE[dtype]]], dtype), np.ones((1, 1), dtype)]
    g = gd.ReLUNetwork([huge, *above[: depth - 1]])
    other = gd.ReLUNetwork([np.ones((1, 1), dtype)])
    z = np.ones(1, dtype)
    with np.errstate(all="ignore"):
        problem = gd.Problem(np.ones(1, dtype), g, other)
        assert not np.isfinite(g(z, device="cuda")).any()
        assert not np.isfinite(problem.objective(z, z, device="cuda"))
        for gradient in (problem.gradient_h, problem.gradient_m):
            assert not np.isfinite(gradient(z, z, device="cuda")).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.5},
        {"sign_check": 0, "balance": False},
        {"simultaneous": True},
        {"simultaneous": True, "momentum": 0.5, "sign_check": 2},
    ],
)
def test_fixed_steps_that_diverge_end_at_the_last_finite_latents(options, hidden, dtype):
    g1, g2 = networks(hidden, dtype)
    start, y = near_truth(g1, g2, dtype)
    factor = (SIMULTANEOUS if options.get("simultaneous") else ALTERNATING)[dtype]
    solver = gd.AlternatingDescent(step_size=factor * 600 * 6 ** len(hidden), **options)
    expected, found = both(y, g1, g2, solver, start=start)
    assert expected.status == gd.Status.DIVERGED
    assert found.status == gd.Status.DIVERGED
    assert not found.converged
    assert len(found.history) == len(expected.history)
    assert np.isfinite(found.history).all()
    assert found.objective == found.history[-1]
    problem = gd.Problem(y, g1, g2)
    rel = 1e-4 if dtype == np.float32 else 1e-10
    assert problem.objective(found.h, found.m) == pytest.approx(found.objective, rel=rel)


@pytest.mark.parametrize("dtype", DTYPES)
def test_of_a_batch_only_what_diverges_does(dtype):
    g1, g2 = networks((60,), dtype)
    start, y = near_truth(g1, g2, dtype)
    starts = tuple(np.stack([z, HUGE[dtype] * z, z]).astype(dtype) for z in start)
    results = both(np.stack([y] * 3), g1, g2, gd.LevenbergMarquardt(), start=starts)
    for result in results:
        converged, diverged = gd.Status.CONVERGED, gd.Status.DIVERGED
        assert result.status == [converged, diverged, converged]
        np.testing.assert_array_equal(np.isfinite(result.objective), [True, False, True])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    "solver",
    [
        gd.AlternatingDescent(),
        gd.AlternatingDescent(momentum=0.5),
        gd.AlternatingDescent(step_size=1.0, simultaneous=True),
        gd.LevenbergMarquardt(),
    ],
)
def test_a_start_without_a_finite_objective_is_returned(solver, hidden, dtype):
    g1, g2 = networks(hidden, dtype)
    start, y = near_truth(g1, g2, dtype)
    start = tuple((HUGE[dtype] * z).astype(dtype) for z in start)
    expected, found = both(y, g1, g2, solver, start=start)
    assert found.status == expected.status == gd.Status.DIVERGED
    assert len(found.history) == len(expected.history) == 1
    np.testing.assert_allclose(found.h, expected.h, rtol=1e-5)
    np.testing.assert_allclose(found.m, expected.m, rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("solver", [gd.AlternatingDescent(), gd.LevenbergMarquardt()])
def test_random_starts_of_networks_that_overflow_diverge(solver, dtype):
    g1, g2 = (
        gd.ReLUNetwork([(HUGE[dtype] * W).astype(dtype) for W in g.weights])
        for g in networks((60,), dtype)
    )
    y = np.abs(fresh().standard_normal(600)).astype(dtype)
    results = [
        gd.demodulate(y, g1, g2, solver, seed=1, restarts=3, device=device)
        for device in ("cpu", "cuda")
    ]
    for result in results:
        assert result.status == gd.Status.DIVERGED
        assert result.restarts == 3
        assert np.isfinite(result.h).all()
        assert np.isfinite(result.m).all()
    np.testing.assert_allclose(results[1].h, results[0].h, rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("power", [1, 3])
def test_a_known_factor_diverges_alike(power, hidden, dtype):
    rng = fresh()
    g1, g2 = networks(hidden, dtype)
    (h, _), _ = near_truth(g1, g2, dtype)
    x = rng.uniform(1, 2, 600).astype(dtype)
    y = (g1(h) * x).astype(dtype)
    step = ALTERNATING[dtype] ** power * 600
    solver = gd.AlternatingDescent(step_size=step, max_iterations=50)
    start = ((h + 0.1 * rng.standard_normal(5)).astype(dtype), None)
    expected, found = both(y, g1, None, solver, x=x, start=start)
    assert found.status == expected.status
    assert len(found.history) == len(expected.history)
    assert np.isfinite(found.history).all()
