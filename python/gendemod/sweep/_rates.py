"""What the trials of a cell say: the share of successes, and the median of a measure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from .._arrays import Array, must
from ._results import Results
from ._settings import one_of
from ._sweep import Sweep


@dataclass(frozen=True)
class Rates:
    """The share of successes in every cell.

    Attributes
    ----------
    sweep : Sweep
        With the criterion that is used.
    tried, successes : ndarray of int
        On the grid of its axes.
    rate : ndarray of float
        Their quotient, NaN where nothing is tried yet.
    lower, upper : ndarray of float
        Wilson's interval.
    level : float
        Its confidence.
    """

    sweep: Sweep
    tried: Array
    successes: Array
    rate: Array
    lower: Array
    upper: Array
    level: float


@dataclass(frozen=True)
class Medians:
    """The median of a measure in every cell.

    Attributes
    ----------
    sweep : Sweep
    measure : str
    tried : ndarray of int
        On the grid of its axes; trials whose measure is NaN are left out.
    value, lower, upper : ndarray of float
        The median and its interval, between two of the measured values; infinite where there are
        too few of them.
    level : float
        Its confidence.
    """

    sweep: Sweep
    measure: str
    tried: Array
    value: Array
    lower: Array
    upper: Array
    level: float


def rates(
    results: Results, *, success: tuple[str, float] | None = None, level: float = 0.95
) -> Rates:
    r"""Return the share of successes in every cell, with Wilson's interval.

    For k successes in n trials, and z the normal quantile of the level, it is

    .. math:: \frac{k + z^2/2 \pm z \sqrt{k (n - k)/n + z^2/4}}{n + z^2}.

    Parameters
    ----------
    results : Results
    success : (str, float), optional
        A measure of the task, and what it is below where a trial succeeds. None: the criterion of
        the sweep.
    level : float
        The confidence of the intervals.

    Raises
    ------
    TypeError, ValueError
        For a measure that the task does not have, and a level that is not between 0 and 1.
    """
    z = quantile(level)
    sweep = results.sweep if success is None else replace(results.sweep, success=success)
    measure, below = sweep.criterion
    size, shape = math.prod(sweep.shape), sweep.shape
    cell = results.records["index"] % size
    succeeded = results.records[measure] < below
    tried = np.bincount(cell, minlength=size).reshape(shape)
    successes = np.bincount(cell[succeeded], minlength=size).reshape(shape)
    rate = np.divide(successes, tried, out=np.full(shape, np.nan), where=tried > 0)
    lower, upper = wilson(successes, tried, z)
    return Rates(sweep, tried, successes, rate, lower, upper, float(level))


def medians(results: Results, measure: str, *, level: float = 0.95) -> Medians:
    """Return the median of a measure in every cell, with an interval that needs no law.

    The ends are order statistics: the number of trials below the true median is binomial, (n, 1/2).

    Raises TypeError or ValueError for a measure that the task does not have, and for a level that
    is not between 0 and 1.
    """
    one_of(measure, results.names, "measure", "the trials have these")
    quantile(level)
    values = results.records[measure].astype(float)
    measured = ~np.isnan(values)
    values = values[measured]
    size = math.prod(results.sweep.shape)
    cell = results.records["index"][measured] % size
    tried = np.bincount(cell, minlength=size)
    values = values[np.lexsort((values, cell))]
    parts = np.split(values, np.cumsum(tried)[:-1])
    out = np.array([_median(part, level) for part in parts]).T
    shape = results.sweep.shape
    value, lower, upper = out.reshape(3, *shape)
    return Medians(results.sweep, measure, tried.reshape(shape), value, lower, upper, float(level))


def quantile(level: object) -> float:
    """Return z with P(|N(0, 1)| < z) = level."""
    requirement, reason = "be between 0 and 1", "it is the confidence of an interval"
    if isinstance(level, bool) or not isinstance(level, int | float | np.floating):
        raise TypeError(must("level", "be a number", reason, repr(level)))
    if not 0 < level < 1:
        raise ValueError(must("level", requirement, reason, level))
    return NormalDist().inv_cdf((1 + float(level)) / 2)


def wilson(successes: Array, tried: Array, z: float) -> tuple[Array, Array]:
    """Return the ends of Wilson's interval; 0 and 1 without trials."""
    n = np.maximum(tried, 1)
    middle = (successes + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(successes * (n - successes) / n + z**2 / 4) / (n + z**2)
    lower = np.where((tried == 0) | (successes == 0), 0.0, middle - half)
    upper = np.where((tried == 0) | (successes == tried), 1.0, middle + half)
    return lower, upper


def _median(values: Array, level: float) -> tuple[float, float, float]:
    """Return the median of sorted values, and the order statistics around it."""
    n = len(values)
    if n == 0:
        return math.nan, -math.inf, math.inf
    k = _left_out(n, level)
    ends = (values[k - 1], values[n - k]) if k else (-math.inf, math.inf)
    return float(np.median(values)), float(ends[0]), float(ends[1])


@lru_cache(maxsize=1024)
def _left_out(n: int, level: float) -> int:
    """Return the largest k with 2 P(Bin(n, 1/2) < k) <= 1 - level.

    What is more than 20 standard deviations below n/2 has no weight.
    """
    k = max(0, n // 2 - 10 * math.isqrt(n))
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    chance = total = 2 ** (log / math.log(2) - n)
    while 2 * total <= 1 - level:
        k += 1
        chance *= (n - k + 1) / k
        total += chance
    return k
