"""Time sweeps: against batched PyTorch, two workers against one, overhead, a million trials.

    python benchmarks/sweep.py [torch] [workers] [overhead] [million] [--trials N] [--repeat R]

Everything runs on one thread but where two workers are timed. Before anything is timed, objectives
and steps of the PyTorch code are compared with gendemod's, and a sweep that a pool ran with a plain
loop. Medians are printed as Markdown. `--trials` is the number in each cell, or all of `million`.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from compare import installed, pin

import gendemod as gd
from gendemod import sweep as sweeps

# name, settings, axes: cells near the transition and well above it
GRIDS = (
    ("one layer", {"depth": 1}, {"n": [2, 4, 8, 16], "ell_per_unknown": [4.0, 6.0, 12.0]}),
    ("two layers", {"depth": 2, "expansion": 8}, {"n": [2, 4, 8], "ell_per_unknown": [6.0, 12.0]}),
)
CHUNK = 256  # trials in a batch of PyTorch: more are not faster and fill the memory
TOLERANCE = {"float32": 1e-5, "float64": 1e-7}  # relative residual at which a problem leaves


def grid(settings: dict, axes: dict, trials: int, **more: object) -> sweeps.Sweep:
    return sweeps.Sweep(
        task="demodulation",
        axes=axes,
        settings={"restarts": 1, **settings, **more},
        trials=trials,
        seed=1,
        success=("latent_error", 1e-4),
    )


def timed(call: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    found = call()
    return time.perf_counter() - begun, found


def run(sweep: sweeps.Sweep, **options: object) -> sweeps.Results:
    """Run a sweep from the beginning; the file goes."""
    with tempfile.TemporaryDirectory() as folder:
        found = sweeps.run(sweep, Path(folder) / "a.sweep", **{"threads": 1, **options})
        _ = found.records
        return found


def medians(calls: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Median seconds of each, by turns."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeat):
        for name, call in calls.items():
            seconds[name].append(timed(call)[0])
    return {name: statistics.median(values) for name, values in seconds.items()}


def check_torch() -> None:
    """Stop unless PyTorch's products, signs and pieces are those of gendemod."""
    import sweep_peers as peers
    import torch

    batch = peers.draw([[3, 12, 40], [2, 40]], 4, torch.float64, torch.Generator().manual_seed(1))
    h, m = peers.start(batch, torch.Generator().manual_seed(2))
    flipped = peers.signed(batch, h, m)
    for i in range(4):
        g1, g2 = (gd.ReLUNetwork([W[i].numpy() for W in g]) for g in (batch.g1, batch.g2))
        y, hi, mi = batch.y[i].numpy(), h[i].numpy(), m[i].numpy()
        assert np.allclose(y, g1(batch.h0[i].numpy()) * g2(batch.m0[i].numpy()), atol=1e-13)
        signs = gd.Problem(y, g1, g2).best_signs(hi, mi)
        assert np.array_equal(signs[0] * hi, flipped[0][i].numpy())
        assert np.array_equal(signs[1] * mi, flipped[1][i].numpy())
        residual = float(peers.relative_residual(batch, h, m)[i])
        assert np.isclose(residual, np.linalg.norm(g1(hi) * g2(mi) - y) / np.linalg.norm(y))
        assert np.allclose(peers.pieces(batch.g1, h)[i].numpy(), g1.linear_piece(hi), atol=1e-13)


def torch_sweep(sweep: sweeps.Sweep, method: str, dtype: str) -> float:
    """Run all cells of a sweep; return the share of successes."""
    import sweep_peers as peers
    import torch

    rng = torch.Generator().manual_seed(1)
    successes = 0
    for number in range(len(sweep.cells)):
        dims = sweep.cell(number).drawn[:2]
        for first in range(0, sweep.trials, CHUNK):
            trials = min(CHUNK, sweep.trials - first)
            batch = peers.draw(dims, trials, getattr(torch, dtype), rng)
            h, m = peers.PEERS[method](batch, rng, TOLERANCE[dtype])
            successes += int((peers.latent_error(batch, h, m) < sweep.criterion[1]).sum())
    return successes / len(sweep)


def against_torch(trials: int, repeat: int) -> None:
    if not installed("torch"):
        return
    check_torch()
    for name, settings, axes in GRIDS:
        sweep = grid(settings, axes, trials)
        print(f"\n## {name}, {len(sweep)} trials, one start each, one thread\n")
        print("| | trials a second | share of successes | gendemod is faster by |")
        print("|---|---|---|---|")
        calls: dict[str, Callable[[], object]] = {}
        for solver in ("levenberg-marquardt", "algorithm-1"):
            calls[f"gendemod, {solver}"] = partial(run, grid(settings, axes, trials, solver=solver))
        for method in ("Adam", "Levenberg-Marquardt"):
            for dtype in ("float32", "float64"):
                calls[f"PyTorch, {method}, {dtype}"] = partial(torch_sweep, sweep, method, dtype)
        shares = {
            one: float(found.records["success"].mean())
            if isinstance(found := call(), sweeps.Results)
            else found
            for one, call in calls.items()
        }
        seconds = medians(calls, repeat)
        ours = seconds["gendemod, levenberg-marquardt"]
        for one, value in seconds.items():
            rate = len(sweep) / value
            print(f"| {one} | {rate:.0f} | {shares[one]:.3f} | {value / ours:.1f} |", flush=True)


def check_pool() -> None:
    """Stop unless a pool of two measures what a plain loop does."""
    sweep = grid({"depth": 1}, {"n": [2, 3], "ell": [6, 12]}, 25)
    found = run(sweep, threads=2)
    for i, one in enumerate(loop(sweep)):
        for name, value in one.items():
            np.testing.assert_equal(found.records[name][i], value)


def of_milliseconds(milliseconds: float, trials: int) -> sweeps.Sweep:
    """A sweep whose trials take about so long: Algorithm 1 with as many iterations, all of them."""
    settings = {"n": 8, "solver": "algorithm-1", "noise": 0.1, "tolerance": 0}
    iterations = 100
    for _ in range(2):
        sweep = grid(settings, {"ell": [64]}, 32, max_iterations=iterations)
        seconds = timed(partial(loop, sweep))[0] / len(sweep)
        iterations = max(1, round(iterations * milliseconds / 1e3 / seconds))
    return grid(settings, {"ell": [64]}, trials, max_iterations=iterations)


def two_workers(trials: int, repeat: int) -> None:
    check_pool()
    print("\n## Two workers against one, trials a second\n")
    print("| a trial takes | one thread | two threads | ratio | two processes | ratio |")
    print("|---|---|---|---|---|---|")
    for milliseconds in (1, 10):
        sweep = of_milliseconds(milliseconds, trials)
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(2, context) as pool:
            run(of_milliseconds(milliseconds, 8), executor=pool, threads=2)  # they import gendemod
            seconds = medians(
                {
                    "one": partial(run, sweep),
                    "threads": partial(run, sweep, threads=2),
                    "processes": partial(run, sweep, executor=pool, threads=2),
                },
                repeat,
            )
        one, threads, processes = (len(sweep) / seconds[name] for name in seconds)
        print(
            f"| {1e3 / one:.1f} ms | {one:.0f} | {threads:.0f} | {threads / one:.2f} "
            f"| {processes:.0f} | {processes / one:.2f} |",
            flush=True,
        )


def loop(sweep: sweeps.Sweep) -> list[dict]:
    return [sweeps.trial(sweep, i) for i in range(len(sweep))]


def overhead(trials: int, repeat: int) -> None:
    print("\n## Overhead of a run over a plain loop, one thread\n")
    print("| a trial takes | threads | dask, one worker |\n|---|---|---|")
    for milliseconds in (0.5, 2, 10):
        sweep = of_milliseconds(milliseconds, trials)
        calls: dict[str, Callable[[], object]] = {
            "loop": partial(loop, sweep),
            "threads": partial(run, sweep),
        }
        if not importlib.util.find_spec("distributed"):
            seconds = medians(calls, repeat)
        else:
            import distributed

            with distributed.LocalCluster(
                n_workers=1, threads_per_worker=1, dashboard_address=None
            ) as cluster:
                address = cluster.scheduler_address
                calls["dask"] = partial(run, sweep, threads=None, scheduler=address)
                run(of_milliseconds(milliseconds, 8), threads=None, scheduler=address)
                seconds = medians(calls, repeat)
        plain = seconds.pop("loop")
        shares = " | ".join(f"{value / plain - 1:.1%}" for value in seconds.values())
        print(f"| {1e3 * plain / len(sweep):.2f} ms | {shares} |", flush=True)


def resident() -> float:
    """MiB of memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def million(trials: int) -> None:
    """The cheapest trials there are; memory is looked at as they are stored."""
    sweep = sweeps.Sweep(
        task="demodulation",
        axes={"n": [1]},
        settings={"ell": 2, "restarts": 1, "max_iterations": 1},
        trials=trials,
    )
    looks: list[tuple[float, float]] = []
    ended = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.sweep"

        def look() -> None:
            while not ended.wait(0.5):
                if path.exists():
                    looks.append((path.stat().st_size, resident()))

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            seconds, found = timed(lambda: sweeps.run(sweep, path, threads=1))
        finally:
            ended.set()
            watcher.join()
        assert isinstance(found, sweeps.Results)
        assert found.complete
        size = path.stat().st_size
        print(f"\n## {trials} of the cheapest trials, one thread\n")
        print("| | |\n|---|---|")
        print(f"| trials a second | {trials / seconds:.0f} |")
        print(f"| bytes a trial | {size / trials:.1f} |")
        for share in (0.1, 0.5, 0.9):
            after = [memory for stored, memory in looks if stored >= share * size]
            if after:
                print(f"| memory after {share:.0%} | {after[0]:.1f} MiB |")
        before = resident()
        seconds, _ = timed(lambda: found.records)
        print(f"| reading all records | {seconds:.2f} s, {resident() - before:.0f} MiB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("torch", "workers", "overhead", "million")
    parser.add_argument("parts", nargs="*", choices=parts)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    chosen = options.parts or parts
    if "overhead" in chosen:
        os.sched_setaffinity(0, {0})
        overhead(options.trials or 1000, options.repeat)
    if "million" in chosen:
        os.sched_setaffinity(0, {0})
        million(options.trials or 1_000_000)
    if "workers" in chosen:
        os.sched_setaffinity(0, {0, 1})
        two_workers(options.trials or 1000, options.repeat)
    if "torch" in chosen:  # last: it stays in memory
        pin(1)
        against_torch(options.trials or 500, options.repeat)


if __name__ == "__main__":
    main()
