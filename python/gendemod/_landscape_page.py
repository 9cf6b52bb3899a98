"""The objective on a plane as an interactive page, which loads nothing from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._landscape_plots import LINES, TICKS, TOP

if TYPE_CHECKING:
    from .landscape import Hyperbolas, Surface

__all__ = ["page"]

_BAR = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"]}
_DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
_NAMES = [
    "(h<sub>0</sub>, m<sub>0</sub>)",
    "(−ρ<sub>d</sub> h<sub>0</sub>, m<sub>0</sub>)",
    "(h<sub>0</sub>, −ρ<sub>s</sub> m<sub>0</sub>)",
    "(−ρ<sub>d</sub> h<sub>0</sub>, −ρ<sub>s</sub> m<sub>0</sub>)",
]


def page(
    surface: Surface,
    hyperbolas: Hyperbolas | None = None,
    *,
    title: str = "The objective on a plane",
    labels: tuple[str, str] = ("s", "t"),
) -> str:
    """Return a page of HTML with the objective over a plane as a surface that can be turned.

    The surface is cut off at twice its value on K. The page holds its data and all of its script:
    it works without a network.

    Parameters
    ----------
    surface : Surface
        Of `gendemod.landscape.objective` or `expected_objective`. A point takes 4 bytes and more
        of the page: some hundred along each axis are enough.
    hyperbolas : Hyperbolas, optional
        Drawn on the floor.
    title : str
    labels : (str, str)
        Of the axes of s and t.

    Returns
    -------
    str

    Raises
    ------
    ImportError
        If plotly is missing.
    """
    try:
        from plotly import graph_objects
    except ImportError:
        raise ImportError("an interactive page needs plotly; install gendemod[plot]") from None
    figure = graph_objects.Figure(_surface(graph_objects, surface, labels))
    if hyperbolas is not None:
        figure.add_traces(_curves(graph_objects, hyperbolas))
    axes = {"xaxis_title": labels[0], "yaxis_title": labels[1], "zaxis_title": "f / f(K)"}
    camera = {"eye": {"x": 1.0, "y": -1.5, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.2}}
    figure.update_layout(
        title=title,
        template="simple_white",
        scene={**axes, "camera": camera, "zaxis": {"range": [0, TOP]}},
        legend={"x": 0, "y": 1},
        margin={"l": 20, "r": 20, "t": 60, "b": 20},
    )
    text: str = figure.to_html(
        include_plotlyjs=True,
        include_mathjax=False,
        div_id="landscape",
        config=_BAR,
    )
    return text


def _surface(graph_objects: Any, surface: Surface, labels: tuple[str, str]) -> Any:
    """Return the surface, coloured by the cube root of f / f(K) - 1."""
    height = np.minimum(surface.relative, TOP).T.astype(np.float32)
    bar = {
        "title": "f / f(K)",
        "tickvals": np.cbrt(np.array(TICKS) - 1),
        "ticktext": [*(f"{tick:g}" for tick in TICKS[:-1]), "≥ 2"],
        "len": 0.7,
    }
    return graph_objects.Surface(
        x=surface.s,
        y=surface.t,
        z=height,
        surfacecolor=np.cbrt(height - 1),
        cmin=-1,
        cmax=1,
        colorscale="PuOr_r",
        colorbar=bar,
        hovertemplate=f"{labels[0]} %{{x:.3f}}<br>{labels[1]} %{{y:.3f}}<br>"
        "f / f(K) %{z:.4f}<extra></extra>",
    )


def _curves(graph_objects: Any, hyperbolas: Hyperbolas) -> list[Any]:
    rows = zip(hyperbolas.s, hyperbolas.t, _NAMES, LINES, strict=True)
    return [
        graph_objects.Scatter3d(
            x=s,
            y=t,
            z=np.zeros_like(s),
            mode="lines",
            name=name,
            line={"color": line["color"], "dash": _DASHES[line["linestyle"]], "width": 5},
            hoverinfo="name",
        )
        for s, t, name, line in rows
        if not np.isnan(s).all()
    ]
