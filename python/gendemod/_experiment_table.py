"""The table of ``gendemod reproduce``: medians over the pictures, and failures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._comparison import Estimate, Scores, score
from ._pairs import Pairs
from .metrics import scale_aligned

__all__ = ["COLUMNS", "FAILURE", "Row", "make_row"]

Array = NDArray[np.floating[Any]]

#: A digit with a larger scale-aligned mean-square error counts as a failure.
FAILURE = 0.02
#: Heading, attribute and format of each column.
COLUMNS = (
    ("pictures", "pictures", "d"),
    ("residual", "residual", ".5f"),
    ("digit MSE", "digit_error", ".5f"),
    ("digit PSNR", "digit_psnr", ".1f"),
    ("digit SSIM", "digit_ssim", ".3f"),
    ("distortion MSE", "distortion_error", ".5f"),
    ("distortion PSNR", "distortion_psnr", ".1f"),
    ("distortion SSIM", "distortion_ssim", ".3f"),
    ("failures", "failures", ".1%"),
    ("s/picture", "seconds_per_picture", ".4f"),
)


@dataclass(frozen=True)
class Row(Scores):
    """The scores of a method, with medians of mean squares, and the share of lost digits.

    `residual` is that of ``w * x - y``; None for a method that divides, whose factors multiply to
    the picture whatever they are.
    """

    pictures: int
    residual: float | None
    digit_error: float
    distortion_error: float | None
    failures: float


def make_row(estimate: Estimate, truth: Pairs, size: int, *, divides: bool) -> Row:
    """Return what the table says of a method."""
    w, x = estimate.digits, estimate.distortions
    errors = np.mean(np.square(scale_aligned(w, truth.digits) - truth.digits), axis=1)
    return Row(
        **asdict(score(estimate, truth.digits, truth.bells, size)),
        pictures=len(w),
        residual=None if divides or x is None else _median_square(w * x - truth.y),
        digit_error=float(np.median(errors)),
        distortion_error=(
            None if x is None else _median_square(scale_aligned(x, truth.bells) - truth.bells)
        ),
        failures=float(np.mean(errors > FAILURE)),
    )


def _median_square(errors: Array) -> float:
    return float(np.median(np.mean(np.square(errors), axis=1)))
