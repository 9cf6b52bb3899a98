"""The objective on the plane of two directions, where it is a quadratic of |s t|."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ..problem import Problem
from ..theory._pairs import Pair


@dataclass(frozen=True)
class Quadrants:
    r"""f at the points (s u, t v) for fixed u and v: a quadratic of a = |s t| in each quadrant.

    .. math:: f = \tfrac12 A (a - a_*)^2 + f_*

    It is exact, because a network is linear along a ray: with w = G1(+-u) and x = G2(+-v),
    :math:`A = \sum v w^2 x^2` and :math:`a_* = \sum v w x y / A`.

    Attributes
    ----------
    curvature, vertex, least : ndarray, (2, 2)
        A, :math:`a_*` and :math:`f_*`: the first axis is h = -u or u, the second m = -v or v. A
        vertex below 0 is reached in no point.
    at_zero : float
        f where h = 0 or m = 0, on the set K.
    """

    curvature: Array
    vertex: Array
    least: Array
    at_zero: float

    @classmethod
    def of_problem(cls, problem: Problem, u: Array, v: Array) -> Quadrants:
        """Return those of networks: two passes of each."""
        w = problem.g1(np.stack([-u, u])).astype(np.float64)[:, None]
        x = problem.g2(np.stack([-v, v])).astype(np.float64)
        y, weight = problem.y.astype(np.float64), problem.y_weights.astype(np.float64)
        product = w * x
        curvature = np.sum(weight * product**2, axis=-1)
        overlap = np.sum(weight * product * y, axis=-1)
        vertex = np.divide(overlap, curvature, out=np.zeros((2, 2)), where=curvature > 0)
        least = np.sum(weight * (vertex[..., None] * product - y) ** 2, axis=-1) / 2
        return cls(curvature, vertex, least, float(np.sum(weight * y**2)) / 2)

    @classmethod
    def of_means(
        cls, u: Array, v: Array, truth: tuple[Array, Array], depths: tuple[int, int], at_zero: float
    ) -> Quadrants:
        """Return those of the mean objective, at_zero (1 + r^2 - 2 r cos cos) with r = a / a0."""
        theta = Pair.of(np.stack([-u, u]), truth[0], depths[0])
        phi = Pair.of(np.stack([-v, v]), truth[1], depths[1])
        a0 = (theta.true_length * phi.true_length.T) / (theta.length * phi.length.T)
        lost = theta.lost + theta.cosine * phi.lost.T  # 1 - cos(theta_d) cos(phi_s)
        least = at_zero * lost * (2 - lost)
        return cls(2 * at_zero / a0**2, a0 * (1 - lost), least, at_zero)

    @property
    def turned(self) -> Quadrants:
        """The same with u and v exchanged."""
        return Quadrants(self.curvature.T, self.vertex.T, self.least.T, self.at_zero)

    def values(self, s: Array, t: Array) -> Array:
        """Return f at all (s_i, t_j), (len(s), len(t)); s and t increase."""
        out = np.empty((len(s), len(t)))
        for i, rows in enumerate(_halves(s)):
            for j, columns in enumerate(_halves(t)):
                block = out[rows, columns]
                np.multiply(np.abs(s[rows, None]), np.abs(t[columns]), out=block)
                block -= self.vertex[i, j]
                np.square(block, out=block)
                block *= self.curvature[i, j] / 2
                block += self.least[i, j]
        return out

    def slope(self, s: Array, t: Array, sign: int) -> Array:
        """Return the one-sided derivative at all (s_i, t_j) as s moves up (1) or down (-1)."""
        ray = (sign * s >= 0) == (sign > 0)  # the ray of u that is entered
        outward = np.where(ray, sign, -sign)
        quadrant = np.ix_(ray.astype(int), (t >= 0).astype(int))
        rise = np.abs(s[:, None]) * np.abs(t) - self.vertex[quadrant]
        out: Array = outward[:, None] * np.abs(t) * self.curvature[quadrant] * rise
        return out


def _halves(places: Array) -> tuple[slice, slice]:
    """Return which of increasing numbers are below 0, and which not."""
    zero = int(np.searchsorted(places, 0))
    return slice(zero), slice(zero, None)
