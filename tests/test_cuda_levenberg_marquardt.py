"""Levenberg-Marquardt on the device ends where that of the CPU does."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

#: Relative error of the latents where y is exact, and distance of the two ends where it is not.
EXACT = {np.float32: 1e-5, np.float64: 1e-12}
NOISY = {np.float32: 1e-3, np.float64: 1e-7}
PAIRS = [
    ((3, 511), (4, 511)),
    ((10, 60, 1500), (8, 1500)),
    ((8, 90, 513), (8, 90, 513)),
    ((4, 60, 240, 900), (3, 50, 200, 900)),
]


def networks(pair, dtype):
    seed = int(fresh().integers(2**32))
    return tuple(
        gd.ReLUNetwork.gaussian(dims, seed=seed + i, dtype=dtype) for i, dims in enumerate(pair)
    )


def solve(y, g1, g2, device, **options):
    settings = {
        name: options.pop(name) for name in ("max_iterations", "tolerance") if name in options
    }
    return gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(**settings), device=device, **options)


def balanced(h, m):
    """Rows (h, m) with equal norms."""
    size_h, size_m = (np.linalg.norm(z, axis=-1, keepdims=True) for z in (h, m))
    c = np.sqrt(size_h / size_m)
    return np.concatenate([h / c, c * m], axis=-1)


def distance(a, b):
    """The largest relative distance of rows."""
    return np.max(np.linalg.norm(a - b, axis=-1) / np.linalg.norm(b, axis=-1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pair", PAIRS)
def test_both_latents_are_found(pair, dtype):
    rng = fresh()
    g1, g2 = networks(pair, dtype)
    h, m = (rng.standard_normal((5, dims[0])).astype(dtype) for dims in pair)
    y = g1(h) * g2(m)
    result = solve(y, g1, g2, "cuda", seed=1, restarts=8)
    reference = solve(y, g1, g2, "cpu", seed=1, restarts=8)
    assert result.h.dtype == dtype
    # One random problem in a hundred ends elsewhere.
    solved = np.maximum(result.relative_residual, reference.relative_residual) < EXACT[dtype]
    assert solved.sum() >= 3
    assert result.converged[solved].all()
    found = balanced(result.h, result.m)[solved]
    assert distance(found, balanced(h, m)[solved]) < EXACT[dtype]
    assert distance(found, balanced(reference.h, reference.m)[solved]) < EXACT[dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("weights", ["none", "one row", "rows"])
def test_noisy_and_missing_entries_end_as_on_the_cpu(pair, weights, dtype):
    rng = fresh()
    g1, g2 = networks(pair, dtype)
    h, m = (rng.standard_normal((3, dims[0])).astype(dtype) for dims in pair)
    y = g1(h) * g2(m)
    y = (y + 0.02 * np.abs(y).mean() * rng.standard_normal(y.shape)).astype(dtype)
    v = None
    if weights != "none":
        v = rng.random(y.shape if weights == "rows" else y.shape[1]).astype(dtype)
        v = np.where(v < 0.2, dtype(0), v)
        y = np.where(v == 0, dtype(np.nan), y)
    start = (h * dtype(1.01), m * dtype(0.97))
    found, reference = (
        solve(y, g1, g2, device, y_weights=v, start=start) for device in ("cuda", "cpu")
    )
    assert found.converged.all()
    assert reference.converged.all()
    ends = balanced(found.h, found.m), balanced(reference.h, reference.m)
    assert distance(*ends) < NOISY[dtype]
    for name in ("objective", "relative_residual"):
        rtol = NOISY[dtype] / 10
        np.testing.assert_allclose(getattr(found, name), getattr(reference, name), rtol=rtol)


def test_latents_of_very_different_size_keep_their_digits():
    # Six decades of columns are twelve of their Gram matrix: what iterations converge to is not
    # concerned.
    rng = fresh()
    scales = np.logspace(0, -6, 6)
    stretched = []
    for network in networks(((6, 80, 600), (6, 80, 600)), np.float64):
        first, last = network.weights
        stretched.append(gd.ReLUNetwork([first * scales, last]))
    g1, g2 = stretched
    h, m = rng.standard_normal((2, 6)) / scales
    start = (h * (1 + 1e-3 * rng.standard_normal(6)), m * (1 + 1e-3 * rng.standard_normal(6)))
    result = solve(g1(h) * g2(m), g1, g2, "cuda", start=start, tolerance=0.0, max_iterations=100)
    error = balanced(result.h, result.m) / balanced(h, m) - 1
    assert np.max(np.abs(error)) < 1e-9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_repeatable_bit_for_bit_alone_and_in_a_batch(dtype):
    rng = fresh()
    pair = ((7, 60, 1500), (5, 40, 1500))
    g1, g2 = networks(pair, dtype)
    start = tuple(rng.standard_normal((6, dims[0])).astype(dtype) for dims in pair)
    y = g1(rng.standard_normal((6, 7)).astype(dtype)) * g2(
        rng.standard_normal((6, 5)).astype(dtype)
    )
    first, second = (solve(y, g1, g2, "cuda", start=start) for _ in range(2))
    alone = [solve(row, g1, g2, "cuda", start=(h, m)) for row, h, m in zip(y, *start, strict=True)]
    for name in ("h", "m", "objective", "iterations", "status"):
        np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
        np.testing.assert_array_equal([getattr(one, name) for one in alone], getattr(first, name))
    for a, b, c in zip(first.history, second.history, alone, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c.history)


def test_the_objective_never_rises_and_the_history_is_true():
    rng = fresh()
    g1, g2 = networks(((10, 50, 600), (9, 40, 600)), np.float64)
    h, m = rng.standard_normal((8, 10)), rng.standard_normal((8, 9))
    y = g1(h) * g2(m)
    y += 0.01 * np.abs(y).mean() * rng.standard_normal(y.shape)
    result = solve(y, g1, g2, "cuda", restarts=1, seed=0)
    for k, history in enumerate(result.history):
        assert np.all(np.diff(history) <= 0)
        assert len(history) == result.iterations[k] + 1
        f = gd.Problem(y[k], g1, g2).objective(result.h[k], result.m[k])
        assert history[-1] == pytest.approx(f, rel=1e-10)


@pytest.mark.parametrize("iterations", [1, 7, 8, 9, 40])
def test_tolerance_zero_does_exactly_max_iterations(iterations):
    g1, g2 = networks(((5, 40, 200), (5, 40, 200)), np.float64)
    y = g1(np.ones(5)) * g2(np.ones(5))
    options = {"max_iterations": iterations, "tolerance": 0.0, "restarts": 1, "seed": 0}
    result = solve(y, g1, g2, "cuda", **options)
    assert result.iterations == iterations
    assert result.status == gd.Status.ITERATION_LIMIT
    assert np.isfinite(result.h).all()


def test_starts_of_which_nothing_is_seen_stall_as_on_the_cpu():
    # G2 is zero on one side of a wall: there w * x = 0, and no gradient leads out.
    rng = fresh()
    g1, _ = networks(((4, 30, 300), (4, 30, 300)), np.float64)
    g2 = gd.ReLUNetwork([np.abs(rng.standard_normal((30, 4))), rng.random((300, 30))])
    y = g1(np.ones(4)) * g2(np.ones(4))
    start = (np.array([np.ones(4)] * 2), np.array([-np.ones(4), np.ones(4)]))
    for m in start[1]:
        found, reference = (
            solve(y, g1, g2, device, start=(np.ones(4), m)) for device in ("cuda", "cpu")
        )
        assert found.status == reference.status
        assert found.objective == pytest.approx(reference.objective, rel=1e-10, abs=1e-20)


def test_too_many_latent_coordinates_are_refused():
    g1, g2 = networks(((200, 300), (120, 300)), np.float64)
    y = g1(np.ones(200)) * g2(np.ones(120))
    with pytest.raises(ValueError, match=r"^`solver` must .* at most 319 .* because .*; got 320$"):
        solve(y, g1, g2, "cuda")


def test_latents_that_the_outputs_do_not_tell_apart_are_no_obstacle():
    # Two equal columns and one of zeros: J has no full rank anywhere.
    rng = fresh()
    g1, g2 = networks(((5, 60, 600), (4, 60, 600)), np.float64)
    first, last = (np.array(W) for W in g1.weights)
    first[:, 1] = first[:, 0]
    first[:, 2] = 0
    g1 = gd.ReLUNetwork([first, last])
    y = g1(rng.standard_normal((4, 5))) * g2(rng.standard_normal((4, 4)))
    result = solve(y, g1, g2, "cuda", seed=1, restarts=8)
    assert np.sum(result.converged & (result.relative_residual < 1e-12)) >= 2
    longer = solve(y, g1, g2, "cuda", seed=1, restarts=1, tolerance=0.0, max_iterations=120)
    assert np.isfinite(longer.h).all()
    assert np.all(longer.iterations == 120)
