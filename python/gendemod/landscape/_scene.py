"""Two networks and a truth: what every question about a landscape begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, floats, must
from ..network import ReLUNetwork
from ..theory import Centres, hyperbola_centres, hyperbola_distance
from ..theory._latents import nonzero, unit

NEEDED = "the theorem needs both h0 and m0 to be other than zero: where one is, so is y"


@dataclass(frozen=True)
class Scene:
    r"""Networks and a truth in float64, the truth scaled to :math:`\|h_0\| = \|m_0\| = 1`.

    Attributes
    ----------
    g1, g2 : ReLUNetwork
    h0, m0 : ndarray, (n,) and (p,)
        Unit vectors.
    y : ndarray, (ell,)
        G1(h0) * G2(m0).
    energy : float
        :math:`\|y\|^2`.
    centres : Centres
        Of the four hyperbolas.
    levels : ndarray, (4,)
        :math:`\|h\| \|m\|` of their centres, 1, rho_d, rho_s and rho_d rho_s; 0 for a branch in K.
    size : float
        :math:`\sqrt{\|h_0\| \|m_0\|}` as it was given: balanced latents of the given problem are
        this times those here.
    """

    g1: ReLUNetwork
    g2: ReLUNetwork
    h0: Array
    m0: Array
    y: Array
    energy: float
    centres: Centres
    levels: Array
    size: float


def scene(g1: ReLUNetwork, g2: ReLUNetwork, h0: ArrayLike, m0: ArrayLike) -> Scene:
    """Check networks and a truth."""
    check_networks(g1, g2)
    direction_h, length_h = _direction(h0, "h0", "g1", g1.dims[0])
    direction_m, length_m = _direction(m0, "m0", "g2", g2.dims[0])
    y = g1(direction_h) * g2(direction_m)
    energy = float(y @ y)
    if not 0 < energy < np.inf:
        reason = "f is constant where y is zero, and no number where it overflows"
        requirement = "have an observation G1(h0) * G2(m0) other than zero, whose square is finite"
        raise ValueError(must("h0", requirement, reason, f"|y|^2 = {energy:g} at |h0| = |m0| = 1"))
    centres = hyperbola_centres(direction_h, direction_m, (g1.depth, g2.depth))
    rho_d, rho_s = centres.rho
    levels = np.array([1.0, rho_d, rho_s, rho_d * rho_s])
    size = float(np.sqrt(length_h) * np.sqrt(length_m))
    return Scene(g1, g2, direction_h, direction_m, y, energy, centres, levels, size)


def from_hyperbolas(scene: Scene, h: Array, m: Array) -> Array:
    """Return the distances of points from the four hyperbolas, (k, 4); inf for one in K."""
    out = np.full((len(h), 4), np.inf)
    for k in np.nonzero(scene.levels > 0)[0]:
        out[:, k] = hyperbola_distance(h, m, scene.centres.h[k], scene.centres.m[k])[0]
    return out


def check_networks(g1: ReLUNetwork, g2: ReLUNetwork) -> None:
    """Check that two arguments are networks whose outputs are multiplied."""
    for name, network in (("g1", g1), ("g2", g2)):
        if not isinstance(network, ReLUNetwork):
            reason = "the landscape is that of two networks"
            raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
    if g2.dims[-1] != g1.dims[-1]:
        reason = "the outputs are multiplied entry by entry"
        requirement = f"have {g1.dims[-1]} outputs, as `g1` has"
        raise ValueError(must("g2", requirement, reason, g2.dims[-1]))


def _direction(value: ArrayLike, name: str, network: str, size: int) -> tuple[Array, float]:
    z = finite(floats(value, name), name).astype(np.float64)
    if z.shape != (size,):
        reason = f"`{network}` has {size} inputs"
        raise ValueError(must(name, f"have shape ({size},)", reason, f"shape {z.shape}"))
    direction, length = unit(nonzero(z, name, NEEDED))
    return direction, float(length[0])
