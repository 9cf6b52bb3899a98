"""Time device="cuda" against the ceilings of the device, PyTorch on it, and the CPU's two threads.

    python benchmarks/cuda.py FOLDER [iterations] [peers] [pairs] [batch] [kernels] [--small]

`iterations`: Algorithm 1 with a fixed step, float32. `peers`: the same in PyTorch, eager and
compiled, as far as it is installed. `pairs`: WDC deviations of independent pairs, in float32 and
float64. `batch`: many problems to convergence. `kernels`, only if asked for: where the time of the
largest iterations goes, by PyTorch's profiler, to FOLDER/kernels.txt. Before anything is timed, the
answer is compared with the CPU's. FOLDER/ceilings.json, from ceilings.cu, holds what the device can
reach; the table is written to FOLDER/cuda.md and cuda.json row by row. `--small`: tiny sizes, to
see that all runs. Without a device it ends with exit code 2. `cuda.sh` builds, tests and runs all
this.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from compare import check, medians, text
from peers import Work

import gendemod as gd
from gendemod._device import why_no_cuda
from gendemod.info import describe

# Networks (both), iterations between which a time is taken, and at least: the share of the copy
# bandwidth (None: bytes are not counted), how many times PyTorch eager, and compiled.
ITERATIONS = (
    ((100, 1000, 1 << 20), (10, 110), (0.7, 10, 3)),
    ((50, 1000, 1 << 16), (50, 1050), (None, 10, 3)),
)
# n, ell, pairs on the device, on the CPU, and at least: the share of the arithmetic ceiling.
PAIRS = (
    (64, 4096, 65536, 512, None),
    (100, 16384, 16384, 64, None),
    (500, 65536, 4096, 8, 0.5),
)
# Networks (both), problems on the device, on the CPU.
BATCH = (((10, 250, 4096), 4096, 256),)
SMALL = {
    "ITERATIONS": (((3, 20, 600), (1, 3), (0, None, None)),),
    "PAIRS": ((4, 64, 6, 3, None), (40, 200, 4, 2, None)),
    "BATCH": (((2, 20, 300), 6, 3),),
}


@dataclass
class Table:
    """The rows so far, and the ceilings."""

    folder: Path
    small: bool
    rows: list[dict[str, object]] = field(default_factory=list)

    def sizes(self, name: str) -> tuple:
        return SMALL[name] if self.small else globals()[name]

    def ceiling(self, name: str) -> float | None:
        path = self.folder / "ceilings.json"
        return json.loads(path.read_text())[name] if path.exists() else None

    def add(
        self,
        work: str,
        value: float,
        unit: str,
        ratio: float | None,
        of: str,
        least: float | None = None,
    ) -> None:
        """Add a measured value, its ratio to something, and what that must be at least."""
        self.rows.append(
            {"work": work, "value": value, "unit": unit, "ratio": ratio, "of": of, "least": least}
        )
        lines = ["| work | measured | ratio | to | at least | met |", "|---|---|---|---|---|---|"]
        for row in self.rows:
            ratio, least = row["ratio"], row["least"]
            met = "" if None in (ratio, least) else "yes" if ratio >= least else "no"
            numbers = ["" if number is None else f"{number:.3g}" for number in (ratio, least)]
            lines.append(
                f"| {row['work']} | {row['value']:.4g} {row['unit']} | {numbers[0]} | {row['of']} "
                f"| {numbers[1]} | {met} |"
            )
        print(lines[-1] if len(self.rows) > 1 else "\n".join(lines), flush=True)
        head = "```\n" + describe() + "\n```\n\n"
        (self.folder / "cuda.md").write_text(head + "\n".join(lines) + "\n")
        (self.folder / "cuda.json").write_text(json.dumps(self.rows, indent=1) + "\n")


def gaussian(dims: tuple[int, ...], seed: int) -> list[np.ndarray]:
    """Weights N(0, 1 / n_i), float32; blocks of rows are drawn side by side."""
    weights = [np.empty(shape, dtype=np.float32) for shape in zip(dims[1:], dims, strict=False)]
    blocks = [
        (block, np.sqrt(len(W)), [seed, layer, i])
        for layer, W in enumerate(weights)
        for i, block in enumerate(np.array_split(W, len(W) // 4096 + 1))
    ]

    def fill(block: np.ndarray, root: float, key: list[int]) -> None:
        np.random.default_rng(key).standard_normal(out=block, dtype=np.float32)
        block /= np.float32(root)

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: fill(*one), blocks))
    return weights


def unit_rows(rng: np.random.Generator, *shape: int) -> np.ndarray:
    z = rng.standard_normal(shape).astype(np.float32)
    return z / np.linalg.norm(z, axis=-1, keepdims=True)


def make(dims: tuple[int, ...]) -> tuple[Work, tuple[gd.ReLUNetwork, gd.ReLUNetwork]]:
    """One problem with two networks of these sizes, and a step well below the largest."""
    weights = [gaussian(dims, seed) for seed in (1, 2)]
    g1, g2 = networks = gd.ReLUNetwork(weights[0]), gd.ReLUNetwork(weights[1])
    h0, m0, h, m = unit_rows(np.random.default_rng(0), 4, dims[0])
    # The curvature of the expected objective is 2^-(d + s) / ell for codes of length 1.
    step = 0.25 * 2.0 ** (2 * len(dims) - 2) * dims[-1]
    return Work(*weights, g1(h0) * g2(m0), h, m, step), networks


def descend(
    work: Work, networks: tuple[gd.ReLUNetwork, ...], iterations: int, device: str = "cuda"
) -> tuple[np.ndarray, np.ndarray]:
    solver = gd.AlternatingDescent(step_size=work.step, max_iterations=iterations, tolerance=0)
    result = gd.demodulate(work.y, *networks, solver, start=(work.h, work.m), device=device)
    return result.h, result.m


def seconds_each(runs: dict[str, Callable[[int], object]], few: int, many: int) -> dict[str, float]:
    """Return the seconds of an iteration of each, by turns, without what a call costs besides."""
    calls = {
        f"{name} {count}": partial(run, count)
        for name, run in runs.items()
        for count in (few, many)
    }
    times = medians(calls, 5)
    return {
        name: (times[f"{name} {many}"] - times[f"{name} {few}"]) / (many - few) for name in runs
    }


def crossed_bytes(work: Work, networks: tuple[gd.ReLUNetwork, ...], few: int, many: int) -> int:
    """Return what crossing walls must move in these iterations, besides what they read anyway.

    Where units of the first layer flip, the piece above is written once, and the column of each
    such unit in the last layer is read.
    """

    both = work.weights1, work.weights2
    latents, total = descend(work, networks, few), 0
    for _ in range(few, many):
        before, work = latents, replace(work, h=latents[0], m=latents[1])
        latents = descend(work, networks, 1)
        for (first, last), old, new in zip(both, before, latents, strict=True):
            flips = int(np.count_nonzero((first @ old > 0) != (first @ new > 0)))
            total += last.itemsize * len(last) * (old.size + flips) if flips else 0
    return total


def iterations(table: Table, peers: bool) -> None:
    for dims, (few, many), (share, eager, compiled) in table.sizes("ITERATIONS"):
        work, networks = make(dims)
        runs = {"gendemod": partial(descend, work, networks)}
        if peers:
            runs |= torch_runs(table, work)
        check(work, {"the CPU": descend(work, networks, 3, "cpu")} | each(runs, 3))
        seconds = seconds_each(runs, few, many)
        ours = seconds["gendemod"]
        title = f"Algorithm 1, {text(dims)} twice"
        table.add(f"{title}, one of iterations {few}-{many}", ours * 1e6, "µs", None, "")
        if share is not None:
            # Each iteration reads every piece for its outputs, and again for its gradient.
            read = 2 * 2 * dims[0] * dims[-1] * 4
            crossed = crossed_bytes(work, networks, few, many) / (many - few)
            copy = table.ceiling("copy_bytes_per_second")
            of = f"copy; pieces read {read / 1e6:.4g} MB, walls crossed {crossed / 1e6:.4g} MB"
            rate = (read + crossed) / ours
            ratio = rate / copy if copy else None
            table.add(f"{title}, bytes that these must move", rate / 1e9, "GB/s", ratio, of, share)
        for name, least in (("eager", eager), ("compiled", compiled)):
            if peer := next((run for run in runs if run.startswith(f"PyTorch {name}")), None):
                theirs = seconds[peer]
                table.add(f"{title}, {peer}", theirs * 1e6, "µs", theirs / ours, "gendemod", least)


def each(runs: dict[str, Callable[[int], object]], iterations: int) -> dict[str, object]:
    return {name: run(iterations) for name, run in runs.items()}


def torch_runs(table: Table, work: Work) -> dict[str, Callable[[int], object]]:
    import cuda_peers

    return {
        f"PyTorch {kind} on {cuda_peers.DEVICE}": partial(
            cuda_peers.run, cuda_peers.make(work, compiled=kind == "compiled"), work
        )
        for kind in (("eager",) if table.small else ("eager", "compiled"))
    }


def pairs(table: Table) -> None:
    for n, ell, count, fewer, least in table.sizes("PAIRS"):
        for dtype, gap in ((np.float32, 1e-3), (np.float64, 1e-8)):
            rng = np.random.default_rng()
            W = (rng.standard_normal((ell, n)) / np.sqrt(ell)).astype(dtype)
            x, y = rng.standard_normal((2, count, n)).astype(dtype)
            device = partial(gd.wdc.deviation, W, x, y, device="cuda")
            host = partial(gd.wdc.deviation, W, x[:fewer], y[:fewer], threads=2)
            if not np.max(np.abs(device()[:fewer] - host())) < gap:
                raise SystemExit(f"deviations of {n}, {ell} in {dtype.__name__} differ")
            seconds = medians({"cuda": device, "cpu": host}, 3)
            rate, theirs = count / seconds["cuda"], fewer / seconds["cpu"]
            title = f"WDC ({n}, {ell}), {dtype.__name__}"
            table.add(title, rate, "pairs/s", rate / theirs, "CPU, 2 threads", 20)
            # A quarter of the rows is on at both; each adds to the lower half of n x n.
            flops = rate * (ell / 4 * n * (n + 1) + 4 * ell * n)
            peak = table.ceiling(f"{dtype.__name__}_flops_per_second")
            ratio = flops / peak if peak else None
            table.add(f"{title}, flops", flops / 1e9, "GF/s", ratio, "FMA units", least)


def batch(table: Table) -> None:
    for dims, count, fewer in table.sizes("BATCH"):
        g1, g2 = (gd.ReLUNetwork(gaussian(dims, seed)) for seed in (1, 2))
        rng = np.random.default_rng()
        y = g1(unit_rows(rng, count, dims[0])) * g2(unit_rows(rng, count, dims[0]))
        for solver in (gd.LevenbergMarquardt(), gd.AlternatingDescent()):
            device = partial(gd.demodulate, y, g1, g2, solver, seed=1, device="cuda")
            host = partial(gd.demodulate, y[:fewer], g1, g2, solver, seed=1, threads=2)
            found, expected = device(), host()
            worst = np.max(found.relative_residual[found.converged], initial=0)
            short = np.mean(expected.converged) - np.mean(found.converged[:fewer])
            if not (worst < 1e-3 and short < 0.02):
                raise SystemExit(f"{solver}: residuals to {worst}, {short:.1%} fewer converge")
            seconds = medians({"cuda": device, "cpu": host}, 1)
            rate, theirs = count / seconds["cuda"], fewer / seconds["cpu"]
            title = f"{count} problems {text(dims)} twice, {type(solver).__name__}"
            table.add(title, rate, "problems/s", rate / theirs, "CPU, 2 threads", 15)


def kernels(table: Table) -> None:
    """Write the kernels of the largest iterations with their times, the longest first."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    if not torch.cuda.is_available():
        print("PyTorch sees no device: nothing is profiled by it")
        return
    dims, (few, many), _ = table.sizes("ITERATIONS")[0]
    work, networks = make(dims)
    descend(work, networks, few)
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        descend(work, networks, many)
    found = seen.key_averages().table(sort_by="cuda_time_total", row_limit=25)
    title = f"Algorithm 1, {text(dims)} twice, {many} iterations, set-up included\n"
    (table.folder / "kernels.txt").write_text(title + found)
    print(title + found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("sections", nargs="*", metavar="iterations|peers|pairs|batch|kernels")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that all runs")
    options = parser.parse_intermixed_args()
    known = {"iterations", "peers", "pairs", "batch", "kernels"}
    wanted = set(options.sections) or known - {"kernels"}
    if not wanted <= known:
        parser.error(f"sections are {', '.join(sorted(known))}")
    if why_no_cuda():
        print(why_no_cuda(), file=sys.stderr)
        return 2
    options.folder.mkdir(parents=True, exist_ok=True)
    table = Table(options.folder, options.small)
    if wanted & {"peers", "kernels"} and not importlib.util.find_spec("torch"):
        print("torch is not installed: nothing is compared with it, or profiled by it")
        wanted -= {"peers", "kernels"}
    if wanted & {"iterations", "peers"}:
        iterations(table, "peers" in wanted)
    if "pairs" in wanted:
        pairs(table)
    if "batch" in wanted:
        batch(table)
    if "kernels" in wanted:
        kernels(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
