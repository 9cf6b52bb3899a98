"""Time an iteration of Algorithm 1 as one size grows, against the peers; fit exponents; draw it.

    python benchmarks/growth.py [--figure docs/figures/growth.png]

One thread, float32, kappa = 0.25; the mean over the first 100 iterations, setting up included.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import peers
from compare import installed, medians, pin

import gendemod as gd

Solver = gd.AlternatingDescent | gd.LevenbergMarquardt
ITERATIONS = 100
SIZES = {
    "ell": [(10, 250, ell) for ell in (1024, 2048, 4096, 8192, 16384, 32768, 65536)],
    "n": [(n, 250, 4096) for n in (5, 10, 20, 40, 80)],
    "n_1": [(10, k, 4096) for k in (62, 125, 250, 500, 1000)],
    "depth": [(10, *[250] * (d - 1), 4096) for d in (1, 2, 3, 4, 5)],
}


def seconds(dims: tuple[int, ...], with_peers: bool) -> dict[str, float]:
    """Return the seconds of an iteration, by name."""
    work = peers.make(dims, dims)
    functions = {"gendemod": peers.ours}
    if with_peers:
        functions["NumPy"] = peers.numpy_peer
        functions |= {"PyTorch": peers.torch_peer} if installed("torch") else {}
        functions |= {"JAX": peers.jax_peer} if installed("jax") else {}
    counts = {name: ITERATIONS if name == "gendemod" else 5 for name in functions}
    runs = {name: partial(f, work, counts[name]) for name, f in functions.items()}
    for run in runs.values():
        run()
    return {name: value / counts[name] for name, value in medians(runs, 3).items()}


def peak_memory(dims: tuple[int, ...], solver: Solver) -> float:
    """Return the growth of the resident memory over one solve, over the size of the weights."""
    g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=i, dtype=np.float32) for i in (1, 2))
    y = g1(np.ones(dims[0], np.float32)) * g2(np.ones(dims[0], np.float32))
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    before = _resident()
    gd.demodulate(y, g1, g2, solver, seed=0, threads=1)
    weights = sum(W.nbytes for g in (g1, g2) for W in g.weights)
    return (_peak() - before) / weights


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024.0 * int(next(line for line in lines if line.startswith(field)).split()[1])


def _resident() -> float:
    return _status("VmRSS:")


def _peak() -> float:
    return _status("VmHWM:")


LABELS = {"ell": "ℓ", "n": "n", "n_1": "n₁", "depth": "depth"}


def draw(found: dict[str, tuple[list[int], dict[str, np.ndarray]]], path: Path) -> None:
    """Draw the time against each size on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from gendemod._files import replacing

    figure, panels = pyplot.subplots(
        1, 4, figsize=(10, 3), sharey=True, width_ratios=(2, 1, 1, 1), layout="constrained"
    )
    for axes, (size, (values, times)) in zip(panels, found.items(), strict=True):
        for (name, series), marker in zip(times.items(), "os^D", strict=False):
            axes.loglog(values, series * 1e6, marker=marker, markersize=4, label=name)
        axes.minorticks_off()
        axes.set_xticks(values[::2], [str(value) for value in values[::2]])
        axes.set(xlabel=LABELS[size])
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="microseconds an iteration")
    panels[0].legend(frameon=False)
    with replacing(path) as beside:
        figure.savefig(beside, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", type=Path, default=Path(tempfile.gettempdir()) / "growth.png")
    options = parser.parse_args()
    pin(1)
    print("| size | values | microseconds an iteration | exponent |\n|---|---|---|---|")
    found: dict[str, tuple[list[int], dict[str, np.ndarray]]] = {}
    for size, shapes in SIZES.items():
        rows = [seconds(dims, with_peers=size == "ell") for dims in shapes]
        values = [
            len(dims) - 1 if size == "depth" else dims[{"ell": -1, "n": 0, "n_1": 1}[size]]
            for dims in shapes
        ]
        found[size] = values, {name: np.array([row[name] for row in rows]) for name in rows[0]}
        for name, times in found[size][1].items():
            exponent = np.polyfit(np.log(values), np.log(times), 1)[0]
            shown = ", ".join(f"{t * 1e6:.3g}" for t in times)
            print(
                f"| {size}, {name} | {', '.join(map(str, values))} | {shown} | {exponent:.2f} |",
                flush=True,
            )
    draw(found, options.figure)
    print("\n| networks, twice | weights, MB | Algorithm 1 adds | Levenberg-Marquardt adds |")
    print("|---|---|---|---|")
    for dims in ((10, 250, 16384), (50, 1000, 16384), (50, 1000, 65536), (50, 2000, 65536)):
        shares = []
        for solver in (gd.AlternatingDescent(), gd.LevenbergMarquardt()):
            with multiprocessing.get_context("spawn").Pool(1) as fresh:
                shares.append(fresh.apply(peak_memory, (dims, solver)))
        megabytes = 8e-6 * sum(a * b for a, b in itertools.pairwise(dims))
        cells = " | ".join(f"{share:.2f} of them" for share in shares)
        print(f"| {'-'.join(map(str, dims))} | {megabytes:.0f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
