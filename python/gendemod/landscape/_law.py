"""The law of the points of an audit, and how far they are from the hyperbolas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ..theory._angles import between
from ._scene import Scene

NEAR = 0.5  # the distance of centred points is known in closed form below this
ANYWHERE = -1  # in place of the number of a branch


@dataclass(frozen=True)
class Stratum:
    """A part of the law.

    Attributes
    ----------
    branch : int
        Number of the hyperbola, in the order of `theory.hyperbola_centres`, or ANYWHERE.
    distance : float
        Points are so far from it or up to ten times as far, if they can be on their walls there.
    walls : int
        How many units of each network stand exactly at zero, if it has so many walls.
    """

    branch: int
    distance: float
    walls: int


def strata(scene: Scene, decades: int, walls: list[int]) -> list[Stratum]:
    """Return all strata: near each hyperbola outside K, over decades, and as many anywhere."""
    branches = [branch for branch in range(4) if scene.levels[branch] > 0]
    out = []
    for count in walls:
        for decade in range(decades):
            distance = NEAR * 10.0 ** -(decade + 1)
            out += [Stratum(branch, distance, count) for branch in branches]
            out.append(Stratum(ANYWHERE, NEAR, count))
    return out


def directions(
    e: Array, away: bool, stratum: Stratum, count: int, rng: np.random.Generator
) -> Array:
    """Draw unit vectors about e: at a stratified angle, or near a branch.

    There the tangents of the angles from e, or from -e (away), are log-uniform over a decade.
    """
    share = (rng.permutation(count) + rng.random(count)) / count
    center = -e if away and stratum.branch != ANYWHERE else e
    angles = np.arctan(stratum.distance * 10**share)
    if stratum.branch == ANYWHERE:
        angles = np.pi * share
    if len(e) == 1:
        return np.where(angles > np.pi / 2, -1.0, 1.0)[:, None] * center
    tangent = rng.standard_normal((count, len(e)))
    tangent -= np.outer(tangent @ e, e)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    out = np.cos(angles)[:, None] * center + np.sin(angles)[:, None] * tangent
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


@dataclass(frozen=True)
class Pairs:
    r"""Where pairs of directions lie, all of them (i, j).

    Attributes
    ----------
    branch : ndarray of int
        The hyperbola whose signs they have.
    level : ndarray
        :math:`\|h_k\| \|m_k\|` of its centre; 0 if it lies in K.
    cosines : (ndarray, ndarray), (i, 1) and (j,)
        Of the angles theta and phi to its two directions, at least 0.
    T : ndarray
        :math:`(\tan^2 \theta + \tan^2 \varphi) / 2`.
    """

    branch: Array
    level: Array
    cosines: tuple[Array, Array]
    T: Array

    @classmethod
    def of(cls, scene: Scene, h: Array, m: Array) -> Pairs:
        theta = np.minimum(between(h, scene.h0), between(h, -scene.h0))[:, None]
        phi = np.minimum(between(m, scene.m0), between(m, -scene.m0))
        branch = (h @ scene.h0 < 0)[:, None] + 2 * (m @ scene.m0 < 0)
        T = (np.tan(theta) ** 2 + np.tan(phi) ** 2) / 2
        return cls(branch, scene.levels[branch], (np.cos(theta), np.cos(phi)), T)

    @property
    def scale(self) -> Array:
        r""":math:`a / (1 + \rho)^2` of `distances`, (i, j, 1)."""
        level = np.where(self.level > 0, self.level, 1)
        return np.asarray(level / (self.cosines[0] * self.cosines[1]))[..., None]


def radii(pairs: Pairs, stratum: Stratum, count: int, rng: np.random.Generator) -> Array:
    """Draw products of norms a = |h| |m|, (i, j, count), by the law of a stratum.

    Anywhere: log-uniform over two decades about that of the truth. Near a branch: such that the
    distance is log-uniform from the least that these directions allow to ten times that of the
    stratum, or to twice the least where their walls are farther away.
    """
    share = (rng.random((*pairs.T.shape, count)) + np.arange(count)) / count
    if stratum.branch == ANYWHERE:
        return np.asarray(10 ** (2 * share - 1))
    T = pairs.T[..., None]
    least = np.maximum(np.sqrt(T / (1 + T)), stratum.distance)
    most = np.minimum(np.maximum(10 * stratum.distance, 2 * least), (1 + least) / 2)
    distance = least * (most / least) ** share
    root = np.sqrt(np.maximum(distance**2 * (1 + T) - T, 0))
    signs = np.where(rng.random(root.shape) < 0.5, -1, 1)
    return np.asarray(pairs.scale * ((1 + signs * root) / (1 + T)) ** 2)


def distances(pairs: Pairs, a: Array) -> Array:
    r"""Return the distances of centred points from the hyperbolas of their signs, (i, j, r).

    .. math:: h = (1 + \rho) (\hat h_k + \tan\theta\, t), \quad
              m = (1 + \rho) (\hat m_k + \tan\varphi\, s), \quad
              \epsilon^2 = \rho^2 + (1 + \rho)^2 (\tan^2\theta + \tan^2\varphi) / 2

    in units of :math:`\sqrt{\|h_k\| \|m_k\|}`, with unit tangents t and s, relative to the point of
    the curve with equal norms. Below 1/2 no other point is nearer; from there on this is at least
    1/2, as the distance is.
    """
    rho = np.sqrt(a / pairs.scale) - 1
    return np.asarray(np.sqrt(rho**2 + (1 + rho) ** 2 * pairs.T[..., None]))
