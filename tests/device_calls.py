"""Small calls of every function with device="cuda", compared with the CPU, for tools that watch.

`make races` runs them in a build with GENDEMOD_CUDA=RACES, where each thread of a block is one of
the host, two blocks at a time, and ThreadSanitizer says (with exit code 66) where two of them meet
at one number without a barrier between. `benchmarks/cuda.sh` runs them under compute-sanitizer.
Sizes are small, for both are slow; some go past a tile, and past one block.
"""

import sys
import time

import numpy as np

import gendemod as gd
from gendemod._device import why_no_cuda

RNG = np.random.default_rng(3)
BEGUN = time.perf_counter()


def agree(what, found, expected, tolerance=1e-9):
    """Compare with the CPU, relative to the largest entry."""
    scale = np.max(np.abs(expected)) + 1e-300
    gap = np.max(np.abs(np.asarray(found) - expected)) / scale
    print(f"{time.perf_counter() - BEGUN:6.0f} s  {what}: {gap:.0e} from the CPU", flush=True)
    if not gap <= tolerance:
        sys.exit(f"{what}: the device does not agree with the CPU")


def both(what, function, *arguments, tolerance=1e-9, **options):
    found, expected = (function(*arguments, device=device, **options) for device in ("cuda", "cpu"))
    agree(what, found, expected, tolerance)


def gaussian(*shape):
    return RNG.standard_normal(shape) / np.sqrt(shape[0])


def networks(dims1, dims2):
    return [gd.ReLUNetwork.gaussian(dims, seed=i) for i, dims in enumerate((dims1, dims2))]


def problems():
    for dims1, dims2 in [((3, 600), (4, 600)), ((70, 130, 513), (2, 20, 30, 513))]:
        g1, g2 = networks(dims1, dims2)
        h, m = RNG.standard_normal((3, dims1[0])), RNG.standard_normal((3, dims2[0]))
        problem = gd.Problem(g1(h[0]) * g2(m[0]) + 0.01, g1, g2, y_weights=RNG.random(dims1[-1]))
        both(f"a network {dims1}", g1, h)
        both("jvp", g1.jvp, h, h[::-1])
        both("vjp", g1.vjp, h, g1(h[::-1]))
        for name in ("objective", "gradient_h", "gradient_m"):
            both(name, getattr(problem, name), h, m)
        problem.best_signs(h, m, device="cuda")


def deviations():
    for ell, n in [(65, 3), (300, 33), (1025, 32), (9, 40), (8193, 34), (200, 130), (20, 258)]:
        W, x, y = gaussian(ell, n), *RNG.standard_normal((2, 4, n))
        both(f"deviations ({ell}, {n})", gd.wdc.deviation, W, x, y, 0.9)
    for ell, n, p in [(300, 3, 4), (300, 34, 40), (700, 70, 5)]:
        directions = [RNG.standard_normal((3, k)) for k in (n, n, p, p)]
        matrices = gaussian(ell, n), gaussian(ell, p)
        both(f"joint ({ell}, {n}, {p})", gd.wdc.joint_deviation, *matrices, *directions, 0.9)


def circles():
    for ell, n in [(20, 3), (65, 2)]:
        W, x, tangent = gaussian(ell, n), *RNG.standard_normal((2, 2, n))
        for start in (None, RNG.standard_normal(n)):
            found, expected = (
                gd.wdc.great_circle(W, x, tangent, start=start, device=device)
                for device in ("cuda", "cpu")
            )
            agree(f"circles ({ell}, {n})", found.lower, expected.lower, 1e-7)


def solvers():
    pairs = [((3, 600), (4, 600)), ((3, 30, 513), (2, 25, 513)), ((3, 20, 30, 90), (2, 20, 30, 90))]
    for dims1, dims2 in [*pairs, ((30, 100, 300), (10, 300))]:
        g1, g2 = networks(dims1, dims2)
        h, m = (RNG.standard_normal((2, dims[0])) for dims in (dims1, dims2))
        y = g1(h) * g2(m) + 0.05 * RNG.standard_normal((2, dims1[-1]))
        near = h + 0.1 * RNG.standard_normal(h.shape), m + 0.1 * RNG.standard_normal(m.shape)
        for solver in (gd.LevenbergMarquardt, gd.AlternatingDescent):
            found, expected = (
                gd.demodulate(y, g1, g2, solver(max_iterations=7), start=near, device=device)
                for device in ("cuda", "cpu")
            )
            agree(f"{solver.__name__} {dims1} {dims2}", found.w, expected.w, 1e-6)
    gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(max_iterations=5), seed=1, device="cuda")


if __name__ == "__main__":
    if why_no_cuda():
        sys.exit(why_no_cuda())
    problems()
    deviations()
    circles()
    solvers()
