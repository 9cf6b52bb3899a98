"""Restore handwritten digits under unknown distortions: the command ``gendemod demo``."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._comparison import Estimate, Scores, classical_estimates, format_table, score
from ._demodulate import demodulate
from ._figure import figure, fitted, spread
from ._output import output_folder, versions, write_json, write_text
from ._pairs import Pairs, demo_pairs
from .metrics import psnr
from .network import ReLUNetwork
from .pictures import pillow, write_picture
from .result import Result
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["demo"]

Array = NDArray[np.floating[Any]]

SIZE = 32
# What the median restored digit is promised to gain, in dB.
OVER_INPUT = 13.0
OVER_CLASSICAL = 9.0

Solver = AlternatingDescent | LevenbergMarquardt
#: The picture shows the last.
SOLVERS: tuple[tuple[str, Solver], ...] = (
    ("gendemod, Algorithm 1", AlternatingDescent()),
    ("gendemod, Levenberg-Marquardt", LevenbergMarquardt()),
)

_WEIGHTS = Path(__file__).parent / "weights"
_COLUMNS = 10


def demo(
    output: Path, *, pairs: int = 200, restarts: int = 8, seed: int = 0, threads: int | None = None
) -> int:
    """Restore held-out digits under random bells; write a figure and a table, and print it.

    Parameters
    ----------
    output : Path
        The folder to write to.
    pairs : int
        How many pictures; beyond the number of held-out digits, these come again under new bells.
    restarts : int
        Random starts for each picture; the best is kept.
    seed : int
        Of the choice of digits, of the bells and of the starts.
    threads : int, optional
        None is what OpenMP would use.

    Returns
    -------
    int
        0 if the median restored digit of every solver is 13 dB better than the input and 9 dB
        better than the better classical method, 1 otherwise.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ImportError
        If the extra ``gendemod[demo]`` is missing.
    """
    begun = time.monotonic()
    pillow()
    truth = demo_pairs(pairs, SIZE, seed)
    folder = output_folder(output)
    estimates = [
        Estimate("distorted input", truth.y, None, None),
        *classical_estimates(truth.y, truth.digits, SIZE),
    ]
    converged = {}
    for method, solver in SOLVERS:
        solving = time.monotonic()
        result = _restore(truth.y, solver, restarts=restarts, seed=seed, threads=threads)
        each = (time.monotonic() - solving) / pairs
        estimates.append(Estimate(method, result.w, result.x, each))
        converged[method] = int(result.converged.sum())
    scores = [score(one, truth.digits, truth.bells, SIZE) for one in estimates]
    passed, verdict = _judge(scores)
    counts = [f"{count} of {pairs} converged: {method}" for method, count in converged.items()]
    lines = "\n".join([*counts, verdict])
    text = (
        f"{pairs} held-out digits under random bells, {SIZE} x {SIZE}; medians.\n"
        f"PSNR in dB after the best scale; {restarts} random starts of each, seed {seed}.\n\n"
        f"{format_table(scores)}\n{lines}\n"
    )
    write_picture(folder / "figure2.png", _figure(truth, result))
    write_text(folder / "table.txt", text)
    seconds = time.monotonic() - begun
    report = {
        "versions": versions(),
        "settings": {"pairs": pairs, "restarts": restarts, "seed": seed, "threads": threads},
        "seconds": seconds,
        "converged": converged,
        "passed": passed,
        "methods": [asdict(one) for one in scores],
    }
    write_json(folder / "table.json", report)
    print(text)
    print(f"{seconds:.1f} s in all; wrote figure2.png, table.txt and table.json to {folder}")
    return 0 if passed else 1


def _restore(y: Array, solver: Solver, *, restarts: int, seed: int, threads: int | None) -> Result:
    """Return both factors of the rows of `y`, found with the shipped generators."""
    return demodulate(
        y.astype(np.float32),
        ReLUNetwork.load(_WEIGHTS / "digits.npz"),
        ReLUNetwork.load(_WEIGHTS / "bells.npz"),
        solver,
        restarts=restarts,
        seed=seed,
        threads=threads,
        progress=sys.stderr.isatty(),
    )


def _judge(scores: list[Scores]) -> tuple[bool, str]:
    """Return whether the restored digits are as much better as promised, and say it."""
    medians = [one.digit_psnr for one in scores]
    ours = len(SOLVERS)
    input_, classical, restored = medians[0], max(medians[1:-ours]), min(medians[-ours:])
    over_input, over_classical = restored - input_, restored - classical
    passed = over_input >= OVER_INPUT and over_classical >= OVER_CLASSICAL
    verdict = (
        f"With either solver the median restored digit is at least\n"
        f"{over_input:.1f} dB better than the input (promised: {OVER_INPUT:g}) and\n"
        f"{over_classical:.1f} dB better than the better classical method "
        f"(promised: {OVER_CLASSICAL:g}): {'passed' if passed else 'FAILED'}."
    )
    return passed, verdict


def _figure(truth: Pairs, result: Result) -> Array:
    """Show pictures spread evenly over the ranks by digit PSNR, the best on the left."""
    quality = psnr(result.w, truth.digits)
    chosen = spread(quality, _COLUMNS)
    rows = [
        ("distorted", truth.y[chosen]),
        ("restored digit", fitted(result.w[chosen], truth.digits[chosen])),
        ("true digit", truth.digits[chosen]),
        ("restored distortion", fitted(result.x[chosen], truth.bells[chosen])),
        ("true distortion", truth.bells[chosen]),
    ]
    return figure(
        "PSNR of the digit",
        [f"{quality[place]:.1f} dB" for place in chosen],
        [(name, pictures.reshape(-1, SIZE, SIZE)) for name, pictures in rows],
    )
