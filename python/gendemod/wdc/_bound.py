"""A proof from above: branch and bound over pairs of cones."""

from __future__ import annotations

import contextlib
import math
import os
import time

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import Array, flag, integer, must, number
from .._arrays import path as checked_path
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._directions import as_rows, level_of, matrix, scaled
from .._slices import run_in_slices, seconds_allowed
from ._bounds import Bounds
from ._certificate import Certificate, digest_of, read_certificate
from ._deviation import deviation
from ._exact import exact
from ._search import climb

SHARE_OF_CHECKPOINTS = 0.05  # of the time


def bound(
    W: ArrayLike,
    alpha: float = 1.0,
    *,
    tolerance: float,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    max_pairs: int | None = None,
    time_limit: float | None = None,
    progress: bool = False,
    threads: int | None = None,
) -> Bounds:
    r"""Enclose the supremum of the deviation (5) of W, with a proof of the upper end.

    A search finds a witness. Then branch and bound over pairs of simplicial cones, x in the first
    and y in the second, with centres c, c' and radii r, r' (angles):

    .. math:: \sup \le \max\bigl( \lambda_{\max}(G_m - \alpha Q_{c,c'}),
              \min(\lambda_{\max}(\alpha Q_{c,c'} - G_s), \alpha / 2) \bigr)
              + \alpha (r + r') / \pi,

    :math:`G_s` the sum of :math:`w w^T` over the rows that are on for all directions of both cones,
    :math:`G_m` over those that are off for all directions of neither.

    Parameters
    ----------
    W : array_like, (ell, n)
    alpha : float
        Greater than 0.
    tolerance : float
        The gap between the ends at which to stop, greater than 0.
    seed : int
        Of the search.
    checkpoint : path, optional
        The certificate so far is kept in this file, written every second (less often where writing
        takes long) and at the end. Where the file exists, the work goes on from it.
    max_pairs : int, optional
        Pairs of cones to bound, about; the work then ends with the gap that is reached.
    time_limit : float, optional
        Seconds. What is reached then depends on the machine.
    progress : bool
        Show on standard error how much of the gap is closed.
    threads : int, optional
        None is what OpenMP would use. A bound that ends by tolerance or pairs gives the same
        result, bit for bit, for any number.

    Returns
    -------
    Bounds
        `upper` is a theorem about the given float64 matrix: every rounding is on the safe side.
        `certificate` proves it again, independently, with `check`. Ctrl-C returns what is proven
        so far. With more than six columns nothing better is proven than the trivial
        :math:`\max(\lambda_{\max}(W^T W), \alpha / 2)`.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    A pair costs about :math:`3 \ell n^2` flops. Their number grows like :math:`d^{-2(n-1)}`, d the
    angle at which the bound is within the tolerance: n = 3 is routine, n = 4 takes seconds to
    minutes, n = 5 wants a large tolerance. Memory: one byte a pair, and the open ones, at most
    300 MB. Where more rows meet in a direction than in general position (a row and its negative,
    integer matrices), cells around it keep a gap, and only a limit ends the work.
    """
    rows = matrix(W, "W").astype(np.float64)
    level = level_of(alpha)
    gap = positive_gap(tolerance)
    key = checked_seed(seed)
    limit = seconds_allowed(time_limit)
    most = 2**62
    if max_pairs is not None:
        most = integer(max_pairs, "max_pairs", 1, "pairs of cones are bounded")
    shown = flag(progress, "progress", "the bar is shown or not")
    workers = checked_threads(threads)
    begin = time.monotonic()
    x, y, tree, interrupted = _start(rows, level, key, checkpoint, limit, workers)
    if rows.shape[1] > _core.WdcBound.most_columns:
        found = _trivial(rows, level, x, y)
        if checkpoint is not None:
            found.save(checkpoint)
        return _bounds(found)
    try:
        work = _Work(rows, level, gap, x, y, tree)
    except ValueError as error:
        reason = "the work goes on from it"
        raise ValueError(must("checkpoint", "hold a whole tree", reason, error)) from None
    kept = _Keeper(work, checkpoint)

    def run(seconds: float) -> bool:
        ended = work.run(most, workers, seconds)
        kept.save_sometimes()
        return ended

    left = 0.0 if interrupted else max(0.0, limit - (time.monotonic() - begin))
    with contextlib.suppress(KeyboardInterrupt):
        run_in_slices(run, work.thousandths_closed, 1000, "gap", limit=left, shown=shown)
    found = work.certificate()
    kept.save(found)
    return _bounds(found)


def _bounds(found: Certificate) -> Bounds:
    return Bounds(found.lower, found.upper, found.x, found.y, found)


def _trivial(rows: Array, alpha: float, x: Array, y: Array) -> Certificate:
    """Return the deviation at a witness and max(lambda_max(W^T W), alpha / 2), rounded outwards."""
    small, level, power = scaled(rows, alpha, "W")
    gram = small.T @ small
    room = 1e-15 * (len(small) + 8 * len(gram)) * float(np.trace(gram))
    upper = max(float(np.linalg.eigvalsh(gram)[-1]) + room, level / 2)
    lower = (1 - 1e-8) * float(deviation(small, x, y, level))
    lower, upper = math.ldexp(lower, 2 * power), math.ldexp(upper, 2 * power)
    return Certificate(alpha, lower, upper, x, y, b"\0", digest_of(rows))


class _Work:
    """The core's branch and bound, in the units of W and alpha."""

    def __init__(
        self, rows: Array, alpha: float, gap: float, x: Array, y: Array, tree: bytes
    ) -> None:
        self._alpha, self._of_matrix = alpha, digest_of(rows)
        small, level, self._power = scaled(rows, alpha, "W")
        self._gap = math.ldexp(gap, -2 * self._power)
        codes = np.frombuffer(tree, np.uint8)
        self._core = _core.WdcBound(
            as_rows(small, small.dtype), level, self._gap, x[None], y[None], codes
        )
        self._left_at_first = self._left()

    def _left(self) -> float:
        """Return what the gap is above the tolerance."""
        return max(0.0, self._core.upper() - self._core.lower()[0] - self._gap)

    def run(self, most: int, workers: int, seconds: float) -> bool:
        return self._core.run(most, workers, seconds)

    def thousandths_closed(self) -> int:
        return round(1000 * (1 - self._left() / self._left_at_first)) if self._left() else 1000

    def certificate(self) -> Certificate:
        value, x, y = self._core.lower()
        lower, upper = (math.ldexp(v, 2 * self._power) for v in (value, self._core.upper()))
        tree = self._core.tree().tobytes()
        return Certificate(self._alpha, lower, upper, x, y, tree, self._of_matrix)


class _Keeper:
    """Keeps the certificate so far in a file, if one is named."""

    def __init__(self, work: _Work, path: str | os.PathLike[str] | None) -> None:
        self._work, self._path = work, path
        self._next = time.monotonic() + 1.0

    def save_sometimes(self) -> None:
        """Save, unless that were more than a small share of the time."""
        begin = time.monotonic()
        if self._path is not None and begin > self._next:
            self.save(self._work.certificate())
            end = time.monotonic()
            self._next = end + max(1.0, (end - begin) / SHARE_OF_CHECKPOINTS)

    def save(self, found: Certificate) -> None:
        if self._path is not None:
            found.save(self._path)


def positive_gap(tolerance: object) -> float:
    requirement, reason = "be greater than 0", "the ends of a proof with rounding never meet"
    gap = number(tolerance, "tolerance", requirement, reason, 0)
    if gap == 0:
        raise ValueError(must("tolerance", requirement, reason, tolerance))
    return gap


def _start(
    rows: Array,
    alpha: float,
    seed: int,
    checkpoint: str | os.PathLike[str] | None,
    limit: float,
    workers: int,
) -> tuple[Array, Array, bytes, bool]:
    """Return a witness and a tree: those of the checkpoint, or what a search finds, and a root.

    The last says whether Ctrl-C has ended the search.
    """
    if checkpoint is not None and os.path.exists(checked_path(checkpoint, "checkpoint")):
        known = read_certificate(checkpoint, rows, "checkpoint")
        if known.alpha != alpha:
            reason = "the file holds work on another question"
            raise ValueError(must("alpha", f"be {known.alpha!r} as in it", reason, alpha))
        return known.x, known.y, known.tree, False
    if rows.shape[1] <= 2:
        found, interrupted = exact(rows, alpha), False
    else:
        found, interrupted = climb(rows, alpha, seed, 4000, limit, workers=workers)
    return found.x, found.y, b"\0", interrupted
