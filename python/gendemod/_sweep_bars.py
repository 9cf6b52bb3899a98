"""Pictures of rates and of measures along an axis, with bars for their intervals."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array
from ._axes import axes_of, finished
from ._sweep_axes import label_of, lists_of, name_of, numbers, plain_numbers, scale_of, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .sweep import Medians, Rates, Sweep

_SPAN = 20  # the largest median over the smallest, from which on they are drawn logarithmically


def success_rates(
    rates: Rates, along: str = "ell", *, at: Mapping[str, Any] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the share of successes along an axis with Wilson's intervals, a line for each row.

    Parameters
    ----------
    rates : Rates
        Of `gendemod.sweep.rates`.
    along : str
        An axis of numbers.
    at : dict of name to value or list of values, optional
        The values of other axes that are drawn; all of them by default.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For axes that the rates do not have, or not of numbers.
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    ax = _rows(rates.sweep, (rates.rate, rates.lower, rates.upper), along, at, ax)
    ax.axhline(0.5, color="0.7", linewidth=0.6, zorder=0)
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel("share of successes")
    return finished(ax)


def measured(
    medians: Medians, along: str, *, at: Mapping[str, Any] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the medians of a measure along an axis with their intervals, a line for each row.

    Parameters
    ----------
    medians : Medians
        Of `gendemod.sweep.medians`.
    along, at, ax
        As for `success_rates`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For axes that the medians do not have, or not of numbers.
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    ax = _rows(medians.sweep, (medians.value, medians.lower, medians.upper), along, at, ax)
    values = medians.value[medians.value > 0]
    if values.size and values.max() > _SPAN * values.min():
        ax.set_yscale("log")
    ax.set_ylabel(f"median of {name_of(medians.measure)}")
    return finished(ax)


def _rows(
    sweep: Sweep,
    parts: tuple[Array, Array, Array],
    along: str,
    at: Mapping[str, Any] | None,
    ax: Axes | None,
) -> Axes:
    """Draw a line with bars for each row that is wanted."""
    places = numbers(sweep.axes, along, "along")
    wanted = lists_of(sweep.axes, at)
    others = [name for name in sweep.axes if name != along]
    rows = [np.moveaxis(part, list(sweep.axes).index(along), -1) for part in parts]
    ax = axes_of(ax)
    drawn = itertools.count()
    for place in np.ndindex(rows[0].shape[:-1]):
        values = {name: sweep.axes[name][i] for name, i in zip(others, place, strict=True)}
        if any(values.get(name, choices[0]) not in choices for name, choices in wanted.items()):
            continue
        # What is the same in all rows that are drawn is no news.
        news = {
            name: one for name, one in values.items() if len(wanted.get(name, sweep.axes[name])) > 1
        }
        value, lower, upper = (row[place] for row in rows)
        some = np.isfinite(value)
        if not some.any():
            continue
        bars = [value[some] - lower[some], upper[some] - value[some]]
        bars = [np.where(np.isfinite(bar), np.maximum(bar, 0), 0) for bar in bars]
        options = {"linewidth": 0.8, "markersize": 2.5, **style_of(next(drawn))}
        ax.errorbar(places[some], value[some], bars, label=label_of(news) or "all", **options)
    ax.set_xscale(scale_of(places))
    plain_numbers(ax, places)
    ax.set_xlabel(name_of(along))
    return ax
