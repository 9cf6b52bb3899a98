"""The axes that pictures are drawn on, at the width of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which colour-blind readers tell apart.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"

COLUMN = (3.3, 2.4)  # inches: a column of a page


def axes_of(ax: Axes | None, **options: Any) -> Axes:
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("gendemod.plot needs matplotlib; install gendemod[plot]") from None
    new: Axes = pyplot.subplots(figsize=COLUMN, layout="constrained", **options)[1]
    return new


def finished(ax: Axes, **legend: Any) -> Axes:
    """Take away what carries nothing, and name what is left."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=7)
    ax.xaxis.label.set_fontsize(8)
    ax.yaxis.label.set_fontsize(8)
    if not ax.get_legend_handles_labels()[0]:
        return ax
    # Above the axes, where it hides no data.
    options = {"ncols": 3, "handlelength": 1.2, "columnspacing": 0.9, **legend}
    ax.legend(
        fontsize=7,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        handletextpad=0.4,
        **options,
    )
    return ax
