"""The largest deviation that can be found."""

from __future__ import annotations

import contextlib
import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import Array, flag, integer
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._directions import as_rows, level_of, matrix, scaled
from .._slices import run_in_slices, seconds_allowed
from ._bounds import Bounds
from ._exact import exact


def search(
    W: ArrayLike,
    alpha: float = 1.0,
    *,
    seed: int,
    max_evaluations: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
    threads: int | None = None,
) -> Bounds:
    r"""Search for directions with a large deviation (5).

    Independent climbs begin beside the longest row, at x = y, and at random. Each first follows
    the slope of the norm with blurred masks, ever sharper, and then searches along great circles
    of x, of y or of both: for a fixed v the best point of a circle is found among all its walls.

    Parameters
    ----------
    W : array_like, (ell, n)
    alpha : float
        Greater than 0.
    seed : int
        The climbs are functions of it.
    max_evaluations : int, optional
        Line searches, rounded up to whole climbs of 400. None: 20,000, or no bound with a time
        limit.
    time_limit : float, optional
        Seconds. What is found then depends on the machine.
    progress : bool
        Show a progress bar on standard error.
    threads : int, optional
        None is what OpenMP would use. A search that ends by evaluations gives the same result, bit
        for bit, for any number.

    Returns
    -------
    Bounds
        `lower` is the largest deviation found. Nothing is proven above, `upper` is inf, except for
        one or two columns, where `exact` answers. Ctrl-C returns the best so far.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    A line search costs :math:`6 \ell n` flops, a sort of the walls, :math:`n^2` for each active row
    and a top eigenvector. From 800 evaluations on, which is two climbs, the result is at least
    :math:`\|W^T W - \alpha I\| / 2` and about :math:`\max_i \|w_i\|^2`, the certified cheap bounds.
    """
    rows = matrix(W, "W").astype(np.float64)
    level = level_of(alpha)
    key = checked_seed(seed)
    limit = seconds_allowed(time_limit)
    evaluations = 20_000 if time_limit is None else 2**62
    if max_evaluations is not None:
        evaluations = integer(max_evaluations, "max_evaluations", 1, "a search evaluates")
    shown = flag(progress, "progress", "the bar is shown or not")
    workers = checked_threads(threads)
    if rows.shape[1] <= 2:
        return exact(rows, level)
    return climb(rows, level, key, evaluations, limit, shown=shown, workers=workers)[0]


def climb(
    rows: Array,
    alpha: float,
    seed: int,
    evaluations: int,
    limit: float,
    *,
    shown: bool = False,
    workers: int,
) -> tuple[Bounds, bool]:
    """Return what climbs find, and whether Ctrl-C ended them."""
    small, level, power = scaled(rows, alpha, "W")
    core = _core.WdcSearch(as_rows(small, small.dtype), level, seed)
    climbs = -(-evaluations // core.climb_length)
    run = partial(core.run, climbs, workers)
    interrupted = True
    with contextlib.suppress(KeyboardInterrupt):
        run_in_slices(run, core.done, climbs, "search", limit=limit, shown=shown)
        interrupted = False
    value, x, y = core.best()
    return Bounds(math.ldexp(value, 2 * power), math.inf, x, y), interrupted
