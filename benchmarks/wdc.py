"""Time the WDC engine against NumPy, float64: deviations of independent pairs, and the search.

    python benchmarks/wdc.py [pairs] [search] [--seconds 60]

`pairs`: (mask, Gram sum, norm(D, 2)) pair by pair in NumPy against gendemod.wdc.deviation, values
compared first, one thread each by turns, then ours on two. `search`: the largest deviation that
gendemod.wdc.search finds in one second against random pairs in NumPy for `--seconds`.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from compare import medians, pin

import gendemod as gd

SIZES = ((10, 4096), (64, 4096), (100, 16384), (500, 16384))


def expected_gram(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    p, q = x + y, x - y
    theta = 2 * np.arctan2(np.linalg.norm(q), np.linalg.norm(p))
    swap = np.outer(p, p) / max(p @ p, 1e-300) - np.outer(q, q) / max(q @ q, 1e-300)
    return (np.pi - theta) / (2 * np.pi) * np.eye(len(x)) + np.sin(theta) / (2 * np.pi) * swap


def numpy_deviations(W: np.ndarray, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    out = []
    for x, y in zip(X, Y, strict=True):
        rows = W[(W @ x > 0) & (W @ y > 0)]
        out.append(np.linalg.norm(rows.T @ rows - expected_gram(x, y), 2))
    return np.array(out)


def pairs() -> None:
    print("\n## Independent pairs\n")
    print("| n, ℓ | NumPy, µs | gendemod, µs | ratio | two threads, µs | against one |")
    print("|---|---|---|---|---|---|")
    for n, ell in SIZES:
        rng = np.random.default_rng(0)
        W = rng.standard_normal((ell, n)) / np.sqrt(ell)
        count = 10 if n == 500 else 50
        X, Y = rng.standard_normal((2, count, n))
        pin(1)
        gap = np.max(np.abs(numpy_deviations(W, X, Y) - gd.wdc.deviation(W, X, Y, threads=1)))
        if not gap < 1e-8:
            raise SystemExit(f"the deviations differ by {gap:.1e}")
        runs = {
            "NumPy": partial(numpy_deviations, W, X, Y),
            "one": partial(gd.wdc.deviation, W, X, Y, threads=1),
        }
        seconds = medians(runs, 7)
        pin(2)
        seconds |= medians({"two": partial(gd.wdc.deviation, W, X, Y, threads=2)}, 7)
        alone, ours, two = (seconds[key] / count * 1e6 for key in ("NumPy", "one", "two"))
        print(
            f"| {n}, {ell} | {alone:.4g} | {ours:.4g} | {alone / ours:.1f} | {two:.4g} "
            f"| {ours / two:.2f} |",
            flush=True,
        )


def search(seconds: float) -> None:
    pin(1)
    print(f"\n## The largest deviation found: search in 1 s, NumPy sampling in {seconds:.0f} s\n")
    print("| n, ℓ | pairs sampled | sampled | searched | ratio |\n|---|---|---|---|---|")
    for n, ell in ((10, 250), (30, 1000), (64, 2000)):
        rng = np.random.default_rng(4000)
        W = rng.standard_normal((ell, n)) / np.sqrt(ell)
        begun, best, count = time.perf_counter(), 0.0, 0
        while time.perf_counter() - begun < seconds:
            X, Y = rng.standard_normal((2, 20, n))
            X[::2] = Y[::2]  # half of them x = y, which random pairs would never meet
            best = max(best, float(numpy_deviations(W, X, Y).max()))
            count += 20
        found = gd.wdc.search(W, seed=0, time_limit=1.0, threads=1).lower
        print(
            f"| {n}, {ell} | {count} | {best:.3f} | {found:.3f} | {found / best:.2f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=["pairs", "search", []], default=[])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    for part in options.parts or ["pairs", "search"]:
        pairs() if part == "pairs" else search(options.seconds)


if __name__ == "__main__":
    main()
