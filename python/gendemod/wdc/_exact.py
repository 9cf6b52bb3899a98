"""The supremum where the directions are few enough to be decided one by one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import must
from .._directions import as_rows, joint_scaled, level_of, matrices, matrix, scaled
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
        With lower == upper, exact to rounding; unless rows are opposite but for an angle of 1e-14
        or less. These are both on in a sliver between them, which counts for `upper` alone.

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
    (value, x, y), upper = _core.wdc_exact(as_rows(rows, rows.dtype), level)
    return Bounds(math.ldexp(value, 2 * power), math.ldexp(upper, 2 * power), x, y)


def joint_exact(B: ArrayLike, C: ArrayLike, alpha: float = 1.0) -> Bounds:
    r"""Return the supremum of the joint deviation (6), (7) where one matrix has one column.

    For p = 1, m and y have one sign, or both deviations vanish. Then (6) is the deviation (5) of
    the rows :math:`\sqrt{\ell}\, \mathrm{relu}(\pm c_i)\, b_i` with :math:`\alpha / 2`, the norm of
    a matrix E, and (7) is :math:`|h^T E x|` at unit h and x, which is no more. So `exact` decides,
    for both signs; for n = 1 the roles are exchanged.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p), (n, p) = (1, 1), (2, 1) or (1, 2)
    alpha : float
        Greater than 0.

    Returns
    -------
    Bounds
        With lower == upper, exact to rounding; unless rows are opposite but for an angle of 1e-14
        or less. These are both on in a sliver between them, which counts for `upper` alone.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    n = p = 1: :math:`\max |\ell \sum_i b_i^2 c_i^2 - \alpha / 4|` over the four quadrants, the sum
    over the rows with given signs of :math:`b_i` and :math:`c_i`. Cost: that of `exact`, twice.
    """
    first, second = (rows.astype(np.float64) for rows in matrices(B, C))
    for name, rows, other in (("B", first, "C"), ("C", second, "B")):
        if first.shape[1] * second.shape[1] > 2 and rows.shape[1] > 1:
            requirement = f"have one column, or two if `{other}` has one,"
            reason = "more directions are not decided one by one, `joint_search` takes any"
            raise ValueError(must(name, requirement, reason, f"shape {rows.shape}"))
    level = level_of(alpha)
    if second.shape[1] == 2:
        swapped = joint_exact(second, first, level)
        return Bounds(swapped.lower, swapped.upper, swapped.y, swapped.x)
    first, second, level, power = joint_scaled(first, second, level)
    root = math.sqrt(len(first))
    found = {s: exact(root * np.maximum(s * second, 0) * first, level / 2) for s in (1.0, -1.0)}
    sign, best = max(found.items(), key=lambda item: item[1].lower)
    value = math.ldexp(best.lower, 2 * power)
    return Bounds(value, value, np.array([best.x, best.y]), np.full((2, 1), sign))
