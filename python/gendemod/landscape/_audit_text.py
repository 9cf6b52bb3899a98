"""An audit as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .._arrays import Array
from ._maxima import KINDS, Maxima
from ._stationary import NOWHERE, Stationary
from ._tally import ELSEWHERE, NAMES, DescentAudit

WIDTH = 24

ENDS = ("ended", "stationary", "at kinks", "median", "farthest", "f / f(K)", "predicted")

KEY = """points       of the signs of this hyperbola; at kinks: with units exactly at zero
failures     points where f falls neither along -g1 nor along -g2
epsilon      the least radius that holds the failures, and the stationary points below
least slope  the least of the larger of the slopes of f along -g1 and -g2, over the
             size of the terms of the gradient
median, farthest  distances from the nearest hyperbola
f / f(K)     median; f(K) = |y|^2 / 2"""


def table(descent: DescentAudit, stationary: Stationary, maxima: Maxima, epsilon: Array) -> str:
    """Return the findings of an audit."""
    rho_d, rho_s = descent.rho
    lines = [
        f"rho_d = {rho_d:.4g}, rho_s = {rho_s:.4g}",
        "",
        _row("outside K", ("points", "at kinks", "failures", "epsilon", "least slope")),
        *_points(descent, epsilon),
        "",
        _row(
            "runs",
            ("ended", "stationary", "at kinks", "median", "farthest", "f / f(K)", "predicted"),
        ),
        *_ends(stationary),
        "",
        _row("K", ("falls", "constant", "rises")),
        *(
            _row(kind, [str(row[k]) for row in (maxima.falls, maxima.constant, maxima.rises)])
            for k, kind in enumerate(KINDS)
        ),
        "",
        KEY,
        "",
        *conclusion(descent, stationary, maxima, epsilon),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{WIDTH}}" + "".join(f"{cell:>13}" for cell in cells)


def _points(descent: DescentAudit, epsilon: Array) -> Iterator[str]:
    counts, failed = descent.tested.sum(axis=2), descent.failed.sum(axis=(0, 2))
    slopes = descent.least_slope.min(axis=(0, 2))
    for k, name in enumerate(NAMES):
        if descent.in_K[k]:
            yield f"{name:<{WIDTH}}  lies in K: a network has one layer"
            continue
        least = f"{slopes[k]:.2g}" if np.isfinite(slopes[k]) else "none"
        radius = f"{epsilon[k]:.3g}" if epsilon[k] > 0 else "none"
        yield _row(
            name, [str(counts[:, k].sum()), str(counts[1, k]), str(failed[k]), radius, least]
        )
    if any(descent.in_K):
        k = ELSEWHERE
        least = f"{slopes[k]:.2g}" if np.isfinite(slopes[k]) else "none"
        yield _row(
            "signs of no hyperbola",
            [str(counts[:, k].sum()), str(counts[1, k]), str(failed[k]), "", least],
        )


def _ends(stationary: Stationary) -> Iterator[str]:
    nearest = stationary.distances.min(axis=1, initial=np.inf)
    at_kinks = stationary.stationary & stationary.walls.any(axis=1)
    for k, name in [*enumerate(NAMES), (NOWHERE, "1/2 away from all")]:
        here = stationary.branch == k
        if k == NOWHERE or not stationary.in_K[k]:
            cells = [str(part[here].sum()) for part in (np.ones_like(here), stationary.stationary)]
            cells.append(str(at_kinks[here].sum()))
            numbers = (np.median(nearest[here]), nearest[here].max()) if here.any() else ()
            cells += [f"{number:.3g}" for number in numbers] or ["", ""]
            cells.append(f"{np.median(stationary.objective[here]):.4g}" if here.any() else "")
            yield _row(name, [*cells, "" if k == NOWHERE else f"{stationary.predicted[k]:.4g}"])


def conclusion(
    descent: DescentAudit, stationary: Stationary, maxima: Maxima, epsilon: Array
) -> Iterator[str]:
    """Say in sentences what was seen."""
    found = int(stationary.stationary.sum())
    radii = ", ".join(f"{radius:.3g}" for radius in epsilon)
    if descent.failures == 0:
        yield f"Every one of the {descent.points} points has a direction of descent."
    else:
        yield f"{descent.failures} of {descent.points} points have no direction of descent."
    yield f"{found} of {len(stationary.slope)} runs ended at a point without one."
    yield f"None of these is outside neighbourhoods of the radii {radii}."
    if descent.left_out:
        yield f"{descent.left_out} points were left out: their directions missed their walls."
    rises, constant = int(maxima.rises.sum()), int(maxima.constant.sum())
    every = int(maxima.falls.sum()) + rises + constant
    if rises:
        yield f"K holds points that are no local maximisers: f rises on {rises} of {every} lines."
    else:
        yield (
            f"f rises along none of {every} lines from points of K. It falls with a cosine of "
            f"{maxima.least_cosine:.3g} or more; wide networks: {maxima.limit:.3g}."
        )
    if descent.ending != "complete" or stationary.ending != "complete":
        yield "Not all points or runs that were asked for were made."
    if any(descent.in_K):
        yield "The theorems ask for two layers or more of each network, and say nothing here."
    yield "This is what was drawn; it proves nothing of other points."
