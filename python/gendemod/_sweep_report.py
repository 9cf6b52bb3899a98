"""What the trials of a sweep say, as text and as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._arrays import must
from ._output import versions
from .sweep import (
    Medians,
    PowerLaw,
    Rates,
    Results,
    Sweep,
    Transition,
    Transitions,
    medians,
    power_laws,
    rates,
    transitions,
)
from .sweep._settings import one_of
from .sweep._transitions import axis_of, redrawn

__all__ = ["Analysis", "analysis", "file_word"]


@dataclass(frozen=True)
class Analysis:
    """Rates and medians of all cells, and transitions where an axis has one.

    `axis` is the axis that `along` follows from, such as `ell_per_unknown` for ell.
    """

    results: Results
    rates: Rates
    medians: Medians
    axis: str
    against: str | None
    found: Transitions | None
    laws: list[PowerLaw]

    def text(self) -> str:
        """Return what they rest on, and tables of transitions and of power laws."""
        lines = [*_basis(self.results, self.rates.sweep), ""]
        if self.found is None:
            lines += [f"no transition: all values of {self.axis} are tried on the same networks"]
            return "\n".join(lines) + "\n"
        level = f"{100 * self.found.level:g} % intervals"
        lines += [f"{self.found.along} at 50 % success, {level}", ""]
        lines += _table(
            [*self.found.others, "value", "lower", "upper", "slope", "deviance", "freedom"],
            [[*map(_word, row.at.values()), *_numbers(row)] for row in self.found.rows],
            len(self.found.others),
        )
        lines += ["", "value      blank: between, above or below; *: beyond what was tried"]
        lines += ["deviance   much larger than its degrees of freedom: no logistic curve"]
        if self.laws:
            lines += ["", f"{self.found.along} = constant * {self.against} ^ exponent", ""]
            rest = list(self.laws[0].at)
            lines += _table(
                [*rest, "exponent", "lower", "upper", "constant", "scatter", "p-value", "sizes"],
                [[*map(_word, law.at.values()), *_law(law)] for law in self.laws],
                len(rest),
            )
            lines += ["", "scatter    chi-squared over degrees of freedom"]
            lines += ["p-value    how likely a scatter as large is under an exact law"]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        sweep = self.results.sweep
        columns = {
            "tried": self.rates.tried,
            "successes": self.rates.successes,
            "rate": self.rates.rate,
            "lower": self.rates.lower,
            "upper": self.rates.upper,
            f"median {self.medians.measure}": self.medians.value,
            "median lower": self.medians.lower,
            "median upper": self.medians.upper,
        }
        rows = zip(*(column.ravel().tolist() for column in columns.values()), strict=True)
        return {
            "versions": versions(),
            "sweep": sweep.to_toml(),
            "success": list(self.rates.sweep.criterion),
            "trials": self.results.done,
            "complete": self.results.complete,
            "damage": [gap._asdict() for gap in self.results.damage],
            "level": self.rates.level,
            "transitions": None if self.found is None else self.found.to_dict(),
            "against": self.against,
            "power_laws": [law.to_dict() for law in self.laws],
            "cells": [
                {**cell, **dict(zip(columns, row, strict=True))}
                for cell, row in zip(sweep.cells, rows, strict=True)
            ],
        }


def analysis(
    results: Results,
    along: str | None,
    against: str | None,
    success: tuple[str, float] | None,
) -> Analysis:
    """Fit what can be fitted; an axis that is None is chosen, and the criterion is the sweep's.

    Raises ValueError for axes that there are not, or not of numbers, and if no trial is done.
    """
    sweep = results.sweep
    if results.done == 0:
        raise ValueError(must("results", "hold trials", "they are analysed", "none"))
    scales = _of_numbers(sweep, -math.inf)
    if not scales:
        reason = "rates are drawn along it"
        raise ValueError(must("results", "have an axis of numbers", reason, list(sweep.axes)))
    if along is None:
        rules = [name for name in sweep.kind.rows if name in sweep.axes]
        along = "ell" if rules else min(scales, key=lambda name: name != "n")
    axis = axis_of(sweep, along)
    if axis not in scales:
        reason = "rates are drawn along it"
        raise ValueError(must("along", "be an axis of numbers", reason, repr(along)))
    sizes = tuple(name for name in _of_numbers(sweep, 0) if name != axis)
    if against is None:
        against = min(sizes, key=lambda x: (len(sweep.axes[x]) == 1, x != "n"), default=None)
    else:
        one_of(against, sizes, "against", "these are the other axes of positive numbers")
    found = transitions(results, along, success=success) if redrawn(sweep, axis) else None
    laws = [] if found is None or against is None else power_laws(found, against)
    shares = rates(results, success=success)
    middle = medians(results, shares.sweep.criterion[0])
    return Analysis(results, shares, middle, axis, against, found, laws)


def _of_numbers(sweep: Sweep, above: float) -> tuple[str, ...]:
    """Return the axes whose values are all numbers above one."""
    return tuple(
        name
        for name, values in sweep.axes.items()
        if all(isinstance(value, int | float) and value > above for value in values)
    )


def _basis(results: Results, sweep: Sweep) -> list[str]:
    """Return what success is, how many trials there are, and what is missing or damaged."""
    measure, below = sweep.criterion
    missing = len(results.sweep) - results.done
    rest = f": {missing} are missing" if missing else ""
    return [
        f"success    {measure} < {below:g}",
        f"trials     {results.done} of {len(results.sweep)}{rest}",
        *(
            f"damage     {gap.length} bytes from byte {gap.offset} on: their trials are left out"
            for gap in results.damage
        ),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> list[str]:
    """Return lines of columns, first words to the left, then numbers to the right."""
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(
            word.ljust(width) if i < words else word.rjust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (heads, *rows)
    ]


def _numbers(row: Transition) -> list[str]:
    value = _number(row.value, 4)
    if value and not row.tried[0] <= row.value <= row.tried[1]:
        value += "*"
    ends = [f"{end:.4g}" for end in (row.lower, row.upper)]
    return [value, *ends, _number(row.slope), _number(row.deviance), str(row.freedom)]


def _law(law: PowerLaw) -> list[str]:
    parts = (law.exponent, law.lower, law.upper, law.constant, law.scatter, law.p_value)
    return [*map(_number, parts), str(len(law.sizes))]


def _number(value: float, digits: int = 3) -> str:
    """Return some digits of a number, and nothing for NaN."""
    return "" if math.isnan(value) else f"{value + 0.0:.{digits}g}"


def _word(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


def file_word(at: Mapping[str, Any]) -> str:
    """Return the values of axes as a part of the name of a file."""
    return "".join(f"-{name}-{_word(value)}" for name, value in at.items())
