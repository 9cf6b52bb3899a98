"""Where a rate that rises passes one half: a logistic curve through binomial counts.

The chance of success at x is 1 / (1 + exp(-s (x - t))) with a slope s >= 0; t is what is asked for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._arrays import Array

FITTED, BRACKETED, NONE = "fitted", "bracketed", "none"
_POINTS, _ROUNDS = 32, 6  # of the search for an end of an interval: 32^-6 of its width is left
_SLOPES = (-9.0, 12.0)  # log10 of the slopes that are tried, over the range of x
_HALVINGS = 40
_FAR = 1e3  # ranges of x


class Crossing(NamedTuple):
    """Where a rate passes one half.

    `how` is "fitted"; "bracketed", where no slope is steep enough, so that the likelihood has no
    maximum and `t` is NaN; or "none", where the rate is 0, or 1, everywhere, which bounds t from
    one side, or does not rise, which says nothing.
    """

    how: str
    t: float
    lower: float
    upper: float
    slope: float
    deviance: float


def crossing(x: Array, successes: Array, tried: Array, z: float) -> Crossing:
    """Return the crossing of counts at increasing x, with the interval of its profile likelihood.

    The interval holds all t for which twice the logarithm of the likelihood, maximal over the
    slopes s >= 0, is at most z^2 below the maximum over all t and s. Its ends may be infinite.
    """
    centre, unit = float(x.mean()), float(np.ptp(x)) or 1.0
    counts = _Counts(
        (x - centre) / unit, successes.astype(float), (tried - successes).astype(float)
    )
    how, t, slope, best, inside = _maximum(counts)
    if how == NONE and successes.any() and (successes < tried).any():
        ends = [-math.inf, math.inf]
    else:
        ends = [_end(counts, best - z**2 / 2, inside, side) for side in (-1, 1)]
    lower, upper = (centre + unit * end for end in ends)
    deviance = 2 * (counts.saturated() - best)
    return Crossing(how, centre + unit * t, lower, upper, slope / unit, deviance)


class _Counts(NamedTuple):
    """Successes k and failures f at places x."""

    x: Array
    k: Array
    f: Array

    def log_likelihood(self, score: Array) -> Array:
        """Return that of log odds (..., places)."""
        value: Array = -self.k * np.logaddexp(0, -score) - self.f * np.logaddexp(0, score)
        return np.asarray(value.sum(axis=-1))

    def saturated(self) -> float:
        """Return the largest of all, at the rates that were seen."""
        n = self.k + self.f
        return float(sum(_x_log_y(part, part / n) for part in (self.k, self.f)))

    def constant(self, rate: float) -> float:
        """Return that of one rate everywhere."""
        rates = np.array([rate, 1 - rate])
        return _x_log_y(np.array([self.k.sum(), self.f.sum()]), rates)

    def profile(self, t: Array) -> Array:
        """Return the largest over all slopes, for each t.

        The logarithm is concave in s; bisection of log s finds where its derivative is zero.
        """
        distance = self.x - t[:, None]
        low, high = (np.full(len(t), float(end)) for end in _SLOPES)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            score = distance * 10 ** middle[:, None]
            rises = (distance * (self.k - (self.k + self.f) * _sigmoid(score))).sum(axis=1) > 0
            low, high = np.where(rises, middle, low), np.where(rises, high, middle)
        return self.log_likelihood(distance * 10 ** low[:, None])


def _maximum(counts: _Counts) -> tuple[str, float, float, float, float]:
    """Return how it is found, t, s, the logarithm there, and a point inside every interval."""
    won, lost = counts.x[counts.k > 0], counts.x[counts.f > 0]
    if won.size and lost.size and lost.max() <= won.min() and lost.min() < won.max():
        # Ever steeper slopes at the gap, or at the one place with both, come as close as wanted.
        return BRACKETED, math.nan, math.inf, counts.saturated(), (lost.max() + won.min()) / 2
    rate = counts.k.sum() / (counts.k + counts.f).sum()
    if won.size and lost.size and won.max() > lost.min():
        a, b = _newton(counts, rate)
        if b > 0:
            best = float(counts.log_likelihood(a + b * counts.x))
            return FITTED, -a / b, b, best, -a / b
    far = _FAR if rate < 0.5 else -_FAR
    return NONE, math.nan, 0.0, counts.constant(rate), far


def _newton(counts: _Counts, rate: float) -> tuple[float, float]:
    """Return the log odds a + b x of largest likelihood, which is concave in (a, b).

    There is one: successes and failures overlap.
    """
    rows = np.stack([np.ones_like(counts.x), counts.x])
    at = np.array([math.log(rate / (1 - rate)), 0.0])
    value = counts.log_likelihood(at @ rows)
    for _ in range(100):
        p = _sigmoid(at @ rows)
        n = counts.k + counts.f
        gradient = rows @ (counts.k - n * p)
        step = np.linalg.solve((rows * (n * p * (1 - p))) @ rows.T, gradient)
        size = 1.0
        while (new := counts.log_likelihood((at + size * step) @ rows)) < value and size > 1e-12:
            size /= 2
        at, value = at + size * step, new
        if gradient @ step < 1e-18 * max(1.0, -float(value)):
            break
    return float(at[0]), float(at[1])


def _end(counts: _Counts, least: float, inside: float, side: int) -> float:
    """Return the end of {t: profile(t) >= least} on one side of a point of it.

    The set has no holes: it is where -a/b goes for (a, b) in a convex set. Far away the curve is
    flat, at a rate that is on the other side of 1/2.
    """
    rate = counts.k.sum() / (counts.k + counts.f).sum()
    flat = min(rate, 0.5) if side > 0 else max(rate, 0.5)
    if counts.constant(flat) >= least:
        return side * math.inf
    width = 1.0
    while width < _FAR**2 and counts.profile(np.array([inside + side * width]))[0] >= least:
        width *= 4
    near, far = inside, inside + side * width
    for _ in range(_ROUNDS):
        points = np.linspace(near, far, _POINTS)
        holds = counts.profile(points) >= least
        holds[0], holds[-1] = True, False
        last = int(np.flatnonzero(holds)[-1])
        near, far = float(points[last]), float(points[last + 1])
    return near


def _sigmoid(score: Array) -> Array:
    return (1 + np.tanh(score / 2)) / 2


def _x_log_y(x: Array, y: Array) -> float:
    """Return the sum of x log y with 0 log 0 = 0."""
    return float((x * np.log(np.where(x > 0, y, 1))).sum())
