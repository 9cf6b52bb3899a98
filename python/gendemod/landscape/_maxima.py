"""Whether the points of K, where h = 0 or m = 0, are local maximisers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, integer
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from ..network import ReLUNetwork
from ._law import ANYWHERE, Stratum, directions
from ._plain import Findings
from ._scene import scene

ANY = Stratum(ANYWHERE, 1.0, 0)
KINDS = ("(h, 0)", "(0, m)", "(0, 0)")


@dataclass(frozen=True)
class Maxima(Findings):
    """How f changes along random directions from random points of K.

    Attributes
    ----------
    falls, constant, rises : ndarray of int, (3,)
        Expansions with a first coefficient that is negative, none, and one that is positive, at
        points (h, 0), (0, m) and (0, 0).
    least_cosine : float
        The least :math:`-c_j / (\\|y\\| \\|r_j\\|)` of the first coefficients: how far f is from
        rising. 0 where some expansion is constant or rises.
    limit : float
        :math:`\\rho_d \\rho_s`, which it is at least for wide random networks.
    """

    falls: Array
    constant: Array
    rises: Array
    least_cosine: float
    limit: float


def maxima(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    h0: ArrayLike,
    m0: ArrayLike,
    *,
    points: int = 3000,
    seed: int = 0,
    threads: int | None = None,
) -> Maxima:
    r"""Expand f exactly along random directions from random points of K.

    .. math:: f(t) = \tfrac12 \|y\|^2 + \sum_{k=1}^4 c_k t^k, \qquad
              r_0 = -y,\ r_1 = dw \odot x + w \odot dx,\ r_2 = dw \odot dx, \qquad
              c_1 = \langle r_0, r_1 \rangle,\
              c_2 = \langle r_0, r_2 \rangle + \tfrac12 \|r_1\|^2,\
              c_3 = \langle r_1, r_2 \rangle,\ c_4 = \tfrac12 \|r_2\|^2

    for small t > 0: where the first of them that is not 0 is negative, f falls.

    Parameters
    ----------
    g1, g2 : ReLUNetwork
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    points : int
        A third (h, 0), a third (0, m), a third (0, 0); rounded up.
    seed : int
        The points are a function of it.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.

    Returns
    -------
    Maxima

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    The maximum is not strict: f is constant on K. w, x and y have no negative entries, so that
    c_1 is 0 only where all its terms are. Costs four passes of the networks a point.
    """
    setting = scene(g1, g2, h0, m0)
    count = -(-integer(points, "points", 1, "there must be one to look at") // 3)
    rng = np.random.default_rng([checked_seed(seed), 1])
    workers = checked_threads(threads) or None
    signs, cosines = [], []
    for kind in range(3):
        h, dh = (directions(setting.h0, False, ANY, count, rng) for _ in range(2))
        m, dm = (directions(setting.m0, False, ANY, count, rng) for _ in range(2))
        w, dw = _moving(setting.g1, h, dh, kind == 0, workers)
        x, dx = _moving(setting.g2, m, dm, kind == 1, workers)
        c, first = quartic(setting.y, w, x, dw, dx)
        leading = np.argmax(c != 0, axis=1)
        at = np.arange(count)
        signs.append(np.sign(c[at, leading]))
        size = np.linalg.norm(first, axis=1) * np.sqrt(setting.energy)
        falls = -c[at, leading]
        cosines.append(np.divide(falls, size, out=np.zeros(count), where=size > 0))
    table = np.stack([[(sign == s).sum() for sign in signs] for s in (-1, 0, 1)])
    least = float(max(0.0, np.min(cosines)))
    rho_d, rho_s = setting.centres.rho
    falls, constant, rises = table
    return Maxima(falls, constant, rises, least, rho_d * rho_s)


def quartic(y: Array, w: Array, x: Array, dw: Array, dx: Array) -> tuple[Array, Array]:
    """Return c_1 to c_4 of every row, (k, 4), and r_1, or r_2 where r_1 is 0."""
    r0, r1, r2 = w * x - y, dw * x + w * dx, dw * dx
    squares = [
        np.einsum("ki,ki->k", a, b) for a, b in ((r0, r1), (r0, r2), (r1, r1), (r1, r2), (r2, r2))
    ]
    c = np.stack([squares[0], squares[1] + squares[2] / 2, squares[3], squares[4] / 2], axis=1)
    return c, np.where(r1.any(axis=1, keepdims=True), r1, r2)


def _moving(
    network: ReLUNetwork, z: Array, dz: Array, elsewhere: bool, threads: int | None
) -> tuple[Array, Array]:
    """Return the output and its derivative, at z or (not elsewhere) at 0."""
    if elsewhere:
        return network(z, threads=threads), network.jvp(z, dz, threads=threads)
    moved = network(dz, threads=threads)
    return np.zeros_like(moved), moved
