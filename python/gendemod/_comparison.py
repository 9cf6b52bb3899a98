"""Ways to split a distorted picture, scored against the truth and set in a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .baselines import blur_division, polynomial_log_fit
from .metrics import psnr, ssim

__all__ = ["Estimate", "Scores", "classical_estimates", "format_table", "score"]

Array = NDArray[np.floating[Any]]

BLUR_WIDTHS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
POLYNOMIAL_DEGREES = (1, 2, 3, 4)


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


def classical_estimates(y: Array, digits: Array, size: int) -> list[Estimate]:
    """Return what the classical methods make of the rows of `y`.

    Of each method the parameter with the highest median digit PSNR is taken: a choice in its
    favour that needs the true `digits`.
    """
    blurs = [
        _estimate(f"division by blur, sigma {sigma:g}", blur_division, y, sigma, size)
        for sigma in BLUR_WIDTHS
    ]
    fits = [
        _estimate(f"polynomial log fit, degree {degree}", polynomial_log_fit, y, degree, size)
        for degree in POLYNOMIAL_DEGREES
    ]
    return [
        max(family, key=lambda one: _median_psnr(one.digits, digits)) for family in (blurs, fits)
    ]


def format_table(rows: list[Scores]) -> str:
    """Return the scores as a table of plain text."""
    head = ("digit PSNR", "digit SSIM", "distortion PSNR", "distortion SSIM", "s/picture")
    wide = max(len(row.method) for row in rows)
    lines = ["  ".join(["".ljust(wide), *head])]
    for row in rows:
        cells = (
            _cell(row.digit_psnr, ".1f"),
            _cell(row.digit_ssim, ".3f"),
            _cell(row.distortion_psnr, ".1f"),
            _cell(row.distortion_ssim, ".3f"),
            _cell(row.seconds_per_picture, ".4f"),
        )
        shown = [cell.rjust(len(name)) for cell, name in zip(cells, head, strict=True)]
        lines.append("  ".join([row.method.ljust(wide), *shown]))
    return "\n".join(lines) + "\n"


def _estimate(
    method: str, split: Callable[[Array, Any], tuple[Array, Array]], y: Array, by: Any, size: int
) -> Estimate:
    """Split every row of `y` by a classical method with one parameter, and time it."""
    started = time.perf_counter()
    pairs = [split(row.reshape(size, size), by) for row in y]
    seconds = (time.perf_counter() - started) / len(y)
    digits, distortions = (
        np.stack([factor.ravel() for factor in all_]) for all_ in zip(*pairs, strict=True)
    )
    return Estimate(method, digits, distortions, seconds)


def _median_psnr(estimates: Array, truths: Array) -> float:
    return float(np.median(psnr(estimates, truths)))


def _medians(estimates: Array, truths: Array, size: int) -> tuple[float, float]:
    similarity = ssim(estimates, truths, (size, size))
    return _median_psnr(estimates, truths), float(np.median(similarity))


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
