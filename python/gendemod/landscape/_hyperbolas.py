"""The four hyperbolas of the theorems in a plane, and their neighbourhoods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, must, number
from ..theory import hyperbola_centres
from ..theory._latents import vectors
from ._grid import Grid, Saved, axis, numerals
from ._nearest import excess_over
from ._plane import PARALLEL, Plane, checked_plane

POINTS = 201  # of a curve
CHUNK = 2**14  # pixels that are computed at a time, in the cache


@dataclass(frozen=True)
class Hyperbolas(Saved):
    """The curves (c h0, m0 / c), (-c rho_d h0, m0 / c), (c h0, -rho_s m0 / c) and with both signs.

    Attributes
    ----------
    s, t : ndarray, (4, k)
        Points of the curves in the plane, in the order of `gendemod.theory.hyperbola_centres`, as
        far as they lie within the axes; NaN for a curve that does not, or that is none.
    in_K : ndarray, (4,)
        Whether the branch falls into the set K. A network of depth 1 has rho = 0, and its spurious
        branches are no curves of their own.
    """

    s: Array
    t: Array
    in_K: Array

    def _lines(self) -> Iterator[str]:
        yield "branch,s,t"
        for branch, rows in enumerate(zip(self.s, self.t, strict=True), start=1):
            for point in zip(*(numerals(row) for row in rows), strict=True):
                yield f"{branch},{','.join(point)}"


@dataclass(frozen=True)
class Neighbourhoods(Grid):
    r"""The sets A of (3) around the four hyperbolas, on a grid of a plane.

    Attributes
    ----------
    s, t : ndarray
        The axes of the grid.
    epsilon : float
        The relative radius.
    excess : ndarray, (4, len(s), len(t))
        The least :math:`\|(h, m) - C\|^2 - \epsilon^2 \|C\|^2` over the points C of the hyperbola,
        in the order of `gendemod.theory.hyperbola_centres`. NaN for a branch in K.
    in_K : ndarray, (4,)
        As in `Hyperbolas`.
    """

    epsilon: float
    excess: Array
    in_K: Array

    @property
    def inside(self) -> Array:
        """Where the excess is at most 0: bool, (4, len(s), len(t))."""
        return self.excess <= 0

    def _columns(self) -> dict[str, Array]:
        return {f"in_{i}": inside for i, inside in enumerate(self.inside, start=1)}


def hyperbolas(
    plane: Plane,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    s: ArrayLike,
    t: ArrayLike,
) -> Hyperbolas:
    """Return the four hyperbolas in the plane that the truth spans.

    Parameters
    ----------
    plane : Plane
        Spanned by multiples of h0 and m0: no other plane holds the curves.
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    depths : (d, s)
        Each at least 1.
    s, t : array_like
        The axes within which the curves are wanted: increasing, two numbers or more each.

    Returns
    -------
    Hyperbolas

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    plane = checked_plane(plane)
    first, second = axis(s, "s"), axis(t, "t")
    centres = hyperbola_centres(h0, m0, depths)
    vectors(h=plane.h[1], h0=h0, m=plane.m[2], m0=m0)
    at_s, at_t = (
        _multiples(ways[i], refs)
        for ways, i, refs in ((plane.h, 1, centres.h), (plane.m, 2, centres.m))
    )
    if not plane.is_spanned or at_s is None or at_t is None:
        reason = "it has to hold the curves"
        raise ValueError(must("plane", "be spanned by `h0` and `m0`", reason, "another plane"))
    curves = [_curve(a, b, first, second) for a, b in zip(at_s, at_t, strict=True)]
    return Hyperbolas(
        np.stack([c[0] for c in curves]), np.stack([c[1] for c in curves]), np.array(centres.in_K)
    )


def neighbourhoods(
    plane: Plane,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    epsilon: float,
    s: ArrayLike,
    t: ArrayLike,
) -> Neighbourhoods:
    """Return where the neighbourhoods (3) of the four hyperbolas lie in a plane.

    Parameters
    ----------
    plane : Plane
        Any plane.
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    depths : (d, s)
        Each at least 1. A network of depth 1 has rho = 0: its branches fall into K and get NaN.
    epsilon : float
        The relative radius, between 0 and 1. From 1 on everything is inside.
    s, t : array_like
        The axes of the grid: increasing, two numbers or more each.

    Returns
    -------
    Neighbourhoods

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    Some hundred flops a pixel and branch, in any number of dimensions: the excess depends on
    h . h0, m . m0 and the norm of (h, m) alone, polynomials of s and t.
    """
    plane = checked_plane(plane)
    first, second = axis(s, "s"), axis(t, "t")
    reason = "it is a relative distance, and from 1 on everything is inside"
    radius = number(epsilon, "epsilon", "be at least 0 and below 1", reason, 0)
    if radius >= 1:
        raise ValueError(must("epsilon", "be at least 0 and below 1", reason, epsilon))
    centres = hyperbola_centres(h0, m0, depths)
    vectors(h=plane.h[0], h0=h0, m=plane.m[0], m0=m0)
    excess = np.full((4, len(first), len(second)), np.nan)
    rows = max(1, CHUNK // len(second))
    gram = plane.h @ plane.h.T + plane.m @ plane.m.T
    for branch in np.flatnonzero(~np.array(centres.in_K)):
        along_h, along_m = plane.h @ centres.h[branch], plane.m @ centres.m[branch]
        sizes = (np.linalg.norm(centres.h[branch]), np.linalg.norm(centres.m[branch]))
        for begin in range(0, len(first), rows):
            part = slice(begin, begin + rows)
            place = [1.0, first[part, None], second]
            p, q = (sum(c * z for c, z in zip(w, place, strict=True)) for w in (along_h, along_m))
            S = sum(gram[i, j] * place[i] * place[j] for i in range(3) for j in range(3))
            excess[branch, part] = excess_over(p, q, S, sizes, radius)
    return Neighbourhoods(first, second, radius, excess, np.array(centres.in_K))


def _multiples(way: Array, refs: Array) -> Array | None:
    """Return the numbers by which refs (4, n) are multiples of a vector, None if they are not."""
    square = way @ way
    if square == 0:
        return None
    numbers: Array = refs @ way / square
    rest = np.linalg.norm(refs - numbers[:, None] * way, axis=1)
    return numbers if (rest <= PARALLEL * np.linalg.norm(refs, axis=1)).all() else None


def _curve(a: float, b: float, s: Array, t: Array) -> tuple[Array, Array]:
    """Return points (c a, b / c), c > 0, within the axes."""
    reach_s, reach_t = (s[-1] if a > 0 else -s[0]), (t[-1] if b > 0 else -t[0])
    if a == 0 or b == 0 or reach_s * reach_t <= abs(a * b) or min(reach_s, reach_t) <= 0:
        nothing = np.full(POINTS, np.nan)
        return nothing, nothing
    c = np.geomspace(abs(b) / reach_t, reach_s / abs(a), POINTS)
    return c * a, b / c
