"""A proof from above for the joint condition with a layer of one column."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, must
from .._directions import joint_scaled, level_of, matrices
from ._bound import bound, positive_gap
from ._bounds import Bounds


def joint_bound(
    B: ArrayLike,
    C: ArrayLike,
    alpha: float = 1.0,
    *,
    tolerance: float,
    seed: int = 0,
    max_pairs: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
    threads: int | None = None,
) -> Bounds:
    r"""Enclose the supremum of the joint deviation (6), (7) where one matrix has one column.

    Let that be C. For unit m and y of opposite signs both deviations vanish; for equal signs s

    .. math:: E = \sum_i 1_{b_i \cdot h > 0} 1_{b_i \cdot x > 0} \beta_i \beta_i^T
              - \frac{\alpha}{2} Q_{h,x},
              \qquad \beta_i = \sqrt{\ell}\, \mathrm{relu}(s c_i) b_i,

    has the norm (6), and (7) is :math:`|h^T E x|`, which is not larger. So the supremum is the
    larger of two suprema of (5), which `bound` encloses.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p), n = 1 or p = 1
    alpha : float
        Greater than 0: the product of the two layers' own.
    tolerance, seed, max_pairs, time_limit, progress, threads
        As for `bound`, for each of the two signs.

    Returns
    -------
    Bounds
        x holds the rows h, x, and y the rows m, y. `upper` allows for the rounding of the rows
        :math:`\beta_i`.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    first, second = (rows.astype(np.float64) for rows in matrices(B, C))
    if min(first.shape[1], second.shape[1]) > 1:
        reason = "nothing is proven of more directions; `joint_search` finds lower bounds"
        got = f"shapes {first.shape} and {second.shape}"
        raise ValueError(must("C", "have one column, or `B`", reason, got))
    swapped = second.shape[1] > 1
    if swapped:
        first, second = second, first
    gap = positive_gap(tolerance)
    rows, column, level, power = joint_scaled(first, second, level_of(alpha))
    found = []
    for sign in (1.0, -1.0):
        weighted = math.sqrt(len(rows)) * np.maximum(sign * column, 0) * rows
        one = bound(
            weighted,
            level / 2,
            tolerance=math.ldexp(gap, -2 * power),
            seed=seed,
            max_pairs=max_pairs,
            time_limit=time_limit,
            progress=progress,
            threads=threads,
        )
        room = 1e-15 * float(np.sum(weighted**2))
        found.append((one.lower, one.upper + room, np.array([one.x, one.y]), sign))
    lower, _, pair, sign = max(found, key=lambda one: one[0])
    upper = max(one[1] for one in found)
    signs: Array = np.full((2, 1), sign)
    x, y = (signs, pair) if swapped else (pair, signs)
    return Bounds(math.ldexp(lower, 2 * power), math.ldexp(upper, 2 * power), x, y)
