"""The objective on a plane: of given networks, and on average over wide random ones."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from .. import theory
from .._arrays import Array
from .._arrays import threads as checked_threads
from ..problem import Problem
from ..theory._latents import vectors
from ._batches import Pixels
from ._grid import Grid
from ._plane import Plane, checked_plane, in_plane
from ._quadrants import Quadrants


@dataclass(frozen=True)
class Surface(Grid):
    """The objective on a grid of a plane.

    Attributes
    ----------
    s, t : ndarray
        The axes of the grid.
    values : ndarray, (len(s), len(t))
        ``values[i, j]`` is f at (s[i], t[j]).
    at_zero : float
        f on the set K, where h = 0 or m = 0: half the weighted square of the observation.
    """

    values: Array
    at_zero: float

    @property
    def relative(self) -> Array:
        """The values over `at_zero`: 0 at the truth, 1 on the set K."""
        return self.values / self.at_zero

    def _columns(self) -> dict[str, Array]:
        return {"f": self.values}


def objective(
    problem: Problem,
    plane: Plane,
    s: ArrayLike,
    t: ArrayLike,
    *,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Surface:
    r"""Return the objective (2) on a grid of a plane.

    .. math:: f\bigl(h + s\, d_1 h + t\, d_2 h,\ m + s\, d_1 m + t\, d_2 m\bigr)

    Parameters
    ----------
    problem : Problem
    plane : Plane
        Of latents of the sizes of the networks.
    s, t : array_like
        The axes of the grid: increasing, two numbers or more each.
    threads : int, optional
        None is what OpenMP would use. The result is the same for any number.
    progress : bool
        Draw a bar on stderr.
    time_limit : float, optional
        Seconds. Pixels that are not reached by then are NaN.

    Returns
    -------
    Surface
        In float64.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    On a plane that is `spanned` by one h and one m every quadrant is an exact quadratic of |s t|:
    two passes of each network, and five flops a pixel. On any other plane a pixel costs a pass of
    both networks.
    """
    problem, plane = in_plane(problem, plane)
    pixels = Pixels.of(plane, s, t, progress, time_limit)
    checked_threads(threads)
    if plane.is_spanned:
        quadrants = Quadrants.of_problem(problem, plane.h[1], plane.m[2])
        return Surface(pixels.s, pixels.t, quadrants.values(pixels.s, pixels.t), quadrants.at_zero)
    (values,) = pixels.evaluate(
        lambda h, m: [problem.objective(h, m, threads=threads)], 1, "objective"
    )
    return Surface(pixels.s, pixels.t, values, problem.objective(0 * plane.h[0], 0 * plane.m[0]))


def expected_objective(
    plane: Plane,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    ell: int,
    s: ArrayLike,
    t: ArrayLike,
    alpha: float = 1.0,
) -> Surface:
    """Return `gendemod.theory.expected_objective` on a grid of a plane.

    Parameters
    ----------
    plane : Plane
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    depths : (d, s)
        Each at least 1.
    ell : int
        Number of outputs.
    s, t : array_like
        The axes of the grid: increasing, two numbers or more each.
    alpha : float
        Greater than 0. For truncated last layers the product of their `truncation_alpha`.

    Returns
    -------
    Surface

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    On a plane that is `spanned` by one h and one m it costs five flops a pixel.
    """
    plane = checked_plane(plane)
    pixels = Pixels.of(plane, s, t)
    (_, _, true_h, true_m), _ = vectors(h=plane.h[0], m=plane.m[0], h0=h0, m0=m0)
    mean = theory.expected_objective
    at_zero = mean(0 * plane.h[0], 0 * plane.m[0], true_h, true_m, depths, ell, alpha)
    if plane.is_spanned:
        u, v = plane.h[1], plane.m[2]
        quadrants = Quadrants.of_means(u, v, (true_h, true_m), depths, at_zero)
        return Surface(pixels.s, pixels.t, quadrants.values(pixels.s, pixels.t), at_zero)
    (values,) = pixels.evaluate(
        lambda h, m: [mean(h, m, true_h, true_m, depths, ell, alpha)], 1, "mean objective"
    )
    return Surface(pixels.s, pixels.t, values, at_zero)
