"""How a transition grows: ell* = C n^a."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._arrays import Array, must
from ._logistic import BRACKETED
from ._rates import quantile
from ._settings import Value, one_of
from ._tails import chi_squared_tail, student_quantile
from ._transitions import Transition, Transitions


@dataclass(frozen=True)
class PowerLaw:
    """A power law through transitions, constant * size ** exponent.

    Attributes
    ----------
    at : dict of name to value
        Of the axes beside the size.
    sizes : (k,) ndarray
        Those whose transitions are used: within the values that were tried, and bounded on both
        sides.
    constant, exponent : float
        NaN with fewer than two sizes.
    lower, upper : float
        The interval of the exponent; infinite with fewer than three sizes.
    scatter : float
        The chi-squared of the fit over its degrees of freedom, k - 2: about 1 if the law holds up
        to the errors of the transitions. NaN with fewer than three sizes.
    p_value : float
        The chance of a scatter as large under an exact law. NaN with fewer than three sizes.
    """

    at: Mapping[str, Value]
    sizes: Array
    constant: float
    exponent: float
    lower: float
    upper: float
    scatter: float
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, words, lists and dicts."""
        return {**asdict(self), "at": dict(self.at), "sizes": self.sizes.tolist()}


def power_laws(found: Transitions, against: str = "n") -> list[PowerLaw]:
    r"""Return the power laws of transitions against a size, for all values of the other axes.

    The logarithms are fitted by least squares with the weights 1 / sigma^2, where sigma is the
    half width of a transition's interval over the normal quantile of its level; a bracketed
    transition counts as the middle of its interval, with the deviation of a uniform law. The
    interval of the exponent is Student's with k - 2 degrees of freedom, at the level of the
    transitions, and wider by the square root of `scatter` where that is above 1.

    Parameters
    ----------
    found : Transitions
    against : str
        An axis of positive numbers.

    Raises
    ------
    TypeError, ValueError
        For an axis that the transitions do not have, or not of positive numbers.
    """
    one_of(against, found.others, "against", "the transitions have these other axes")
    if any(
        isinstance(row.at[against], str | tuple) or not _size(row, against) > 0
        for row in found.rows
    ):
        reason = "it has a logarithm"
        raise ValueError(must("against", "be an axis of positive numbers", reason, repr(against)))
    groups: dict[tuple[Value, ...], list[Transition]] = {}
    rest = [name for name in found.others if name != against]
    for row in found.rows:
        groups.setdefault(tuple(row.at[name] for name in rest), []).append(row)
    return [
        _fit(dict(zip(rest, values, strict=True)), rows, against, found.level)
        for values, rows in groups.items()
    ]


def _size(row: Transition, against: str) -> float:
    value = row.at[against]
    return float(value) if isinstance(value, int | float) else math.nan


def _usable(row: Transition) -> bool:
    bounded = row.lower > 0 and row.upper < math.inf
    ends = (row.lower, row.upper) if row.how == BRACKETED else (row.value, row.value)
    return bounded and row.tried[0] <= ends[0] and ends[1] <= row.tried[1]


def _fit(at: dict[str, Value], rows: list[Transition], against: str, level: float) -> PowerLaw:
    rows = [row for row in rows if _usable(row)]
    sizes = np.array([_size(row, against) for row in rows])
    if len(rows) < 2:
        nan = math.nan
        return PowerLaw(at, sizes, nan, nan, -math.inf, math.inf, nan, nan)
    lower, upper = (np.log([getattr(row, end) for row in rows]) for end in ("lower", "upper"))
    fitted = np.array([row.how != BRACKETED for row in rows])
    values = np.array([row.value if row.how != BRACKETED else 1.0 for row in rows])
    y = np.where(fitted, np.log(values), (lower + upper) / 2)
    sigma = (upper - lower) / np.where(fitted, 2 * quantile(level), math.sqrt(12))
    x, weight = np.log(sizes), 1 / sigma**2
    mean_x, mean_y = (float((weight * part).sum() / weight.sum()) for part in (x, y))
    spread = float((weight * (x - mean_x) ** 2).sum())
    exponent = float((weight * (x - mean_x) * y).sum()) / spread
    chi_squared = float((weight * (y - mean_y - exponent * (x - mean_x)) ** 2).sum())
    scatter = p_value = math.nan
    if freedom := len(rows) - 2:
        scatter, p_value = chi_squared / freedom, chi_squared_tail(chi_squared, freedom)
    wider = math.sqrt(scatter) if scatter > 1 else 1.0
    half = student_quantile(level, freedom) * wider / math.sqrt(spread)
    ends = exponent - half, exponent + half
    constant = math.exp(mean_y - exponent * mean_x)
    return PowerLaw(at, sizes, constant, exponent, *ends, scatter, p_value)
