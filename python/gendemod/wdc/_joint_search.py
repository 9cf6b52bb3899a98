"""The largest joint deviation that can be found."""

from __future__ import annotations

import contextlib
import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import flag, integer
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._directions import joint_scaled, level_of, matrices
from .._slices import run_in_slices, seconds_allowed
from ._bounds import Bounds
from ._deviation import joint_deviation
from ._exact import joint_exact
from ._joint_climbs import JointClimbs


def joint_search(
    B: ArrayLike,
    C: ArrayLike,
    alpha: float = 1.0,
    *,
    seed: int,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
    threads: int | None = None,
) -> Bounds:
    r"""Search for directions with a large joint deviation, the larger of (6) and (7).

    At fixed (m, y), (6) is the deviation (5) of the rows :math:`\sqrt{\ell \gamma_i}\, b_i` with
    :math:`\alpha\, m^T Q_{m,y} y`, which is searched as `search` and `exact` do. At fixed (h, x)
    and top eigenvector, it is a function of (m, y) with a slope. Climbs alternate between the two;
    for (7) the roles are exchanged. They begin by turns at :math:`m = y = c_i` for the rows with
    the largest :math:`\|b_i\| \|c_i\|`, at random m = y, and at random m near y.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p)
    alpha : float
        Greater than 0: the product of the two layers' own.
    seed : int
        The climbs are functions of it.
    max_evaluations : int, optional
        Line searches in (h, x), rounded up to whole climbs of some turns of 1200. None: 40,000, or
        no bound with a time limit.
    time_limit : float, optional
        Seconds. What is found then depends on the machine.
    progress : bool
        Show a progress bar on standard error.
    threads : int, optional
        None is what OpenMP would use; more than three have no work. A search that ends by
        evaluations gives the same result for any number.

    Returns
    -------
    Bounds
        `lower` is the largest deviation found; x holds the rows h, x, and y the rows m, y. Nothing
        is proven above, `upper` is inf, except where `joint_exact` answers. Ctrl-C returns the best
        so far.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    A turn costs three climbs of `search` on the rows that are on, and some hundred products with
    them. Unless n = p = 1 the result is at least about
    :math:`\ell \max_i \|b_i\|^2 \|c_i\|^2`, which no pair of matrices can stay below.
    """
    first, second = (rows.astype(np.float64) for rows in matrices(B, C))
    level = level_of(alpha)
    key = checked_seed(seed)
    limit = seconds_allowed(time_limit)
    evaluations = 40_000 if time_limit is None else 2**62
    if max_evaluations is not None:
        evaluations = integer(max_evaluations, "max_evaluations", 1, "a search evaluates")
    shown = flag(progress, "progress", "the bar is shown or not")
    workers = checked_threads(threads)
    if first.shape[1] * second.shape[1] <= 2:
        return joint_exact(first, second, level)
    rows_b, rows_c, small_level, power = joint_scaled(first, second, level)
    climbs = JointClimbs(rows_b, rows_c, small_level, key, workers)
    run = partial(climbs.run, evaluations)
    with contextlib.suppress(KeyboardInterrupt):
        run_in_slices(run, climbs.done, evaluations, "joint search", limit=limit, shown=shown)
    pair, outer = climbs.best()
    values = joint_deviation(rows_b, rows_c, *pair, *outer, small_level, threads=threads)
    return Bounds(math.ldexp(max(values), 2 * power), math.inf, np.array(pair), np.array(outer))
