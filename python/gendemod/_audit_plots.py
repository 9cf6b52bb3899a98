"""Pictures of what `gendemod.landscape` finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._axes import BLUE, GREEN, ORANGE, VERMILLION, axes_of, finished

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .landscape import Audit, Concentration

_LABELS = (
    r"$(h_0, m_0)$",
    r"$(-\rho_d h_0, m_0)$",
    r"$(h_0, -\rho_s m_0)$",
    r"$(-\rho_d h_0, -\rho_s m_0)$",
)
_STYLES = tuple(zip((BLUE, VERMILLION, GREEN, ORANGE), ("-", "--", "-.", ":"), "osD^", strict=True))


def audit(result: Audit, *, ax: Axes | None = None) -> Axes:
    """Draw the least slope of an audit against the distance from each hyperbola, and failures.

    Lines go through the least relative slopes of bins of distance, where points were drawn. Marks
    below them are points without a direction of descent: failures (filled), and stationary points
    that runs reached (open), at their distance from the nearest hyperbola.

    Parameters
    ----------
    result : Audit
        Of `gendemod.landscape.audit`.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    ax = axes_of(ax)
    edges = result.descent.edges
    left, right = edges[0] / 2, 1.0
    middles = np.sqrt(np.concatenate([[left], edges]) * np.concatenate([edges, [right]]))
    slopes = result.descent.least_slope.min(axis=0)
    seen = slopes[np.isfinite(slopes) & (slopes > 0)]
    floor = (float(seen.min()) if seen.size else 1.0) / 4
    ends = result.stationary.distances[result.stationary.stationary]
    for k, (colour, line, marker) in enumerate(_STYLES):
        drawn = np.isfinite(slopes[k]) & (slopes[k] > 0)
        ax.plot(middles[drawn], slopes[k, drawn], line, color=colour, linewidth=1, label=_LABELS[k])
        mark: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "", "markersize": 4}
        failed = np.sort(result.descent.kept.distance[result.descent.kept.branch == k])
        reached = np.sort(ends[np.argmin(ends, axis=1) == k, k]) if len(ends) else ends[:, 0]
        for x, y, face in ((failed, floor, colour), (reached, floor / 2, "none")):
            inside = np.clip(x, left, right)
            ax.plot(inside, np.full(len(x), y), markerfacecolor=face, **mark)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(left / 1.3, 1.3)
    ax.set_xlabel("distance from the hyperbola")
    ax.set_ylabel("least slope; below: failures")
    return finished(ax, ncols=2)


def concentration(result: Concentration, *, size: str = "size", ax: Axes | None = None) -> Axes:
    """Draw relative errors of the means over random weights against a size, and their power laws.

    Parameters
    ----------
    result : Concentration
        Of `gendemod.landscape.concentration`.
    size : str
        What the size is, for the axis.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    ax = axes_of(ax)
    parts = (
        (r"$\Lambda_x^T \Lambda_y y$", result.product, result.product_fit),
        (r"$g_1, g_2$", result.gradient, result.gradient_fit),
    )
    ends = np.array([result.against.min(), result.against.max()])
    for (name, errors, fit), (colour, line, marker) in zip(parts, _STYLES, strict=False):
        root = np.sqrt((errors**2).mean(axis=1))
        label = f"{name}: exponent {fit.exponent:.2f}"
        if np.isfinite(fit.standard_error):
            label += f" ± {fit.standard_error:.2f}"
        if not np.isfinite(fit.exponent):
            label = name
        ax.plot(result.against, root, marker, color=colour, markersize=4, label=label)
        ax.plot(ends, fit.constant * ends**fit.exponent, line, color=colour, linewidth=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
    from matplotlib.ticker import LogLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    ax.set_xlabel(size)
    ax.set_ylabel("relative error (RMS)")
    return finished(ax, ncols=1)
