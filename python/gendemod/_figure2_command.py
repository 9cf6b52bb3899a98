"""``gendemod reproduce figure2``: the experiment of Section 4 on unseen digits and distortions."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dcgan import LATENTS, dcgans
from ._experiment import Method, Recovered, recover
from ._figure import figure
from ._network_files import read_network
from ._output import output_folder, versions, write_json, write_text
from ._pairs import Pairs, mnist_pairs
from ._progress import Progress
from .metrics import psnr, scale_aligned, ssim
from .network import ReLUNetwork
from .pictures import write_picture
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["figure2"]

Array = NDArray[np.floating[Any]]

SIZE = 64
PIXELS = SIZE * SIZE
NETWORKS = ("mnist.npz", "bells.npz")
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
    Method("Algorithm 1 as in the paper, DCGAN", "dcgan", PAPER, 1),
    Method("Algorithm 1, 1 start", "networks", AlternatingDescent(), 1),
    Method("Algorithm 1, 8 starts", "networks", AlternatingDescent(), 8),
    Method("Levenberg-Marquardt, 1 start", "networks", LevenbergMarquardt(), 1),
    Method("Levenberg-Marquardt, 8 starts", "networks", LevenbergMarquardt(), 8),
)
# A digit with more than this scale-aligned mean-square error counts as a failure.
FAILURE = 0.02
# What the authors' log says of one picture: iterations and mean-square residuals.
AUTHORS_LOG = ((50, 0.0062), (200, 0.0045), (500, 0.0043))
_COLUMNS = 10


@dataclass(frozen=True)
class Row:
    """What the table says of a method: medians over the pictures, and the share of failures."""

    method: str
    residual: float
    digit_error: float
    digit_psnr: float
    digit_ssim: float
    distortion_psnr: float
    distortion_ssim: float
    failures: float
    seconds_per_picture: float


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
        None is what OpenMP would use.

    Returns
    -------
    int
        0.
    """
    generators: dict[str, tuple[Any, Any]] = {"networks": _networks(weights)}
    sums = _checksums(weights, NETWORKS)
    if dcgan is not None:
        generators["dcgan"] = dcgans(dcgan)
        sums |= _checksums(dcgan, tuple(f"{name}.safetensors" for name in LATENTS))
    truth = mnist_pairs(mnist, pairs, SIZE, seed)
    folder = output_folder(output)
    solved = folder / "solved"
    solved.mkdir(exist_ok=True)
    about = {"seed": seed, "versions": versions(), "weights": sums}
    found = {}
    for method in METHODS:
        if method.pair in generators:
            with Progress(pairs, method.name, enabled=sys.stderr.isatty()) as bar:
                done = 0

                def advance(count: int, bar: Progress = bar) -> None:
                    nonlocal done
                    done += count
                    bar.update(done)

                found[method.name] = recover(
                    method,
                    truth.y,
                    generators[method.pair],
                    seed=seed,
                    threads=threads,
                    folder=solved,
                    about=about,
                    advance=advance,
                )
    _report(folder, truth, found, about | {"pairs": pairs})
    return 0


def _networks(folder: Path) -> tuple[ReLUNetwork, ReLUNetwork]:
    """Return the bias-free pair, in float32."""
    digits, bells = (read_network(folder / name, "weights") for name in NETWORKS)
    return digits, bells


def _checksums(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _report(folder: Path, truth: Pairs, found: dict[str, Recovered], about: dict[str, Any]) -> None:
    """Write the picture and the table, and print the table."""
    rows = [_row(name, one, truth) for name, one in found.items()]
    logs = {
        name: {at: float(np.median(one.history[:, at])) for at, _ in AUTHORS_LOG}
        for name, one in found.items()
        if one.history.shape[1] > AUTHORS_LOG[-1][0]
    }
    text = _text(rows, logs, len(truth.y))
    write_picture(folder / "figure2.png", _picture(truth, found))
    write_text(folder / "table.txt", text)
    report = about | {"methods": [asdict(row) for row in rows], "residual at iteration": logs}
    write_json(folder / "table.json", report)
    print(text)
    print(f"wrote figure2.png, table.txt and table.json to {folder}")


def _row(name: str, found: Recovered, truth: Pairs) -> Row:
    """Return the medians of one method."""
    error = np.mean((scale_aligned(found.w, truth.digits) - truth.digits) ** 2, axis=1)
    pair = (SIZE, SIZE)
    return Row(
        method=name,
        residual=float(np.median(np.mean((found.w * found.x - truth.y) ** 2, axis=1))),
        digit_error=float(np.median(error)),
        digit_psnr=float(np.median(psnr(found.w, truth.digits))),
        digit_ssim=float(np.median(ssim(found.w, truth.digits, pair))),
        distortion_psnr=float(np.median(psnr(found.x, truth.bells))),
        distortion_ssim=float(np.median(ssim(found.x, truth.bells, pair))),
        failures=float(np.mean(error > FAILURE)),
        seconds_per_picture=found.seconds / len(truth.y),
    )


def _text(rows: list[Row], logs: dict[str, dict[int, float]], count: int) -> str:
    """Return the table as plain text, and beside the authors' log what became of the residual."""
    columns = (
        ("residual", ".5f", [row.residual for row in rows]),
        ("digit MSE", ".5f", [row.digit_error for row in rows]),
        ("digit PSNR", ".1f", [row.digit_psnr for row in rows]),
        ("digit SSIM", ".3f", [row.digit_ssim for row in rows]),
        ("bell PSNR", ".1f", [row.distortion_psnr for row in rows]),
        ("bell SSIM", ".3f", [row.distortion_ssim for row in rows]),
        ("failures", ".1%", [row.failures for row in rows]),
        ("s/picture", ".3f", [row.seconds_per_picture for row in rows]),
    )
    wide = max(len(row.method) for row in rows)
    lines = ["  ".join(["".ljust(wide), *(name.rjust(10) for name, _, _ in columns)])]
    for i, row in enumerate(rows):
        cells = [format(values[i], form).rjust(10) for _, form, values in columns]
        lines.append("  ".join([row.method.ljust(wide), *cells]))
    for name, log in logs.items():
        shown = ", ".join(
            f"{log[at]:.4f} at {at} (authors' log of one picture: {residual})"
            for at, residual in AUTHORS_LOG
        )
        lines.append(f"\n{name}: median residual {shown}")
    head = (
        f"{count} unseen test digits under unseen distortions, {SIZE} x {SIZE}; medians.\n"
        "Residual: mean square of w * x - y. MSE, PSNR (dB) and SSIM after the best scale.\n"
        f"Failures: digits with an MSE above {FAILURE}.\n\n"
    )
    return head + "\n".join(lines) + "\n"


def _picture(truth: Pairs, found: dict[str, Recovered]) -> Array:
    """Show the first pictures: distorted, then both factors by each of the last ways, then true."""
    columns = min(_COLUMNS, len(truth.y))
    some = slice(columns)
    rows = [("distorted", truth.y[some])]
    shown = [name for name in (METHODS[0].name, METHODS[-1].name) if name in found]
    for name in shown:
        short = "DCGAN" if "DCGAN" in name else "ours"
        rows.append((f"digit, {short}", _fitted(found[name].w[some], truth.digits[some])))
        rows.append((f"distortion, {short}", _fitted(found[name].x[some], truth.bells[some])))
    rows += [("true digit", truth.digits[some]), ("true distortion", truth.bells[some])]
    error = [f"{value:.1f} dB" for value in psnr(found[METHODS[-1].name].w, truth.digits)[some]]
    return figure("PSNR, ours", error, [(name, row.reshape(-1, SIZE, SIZE)) for name, row in rows])


def _fitted(estimates: Array, truths: Array) -> Array:
    """Scale every estimate to its truth, for display."""
    return np.clip(scale_aligned(estimates, truths), 0.0, 1.0)
