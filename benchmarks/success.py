"""How often, and in how many iterations, each solver finds both latents of random problems.

python benchmarks/success.py [--seeds 20]

Prints a Markdown table: networks alike and truncated, codes N(0, I), float64; success is a relative
error of both balanced latents below 1e-6, as count / seeds (median iterations of the successes,
median milliseconds of all runs on one thread).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import gendemod as gd

ARCHITECTURES = (
    "10-1000",
    "10-100-500",
    "10-250-600",
    "10-250-1000",
    "10-500-3000",
    "20-500-2000",
    "5-50-250",
    "10-50-250-1000",
    "10-50-250",
)


def relative_error(result: gd.Result, h: np.ndarray, m: np.ndarray) -> float:
    """Return the distance of (h, m) found from the balanced truth, relative to the truth."""
    c = np.sqrt(np.linalg.norm(h) / np.linalg.norm(m))
    truth = np.concatenate([h / c, c * m])
    return float(
        np.linalg.norm(np.concatenate([result.h, result.m]) - truth) / np.linalg.norm(truth)
    )


def cell(
    dims: tuple[int, ...],
    solver: gd.AlternatingDescent | gd.LevenbergMarquardt,
    restarts: int | str,
    seeds: int,
) -> str:
    """Return successes / seeds (median iterations, median milliseconds)."""
    iterations, times = [], []
    for seed in range(seeds):
        g1, g2 = (
            gd.ReLUNetwork.gaussian(dims, seed=1000 + 2 * seed + i, last_layer="truncated")
            for i in range(2)
        )
        h, m = np.random.default_rng(seed).standard_normal((2, dims[0]))
        y = g1(h) * g2(m)
        begun = time.perf_counter()
        result = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=seed, threads=1)
        times.append(time.perf_counter() - begun)
        if relative_error(result, h, m) < 1e-6:
            iterations.append(result.iterations)
    median = f"{np.median(iterations):.0f}" if iterations else "-"
    return f"{len(iterations)}/{seeds} ({median}, {np.median(times) * 1e3:.2g} ms)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args().seeds
    solvers = (gd.AlternatingDescent(), gd.LevenbergMarquardt())
    names = [type(solver).__name__ for solver in solvers]
    head = ["dims", *(f"{name}, {kind}" for name in names for kind in ("one", "auto"))]
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for architecture in ARCHITECTURES:
        dims = tuple(map(int, architecture.split("-")))
        cells = [cell(dims, s, restarts, seeds) for s in solvers for restarts in (1, "auto")]
        print("|", " | ".join([architecture, *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
