"""Names, scales and lines that pictures of sweeps share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array, must
from ._axes import BLUE, GREEN, ORANGE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .sweep import Sweep

SKY = "#56B4E9"
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, "#CC79A7", SKY, "black")
_MARKS = "osD^vP*"
_NAMES = {
    "ell": r"$\ell$",
    "ell_per_unknown": r"$\ell\,/\,(n + p)$",
    "ell_per_product": r"$\ell\,/\,(n p)$",
}
_TICKS = 12  # numbers side by side, at most
_SPAN = 6  # the largest value over the smallest, from which on an axis is logarithmic


def name_of(setting: str) -> str:
    """Return a setting as it stands beside an axis."""
    return _NAMES.get(setting, setting.replace("_", " "))


def label_of(at: Mapping[str, Any]) -> str:
    """Return the values of some axes as words."""
    return ", ".join(
        value if isinstance(value, str) else f"{name_of(name)} = {_value(value)}"
        for name, value in at.items()
    )


def _value(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"


def style_of(k: int) -> dict[str, Any]:
    """Return the colour and the mark of line k: after seven, the colours with other marks."""
    rounds, place = divmod(k, len(_COLOURS))
    return {"color": _COLOURS[place], "marker": _MARKS[(place + rounds) % len(_MARKS)]}


def numbers(axes: Mapping[str, Sequence[Any]], name: str, parameter: str) -> Array:
    """Return the values of an axis of numbers."""
    if name not in axes:
        requirement = f"be one of {', '.join(axes)}"
        raise ValueError(must(parameter, requirement, "it is drawn", repr(name)))
    if any(not isinstance(value, int | float) for value in axes[name]):
        requirement = "be an axis of numbers"
        raise ValueError(must(parameter, requirement, "it is drawn to scale", repr(name)))
    return np.array(axes[name], dtype=float)


def known(axes: Mapping[str, Sequence[Any]], at: Mapping[str, Any]) -> None:
    """Check that a choice of values names axes."""
    for name in at:
        if name not in axes:
            requirement = f"have keys of {', '.join(axes)}"
            raise ValueError(must("at", requirement, "it chooses among their values", repr(name)))


def lists_of(
    axes: Mapping[str, Sequence[Any]], at: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """Return a choice of values of axes with a list for each."""
    chosen = dict(at or {})
    known(axes, chosen)
    return {name: one if isinstance(one, list) else [one] for name, one in chosen.items()}


def scale_of(values: Array) -> str:
    """Return which scale shows positive values well."""
    return "log" if values.min() > 0 and values.max() > _SPAN * values.min() else "linear"


def plain_numbers(ax: Axes, places: Array) -> None:
    """Write the numbers on logarithmic axes as such; along x those of few places themselves."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

    for axis, scale in ((ax.xaxis, ax.get_xscale()), (ax.yaxis, ax.get_yscale())):
        if scale == "log":
            low, high = axis.get_view_interval()
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
    scaled = np.sort(np.log(places) if ax.get_xscale() == "log" else places)
    if len(places) == 1 or np.diff(scaled).min() > np.ptp(scaled) / _TICKS:
        ax.xaxis.set_major_locator(FixedLocator(places.tolist()))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:g}")


def theory(ax: Axes, sweep: Sweep, x: str, y: str, colours: tuple[str, str]) -> None:
    """Lay ell = n^2 + p^2 and ell = n + p over axes of n or p, and of ell or ell / (n + p).

    If the limits of the axes are set, a line that is beyond them is left out.
    """
    if x not in ("n", "p") or y not in ("ell", "ell_per_unknown"):
        return
    other = "p" if x == "n" else "n"
    fixed = {name: values[0] for name, values in sweep.axes.items() if len(values) == 1}
    fixed.update(sweep.settings)
    if "p" not in sweep.kind.settings or (other in sweep.axes and other not in fixed):
        return
    sizes = numbers(sweep.axes, x, "x")
    one = np.geomspace(sizes.min(), sizes.max(), 100)
    two = np.full_like(one, fixed[other]) if other in fixed else one  # p = n unless given
    unit = one + two if y == "ell_per_unknown" else np.ones_like(one)
    low, high = (-np.inf, np.inf) if ax.get_autoscaley_on() else ax.get_ylim()
    for label, ell, style, colour in (
        ("$n^2 + p^2$", one**2 + two**2, "--", colours[0]),
        ("$n + p$", one + two, ":", colours[1]),
    ):
        if ((low < ell / unit) & (ell / unit < high)).any():
            ax.plot(one, ell / unit, style, color=colour, linewidth=1.1, label=label)
