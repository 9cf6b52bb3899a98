"""What can be seen of a picture before it is solved: sentences about input not to be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLIPPED_SHARE", "NEGATIVE_SHARE", "PLATEAU_RATIO", "STEP_SHARE", "input_warnings"]

Array = NDArray[np.floating[Any]]

#: A plateau at the top is called clipped from this share of the pixels on ...
CLIPPED_SHARE = 0.01
#: ... if it also has this many times the pixels of the next lower value. Around a smooth maximum
#: all values that a rounded picture takes have about as many pixels (area grows linearly with
#: the depth below it).
PLATEAU_RATIO = 4
#: The relative error that rounding to steps may leave.
STEP_SHARE = 0.01
#: The share of the norm that negative pixels may have.
NEGATIVE_SHARE = 0.05


def input_warnings(y: Array, y_weights: Array | None = None) -> list[str]:
    """Return a sentence for each reason not to trust the picture y of one channel.

    Parameters
    ----------
    y : ndarray, shape (ell,)
        Integers as fractions of the maximum of their format.
    y_weights : ndarray, shape (ell,), optional
        Pixels of weight 0 are not looked at; they may be NaN.

    Notes
    -----
    Sorts y once.
    """
    seen = y if y_weights is None else y[y_weights > 0]
    values, counts = np.unique(seen.astype(np.float64) + 0.0, return_counts=True)  # -0 is 0
    if values.size == 1:
        return [
            f"it is constant (every pixel is {values[0]:.3g}): nothing says how to split it; "
            "check that it is the right file"
        ]
    unit = float(np.abs(values).max())  # in which squares and differences are numbers
    values /= unit
    checks = (
        _clipped(values, counts, unit),
        _coarse(values, counts, unit),
        _negative(values, counts),
    )
    return [sentence for sentence in checks if sentence]


def _clipped(values: Array, counts: NDArray[np.int64], unit: float) -> str | None:
    """A plateau at the top, above 0: many pixels of the largest value, few of the next."""
    share, top = counts[-1] / counts.sum(), float(values[-1])
    if top <= 0 or share < CLIPPED_SHARE or counts[-1] < PLATEAU_RATIO * counts[-2]:
        return None
    return (
        f"{share:.1%} of its pixels have its largest value, {top * unit:.3g}, and seem clipped: "
        "shorten the exposure, or give them weight 0 through --mask"
    )


def _coarse(values: Array, counts: NDArray[np.int64], unit: float) -> str | None:
    """Grey values in steps q: rounding errors have the standard deviation q / sqrt(12)."""
    positive = values > 0
    if counts[positive].sum() == positive.sum() or values.size < 3:
        # Values that never repeat are not rounded, and two values are a drawing in black and white.
        return None
    step = float(np.diff(values).min())
    rms = _norm(values, counts) / np.sqrt(counts.sum())
    share = step / (np.sqrt(12) * rms)
    if share < STEP_SHARE:
        return None
    return (
        f"it is too dark for its steps: its grey values are {step * unit:.3g} apart and its root "
        f"mean square is {rms * unit:.3g}, so that rounding alone leaves a relative error of "
        f"about {share:.2g}; expose longer or store more bits"
    )


def _negative(values: Array, counts: NDArray[np.int64]) -> str | None:
    """Negative pixels: no product of nonnegative factors is closer to y than max(y, 0)."""
    share = _norm(np.minimum(values, 0), counts) / _norm(values, counts)
    if share < NEGATIVE_SHARE:
        return None
    return (
        f"its negative pixels hold {share:.2g} of its norm, and both factors are nonnegative: no "
        "fit has a smaller relative residual; check the ground that was subtracted"
    )


def _norm(values: Array, counts: NDArray[np.int64]) -> float:
    """Return the norm of the picture that has these values so many times."""
    return float(np.sqrt(np.sum(counts * values**2)))
