"""One-sided derivatives of the objective on a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array
from .._arrays import threads as checked_threads
from ..problem import Problem
from ._batches import Pixels
from ._grid import Grid
from ._plane import Plane, in_plane
from ._quadrants import Quadrants


@dataclass(frozen=True)
class Slopes(Grid):
    """The four one-sided derivatives of the objective in a plane, as s or t moves up or down.

    Attributes
    ----------
    s, t : ndarray
        The axes of the grid.
    along : ndarray, (4, len(s), len(t))
        The derivatives along first, -first, second and -second of the plane, exact at kinks. Where
        one is negative, f falls that way.
    """

    along: Array

    @property
    def gradient(self) -> Array:
        """The derivatives by s and by t, (2, len(s), len(t)); at kinks the mean of both sides."""
        return (self.along[[0, 2]] - self.along[[1, 3]]) / 2

    @property
    def falls(self) -> Array:
        """Where each of the four is negative: bool, (4, len(s), len(t))."""
        out: Array = self.along < 0
        return out

    def _columns(self) -> dict[str, Array]:
        names = ["s_up", "s_down", "t_up", "t_down"]
        return dict(zip(names, self.along, strict=True))


@dataclass(frozen=True)
class Descent(Grid):
    r"""The derivatives of the theorems: along minus either partial gradient.

    Attributes
    ----------
    s, t : ndarray
        The axes of the grid.
    along : ndarray, (2, len(s), len(t))
        :math:`D_{-g} f` for the two g of (4), :math:`(g_1, 0)` and :math:`(0, g_2)`.
    """

    along: Array

    @property
    def falls(self) -> Array:
        """Where one of the two is negative, as Theorems 2 and 3 have it: (len(s), len(t))."""
        out: Array = np.any(self.along < 0, axis=0)
        return out

    def _columns(self) -> dict[str, Array]:
        return {"minus_g1": self.along[0], "minus_g2": self.along[1]}


def slopes(
    problem: Problem,
    plane: Plane,
    s: ArrayLike,
    t: ArrayLike,
    *,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Slopes:
    """Return the one-sided derivatives of the objective in a plane, and with them its gradient.

    Parameters
    ----------
    problem, plane, s, t, threads, progress, time_limit
        As in `objective`.

    Returns
    -------
    Slopes
        In float64.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    On a plane that is `spanned` by one h and one m some flops a pixel, as `objective`; on any other
    four directional derivatives, each of which costs two passes of both networks.
    """
    problem, plane = in_plane(problem, plane)
    pixels = Pixels.of(plane, s, t, progress, time_limit)
    checked_threads(threads)
    if plane.is_spanned:
        quadrants = Quadrants.of_problem(problem, plane.h[1], plane.m[2])
        of_s = [quadrants.slope(pixels.s, pixels.t, sign) for sign in (1, -1)]
        of_t = [quadrants.turned.slope(pixels.t, pixels.s, sign).T for sign in (1, -1)]
        return Slopes(pixels.s, pixels.t, np.stack(of_s + of_t))
    ways = [(sign * plane.h[i], sign * plane.m[i]) for i in (1, 2) for sign in (1, -1)]

    def numbers(h: Array, m: Array) -> list[Array]:
        return [_derivative(problem, h, m, dh + 0 * h, dm + 0 * m, threads) for dh, dm in ways]

    along = pixels.evaluate(numbers, 4, "slopes")
    return Slopes(pixels.s, pixels.t, along)


def descent(
    problem: Problem,
    plane: Plane,
    s: ArrayLike,
    t: ArrayLike,
    *,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Descent:
    r"""Return the one-sided derivatives that Theorems 2 and 3 say are negative.

    .. math:: D_{-g} f(h, m), \qquad g = (g_1, 0) \text{ and } g = (0, g_2),

    where :math:`g_1` and :math:`g_2` are the partial gradients (4), limits along a direction: here
    first + second of the plane, which matters at kinks alone. The derivative itself is exact at
    kinks: its masks are those along -g.

    Parameters
    ----------
    problem, plane, s, t, threads, progress, time_limit
        As in `objective`.

    Returns
    -------
    Descent
        In float64.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    A pixel costs about eight passes of both networks on every plane.
    """
    problem, plane = in_plane(problem, plane)
    pixels = Pixels.of(plane, s, t, progress, time_limit)
    checked_threads(threads)
    way_h, way_m = plane.h[1] + plane.h[2], plane.m[1] + plane.m[2]

    def numbers(h: Array, m: Array) -> list[Array]:
        way = (way_h + 0 * h, way_m + 0 * m)
        g1, g2 = problem.one_sided_gradients(h, m, way, threads=threads)
        return [
            _derivative(problem, h, m, -g1, 0 * m, threads),
            _derivative(problem, h, m, 0 * h, -g2, threads),
        ]

    along = pixels.evaluate(numbers, 2, "descent")
    return Descent(pixels.s, pixels.t, along)


def _derivative(
    problem: Problem, h: Array, m: Array, dh: Array, dm: Array, threads: int | None
) -> Array:
    out: Array = problem.directional_derivative(h, m, dh, dm, threads=threads)
    return out
