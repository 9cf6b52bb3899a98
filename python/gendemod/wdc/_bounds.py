"""What is known of a supremum over directions."""

from __future__ import annotations

from dataclasses import dataclass

from .._arrays import Array


@dataclass(frozen=True)
class Bounds:
    """What is known of a supremum over directions.

    Attributes
    ----------
    lower : float
        The supremum is at least this (to the accuracy of `deviation`): it is the deviation at
        (x, y), within 1e-6 relative.
    upper : float
        The supremum is at most this, up to rounding; inf where nothing is proven.
    x, y : ndarray, (n,)
        The witness. Where the supremum is not attained, it lies on the side of the walls from
        which it is approached.
    """

    lower: float
    upper: float
    x: Array
    y: Array
