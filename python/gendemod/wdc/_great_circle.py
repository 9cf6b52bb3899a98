"""The supremum of the deviation along great circles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import Array, must
from .._arrays import threads as checked_threads
from .._device import cuda_or_none
from .._directions import as_rows, directions, level_of, matrix, same_count, scaled


@dataclass(frozen=True)
class Circle:
    """The supremum of the deviation while y turns through a great circle; arrays for many.

    Attributes
    ----------
    lower, upper : float or ndarray, (k,)
        The supremum lies between them. On circles through x they agree to 1e-9 of the norm of the
        Gram sum plus alpha, unless it is reached in a cell narrower than 1e-12 alone.
    angle : float or ndarray, (k,)
        In radians from -pi to pi, where the deviation is `lower`, to that accuracy. Where the
        supremum is not attained, it lies on the side of the wall from which it is approached.
    y : ndarray, (n,) or (k, n)
        The direction at this angle; x where that is 0 on a circle through x.
    """

    lower: float | Array
    upper: float | Array
    angle: float | Array
    y: Array


def great_circle(
    W: ArrayLike,
    x: ArrayLike,
    tangent: ArrayLike,
    alpha: float = 1.0,
    *,
    start: ArrayLike | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> Circle:
    r"""Return the supremum of the deviation (5) for a fixed x, over a great circle of y.

    .. math:: y(t) = s \cos t + u \sin t, \qquad -\pi < t \le \pi,

    s the unit vector of `start`, u that of the part of `tangent` orthogonal to it.

    Parameters
    ----------
    W : array_like, (ell, n), n >= 2
    x : array_like, (n,) or (k, n)
        The other direction.
    tangent : array_like, (n,) or (k, n)
        Where the circle goes; not a multiple of `start`. Single directions go with all others.
    alpha : float
        Greater than 0.
    start : array_like, (n,) or (k, n), optional
        Where the circle begins; x itself by default. On such circles the supremum is exact, because
        Q decreases on both ways from x. On others Q has a Lipschitz constant of 1 / pi, and the
        ends of the bracket differ by up to alpha / (4 pi) times the width of a cell.
    threads : int, optional
        None is what OpenMP would use: circles run in parallel. The result is the same, bit for
        bit, for any number.
    device : {"cpu", "cuda"}
        See docs/cuda.md; `threads` has no effect there.

    Returns
    -------
    Circle

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError, MemoryError
        Where "cuda" cannot be had; where its memory does not hold the matrix and a circle.

    Notes
    -----
    A circle has two walls for every row that is on for x. That a block of cells holds nothing
    better is proven by Cholesky factorisations; where it might, it is halved. About
    :math:`\ell n^2` flops for each of a few levels of halving, and :math:`n^3` for some hundred
    blocks. Cells narrower than 1e-12 count for `upper` alone. On circles that miss x, walls within
    1e-14 are taken for one, and what that may change is added to `upper`.
    """
    rows = matrix(W, "W").astype(np.float64)
    size = rows.shape[1]
    if size == 1:
        reason = "one dimension has no circles"
        raise ValueError(must("W", "have at least two columns", reason, f"shape {rows.shape}"))
    given = {"x": directions(x, "x", size), "tangent": directions(tangent, "tangent", size)}
    if start is not None:
        given["start"] = directions(start, "start", size)
    same_count(given)
    level = level_of(alpha)
    cuda, workers = cuda_or_none(device), checked_threads(threads)
    fixed, way = (np.atleast_2d(given[name].astype(np.float64)) for name in ("x", "tangent"))
    begin = _units(np.atleast_2d(given.get("start", fixed)).astype(np.float64))
    across = _units(way)
    for _ in range(2):
        across = across - np.sum(across * begin, axis=1, keepdims=True) * begin
    if not (np.linalg.norm(across, axis=1) > 1e-12).all():
        reason = "two directions span a circle"
        raise ValueError(must("tangent", "not be a multiple of the start", reason, "one that is"))
    across = _units(across)
    small, level, power = scaled(rows, level, "W")
    small, fixed, s, u = (as_rows(array, rows.dtype) for array in (small, fixed, begin, across))
    if cuda is None:
        found = _core.wdc_great_circles(small, fixed, s, u, start is None, level, workers)
    else:
        found = cuda.wdc_great_circles(small, fixed, s, u, start is None, level)
    lower, upper = np.ldexp(found[:, :2], 2 * power).T
    angle = found[:, 2]
    y = np.cos(angle)[:, None] * begin + np.sin(angle)[:, None] * across
    if start is None:
        y = np.where(angle[:, None] == 0, fixed, y)
    if all(z.ndim == 1 for z in given.values()):
        return Circle(float(lower[0]), float(upper[0]), float(angle[0]), y[0])
    return Circle(lower, upper, angle, y)


def _units(z: Array) -> Array:
    lengths: Array = np.linalg.norm(z, axis=1, keepdims=True)
    return z / lengths
