"""Solve one problem of the size of a 64 x 64 picture to convergence, with each solver and dtype.

    python benchmarks/record.py

Random truncated networks, codes N(0, I), random starts, two threads; medians of five.
"""

from __future__ import annotations

import time

import numpy as np

import gendemod as gd

DIMS = (50, 256, 1024, 4096), (10, 100, 500, 4096)


def main() -> None:
    print("| solver | dtype | iterations | relative error of the latents | milliseconds |")
    print("|---|---|---|---|---|")
    for dtype in (np.float32, np.float64):
        g1, g2 = (
            gd.ReLUNetwork.gaussian(dims, seed=i, last_layer="truncated", dtype=dtype)
            for i, dims in enumerate(DIMS, start=1)
        )
        rng = np.random.default_rng(0)
        h, m = (rng.standard_normal(dims[0]).astype(dtype) for dims in DIMS)
        y = g1(h) * g2(m)
        c = np.sqrt(np.linalg.norm(h) / np.linalg.norm(m))
        truth = np.concatenate([h / c, c * m])
        for solver in (gd.LevenbergMarquardt(), gd.AlternatingDescent()):
            times = []
            for _ in range(5):
                begun = time.perf_counter()
                result = gd.demodulate(y, g1, g2, solver, seed=0, threads=2)
                times.append(time.perf_counter() - begun)
            found = np.concatenate([result.h, result.m])
            error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
            if not (result.converged and error < 1e-4):
                raise SystemExit(f"{solver} ends at {error:.1e}: {result.message}")
            name = type(solver).__name__
            print(
                f"| {name} | {np.dtype(dtype)} | {result.iterations} | {error:.1e} "
                f"| {np.median(times) * 1e3:.0f} |"
            )


if __name__ == "__main__":
    main()
