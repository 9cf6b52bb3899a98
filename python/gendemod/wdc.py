r"""The weight distribution condition (WDC) of given matrices.

A matrix W (ell, n) with rows :math:`w_i` satisfies the WDC (5) with constants epsilon and alpha if

.. math:: \Bigl\| \sum_i 1_{w_i \cdot x > 0} 1_{w_i \cdot y > 0} w_i w_i^T
          - \alpha Q_{x,y} \Bigr\| \le \epsilon
          \quad \text{for all } x, y \ne 0,

with the spectral norm and :math:`Q_{x,y} = E[1_{w \cdot x > 0} 1_{w \cdot y > 0} w w^T]` for
:math:`w \sim N(0, I)`. A row is on iff its product is strictly positive.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import Array, common_dtype, flag, integer, must
from ._arrays import seed as checked_seed
from ._arrays import threads as checked_threads
from ._directions import as_rows, directions, level_of, matrices, matrix, same_count, scaled
from ._slices import run_in_slices, seconds_allowed
from ._wdc_sample import Sample, random_pairs, summary

__all__ = [
    "Bounds",
    "Sample",
    "deviation",
    "exact",
    "joint_deviation",
    "joint_exact",
    "joint_sample",
    "sample",
    "search",
]


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


def deviation(
    W: ArrayLike, x: ArrayLike, y: ArrayLike, alpha: float = 1.0, *, threads: int | None = None
) -> float | Array:
    r"""Return the deviation (5) of W at one pair of directions, or at many.

    .. math:: \Bigl\| \sum_i 1_{w_i \cdot x > 0} 1_{w_i \cdot y > 0} w_i w_i^T
              - \alpha Q_{x,y} \Bigr\|

    Parameters
    ----------
    W : array_like, (ell, n)
    x, y : array_like, (n,) or (k, n)
        Directions; their lengths do not matter. One of shape (n,) goes with all rows of the other.
    alpha : float
        Greater than 0. For rows N(0, I / ell) it is 1, for a truncated last layer
        :math:`P(\chi^2_{n+2} \le 9n)`.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.

    Returns
    -------
    float or ndarray, (k,)
        float64. In float64 (float32 if all arrays are float32) the error is at most 1e-9 (1e-4)
        times the norm of the Gram sum plus alpha; larger matrices than 32 columns get a proof by
        Cholesky factorisation that no eigenvalue lies beyond.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    A pair costs :math:`4 \ell n` flops for the masks, :math:`n^2` for each active row, and about
    :math:`n^3` for the norm. Memory: two copies of W, and :math:`10 \ell` numbers a thread.
    """
    rows = matrix(W, "W")
    size = rows.shape[1]
    first, second = directions(x, "x", size), directions(y, "y", size)
    single = first.ndim == 1 and second.ndim == 1
    same_count({"x": first, "y": second})
    level = level_of(alpha)
    dtype = common_dtype(rows.dtype, first.dtype, second.dtype)
    rows, level, power = scaled(rows, level, "W")
    call = _core.wdc_deviations32 if dtype == np.float32 else _core.wdc_deviations64
    values = call(
        as_rows(rows, dtype),
        as_rows(first, dtype),
        as_rows(second, dtype),
        level,
        checked_threads(threads),
    )
    values = np.ldexp(values, 2 * power)
    return float(values[0]) if single else values


def joint_deviation(
    B: ArrayLike,
    C: ArrayLike,
    h: ArrayLike,
    x: ArrayLike,
    m: ArrayLike,
    y: ArrayLike,
    alpha: float = 1.0,
    *,
    threads: int | None = None,
) -> tuple[float, float] | Array:
    r"""Return the two deviations of the joint WDC, scaled so that it reads value <= epsilon.

    .. math:: \frac{\ell}{\|m\| \|y\|} \Bigl\| \sum_i 1_{b_i \cdot h > 0} 1_{b_i \cdot x > 0}
              \gamma_i b_i b_i^T - \frac{\alpha}{\ell} (m^T Q_{m,y} y) Q_{h,x} \Bigr\|,
              \quad \gamma_i = \mathrm{relu}(c_i \cdot m) \mathrm{relu}(c_i \cdot y),

    which is (6), and (7), the same with (B, h, x) and (C, m, y) exchanged.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p)
        The last layers of the two networks.
    h, x : array_like, (n,) or (k, n)
        Directions for B.
    m, y : array_like, (p,) or (k, p)
        Directions for C. Single directions go with all rows of the others.
    alpha : float
        Greater than 0: the product of the two layers' own.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.

    Returns
    -------
    (float, float) or ndarray, (k, 2)
        (6) and (7). Accuracy as that of `deviation`.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    first, second = matrices(B, C)
    sizes = {"h": first, "x": first, "m": second, "y": second}
    latents = {
        name: directions(value, name, sizes[name].shape[1])
        for name, value in (("h", h), ("x", x), ("m", m), ("y", y))
    }
    single = all(z.ndim == 1 for z in latents.values())
    same_count(latents)
    level = level_of(alpha)
    dtype = common_dtype(first.dtype, second.dtype, *(z.dtype for z in latents.values()))
    first, _, power_b = scaled(first, np.finfo(np.float64).tiny, "B")
    second, level, power_c = scaled(second, math.ldexp(level, -2 * power_b), "C")
    power = 2 * (power_b + power_c)
    call = _core.wdc_joint_deviations32 if dtype == np.float32 else _core.wdc_joint_deviations64
    values = call(
        as_rows(first, dtype),
        as_rows(second, dtype),
        as_rows(latents["h"], dtype),
        as_rows(latents["x"], dtype),
        as_rows(latents["m"], dtype),
        as_rows(latents["y"], dtype),
        level,
        checked_threads(threads),
    )
    values = np.ldexp(values, power)
    return (float(values[0, 0]), float(values[0, 1])) if single else values


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
    rows, level, power = scaled(rows, level, "W")
    core = _core.WdcSearch(as_rows(rows, rows.dtype), level, key)
    climbs = -(-evaluations // core.climb_length)
    run = partial(core.run, climbs, workers)
    with contextlib.suppress(KeyboardInterrupt):
        run_in_slices(run, core.done, climbs, "search", limit=limit, shown=shown)
    value, x, y = core.best()
    return Bounds(math.ldexp(value, 2 * power), math.inf, x, y)


def sample(
    W: ArrayLike,
    alpha: float = 1.0,
    *,
    pairs: int = 1000,
    seed: int,
    confidence: float = 0.99,
    threads: int | None = None,
) -> Sample:
    """Return the deviations (5) of W at random pairs of directions.

    The law: a quarter of the pairs has x = y, uniform on the sphere. For the others x is uniform,
    and the angle to y is stratified over [0, pi], in a uniform direction from x (n = 1: y is x or
    -x).

    Parameters
    ----------
    W : array_like, (ell, n)
    alpha : float
        Greater than 0.
    pairs : int
    seed : int
        The pairs are a function of it.
    confidence : float
        Between 0 and 1, of the statement.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.

    Returns
    -------
    Sample
        The largest value is a lower bound of the supremum. The statement is about pairs of this
        law, and says nothing about the supremum.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    rows = matrix(W, "W")
    count = integer(pairs, "pairs", 1, "the maximum is taken over them", most=10**8)
    rng = np.random.default_rng(checked_seed(seed))
    x, y, angles = random_pairs(rng, count, rows.shape[1])
    values = deviation(rows, x, y, alpha, threads=threads)
    return summary(np.asarray(values), angles, confidence)


def joint_sample(
    B: ArrayLike,
    C: ArrayLike,
    alpha: float = 1.0,
    *,
    pairs: int = 1000,
    seed: int,
    confidence: float = 0.99,
    threads: int | None = None,
) -> Sample:
    """Return the larger of the joint deviations (6), (7) at random directions.

    (h, x) and (m, y) are drawn each by the law of `sample`, independently.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p)
    alpha : float
        Greater than 0.
    pairs : int
    seed : int
        The directions are a function of it.
    confidence : float
        Between 0 and 1, of the statement.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.

    Returns
    -------
    Sample

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    first, second = matrices(B, C)
    count = integer(pairs, "pairs", 1, "the maximum is taken over them", most=10**8)
    rng = np.random.default_rng(checked_seed(seed))
    h, x, angles = random_pairs(rng, count, first.shape[1])
    m, y, _ = random_pairs(rng, count, second.shape[1])
    order = rng.permutation(count)  # the two laws are independent, their strata too
    values = joint_deviation(first, second, h, x, m[order], y[order], alpha, threads=threads)
    return summary(np.max(np.asarray(values).reshape(-1, 2), axis=1), angles, confidence)
