"""Kernels and solves under pytest-benchmark: `make bench`. Each checks its answer before it times.

Absolute times depend on the machine and its load; for ratios against peers see compare.py.
"""

import numpy as np
import pytest

import gendemod as gd

DIMS = (10, 250, 4096)


@pytest.fixture(scope="module")
def problem():
    """Networks, latents and their product, float32."""
    g1, g2 = (gd.ReLUNetwork.gaussian(DIMS, seed=i, dtype=np.float32) for i in (1, 2))
    h, m = np.random.default_rng(0).standard_normal((2, DIMS[0])).astype(np.float32)
    return g1, g2, h, m, g1(h) * g2(m)


def test_forward_pass(benchmark, problem):
    g1, _, h, _, _ = problem
    expected = h
    for W in g1.weights:
        expected = np.maximum(W @ expected, 0)
    np.testing.assert_allclose(g1(h), expected, rtol=1e-3, atol=1e-5)
    benchmark(g1, h, threads=1)


def test_jacobian_transpose(benchmark, problem):
    g1, _, h, _, y = problem
    np.testing.assert_allclose(g1.vjp(h, y), g1.linear_piece(h).T @ y, rtol=1e-3, atol=1e-5)
    benchmark(g1.vjp, h, y, threads=1)


@pytest.mark.parametrize("solver", [gd.AlternatingDescent(), gd.LevenbergMarquardt()])
def test_solve(benchmark, problem, solver):
    g1, g2, _, _, y = problem
    result = gd.demodulate(y, g1, g2, solver, seed=0, threads=1)
    assert result.relative_residual < 1e-4
    benchmark(gd.demodulate, y, g1, g2, solver, seed=0, threads=1)


def test_demo_picture(benchmark):
    """One digit of the demo, eight starts."""
    demo = pytest.importorskip("gendemod.demo")
    pytest.importorskip("sklearn")
    truth = demo._draw_pairs(1, 0)
    networks = [gd.ReLUNetwork.load(demo._WEIGHTS / f"{name}.npz") for name in ("digits", "bells")]
    y = truth.y[0].astype(np.float32)

    def restore():
        return gd.demodulate(y, *networks, restarts=8, seed=0, threads=1)

    assert restore().relative_residual < 0.2
    benchmark(restore)
