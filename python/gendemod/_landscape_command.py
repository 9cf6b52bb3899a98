"""The landscape of two networks as data and pictures: ``gendemod landscape``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import landscape
from ._arrays import must
from ._files import replacing
from ._network_files import read_network
from ._output import output_folder, write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

_EPSILON = 0.1  # of the neighbourhoods that are drawn
_PAGE = 201  # points of the interactive surface along an axis
_BOTH, _ARCHIVE = (".npz", ".csv"), (".npz",)
_SUFFIXES = {
    "objective": _BOTH,
    "expected": _BOTH,
    "hyperbolas": _BOTH,
    "neighbourhoods": _ARCHIVE,
    "slopes": _ARCHIVE,
}
_LABELS = "$h\\,/\\,h_0$", "$m\\,/\\,m_0$"
_COLUMN = (3.3, 2.9)  # inches
_NAMES = ["(h0, m0)", "(-rho_d h0, m0)", "(h0, -rho_s m0)", "(-rho_d h0, -rho_s m0)"]
_HEAD = """\
                              mean of wide networks        these networks
branch                           a / a0   f / f(K)      a / a0   f / f(K)"""
_FOOT = """
a = |h| |m| where f is least on the rays of the branch; a0 = |h0| |m0|
f(K) = |y|^2 / 2, the objective where h = 0 or m = 0"""


def draw(networks: list[Path], figure1: bool, seed: int, size: int, output: Path) -> int:
    """Print the four branches of two networks; write their landscape as data and pictures.

    Returns
    -------
    int
        0.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        For files that cannot be read or written, and options that do not fit them.
    """
    if len(networks) != (0 if figure1 else 2):
        requirement = "be two files, or none with --figure1"
        reason = "a landscape has two networks"
        raise ValueError(must("networks", requirement, reason, len(networks)))
    figure = _figure_class()
    made = _maker(networks, seed) if networks else _figure1(seed)
    found, coarse = made(size), made(min(size, _PAGE))
    data = _data(found)
    folder = output_folder(output)
    print(_table(found))
    title = "Figure 1" if figure1 else "The plane of h0 and m0"
    for path in chain(
        _save(data, folder), _pictures(figure, data, folder), _page(coarse, title, folder)
    ):
        print(f"wrote {path}")
    return 0


def _figure_class() -> type[Figure]:
    try:
        import plotly  # noqa: F401
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "gendemod landscape needs matplotlib and plotly; install gendemod[plot]"
        ) from None
    return Figure


def _figure1(seed: int) -> Callable[[int], landscape.Portrait]:
    return lambda size: landscape.figure1(seed=seed, size=size)


def _maker(networks: list[Path], seed: int) -> Callable[[int], landscape.Portrait]:
    """Return what makes the landscape of networks in files, at latents N(0, I) of a seed."""
    g1, g2 = (read_network(path, "networks") for path in networks)
    rng = np.random.default_rng(seed)
    h0, m0 = (rng.standard_normal(network.dims[0]) for network in (g1, g2))
    return lambda size: landscape.portrait(g1, g2, h0, m0, size=size)


def _table(found: landscape.Portrait) -> str:
    lines = [_HEAD]
    for name, row, in_k in zip(_NAMES, found.branches, found.hyperbolas.in_K, strict=True):
        numbers = f"{row[0]:10.4f} {row[1]:10.4f}  {row[2]:10.4f} {row[3]:10.4f}"
        lines.append(f"{name:<28} {numbers}{'  in K' if in_k else ''}")
    lines.append(_FOOT)
    if found.hyperbolas.in_K.any():
        lines.append("in K: rho = 0 for a network of one layer, and this branch is no curve")
    return "\n".join(lines)


def _data(found: landscape.Portrait) -> dict[str, Any]:
    """Return what is written, by the names of the files."""
    plane, depths = found.plane, (found.problem.g1.depth, found.problem.g2.depth)
    s, t = found.surface.s, found.surface.t
    return {
        "objective": found.surface,
        "expected": found.expected,
        "hyperbolas": found.hyperbolas,
        "neighbourhoods": landscape.neighbourhoods(
            plane, plane.h[1], plane.m[2], depths, _EPSILON, s, t
        ),
        "slopes": landscape.slopes(found.problem, plane, s, t),
    }


def _save(data: dict[str, Any], folder: Path) -> Iterator[Path]:
    for name, result in data.items():
        for suffix in _SUFFIXES[name]:
            path = folder / f"{name}{suffix}"
            result.save(path)
            yield path


def _pictures(figure: type[Figure], data: dict[str, Any], folder: Path) -> Iterator[Path]:
    """Draw the surface, the top view, the mean beside it, and the neighbourhoods."""
    from . import plot

    page = figure(figsize=_COLUMN, layout="constrained")
    solid = {"projection": "3d"}
    _label(plot.surface(data["objective"], ax=page.subplots(subplot_kw=solid)))
    yield from _write(page, folder / "surface")

    page = figure(figsize=_COLUMN, layout="constrained")
    _label(plot.top_view(data["objective"], data["hyperbolas"], ax=page.subplots()))
    yield from _write(page, folder / "top-view")

    page = figure(figsize=(2 * _COLUMN[0], 2.6), layout="constrained")
    left, right = page.subplots(1, 2)
    _label(plot.top_view(data["objective"], ax=left)).set_title("these networks", fontsize=8)
    _label(plot.top_view(data["expected"], ax=right)).set_title("mean of wide ones", fontsize=8)
    yield from _write(page, folder / "expected")

    page = figure(figsize=_COLUMN, layout="constrained")
    ax = plot.slopes(data["slopes"], ax=page.subplots())
    _label(plot.neighbourhoods(data["neighbourhoods"], data["hyperbolas"], ax=ax))
    yield from _write(page, folder / "neighbourhoods")


def _page(coarse: landscape.Portrait, title: str, folder: Path) -> Iterator[Path]:
    from . import plot

    path, labels = folder / "surface.html", ("h / h0", "m / m0")
    write_text(path, plot.page(coarse.surface, coarse.hyperbolas, title=title, labels=labels))
    yield path


def _label(ax: Axes) -> Any:
    ax.set_xlabel(_LABELS[0])
    ax.set_ylabel(_LABELS[1])
    return ax


def _write(page: Figure, place: Path) -> Iterator[Path]:
    for suffix in (".png", ".pdf"):
        path = place.with_suffix(suffix)
        with replacing(path) as beside:
            page.savefig(beside, dpi=300)
        yield path
