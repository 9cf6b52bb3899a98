"""The plane of the truth of two networks, and Figure 1 of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, integer, must, number
from .._arrays import seed as checked_seed
from ..network import ReLUNetwork
from ..problem import Problem
from ..theory import hyperbola_centres
from ._hyperbolas import Hyperbolas, hyperbolas
from ._plane import Plane
from ._quadrants import Quadrants
from ._surface import Surface, expected_objective, objective

# The paper says n = p = 1 and d = s = 2, h0 = m0 = 1, Gaussian weights and expansive layers, and
# not how wide they are.
FIGURE_1_DIMS = (1, 1000, 4096)


@dataclass(frozen=True)
class Portrait:
    """The landscape of two networks in the plane that the truth spans.

    Attributes
    ----------
    problem : Problem
        With the observation G1(h0) * G2(m0).
    plane : Plane
        (h, m) = (s h0, t m0).
    surface : Surface
        The objective.
    expected : Surface
        Its mean over wide random networks of the same sizes.
    hyperbolas : Hyperbolas
        The four branches in this plane.
    branches : ndarray, (4, 4)
        A row for each of the hyperbolas: the product a / a0 at which the mean objective is least
        and its value relative to that on K; and the same two of these networks.
    """

    problem: Problem
    plane: Plane
    surface: Surface
    expected: Surface
    hyperbolas: Hyperbolas
    branches: Array


def portrait(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    h0: ArrayLike,
    m0: ArrayLike,
    *,
    size: int = 401,
    reach: float = 2.0,
    alpha: float = 1.0,
) -> Portrait:
    """Return the landscape of two networks in the plane of the points (s h0, t m0).

    Parameters
    ----------
    g1, g2 : ReLUNetwork
        With ell outputs each.
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    size : int
        Points of the grid along each axis, at least 2.
    reach : float
        s and t go from -reach to reach; greater than 0.
    alpha : float
        Of the mean objective. For truncated last layers the product of their `truncation_alpha`.

    Returns
    -------
    Portrait

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape; also where the networks are
        zero at the truth.

    Notes
    -----
    Three passes of each network and five flops a pixel, in any number of dimensions.
    """
    count = integer(size, "size", 2, "it is the number of points along an axis")
    requirement, reason = "be greater than 0", "the axes go so far in both directions"
    far = number(reach, "reach", requirement, reason, 0)
    if far == 0:
        raise ValueError(must("reach", requirement, reason, reach))
    places = np.linspace(-far, far, count)
    plane = Plane.spanned(*_nonzero(h0, m0))
    problem = _observed(g1, g2, plane)
    depths, ell = (g1.depth, g2.depth), g1.dims[-1]
    surface = objective(problem, plane, places, places)
    if surface.at_zero == 0:
        requirement, reason = "not be mapped to zero", "there is nothing to see otherwise"
        raise ValueError(must("h0", requirement, reason, "G1(h0) * G2(m0) = 0"))
    return Portrait(
        problem,
        plane,
        surface,
        expected_objective(plane, h0, m0, depths, ell, places, places, alpha),
        hyperbolas(plane, h0, m0, depths, places, places),
        _branches(problem, plane, depths),
    )


def figure1(*, seed: int = 0, size: int = 401) -> Portrait:
    """Return the landscape of Figure 1 of the paper: h0 = m0 = 1, d = s = 2, Gaussian weights.

    Parameters
    ----------
    seed : int
        The weights are a function of it.
    size : int
        Points of the grid along each axis, at least 2.

    Returns
    -------
    Portrait
        s is h and t is m, from -2 to 2. The widths, 1-1000-4096, are not those of the paper, which
        does not give them.

    Raises
    ------
    TypeError, ValueError
        If these are no integers, or too small.
    """
    seeds = np.random.SeedSequence(checked_seed(seed)).generate_state(2, np.uint64)
    g1, g2 = (ReLUNetwork.gaussian(FIGURE_1_DIMS, seed=int(one)) for one in seeds)
    return portrait(g1, g2, [1.0], [1.0], size=size)


def _nonzero(h0: ArrayLike, m0: ArrayLike) -> tuple[Array, Array]:
    centres = hyperbola_centres(h0, m0, (1, 1))
    return centres.h[0], centres.m[0]


def _observed(g1: ReLUNetwork, g2: ReLUNetwork, plane: Plane) -> Problem:
    """Return the problem whose truth spans the plane."""
    for name, network in (("g1", g1), ("g2", g2)):
        if not isinstance(network, ReLUNetwork):
            reason = "its landscape is wanted"
            raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
    for name, network, z in (("h0", g1, plane.h[1]), ("m0", g2, plane.m[2])):
        if len(z) != network.dims[0]:
            requirement = f"be a vector of size {network.dims[0]}"
            raise ValueError(must(name, requirement, "its network has these inputs", len(z)))
    if g1.dims[-1] != g2.dims[-1]:
        reason = "the outputs are multiplied entry by entry"
        requirement = f"have {g1.dims[-1]} outputs, as `g1` has"
        raise ValueError(must("g2", requirement, reason, g2.dims[-1]))
    return Problem(g1(plane.h[1]) * g2(plane.m[2]), g1, g2)


def _branches(problem: Problem, plane: Plane, depths: tuple[int, int]) -> Array:
    u, v = plane.h[1], plane.m[2]
    rows = []
    for found in (
        Quadrants.of_means(u, v, (u, v), depths, 1.0),
        Quadrants.of_problem(problem, u, v),
    ):
        at = ([1, 0, 1, 0], [1, 1, 0, 0])  # the signs of h and m on the four branches
        rows += [found.vertex[at], found.least[at] / found.at_zero]
    return np.stack(rows, axis=1)
