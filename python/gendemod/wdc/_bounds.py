"""What is known of a supremum over directions."""

from __future__ import annotations

from dataclasses import dataclass

from .._arrays import Array
from ._certificate import Certificate


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
        The witness. For the joint condition x, (2, n), holds the rows h and x, and y, (2, p), the
        rows m and y. Where the supremum is not attained, the witness lies on the side of the walls
        from which it is approached.
    certificate : Certificate or None
        What `bound` proves, in a form that `check` checks.
    """

    lower: float
    upper: float
    x: Array
    y: Array
    certificate: Certificate | None = None
