"""``gendemod reproduce figure2``: the experiment of Section 4 on unseen digits and distortions."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import must
from ._comparison import Estimate, format_table
from ._dcgan import LATENTS, dcgans
from ._experiment import NETWORKS, Method, Recovered, recover, trained_pair
from ._experiment_table import COLUMNS, FAILURE, Row, make_row
from ._figure import figure, fitted
from ._output import output_folder, versions, write_json, write_text
from ._pairs import Pairs, mnist_pairs
from ._progress import Progress
from .metrics import psnr
from .pictures import write_picture
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["figure2"]

Array = NDArray[np.floating[Any]]

SIZE = 64
PIXELS = SIZE * SIZE
# The paper's step of 1 is for the mean of squares, 2 f / ell.
PAPER_STEP = 2 / PIXELS
PAPER = AlternatingDescent(step_size=PAPER_STEP, momentum=0.9, max_iterations=500, tolerance=0.0)
# Joint steps; the authors' code uses the signs that it compares before the first step alone.
AUTHORS = AlternatingDescent(
    step_size=PAPER_STEP,
    momentum=0.9,
    sign_check=500,
    simultaneous=True,
    max_iterations=500,
    tolerance=0.0,
)
METHODS = (
    Method("authors' code (joint steps), DCGAN", "dcgan", AUTHORS, 1),
    Method("Algorithm 1 as in the paper, DCGAN", "dcgan", PAPER, 1, most=100),
    Method("Algorithm 1, 1 start", "networks", AlternatingDescent(), 1),
    Method("Algorithm 1, 8 starts", "networks", AlternatingDescent(), 8),
    Method("Levenberg-Marquardt, 1 start", "networks", LevenbergMarquardt(), 1),
    Method("Levenberg-Marquardt, 8 starts", "networks", LevenbergMarquardt(), 8),
)
# What the authors' log says of one picture: iterations and mean-square residuals.
AUTHORS_LOG = ((50, 0.0062), (200, 0.0045), (500, 0.0043))
_COLUMNS = 10
_PICTURE, _TABLE, _REPORT = "figure2.png", "table.txt", "table.json"


def figure2(
    output: Path,
    *,
    mnist: Path | None,
    weights: Path,
    dcgan: Path | None,
    pairs: int = 500,
    seed: int = 0,
    threads: int | None = None,
) -> int:
    """Restore unseen test digits under unseen distortions in several ways, and compare.

    Parameters
    ----------
    output : Path
        The folder to write to; what it holds of the same run is not done again.
    mnist : Path, optional
        The folder of the IDX files; None: see :func:`gendemod.data.mnist`.
    weights : Path
        The folder of the bias-free pair, ``mnist.npz`` and ``bells.npz``.
    dcgan : Path, optional
        The folder of the DCGANs, ``digits.safetensors`` and ``bells.safetensors``, as
        ``examples/train_dcgan.py`` writes them; None: the experiment without them.
    pairs : int
        How many pictures.
    seed : int
        Of the choice of digits, of the distortions and of the starts.
    threads : int, optional
        None is what OpenMP would use. Results do not depend on it, seconds do: those of what the
        folder holds are of the run that solved it.

    Returns
    -------
    int
        0.
    """
    generators: dict[str, tuple[Any, Any]] = {"networks": trained_pair(weights)}
    sums = {"networks": _checksums(weights, NETWORKS)}
    if dcgan is not None:
        generators["dcgan"] = dcgans(dcgan)
        sums["dcgan"] = _checksums(dcgan, tuple(f"{name}.safetensors" for name in LATENTS))
    truth = mnist_pairs(mnist, pairs, SIZE, seed)
    folder = _checked_folder(output)
    solved = output_folder(folder / "solved")
    about = {"seed": seed, "versions": versions()}
    found = {}
    for method in METHODS:
        if method.pair in generators:
            some = truth.first(method.most)
            with Progress(len(some.y), method.name, enabled=sys.stderr.isatty()) as bar:
                found[method.name] = recover(
                    method,
                    some.y,
                    generators[method.pair],
                    seed=seed,
                    threads=threads,
                    folder=solved,
                    about=about | {"weights": sums[method.pair]},
                    advance=bar.update,
                )
    _report(folder, truth, found, about | {"pairs": pairs, "weights": sums, "threads": threads})
    return 0


def _checked_folder(path: Path) -> Path:
    """Return the folder to write to, before anything is solved for it."""
    folder = output_folder(path)
    for name in (_PICTURE, _TABLE, _REPORT):
        if (folder / name).is_dir():
            requirement, reason = f"hold no folder {name}", "a file of that name is written"
            raise ValueError(must("output", requirement, reason, folder / name))
    return folder


def _checksums(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _report(folder: Path, truth: Pairs, found: dict[str, Recovered], about: dict[str, Any]) -> None:
    """Write the picture and the table, and print the table."""
    rows = [
        make_row(
            Estimate(name, one.w, one.x, one.seconds / len(one.w)),
            truth.first(len(one.w)),
            SIZE,
            divides=False,
        )
        for name, one in found.items()
    ]
    logs = {
        method.name: {
            at: float(np.median(found[method.name].history[:, at]))
            for at, _ in AUTHORS_LOG
            if at < found[method.name].history.shape[1]
        }
        for method in METHODS
        if method.pair == "dcgan" and method.name in found
    }
    text = _text(rows, logs, len(truth.y))
    write_picture(folder / _PICTURE, _picture(truth, found))
    write_text(folder / _TABLE, text)
    report = about | {"methods": [asdict(row) for row in rows], "residual at iteration": logs}
    write_json(folder / _REPORT, report)
    print(text)
    print(f"wrote {_PICTURE}, {_TABLE} and {_REPORT} to {folder}")


def _text(rows: list[Row], logs: dict[str, dict[int, float]], count: int) -> str:
    """Return the table as plain text, and beside the authors' log what became of the residual."""
    lines = []
    for name, log in logs.items():
        shown = ", ".join(
            f"{log[at]:.4f} at {at} (authors' log of one picture: {residual})"
            for at, residual in AUTHORS_LOG
            if at in log
        )
        lines.append(f"\n{name}: median residual {shown}\n")
    head = (
        f"{count} unseen test digits under unseen distortions, {SIZE} x {SIZE}; a slow method\n"
        "solves the first of them alone. Medians.\n"
        "Residual: mean square of w * x - y. MSE, PSNR (dB) and SSIM after the best scale.\n"
        f"Failures: digits with an MSE above {FAILURE}.\n\n"
    )
    return head + format_table(rows, COLUMNS) + "".join(lines)


def _picture(truth: Pairs, found: dict[str, Recovered]) -> Array:
    """Show the first pictures: distorted, then both factors by each of the last ways, then true."""
    columns = min(_COLUMNS, len(truth.y))
    some = slice(columns)
    rows = [("distorted", truth.y[some])]
    shown = [name for name in (METHODS[0].name, METHODS[-1].name) if name in found]
    for name in shown:
        short = "DCGAN" if "DCGAN" in name else "ours"
        rows.append((f"digit, {short}", fitted(found[name].w[some], truth.digits[some])))
        rows.append((f"distortion, {short}", fitted(found[name].x[some], truth.bells[some])))
    rows += [("true digit", truth.digits[some]), ("true distortion", truth.bells[some])]
    error = [f"{value:.1f} dB" for value in psnr(found[METHODS[-1].name].w, truth.digits)[some]]
    return figure("PSNR, ours", error, [(name, row.reshape(-1, SIZE, SIZE)) for name, row in rows])
