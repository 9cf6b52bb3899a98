"""The conclusions of Theorems 2 and 3, on given networks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array
from .._slices import seconds_allowed
from ..network import ReLUNetwork
from ._audit_text import table
from ._descent import audit_descent
from ._maxima import Maxima, maxima
from ._plain import Findings
from ._stationary import Stationary, stationary
from ._tally import DescentAudit


@dataclass(frozen=True)
class Audit(Findings):
    """What was seen of the theorems' conclusions.

    Attributes
    ----------
    descent : DescentAudit
        Points outside K, and whether f falls along a negative gradient.
    stationary : Stationary
        Where descent ends.
    maxima : Maxima
        Points of K, and whether f falls around them.
    """

    descent: DescentAudit
    stationary: Stationary
    maxima: Maxima

    @property
    def epsilon(self) -> Array:
        """The least radii of the four neighbourhoods that hold all failures and stationary points.

        (4,); 0 where there is none. Outside of all four, no point without descent was seen.
        """
        out = self.descent.epsilon.copy()
        found = self.stationary.distances[self.stationary.stationary]
        if len(found):
            np.maximum.at(out, np.argmin(found, axis=1), np.min(found, axis=1))
        return out

    def table(self) -> str:
        """Return the findings as text."""
        return table(self.descent, self.stationary, self.maxima, self.epsilon)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, lists and dicts for JSON."""
        return {"epsilon": self.epsilon.tolist(), **super().to_dict()}


def audit(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    h0: ArrayLike,
    m0: ArrayLike,
    *,
    points: int = 1_000_000,
    decades: int = 4,
    runs: int = 64,
    seed: int = 0,
    keep: int = 1000,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Audit:
    r"""Check the conclusions of Theorems 2 and 3 on given networks and a given truth.

    1. :math:`D_{-g} f(h, m) < 0` for g = g1 or g = g2 at every point outside K and of the
       neighbourhoods (3) of four hyperbolas: `audit_descent`.
    2. There are no stationary points elsewhere: `stationary`.
    3. The points of K, where h = 0 or m = 0, are local maximisers: `maxima`.

    Parameters
    ----------
    g1, g2 : ReLUNetwork
        The theorems ask for two layers each; with one layer rho is 0, and its spurious branches
        lie in K.
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    points : int
        Of `audit_descent`, rounded up to whole blocks.
    decades : int
        Distances to the hyperbolas go down to 0.5 / 10^decades.
    runs : int
        Of `stationary`.
    seed : int
        Everything is a function of it.
    keep : int
        How many failures are kept with their latents; all are counted.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    progress : bool
        Show a progress bar on standard error.
    time_limit : float, optional
        Seconds, at most half of them for `stationary`, after which what is done is returned.
        `maxima`, which comes first, is not limited: about a second for 10-250-4096 twice.

    Returns
    -------
    Audit
        With its ``table()`` and its ``to_dict()`` for JSON. Ctrl-C after `maxima` returns what is
        done.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    The theorems' hypotheses cannot be checked, and their radii have constants that the paper does
    not give; so the radii are what is measured. That no failure was seen proves nothing of points
    that were not drawn. Costs are those of the three parts.
    """
    begun, limit = time.monotonic(), seconds_allowed(time_limit)
    options: dict[str, Any] = {"seed": seed, "threads": threads}
    top = maxima(g1, g2, h0, m0, **options)
    options["progress"] = progress
    half = None if time_limit is None else limit / 2
    ends = stationary(g1, g2, h0, m0, runs=runs, time_limit=half, **options)
    if ends.ending == "interrupted":
        limit = 0.0
    left = None if limit == math.inf else max(0.0, limit - (time.monotonic() - begun))
    seen = audit_descent(
        g1, g2, h0, m0, points=points, decades=decades, keep=keep, time_limit=left, **options
    )
    return Audit(seen, ends, top)
