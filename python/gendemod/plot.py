"""Pictures of weight distribution conditions, of landscapes, of audits and of sweeps.

Each function draws what it is given on one pair of axes and returns them. Needs the extra
``gendemod[plot]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, finite, floats, must
from ._audit_plots import audit, concentration
from ._axes import BLUE, GREEN, ORANGE, VERMILLION, axes_of, finished
from ._landscape_page import page
from ._landscape_plots import neighbourhoods, slopes, surface, top_view
from ._sweep_bars import measured, success_rates
from ._sweep_plots import success_map, transition_curves
from .wdc import Bounds, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "angles",
    "audit",
    "circle",
    "concentration",
    "histogram",
    "measured",
    "neighbourhoods",
    "page",
    "slopes",
    "success_map",
    "success_rates",
    "surface",
    "top_view",
    "transition_curves",
]

_MARK: dict[str, Any] = {"color": VERMILLION, "marker": "*", "markersize": 9, "linestyle": ""}
_LOWER: dict[str, Any] = {"color": ORANGE, "linewidth": 1, "linestyle": ":"}
_UPPER: dict[str, Any] = {"color": GREEN, "linewidth": 1, "linestyle": "--"}

_DEVIATION = r"deviation $\|G_{x,y} - \alpha\, Q_{x,y}\|$"
_QUARTERS = ["0", r"$\pi/4$", r"$\pi/2$", r"$3\pi/4$", r"$\pi$"]


def angles(sample: Sample, bounds: Bounds | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the deviations of random pairs against the angle between x and y.

    Parameters
    ----------
    sample : Sample
        Of `gendemod.wdc.sample`.
    bounds : Bounds, optional
        Of the same matrix: its witness is marked, and its upper bound drawn where there is one.
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
    ax.plot(sample.angles, sample.values, ".", color=BLUE, markersize=2.5, label="pairs")
    if bounds is not None:
        theta = _angle(bounds.x, bounds.y)
        ax.plot(theta, bounds.lower, label=_witness(bounds), **_MARK)
        if np.isfinite(bounds.upper):
            ax.axhline(bounds.upper, label=f"at most {bounds.upper:.3g}", **_UPPER)
    ax.set_xticks(np.linspace(0, np.pi, 5), _QUARTERS)
    ax.set_xlim(-0.05 * np.pi, 1.05 * np.pi)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("angle between x and y (rad)")
    ax.set_ylabel(_DEVIATION)
    return finished(ax)


def circle(
    t: ArrayLike,
    deviations: ArrayLike,
    *,
    lower: float | None = None,
    upper: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw deviations along a great circle, and mark the largest.

    Parameters
    ----------
    t : array_like, (k,)
        Angles along the circle, in radians, increasing.
    deviations : array_like, (k,)
        The deviation at each.
    lower, upper : float, optional
        Bounds of the supremum over the circle.
    ax : matplotlib.axes.Axes, optional
        New ones of the width of a column by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If `t` and `deviations` are not vectors of one length.
    ImportError
        If no `ax` is given and matplotlib is missing.
    """
    turn, values = _vector(t, "t"), _vector(deviations, "deviations")
    if len(turn) != len(values):
        requirement = f"have {len(turn)} entries as `t`"
        raise ValueError(must("deviations", requirement, "each has its angle", len(values)))
    ax = axes_of(ax)
    ax.plot(turn, values, color=BLUE, linewidth=0.8)
    top = int(np.argmax(values))
    label = f"largest {values[top]:.3g}"
    ax.plot(turn[top], values[top], label=label, **_MARK)
    if lower is not None:
        ax.axhline(lower, label=f"at least {lower:.3g}", **_LOWER)
    if upper is not None:
        ax.axhline(upper, label=f"at most {upper:.3g}", **_UPPER)
    ax.margins(x=0.03)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("angle along the circle (rad)")
    ax.set_ylabel(_DEVIATION)
    return finished(ax)


def histogram(sample: Sample, bounds: Bounds | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the histogram of the deviations of random pairs, their numbers on a logarithmic axis.

    Parameters
    ----------
    sample : Sample
        Of `gendemod.wdc.sample` or `gendemod.wdc.joint_sample`.
    bounds : Bounds, optional
        Of the same matrices: the deviation of the witness is marked, and the upper bound drawn
        where there is one.
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
    ax.hist(sample.values, bins=30, log=True, color=BLUE, label="pairs")
    if bounds is not None:
        ax.axvline(bounds.lower, color=VERMILLION, linewidth=1.5, label=_witness(bounds))
        if np.isfinite(bounds.upper):
            ax.axvline(bounds.upper, label=f"at most {bounds.upper:.3g}", **_UPPER)
    ax.set_ylim(bottom=0.7)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("")
    ax.set_xlabel("deviation")
    ax.set_ylabel("number of pairs")
    return finished(ax)


def _vector(value: ArrayLike, name: str) -> Array:
    vector = finite(floats(value, name), name)
    if vector.ndim != 1 or vector.size == 0:
        got = f"shape {vector.shape}"
        raise ValueError(must(name, "be a vector with entries", "it is drawn as a line", got))
    return vector


def _angle(x: Array, y: Array) -> float:
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return 2 * float(np.arctan2(np.linalg.norm(x - y), np.linalg.norm(x + y)))


def _witness(bounds: Bounds) -> str:
    return f"witness {bounds.lower:.3g}"
