"""Pictures of landscapes: the objective on a plane, the four hyperbolas, slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array
from ._axes import BLUE, GREEN, VERMILLION, axes_of, finished

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

    from .landscape import Hyperbolas, Neighbourhoods, Slopes, Surface

COLOURS = "PuOr_r"
HEIGHT = "$f\\,/\\,f(K)$"
TOP = 2.0  # times the value on K: what is higher is drawn there
NAMES = [
    "$(h_0,\\, m_0)$",
    r"$(-\rho_d h_0,\, m_0)$",
    r"$(h_0,\, -\rho_s m_0)$",
    r"$(-\rho_d h_0,\, -\rho_s m_0)$",
]
LINES: list[dict[str, Any]] = [
    {"color": "black", "linestyle": "-"},
    {"color": GREEN, "linestyle": "--"},
    {"color": VERMILLION, "linestyle": "-."},
    {"color": BLUE, "linestyle": ":"},
]
_VIEW = {"elev": 38, "azim": -58}
_FACES = 240  # of the surface along each axis
TICKS = [0, 0.9, 0.99, 1, 1.01, 1.1, 2]
_ARROWS = 16  # along each axis


def surface(surface: Surface, *, ax: Axes | None = None) -> Axes:
    """Draw the objective over a plane as a surface, cut off at twice its value on K.

    Parameters
    ----------
    surface : Surface
        Of `gendemod.landscape.objective` or `expected_objective`.
    ax : mpl_toolkits.mplot3d.Axes3D, optional
        New ones of the width of a column by default.

    Returns
    -------
    mpl_toolkits.mplot3d.Axes3D

    Raises
    ------
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    ax3: Any = axes_of(ax, subplot_kw={"projection": "3d"})
    ax3.plot_surface(
        *np.meshgrid(surface.s, surface.t, indexing="ij"),
        np.minimum(surface.relative, TOP),
        cmap=COLOURS,
        norm=_norm(),
        rcount=_FACES,
        ccount=_FACES,
        linewidth=0,
        antialiased=False,
        rasterized=True,
    )
    ax3.set_zlim(0, TOP)
    ax3.set_zticks([0, 1, 2], ["0", "1", "≥ 2"])
    ax3.set_zlabel(HEIGHT, fontsize=8)
    ax3.view_init(**_VIEW)
    ax3.set_box_aspect(None, zoom=0.95)
    ax3.grid(False)
    for side in (ax3.xaxis, ax3.yaxis, ax3.zaxis):
        side.pane.set_visible(False)
        side.labelpad = -6
        side.set_tick_params(pad=-2)
    return _named(ax3)


def top_view(
    surface: Surface, hyperbolas: Hyperbolas | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the objective over a plane from above, in colours that part at its value on K.

    The colours go with the cube root of f / f(K) - 1, so that shallow valleys show. The thin line
    is where f is that on K.

    Parameters
    ----------
    surface : Surface
        Of `gendemod.landscape.objective` or `expected_objective`.
    hyperbolas : Hyperbolas, optional
        Drawn over it.
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
    height = np.minimum(surface.relative, TOP).T
    image = ax.pcolormesh(
        surface.s, surface.t, height, cmap=COLOURS, norm=_norm(), shading="nearest", rasterized=True
    )
    ax.contour(surface.s, surface.t, height, levels=[1.0], colors="0.35", linewidths=0.4)
    bar = ax.figure.colorbar(image, ax=ax, ticks=TICKS, shrink=0.9, pad=0.02)
    bar.set_label(HEIGHT, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    bar.ax.set_yticklabels(["0", "0.9", "0.99", "1", "1.01", "1.1", "≥ 2"])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    if hyperbolas is not None:
        _curves(ax, hyperbolas)
    return _flat(ax)


def neighbourhoods(
    neighbourhoods: Neighbourhoods,
    hyperbolas: Hyperbolas | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the neighbourhoods of the four hyperbolas in a plane.

    Parameters
    ----------
    neighbourhoods : Neighbourhoods
        Of `gendemod.landscape.neighbourhoods`. Branches in K are left out.
    hyperbolas : Hyperbolas, optional
        Drawn within.
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
    s, t = neighbourhoods.s, neighbourhoods.t
    for excess, style, degenerate in zip(
        neighbourhoods.excess, LINES, neighbourhoods.in_K, strict=True
    ):
        if not degenerate:
            deep = [excess.min() - 1, 0.0]
            ax.contourf(s, t, excess.T, levels=deep, colors=[style["color"]], alpha=0.25)
            ax.contour(s, t, excess.T, levels=[0.0], colors=[style["color"]], linewidths=0.6)
    if hyperbolas is not None:
        _curves(ax, hyperbolas, f"$\\epsilon = {neighbourhoods.epsilon:g}$")
    return _flat(ax)


def slopes(slopes: Slopes, *, ax: Axes | None = None) -> Axes:
    """Draw the direction of steepest descent in a plane, as arrows of one length.

    Parameters
    ----------
    slopes : Slopes
        Of `gendemod.landscape.slopes`.
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
    i, j = (_thinned(len(places)) for places in (slopes.s, slopes.t))
    down = -slopes.gradient[:, i][:, :, j]
    length = np.hypot(*down)
    arrows = np.divide(down, length, out=np.zeros_like(down), where=length > 0)
    ax.quiver(
        slopes.s[i],
        slopes.t[j],
        *np.swapaxes(arrows, 1, 2),
        color="0.25",
        pivot="mid",
        scale=1.4 * _ARROWS,
        width=0.004,
    )
    return _flat(ax)


def _thinned(count: int) -> Array:
    """Return the places of a few of `count` items, none of them at an end."""
    few = min(_ARROWS, count)
    return ((np.arange(few) + 0.5) * count / few).astype(int)


def _norm() -> Normalize:
    from matplotlib.colors import FuncNorm

    def forward(value: Array) -> Array:
        out: Array = np.cbrt(np.asarray(value) - 1)
        return out

    def inverse(value: Array) -> Array:
        out: Array = np.asarray(value) ** 3 + 1
        return out

    return FuncNorm((forward, inverse), vmin=0, vmax=TOP)


def _curves(ax: Axes, hyperbolas: Hyperbolas, title: str | None = None) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2, foreground="white")]
    rows = zip(hyperbolas.s, hyperbolas.t, NAMES, LINES, strict=True)
    for s, t, name, style in rows:
        if not np.isnan(s).all():
            ax.plot(s, t, label=name, linewidth=1, path_effects=halo, **style)
    finished(ax, ncols=2, handlelength=2.2, title=title, title_fontsize=7)


def _flat(ax: Axes) -> Axes:
    ax.set_aspect("equal")
    ax.spines[["top", "right"]].set_visible(False)
    return _named(ax)


def _named(ax: Axes) -> Axes:
    ax.set_xlabel("s", fontsize=8)
    ax.set_ylabel("t", fontsize=8)
    ax.locator_params(axis="x", nbins=5)
    ax.locator_params(axis="y", nbins=5)
    ax.tick_params(labelsize=7)
    return ax
