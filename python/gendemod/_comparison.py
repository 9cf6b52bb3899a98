"""Ways to split a distorted picture, scored against the truth and set in a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .baselines import blur_division, polynomial_log_fit
from .metrics import psnr, ssim

__all__ = [
    "FAMILIES",
    "Estimate",
    "Family",
    "Scores",
    "classical_estimates",
    "favoured",
    "format_table",
    "score",
]

Array = NDArray[np.floating[Any]]

BLUR_WIDTHS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
POLYNOMIAL_DEGREES = (1, 2, 3, 4)


@dataclass(frozen=True)
class Family:
    """A classical method with each of some parameters; `name` has a place for each of them."""

    name: str
    split: Callable[..., tuple[Array, Array]]
    parameters: tuple[tuple[Any, ...], ...]


Columns = tuple[tuple[str, str, str], ...]
#: Heading, attribute and format of each column.
COLUMNS: Columns = (
    ("digit PSNR", "digit_psnr", ".1f"),
    ("digit SSIM", "digit_ssim", ".3f"),
    ("distortion PSNR", "distortion_psnr", ".1f"),
    ("distortion SSIM", "distortion_ssim", ".3f"),
    ("s/picture", "seconds_per_picture", ".4f"),
)

#: The two of the demo.
FAMILIES = (
    Family("division by blur, sigma {:g}", blur_division, tuple((s,) for s in BLUR_WIDTHS)),
    Family(
        "polynomial log fit, degree {}", polynomial_log_fit, tuple((d,) for d in POLYNOMIAL_DEGREES)
    ),
)


@dataclass(frozen=True)
class Estimate:
    """What a method made of many pictures, a row each."""

    method: str
    digits: Array
    distortions: Array | None
    seconds_per_picture: float | None


@dataclass(frozen=True)
class Scores:
    """The medians over all pictures for one method; PSNR in dB. None where nothing is estimated."""

    method: str
    digit_psnr: float
    digit_ssim: float
    distortion_psnr: float | None
    distortion_ssim: float | None
    seconds_per_picture: float | None


def score(estimate: Estimate, digits: Array, distortions: Array, size: int) -> Scores:
    """Compare the rows of an estimate with the truth, up to a scale, and take medians."""
    digit_psnr, digit_ssim = _medians(estimate.digits, digits, size)
    distortion_psnr, distortion_ssim = None, None
    if estimate.distortions is not None:
        distortion_psnr, distortion_ssim = _medians(estimate.distortions, distortions, size)
    return Scores(
        estimate.method,
        digit_psnr,
        digit_ssim,
        distortion_psnr,
        distortion_ssim,
        estimate.seconds_per_picture,
    )


def classical_estimates(
    y: Array, digits: Array, size: int, families: tuple[Family, ...] = FAMILIES
) -> list[Estimate]:
    """Return what the classical methods make of the rows of `y`.

    Of each family the parameter with the highest median digit PSNR is taken: a choice in its
    favour that needs the true `digits`.
    """
    return [
        favoured([_estimate(family, by, y, size) for by in family.parameters], digits)
        for family in families
    ]


def favoured(estimates: list[Estimate], digits: Array) -> Estimate:
    """Return the estimate with the highest median digit PSNR."""
    return max(estimates, key=lambda one: _median_psnr(one.digits, digits))


def format_table(rows: Sequence[Scores], columns: Columns = COLUMNS) -> str:
    """Return the scores as a table of plain text."""
    wide = max(len(row.method) for row in rows)
    lines = ["  ".join(["".ljust(wide), *(heading for heading, _, _ in columns)])]
    for row in rows:
        shown = [
            _cell(getattr(row, attribute), form).rjust(len(heading))
            for heading, attribute, form in columns
        ]
        lines.append("  ".join([row.method.ljust(wide), *shown]))
    return "\n".join(lines) + "\n"


def _estimate(family: Family, by: tuple[Any, ...], y: Array, size: int) -> Estimate:
    """Split every row of `y` by a classical method with given parameters, and time it."""
    started = time.perf_counter()
    pairs = [family.split(row.reshape(size, size), *by) for row in y]
    seconds = (time.perf_counter() - started) / len(y)
    digits, distortions = (
        np.stack([factor.ravel() for factor in all_]) for all_ in zip(*pairs, strict=True)
    )
    return Estimate(family.name.format(*by), digits, distortions, seconds)


def _median_psnr(estimates: Array, truths: Array) -> float:
    return float(np.median(psnr(estimates, truths)))


def _medians(estimates: Array, truths: Array, size: int) -> tuple[float, float]:
    similarity = ssim(estimates, truths, (size, size))
    return _median_psnr(estimates, truths), float(np.median(similarity))


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
