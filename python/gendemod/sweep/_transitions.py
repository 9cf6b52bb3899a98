"""Where success passes one half along an axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._arrays import Array, must
from ._logistic import Crossing, crossing
from ._rates import quantile, rates
from ._results import Results
from ._settings import Value, one_of
from ._sweep import Sweep


@dataclass(frozen=True)
class Transition:
    """Where success passes one half, at some values of the other axes.

    Attributes
    ----------
    at : dict of name to value
        Of the other axes.
    how : str
        "fitted"; "bracketed": all trials fail up to some value and succeed from another one on
        (both may be one value with some of each), so that there is an interval and no estimate;
        "none": the rate is 0, or 1, everywhere, which bounds it from one side, or changes in the
        other direction, which says nothing.
    value : float
        The estimate; NaN unless fitted.
    lower, upper : float
        The interval of the profile likelihood; 0 and infinity where nothing bounds it.
    slope : float
        Of the log odds against the natural logarithm of the axis; negative where success falls.
    tried : (float, float)
        The smallest and the largest value on the axis. An estimate beyond them is extrapolated.
    deviance : float
        Twice the log likelihood of the observed rates over that of the curve. If the curve is
        right, about chi-squared.
    freedom : int
        Its degrees of freedom: cells less 2.
    """

    at: Mapping[str, Value]
    how: str
    value: float
    lower: float
    upper: float
    slope: float
    tried: tuple[float, float]
    deviance: float
    freedom: int


@dataclass(frozen=True)
class Transitions:
    """The transitions at all values of the other axes.

    Attributes
    ----------
    sweep : Sweep
        With the criterion that is used.
    along : str
        The setting that they are values of.
    others : tuple of str
        The other axes.
    rising : bool
        Whether success rises along it.
    level : float
        The confidence of the intervals.
    rows : list of Transition
    """

    sweep: Sweep
    along: str
    others: tuple[str, ...]
    rising: bool
    level: float
    rows: list[Transition]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, words, lists and dicts."""
        rows = [{**asdict(row), "at": dict(row.at)} for row in self.rows]
        return {"along": self.along, "rising": self.rising, "level": self.level, "rows": rows}


def transitions(
    results: Results,
    along: str,
    *,
    success: tuple[str, float] | None = None,
    level: float = 0.95,
) -> Transitions:
    r"""Return where success passes one half along an axis, for all values of the others.

    A logistic curve in the logarithm of the axis,

    .. math:: P(\mathrm{success}) = 1 / (1 + (x / x^*)^{-s}),

    is fitted to the counts by maximum likelihood; the interval of x* is that of the profile
    likelihood. Success rises along the axis, s >= 0, or falls, whichever all trials together say.

    Parameters
    ----------
    results : Results
    along : str
        An axis of positive numbers; or "ell", where another axis, such as `ell_per_unknown`, says
        what it is.
    success : (str, float), optional
        A measure of the task, and what it is below where a trial succeeds. None: the criterion of
        the sweep.
    level : float
        The confidence of the intervals.

    Raises
    ------
    TypeError, ValueError
        For a measure that the task does not have, for an axis that there is not, or not of positive
        numbers, or that changes only what is done with the same random objects, such as `noise`:
        rates along it are not independent.

    Notes
    -----
    Cells whose sizes are the same after rounding have the same trials, which count once. A curve
    that is wrong, as where success stays below 1, shows in a deviance much larger than its degrees
    of freedom; the interval then means little.
    """
    z = quantile(level)
    found = rates(results, success=success, level=level)
    sweep = found.sweep
    axis = axis_of(sweep, along)
    x = _places(sweep, axis, along)
    place = list(sweep.axes).index(axis)
    others = tuple(name for name in sweep.axes if name != axis)
    table = [
        np.moveaxis(part, place, -1).reshape(-1, len(sweep.axes[axis]))
        for part in (x, found.successes, found.tried)
    ]
    rising = _rises(*table)
    grid = itertools.product(*(sweep.axes[name] for name in others))
    rows = [
        _transition(dict(zip(others, values, strict=True)), row, rising, z)
        for values, row in zip(grid, zip(*table, strict=True), strict=True)
    ]
    return Transitions(sweep, along, others, rising, float(level), rows)


def axis_of(sweep: Sweep, along: object) -> str:
    """Return the axis that a setting goes along: itself, or what says what ell is."""
    rules = [name for name in sweep.kind.rows if name in sweep.axes]
    names = tuple(dict.fromkeys([*sweep.axes, *(["ell"] if rules else [])]))
    name = one_of(along, names, "along", "these vary")
    return name if name in sweep.axes else rules[0]


def redrawn(sweep: Sweep, axis: str) -> bool:
    """Return whether other values of an axis have other random objects, not all the same."""
    return all(
        len(line) == 1 or len({repr(sweep.cell(i).drawn) for i in line}) > 1
        for line in _lines(sweep, axis).tolist()
    )


def _lines(sweep: Sweep, axis: str) -> Array:
    """Return the numbers of cells, a row for all values of the axis at some of the others."""
    cells = np.arange(math.prod(sweep.shape)).reshape(sweep.shape)
    return np.moveaxis(cells, list(sweep.axes).index(axis), -1).reshape(-1, len(sweep.axes[axis]))


def _places(sweep: Sweep, axis: str, along: str) -> Array:
    """Return the value of a setting in every cell.

    Cells with the same random objects, as sizes are rounded, get the value of the first of them.
    """
    cells = [sweep.cell(i) for i in range(math.prod(sweep.shape))]
    values = [
        cell.ell if along == "ell" else setting[axis]
        for cell, setting in zip(cells, sweep.cells, strict=True)
    ]
    if not all(isinstance(value, int | float) and value > 0 for value in values):
        reason = "a curve in its logarithm is fitted"
        raise ValueError(must("along", "be an axis of positive numbers", reason, repr(along)))
    if not redrawn(sweep, axis):
        reason = "trials on the same networks are not independent"
        raise ValueError(must("along", "change what is drawn", reason, repr(along)))
    for line in _lines(sweep, axis).tolist():
        first: dict[str, Any] = {}
        for i in line:
            values[i] = first.setdefault(repr(cells[i].drawn), values[i])
    return np.array(values, dtype=float).reshape(sweep.shape)


def _rises(x: Array, successes: Array, tried: Array) -> bool:
    """Return whether success goes with large x within rows, over all trials."""
    log = np.log(x)
    middle = (tried * log).sum(axis=1) / np.maximum(tried.sum(axis=1), 1)
    return bool(((log - middle[:, None]) * successes).sum() >= 0)


def _transition(at: dict[str, Value], row: tuple[Array, ...], rising: bool, z: float) -> Transition:
    x, successes, tried = row
    seen = np.flatnonzero(tried)
    order = seen[np.lexsort((-tried[seen], x[seen]))]
    places, first = np.unique(x[order], return_index=True)
    order = order[first]
    if not len(order):
        nan = math.nan
        return Transition(at, "none", nan, 0.0, math.inf, nan, (nan, nan), nan, 0)
    sign = 1 if rising else -1
    turn = slice(None, None, sign)
    counts = successes[order][turn], tried[order][turn]
    found: Crossing = crossing(sign * np.log(places)[turn], *counts, z)
    ends = sorted(_exp(sign * end) for end in (found.lower, found.upper))
    value = math.nan if math.isnan(found.t) else _exp(sign * found.t)
    return Transition(
        at=at,
        how=found.how,
        value=value,
        lower=ends[0],
        upper=ends[1],
        slope=sign * found.slope,
        tried=(float(places[0]), float(places[-1])),
        deviance=found.deviance,
        freedom=max(0, len(order) - 2),
    )


def _exp(value: float) -> float:
    """Return the exponential, infinite beyond the largest number."""
    return math.exp(value) if value < 700 else math.inf
