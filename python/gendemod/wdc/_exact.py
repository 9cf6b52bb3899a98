"""The supremum where the directions are few enough to be decided one by one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import must
from .._directions import as_rows, level_of, matrices, matrix, scaled
from ._bounds import Bounds


def exact(W: ArrayLike, alpha: float = 1.0) -> Bounds:
    """Return the supremum of the deviation (5) of a matrix with one or two columns.

    Parameters
    ----------
    W : array_like, (ell, n), n <= 2
    alpha : float
        Greater than 0.

    Returns
    -------
    Bounds
        With lower == upper, exact to rounding.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    n = 1: the larger of the sums of squares of each sign, minus alpha / 2. n = 2: a pair of
    directions is an arc, and the optima are arcs between rows; branch and bound over the
    eigenvector's angle, each step O(ell).
    """
    rows = matrix(W, "W").astype(np.float64)
    if rows.shape[1] > 2:
        reason = "directions in more dimensions are not an interval"
        raise ValueError(must("W", "have one or two columns", reason, f"shape {rows.shape}"))
    level = level_of(alpha)
    rows, level, power = scaled(rows, level, "W")
    value, x, y = _core.wdc_exact(as_rows(rows, rows.dtype), level)
    value = math.ldexp(value, 2 * power)
    return Bounds(value, value, x, y)


def joint_exact(B: ArrayLike, C: ArrayLike, alpha: float = 1.0) -> Bounds:
    r"""Return the supremum of the joint deviation (6), (7) of two matrices with one column each.

    The four quadrants decide: :math:`\max |\ell \sum_i b_i^2 c_i^2 - \alpha / 4|`, the sum over
    the rows with given signs of :math:`b_i` and :math:`c_i`.

    Parameters
    ----------
    B, C : array_like, (ell, 1)
    alpha : float
        Greater than 0.

    Returns
    -------
    Bounds
        With lower == upper; x holds (h, x), y holds (m, y).

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    first, second = (rows.astype(np.float64) for rows in matrices(B, C))
    for name, rows in (("B", first), ("C", second)):
        if rows.shape[1] != 1:
            reason = "four quadrants decide in one dimension alone"
            raise ValueError(must(name, "have one column", reason, f"shape {rows.shape}"))
    level = level_of(alpha)
    b, c = first[:, 0], second[:, 0]
    best = (-1.0, 1.0, 1.0)
    for s in (1.0, -1.0):
        for t in (1.0, -1.0):
            on = (s * b > 0) & (t * c > 0)
            value = abs(len(b) * float(np.sum((b[on] * c[on]) ** 2)) - level / 4)
            best = max(best, (value, s, t))
    value, s, t = best
    return Bounds(value, value, np.array([s, s]), np.array([t, t]))
