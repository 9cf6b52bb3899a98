"""``gendemod reproduce priors``: generators against classical priors on the same pictures."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import must
from ._comparison import FAMILIES, Estimate, Family, classical_estimates, format_table
from ._demodulate import demodulate
from ._experiment import trained_pair
from ._experiment_table import COLUMNS, Row, make_row
from ._figure import figure, fitted, spread
from ._linear_priors import TRAINING_DIGITS, linear_estimates
from ._output import output_folder, versions, write_json, write_text
from ._pairs import Pairs, mnist_pairs
from .baselines import (
    homomorphic_filter,
    polynomial_log_fit,
    rank_one_split,
    total_variation_split,
)
from .metrics import psnr
from .network import ReLUNetwork
from .pictures import pillow, write_picture

__all__ = ["priors"]

Array = NDArray[np.floating[Any]]

FLOORS = (1e-3, 0.1, 0.3)
BLUR = FAMILIES[0]
# What knows of smoothness alone.
SMOOTH = (
    BLUR,
    Family(
        "polynomial log fit, degree {}, floor {:g}",
        polynomial_log_fit,
        tuple((degree, floor) for degree in (1, 2, 3, 4) for floor in FLOORS),
    ),
    Family(
        "homomorphic filter, cutoff {:g}, floor {:g}",
        homomorphic_filter,
        tuple((cutoff, floor) for cutoff in (0.01, 0.02, 0.05, 0.1) for floor in FLOORS),
    ),
    Family(
        "total variation, weight {:g}, floor {:g}",
        total_variation_split,
        tuple((weight, floor) for weight in (0.1, 0.3, 1.0, 3.0) for floor in FLOORS),
    ),
)
# What is told that the distortion has rank one, and that the ground is white.
RANK_ONE = Family(
    "rank one, quantile {:g}",
    rank_one_split,
    tuple((quantile,) for quantile in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
)
OURS = "gendemod"

_COLUMNS = 8


def priors(
    output: Path,
    *,
    mnist: Path | None,
    weights: Path,
    pairs: int = 500,
    restarts: int = 8,
    seed: int = 0,
    threads: int | None = None,
) -> int:
    """Split the same pictures with classical priors and with generators; write and print a table.

    Parameters
    ----------
    output : Path
        The folder to write to.
    mnist : Path, optional
        The folder of the IDX files; None: see :func:`gendemod.data.mnist`.
    weights : Path
        The folder of the generators, ``mnist.npz`` and ``bells.npz``.
    pairs : int
        How many test digits under fresh bells.
    restarts : int
        Random starts for each picture; the best is kept.
    seed : int
        Of the choice of digits, of the bells and of the starts.
    threads : int, optional
        Of the solver; None is what OpenMP would use.

    Returns
    -------
    int
        1 if a method that knows of smoothness alone, or linear subspaces of the generators' own
        dimensions, have a lower median error of the digit than the generators, else 0.

    Raises
    ------
    ValueError
        If the weights are not two generators of square pictures of one size.
    OSError
        If the folder cannot be written or the digits cannot be read.
    ImportError
        If the extra ``gendemod[demo]`` is missing.
    """
    begun = time.monotonic()
    pillow()
    generators = trained_pair(weights)
    size = _side(generators)
    folder = output_folder(output)
    truth = mnist_pairs(mnist, pairs, size, seed)
    plain = Estimate("distorted input", truth.y, None, None)
    dividing = classical_estimates(truth.y, truth.digits, size, (*SMOOTH, RANK_ONE))
    latents = (generators[0].dims[0], generators[1].dims[0])
    linear = linear_estimates(truth, mnist, size, latents)
    ours = _restore(truth.y, generators, restarts=restarts, seed=seed, threads=threads)
    rows = [
        *(make_row(one, truth, size, divides=True) for one in (plain, *dividing)),
        *(make_row(one, truth, size, divides=False) for one in (*linear, ours)),
    ]
    *others, ours_row = rows[1:]
    # Smoothness alone, and subspaces of the generators' own dimensions.
    passed, verdict = judge([*others[: len(SMOOTH)], others[-2]], others, ours_row)
    text = (
        f"{pairs} unseen test digits under unseen distortions, {size} x {size}; medians.\n"
        "Residual: mean square of w * x - y; MSE, PSNR (dB) and SSIM after the best scale.\n"
        f"{OURS}: {restarts} random starts of each, seed {seed}. Subspaces: of at most\n"
        f"{TRAINING_DIGITS} training digits. Every other parameter is the best for its method.\n\n"
        f"{format_table(rows, COLUMNS)}\n{verdict}\n"
    )
    write_picture(folder / "priors.png", _figure(truth, [*dividing, *linear, ours], size))
    write_text(folder / "table.txt", text)
    settings = {"pairs": pairs, "restarts": restarts, "seed": seed, "threads": threads}
    report = {
        "versions": versions(),
        "settings": settings | {"weights": str(weights)},
        "seconds": time.monotonic() - begun,
        "passed": passed,
        "methods": [asdict(row) for row in rows],
    }
    write_json(folder / "table.json", report)
    print(text)
    print(f"wrote priors.png, table.txt and table.json to {folder}")
    return 0 if passed else 1


def judge(promised: list[Row], others: list[Row], ours: Row) -> tuple[bool, str]:
    """Return whether ours is better than all `promised`, and name all that are not worse."""
    passed = all(ours.digit_error < row.digit_error for row in promised)
    better = [row for row in others if row.digit_error <= ours.digit_error]
    names = "".join(f"\n- {row.method}: {row.digit_error:.5f}" for row in better)
    return passed, (
        f"The median digit error of {ours.method} is {ours.digit_error:.5f}, promised to be below "
        f"those of all\nmethods that know of smoothness alone, and of subspaces of its dimensions: "
        f"{'passed' if passed else 'FAILED'}.\nLower are{names or ' none'}"
    )


def _side(generators: tuple[ReLUNetwork, ReLUNetwork]) -> int:
    """Return the rows, and columns, of the pictures that both generators make."""
    pixels = [network.dims[-1] for network in generators]
    side = math.isqrt(pixels[0])
    if pixels != [side**2, side**2] or side < 28:
        requirement = "hold generators of square pictures of one size, at least 28 x 28"
        got = f"{pixels[0]} and {pixels[1]} pixels"
        raise ValueError(must("weights", requirement, "their outputs are multiplied", got))
    return side


def _restore(
    y: Array,
    generators: tuple[ReLUNetwork, ReLUNetwork],
    *,
    restarts: int,
    seed: int,
    threads: int | None,
) -> Estimate:
    """Return what the generators make of the rows of `y`, in float32, and time it."""
    begun = time.perf_counter()
    found = demodulate(
        y.astype(np.float32),
        *generators,
        restarts=restarts,
        seed=seed,
        threads=threads,
        progress=sys.stderr.isatty(),
    )
    seconds = (time.perf_counter() - begun) / len(y)
    return Estimate(OURS, found.w, found.x, seconds)


def _figure(truth: Pairs, estimates: list[Estimate], size: int) -> Array:
    """Show digits by every method, then distortions, from our best on the left to our worst."""
    quality = psnr(estimates[-1].digits, truth.digits)
    chosen = spread(quality, _COLUMNS)
    digits, bells = truth.digits[chosen], truth.bells[chosen]
    rows = [("distorted", truth.y[chosen])]
    rows += [(_short(one), fitted(one.digits[chosen], digits)) for one in estimates]
    rows += [("true digit", digits)]
    rows += [
        (_short(one), fitted(one.distortions[chosen], bells))
        for one in estimates
        if one.distortions is not None
    ]
    rows += [("true distortion", bells)]
    return figure(
        "PSNR, gendemod",
        [f"{quality[place]:.1f} dB" for place in chosen],
        [(name, pictures.reshape(-1, size, size)) for name, pictures in rows],
    )


def _short(estimate: Estimate) -> str:
    """Return the name of the method without its parameters."""
    return estimate.method.partition(",")[0]
