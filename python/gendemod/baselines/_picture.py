"""What the classical methods take: a picture, the logarithm of it, and positive numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _arrays

Array = NDArray[np.float64]

# No divisor and no argument of a logarithm is smaller than this share of the brightest pixel.
FLOOR = 1e-3


def picture(image: ArrayLike) -> tuple[Array, int]:
    """Return `image` / 2^e in float64 and e: a finite matrix, brightest pixel in [1, 2)."""
    y = np.asarray(_arrays.finite(_arrays.floats(image, "image"), "image"), dtype=np.float64)
    if y.ndim != 2 or y.size == 0:
        reason = "it is one picture, rows by columns"
        raise ValueError(_arrays.must("image", "be a matrix", reason, f"shape {y.shape}"))
    if y.max() <= 0.0:
        reason = "the brightest pixel sets the floor of the divisor"
        raise ValueError(_arrays.must("image", "have a positive pixel", reason, y.max()))
    e = int(np.frexp(y.max())[1]) - 1
    with np.errstate(over="ignore"):  # of negative pixels, where y / x overflows then
        return np.ldexp(y, -e), e


def logarithm(y: Array, floor: float) -> Array:
    r"""Return :math:`\log \max(y, \text{floor} \cdot \max y)`."""
    requirement, reason = "lie in (0, 1]", "it is a share of the brightest pixel"
    share = _arrays.number(floor, "floor", requirement, reason, 0.0)
    if not 0.0 < share <= 1.0:
        raise ValueError(_arrays.must("floor", requirement, reason, floor))
    result: Array = np.log(np.maximum(y, share * y.max()))
    return result


def factors(y: Array, x: Array, e: int) -> tuple[Array, Array]:
    """Return w = y / x and x of the picture 2^e y."""
    with np.errstate(all="ignore"):
        w, x = y / x, np.ldexp(x, e)
    if not (np.isfinite(w).all() and np.isfinite(x).all()):
        requirement = "have factors among the floating-point numbers"
        reason = "its smooth factor divides it"
        raise ValueError(_arrays.must("image", requirement, reason, "an overflow"))
    return w, x


def exp_factors(y: Array, log_x: Array, e: int) -> tuple[Array, Array]:
    """Return the same for the logarithm of x."""
    with np.errstate(over="ignore", under="ignore"):
        x = np.exp(log_x)
    return factors(y, x, e)


def positive(value: object, name: str, reason: str) -> float:
    """Return a positive finite number."""
    number = _arrays.number(value, name, "be positive", reason, 0.0)
    if number == 0.0:
        raise ValueError(_arrays.must(name, "be positive", reason, value))
    return number
