"""Time Algorithm 1 against NumPy, PyTorch and JAX: same weights, start, step and iterations.

    python benchmarks/compare.py [single] [double] [batch] [accuracy] [bandwidth]

The process is pinned to as many cores as threads are allowed. Before anything is timed, the latents
after the iterations are compared. Runs alternate; medians are printed as Markdown, with ratios.
Peers that are not installed are skipped with a line.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import peers

import gendemod as gd

# Networks, and the iterations of the peers; an iteration costs them always the same.
SINGLE = (
    ((10, 250, 4096), (10, 250, 4096), 200),
    ((100, 500, 16384), (50, 500, 16384), 20),
    ((50, 1000, 65536), (50, 1000, 65536), 5),
    ((50, 256, 1024, 4096), (10, 100, 500, 4096), 50),
)
ITERATIONS = 200  # ours, whose first ones cost more than later ones
# Networks, late iterations to time, threads.
ROOFLINE = (
    ((10, 250, 4096), 5000, 1),
    ((100, 500, 16384), 200, 1),
    ((50, 1000, 65536), 60, 1),
    ((100, 1000, 131072), 30, 1),
    ((100, 1000, 131072), 30, 2),
)
BATCH = (((10, 250, 4096), 256), ((20, 200, 1024), 1024))


def pin(threads: int) -> None:
    """Allow this many cores and threads."""
    os.sched_setaffinity(0, set(range(threads)))
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(threads)


def installed(name: str) -> bool:
    if importlib.util.find_spec(name):
        return True
    print(f"{name} is not installed: skipped")
    return False


def check(work: peers.Work, found: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Stop unless all latents agree to float32 accuracy."""
    h, m = found["gendemod"]
    for name, (other_h, other_m) in found.items():
        for ours, theirs in ((h, other_h), (m, other_m)):
            if theirs.dtype != np.float32:
                raise SystemExit(f"{name} computes in {theirs.dtype}")
            gap = np.linalg.norm(ours - theirs) / np.linalg.norm(ours)
            if not gap < 2e-3:
                raise SystemExit(f"{name} ends elsewhere: relative distance {gap:.1e}")


def medians(runs: dict[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Return the median seconds of each, run by turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repetitions):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return {name: float(np.median(values)) for name, values in times.items()}


def report(title: str, seconds: dict[str, float], unit: float, name: str) -> None:
    cells = [f"{seconds[peer] * unit:.4g}" for peer in seconds]
    ratios = [f"{seconds[peer] / seconds['gendemod']:.1f}" for peer in seconds]
    print(f"\n{title}\n\n| | {' | '.join(seconds)} |\n|{'---|' * (len(seconds) + 1)}")
    print(f"| {name} | {' | '.join(cells)} |\n| ratio | {' | '.join(ratios)} |", flush=True)


def text(dims: tuple[int, ...]) -> str:
    return "-".join(map(str, dims))


def single(threads: int = 1) -> None:
    pin(threads)
    print(f"\n## One problem, float32, kappa = 0.25, threads that each may use: {threads}")
    for dims1, dims2, fewer in SINGLE:
        work = peers.make(dims1, dims2)
        counts = {"gendemod": ITERATIONS, "NumPy": fewer, "PyTorch": fewer, "JAX": fewer}
        functions = {"gendemod": partial(peers.ours, threads=threads), "NumPy": peers.numpy_peer}
        if installed("torch"):
            functions["PyTorch"] = peers.torch_peer
        if installed("jax"):
            functions["JAX"] = peers.jax_peer
        check(work, {name: f(work, min(20, fewer)) for name, f in functions.items()})
        runs = {name: partial(f, work, counts[name]) for name, f in functions.items()}
        for run in runs.values():
            run()  # JAX compiles, gendemod keeps W2 W1
        seconds = {name: t / counts[name] for name, t in medians(runs, 5).items()}
        report(f"{text(dims1)} and {text(dims2)}", seconds, 1e6, "microseconds an iteration")


def batch() -> None:
    pin(2)
    print("\n## Many problems that share their networks, two threads each side")
    if not installed("torch"):
        return
    for dims, count in BATCH:
        work = peers.make(dims, dims, batch=count)
        found = {
            "gendemod": peers.ours(work, 5, 2),
            "PyTorch, autograd": peers.torch_peer(work, 5),
            "PyTorch, by hand": peers.torch_batched(work, 5),
        }
        check(work, found)
        counts = {"gendemod": ITERATIONS, "PyTorch, autograd": 20, "PyTorch, by hand": 20}
        runs = {
            "gendemod": partial(peers.ours, work, counts["gendemod"], 2),
            "PyTorch, autograd": partial(peers.torch_peer, work, 20),
            "PyTorch, by hand": partial(peers.torch_batched, work, 20),
        }
        seconds = {k: v / counts[k] / count for k, v in medians(runs, 3).items()}
        title = f"{count} problems {text(dims)}"
        report(title, seconds, 1e6, "microseconds a problem and iteration")


def accuracy() -> None:
    """Time to relative error 1e-6 from one start, networks built from arrays included."""
    pin(1)
    print("\n## Time to relative error 1e-6 of the product, 10-250-4096 twice, set-up included")
    if not installed("torch"):
        return
    dims = (10, 250, 4096)

    def residual(work: peers.Work, h: np.ndarray, m: np.ndarray) -> float:
        product = gd.ReLUNetwork(work.weights1)(h) * gd.ReLUNetwork(work.weights2)(m)
        return float(np.linalg.norm(product - work.y) / np.linalg.norm(work.y))

    def needed(kappa: float) -> int:
        work = peers.make(dims, dims, kappa=kappa)
        return next((k for k in range(1, 200) if residual(work, *peers.ours(work, k)) < 1e-6), 200)

    kappas = np.arange(0.5, 1.5, 0.05)
    counts = [needed(kappa) for kappa in kappas]
    kappa, iterations = float(kappas[int(np.argmin(counts))]), min(counts)
    work = peers.make(dims, dims, kappa=kappa)

    def torch_run() -> tuple[np.ndarray, np.ndarray]:
        work.cache.clear()
        return peers.torch_peer(work, iterations)

    def fixed() -> tuple[np.ndarray, np.ndarray]:
        work.cache.clear()
        return peers.ours(work, iterations)

    def solve(solver: gd.LevenbergMarquardt | gd.AlternatingDescent) -> gd.Result:
        g1, g2 = gd.ReLUNetwork(work.weights1), gd.ReLUNetwork(work.weights2)
        return gd.demodulate(work.y, g1, g2, solver, start=(work.h, work.m), threads=1)

    marquardt, automatic = gd.LevenbergMarquardt(), gd.AlternatingDescent()
    for name, (h, m) in (
        ("PyTorch", torch_run()),
        ("fixed", fixed()),
        ("LM", (solve(marquardt).h, solve(marquardt).m)),
        ("auto", (solve(automatic).h, solve(automatic).m)),
    ):
        if not residual(work, h, m) < 2e-6:
            raise SystemExit(f"{name} ends at {residual(work, h, m):.1e}")
    print(f"\nBest fixed step: kappa = {kappa:.2f}, {iterations} iterations.")
    runs = {
        "gendemod": fixed,
        "gendemod, Levenberg-Marquardt": lambda: solve(marquardt),
        "gendemod, automatic step": lambda: solve(automatic),
        "PyTorch, best fixed step": torch_run,
    }
    report("gendemod: the same fixed step", medians(runs, 9), 1e3, "milliseconds")


def bandwidth() -> None:
    """Bytes that a late iteration must move, each piece read twice, against what sdot reads."""
    print("\n## Bandwidth of late iterations, float32\n")
    print("| networks, twice | pieces, MB | threads | ms | GB/s | of the read bandwidth |")
    print("|---|---|---|---|---|---|")
    big = np.ones(200_000_000, dtype=np.float32)
    for dims, iterations, threads in ROOFLINE:
        pin(threads)
        work = peers.make(dims, dims)

        def iterate(count: int, work: peers.Work = work, threads: int = threads) -> float:
            begun = time.perf_counter()
            peers.ours(work, count, threads)
            return time.perf_counter() - begun

        iterate(2)
        ours, reads = [], []
        for _ in range(5):
            # Near the solution, where no walls are crossed.
            ours.append((iterate(200 + iterations) - iterate(200)) / iterations)
            begun = time.perf_counter()
            np.dot(big, big)
            reads.append(big.nbytes / (time.perf_counter() - begun))
        moved = 4 * 4 * dims[0] * dims[-1]
        seconds, read = float(np.median(ours)), float(np.max(reads))
        print(
            f"| {text(dims)} | {moved / 4e6:.2g} | {threads} | {seconds * 1e3:.3g} "
            f"| {moved / seconds / 1e9:.1f} | {100 * moved / seconds / read:.0f} % of "
            f"{read / 1e9:.1f} GB/s |",
            flush=True,
        )


def main() -> None:
    parts = {
        "single": single,
        "double": partial(single, 2),
        "batch": batch,
        "accuracy": accuracy,
        "bandwidth": bandwidth,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[])
    chosen = parser.parse_args().parts or list(parts)
    info = gd._core.build_info()
    print(f"{platform.platform()}, {info['compiler']}, {info['simd']}")
    for name in chosen:
        parts[name]()


if __name__ == "__main__":
    main()
