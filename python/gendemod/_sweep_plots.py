"""Pictures of phase transitions: rates over two axes, and transitions against a size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array, must
from ._axes import ORANGE, VERMILLION, axes_of, finished
from ._sweep_axes import (
    SKY,
    known,
    label_of,
    lists_of,
    name_of,
    numbers,
    plain_numbers,
    scale_of,
    style_of,
    theory,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .sweep import PowerLaw, Rates, Transition, Transitions

_BLANK: dict[str, Any] = {
    "facecolor": "#f1e6f2",
    "edgecolor": "#c8a8cc",
    "hatch": "//////",
    "linewidth": 0,
}


def success_map(
    rates: Rates,
    x: str = "n",
    y: str = "ell",
    *,
    transitions: Transitions | None = None,
    at: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of successes over two axes, and transitions over it.

    Cells without trials are hatched.

    Where the axes are n or p, and ell or `ell_per_unknown`, the order of Theorem 2, ell = n^2 + p^2
    (its constant and its logarithms are not known), and the number of unknowns, ell = n + p, are
    laid over, as far as they are within the map.

    Parameters
    ----------
    rates : Rates
        Of `gendemod.sweep.rates`.
    x, y : str
        Axes of numbers.
    transitions : Transitions, optional
        Of `gendemod.sweep.transitions`, along `y`: drawn with their intervals.
    at : dict of name to value, optional
        The values of the other axes, of all that have more than one.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        For axes that the rates do not have, or not of numbers, and if `at` does not say enough.
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    axes, chosen = rates.sweep.axes, dict(at or {})
    places = [numbers(axes, name, kind) for name, kind in ((x, "x"), (y, "y"))]
    share = _slice(axes, rates.rate, chosen, (x, y))
    if transitions is not None and transitions.along != y:
        requirement, reason = f"be along {y!r}", "they are drawn over it"
        raise ValueError(must("transitions", requirement, reason, repr(transitions.along)))
    ax = axes_of(ax)
    ax.set_xscale(scale_of(places[0]))
    ax.set_yscale(scale_of(places[1]))
    orders = [np.argsort(values) for values in places]
    edges = [_edges(values[order]) for values, order in zip(places, orders, strict=True)]
    cells = share[np.ix_(*orders)].T
    if np.isnan(cells).any():
        # Under the map, whose cells without trials are left out.
        ax.axhspan(edges[1][0], edges[1][-1], label="not tried", zorder=0, **_BLANK)
    image = ax.pcolormesh(*edges, cells, cmap="gray", vmin=0, vmax=1, rasterized=True)
    bar = ax.figure.colorbar(image, ax=ax, ticks=[0, 0.5, 1], shrink=0.9, pad=0.02)
    bar.set_label("share of successes", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    ax.set_xlim(edges[0][0], edges[0][-1])
    ax.set_ylim(edges[1][0], edges[1][-1])
    theory(ax, rates.sweep, x, y, (VERMILLION, ORANGE))
    if transitions is not None:
        rows = [
            row
            for row in transitions.rows
            if all(row.at.get(name, value) == value for name, value in chosen.items())
        ]
        _points(ax, rows, x, {"color": SKY, "marker": "o", "label": "50 %"})
    plain_numbers(ax, places[0])
    ax.set_xlabel(name_of(x))
    ax.set_ylabel(name_of(y))
    return finished(ax)


def transition_curves(
    transitions: Transitions,
    laws: Sequence[PowerLaw] = (),
    against: str = "n",
    *,
    at: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw transitions against a size on logarithmic axes, with their intervals and power laws.

    A transition that is only bracketed has a bar and no mark; one that is bounded from one side
    alone has an arrow. The order of Theorem 2, ell = n^2 + p^2 (its constant and its logarithms are
    not known), and the number of unknowns, ell = n + p, are laid over transitions in ell.

    Parameters
    ----------
    transitions : Transitions
        Of `gendemod.sweep.transitions`.
    laws : list of PowerLaw
        Of `gendemod.sweep.power_laws`, against the same size.
    against : str
        One of their other axes, of numbers.
    at : dict of name to value or list of values, optional
        The values of further axes that are drawn; all of them by default.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For a size that is no axis of numbers, and axes that the transitions do not have.
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    sweep = transitions.sweep
    axes = {name: sweep.axes[name] for name in transitions.others}
    numbers(axes, against, "against")
    wanted = lists_of(axes, at)
    rest = [name for name in transitions.others if name != against]
    groups: dict[tuple[Any, ...], list[Transition]] = {}
    for row in transitions.rows:
        values = tuple(row.at[name] for name in rest)
        if all(one in wanted.get(name, [one]) for name, one in zip(rest, values, strict=True)):
            groups.setdefault(values, []).append(row)
    # What is the same in all groups is no news.
    news = [name for name, *some in zip(rest, *groups, strict=True) if len(set(some)) > 1]
    ax = axes_of(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for k, (values, rows) in enumerate(groups.items()):
        group, style = dict(zip(rest, values, strict=True)), style_of(k)
        law = next((law for law in laws if dict(law.at) == group), None)
        label = label_of({name: group[name] for name in news}) or "50 %"
        if law is not None and math.isfinite(law.exponent):
            power = f"$\\propto {name_of(against).strip('$')}^{{{law.exponent:.2f}}}$"
            label += f": {power}"
            if math.isfinite(law.lower):
                label += f", {law.lower:.2f} to {law.upper:.2f}"
            ends = np.array([law.sizes.min(), law.sizes.max()])
            fitted = law.constant * ends**law.exponent
            ax.plot(ends, fitted, color=style["color"], linewidth=0.8)
        _points(ax, rows, against, {**style, "label": label})
    theory(ax, sweep, against, transitions.along, ("0.4", "0.4"))
    sizes = {row.at[against] for rows in groups.values() for row in rows}
    plain_numbers(ax, np.array(sorted(sizes), dtype=float))
    ax.set_xlabel(name_of(against))
    ax.set_ylabel(f"{name_of(transitions.along)} at 50 % success")
    return finished(ax, ncols=1 if laws else 2)


def _points(ax: Axes, rows: list[Transition], against: str, style: dict[str, Any]) -> None:
    """Draw transitions: marks with bars, bars alone, or arrows."""
    inside = [row for row in rows if row.tried[0] <= row.value <= row.tried[1]]
    sizes = [row.at[against] for row in inside]
    values = np.array([row.value for row in inside])
    ends = np.array([_cut(row) for row in inside]).reshape(-1, 2)
    bars = [values - ends[:, 0], ends[:, 1] - values]
    ax.errorbar(sizes, values, bars, linestyle="", markersize=3, elinewidth=1, **style)
    plain = {"color": style["color"], "label": "_"}
    for row in rows:
        size = [row.at[against]]
        if row.how == "bracketed":
            ax.plot(size * 2, _cut(row), linewidth=2.5, solid_capstyle="butt", **plain)
        elif row.lower > 0 and math.isinf(row.upper):
            ax.plot(size, [row.lower], marker="$\\uparrow$", markersize=6, **plain)
        elif row.lower == 0 and math.isfinite(row.upper):
            ax.plot(size, [row.upper], marker="$\\downarrow$", markersize=6, **plain)


def _cut(row: Transition) -> tuple[float, float]:
    """Return the interval, cut off at twice beyond what was tried."""
    return max(row.lower, row.tried[0] / 2), min(row.upper, row.tried[1] * 2)


def _slice(
    axes: Mapping[str, Sequence[Any]], values: Array, at: Mapping[str, Any], kept: tuple[str, str]
) -> Array:
    """Return the part of a grid over two axes at values of the others."""
    known(axes, at)
    place: list[Any] = []
    for name, choices in axes.items():
        value = at.get(name, choices[0] if len(choices) == 1 else None)
        if name in kept:
            place.append(slice(None))
        elif value in choices:
            place.append(list(choices).index(value))
        else:
            requirement = f"have {name} as one of {', '.join(map(str, choices))}"
            got = repr(value) if name in at else "nothing"
            raise ValueError(must("at", requirement, "a map has two axes", got))
    part: Array = values[tuple(place)]
    return part if list(axes).index(kept[0]) < list(axes).index(kept[1]) else part.T


def _edges(values: Array) -> Array:
    """Return the borders of cells around increasing values, halfway on their scale."""
    log = scale_of(values) == "log"
    at = np.log(values) if log else values
    step = np.diff(at) if len(at) > 1 else np.ones(1)
    inner = at[:-1] + step[: len(at) - 1] / 2
    edges = np.concatenate([[at[0] - step[0] / 2], inner, [at[-1] + step[-1] / 2]])
    return np.exp(edges) if log else edges
