"""Time the WDC engine against NumPy, float64: deviations of independent pairs, and the search.

    python benchmarks/wdc.py [pairs] [circles] [search] [bound] [growth] [--seconds 60]

`pairs`: (mask, Gram sum, norm(D, 2)) pair by pair in NumPy against gendemod.wdc.deviation, values
compared first, one thread each by turns, then ours on two. `circles`: the same NumPy pairs against
cells of great circles through x, after their suprema have been checked by NumPy's deviations there
and elsewhere on the circles. `search`: the largest deviation that gendemod.wdc.search finds in one
second against random pairs in NumPy for `--seconds`. `bound`: what branch and bound reaches, how
soon, and what checking costs. `growth`: deviations and circles over ell and n.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

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
        count = 30 if n == 500 else 50
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


def circles() -> None:
    print("\n## Cells of great circles\n")
    print("| n, ℓ | NumPy, µs a pair | gendemod, µs a cell | ratio | two threads | against one |")
    print("|---|---|---|---|---|---|")
    for n, ell in SIZES:
        rng = np.random.default_rng(0)
        W = rng.standard_normal((ell, n)) / np.sqrt(ell)
        x, *tangents = rng.standard_normal((9, n))
        count = 4 if n == 500 else 8
        U = np.array(tangents[:count])
        pin(1)
        found = gd.wdc.great_circle(W, x, U, threads=1)
        X, Y = rng.standard_normal((2, 5 if n == 500 else 20, n))
        # No point of the circles is above, and the witness is as high as it says.
        reached = numpy_deviations(W, np.tile(x, (count, 1)), found.y)
        across = U - (U @ x)[:, None] * x / (x @ x)
        t = rng.uniform(-np.pi, np.pi, (count, 1))
        unit = across / np.linalg.norm(across, axis=1, keepdims=True)
        others = np.cos(t) * x / np.linalg.norm(x) + np.sin(t) * unit
        elsewhere = numpy_deviations(W, np.tile(x, (count, 1)), others)
        if not (np.abs(reached - found.lower) < 1e-6).all() or (elsewhere > found.upper).any():
            raise SystemExit("the suprema are wrong")
        runs = {
            "NumPy": partial(numpy_deviations, W, X, Y),
            "one": partial(gd.wdc.great_circle, W, x, U, threads=1),
        }
        seconds = medians(runs, 7)
        pin(2)
        seconds |= medians({"two": partial(gd.wdc.great_circle, W, x, U, threads=2)}, 7)
        cells = 2 * int(np.sum(W @ x > 0)) * count
        alone = seconds["NumPy"] / len(X) * 1e6
        ours, two = (seconds[key] / cells * 1e6 for key in ("one", "two"))
        print(
            f"| {n}, {ell} | {alone:.4g} | {ours:.3g} | {alone / ours:.0f} | {two:.3g} "
            f"| {ours / two:.2f} |",
            flush=True,
        )


BOUNDS = ((3, 100, 0.05), (3, 100, 0.03), (3, 400, 0.05), (4, 60, 0.3), (4, 60, 0.15))


def bound() -> None:
    print("\n## Certified bounds, two threads, and the check of their certificates, one\n")
    print("| n, ℓ | gap | lower | upper | seconds | leaves | file, kB | check, s |")
    print("|---|---|---|---|---|---|---|---|")
    pin(2)
    for n, ell, gap in BOUNDS:
        W = np.random.default_rng(0).standard_normal((ell, n)) / np.sqrt(ell)
        begun = time.perf_counter()
        found = gd.wdc.bound(W, tolerance=gap, threads=2)
        seconds = time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "certificate.npz"
            found.certificate.save(path)
            size, checked = path.stat().st_size / 1000, "-"
            if len(found.certificate.tree) < 1_000_000:
                begun = time.perf_counter()
                if not gd.wdc.check(path, W).accepted:
                    raise SystemExit("a certificate is not accepted")
                checked = f"{time.perf_counter() - begun:.1f}"
        leaves = found.certificate.tree.count(0)
        print(
            f"| {n}, {ell} | {gap} | {found.lower:.4f} | {found.upper:.4f} | {seconds:.2f} "
            f"| {leaves} | {size:.0f} | {checked} |",
            flush=True,
        )


def growth() -> None:
    pin(1)
    print("\n## Growth: µs of one thread\n")
    print("| n, ℓ | a pair | a circle | a cell |\n|---|---|---|---|")
    for n, ell in ((30, 1000), (30, 4000), (30, 16000), (30, 64000), (10, 8000), (90, 8000)):
        rng = np.random.default_rng(0)
        W = rng.standard_normal((ell, n)) / np.sqrt(ell)
        X, U = rng.standard_normal((2, 8, n))
        runs = {
            "pair": partial(gd.wdc.deviation, W, X, U, threads=1),
            "circle": partial(gd.wdc.great_circle, W, X, U, threads=1),
        }
        pair, circle = (seconds / 8 * 1e6 for seconds in medians(runs, 5).values())
        print(f"| {n}, {ell} | {pair:.4g} | {circle:.4g} | {circle / ell:.3g} |", flush=True)


def search(seconds: float) -> None:
    pin(1)
    print(f"\n## The largest deviation found: search in 1 s, NumPy sampling in {seconds:.0f} s\n")
    print("| n, ℓ | pairs | independent | half with x = y | searched | ratio | ratio |")
    print("|---|---|---|---|---|---|---|")
    for n, ell in ((10, 250), (30, 1000), (64, 2000)):
        rng = np.random.default_rng(4000)
        W = rng.standard_normal((ell, n)) / np.sqrt(ell)
        best, count = [0.0, 0.0], 0
        for equal in (0, 1):
            begun = time.perf_counter()
            while time.perf_counter() - begun < seconds:
                X, Y = rng.standard_normal((2, 20, n))
                if equal:
                    X[::2] = Y[::2]
                best[equal] = max(best[equal], float(numpy_deviations(W, X, Y).max()))
                count += 20
        found = gd.wdc.search(W, seed=0, time_limit=1.0, threads=1).lower
        sampled = " | ".join(f"{value:.3f}" for value in best)
        ratios = " | ".join(f"{found / value:.2f}" for value in best)
        print(f"| {n}, {ell} | {count // 2} | {sampled} | {found:.3f} | {ratios} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"pairs": pairs, "circles": circles, "search": search, "bound": bound, "growth": growth}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    for name in options.parts or parts:
        parts[name](*([options.seconds] if name == "search" else []))


if __name__ == "__main__":
    main()
