"""The hyperbolas of the theorems, and how far a point is from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, number
from ._angles import rho
from ._latents import layers, nonzero, settled, vectors
from ._nearest import nearest


@dataclass(frozen=True)
class Centres:
    """The centres of the four hyperbolas of Theorems 2 and 3.

    Attributes
    ----------
    h, m : ndarray, (4, ..., n) and (4, ..., p)
        The centres, in the order (h0, m0), (-rho_d h0, m0), (h0, -rho_s m0) and
        (-rho_d h0, -rho_s m0).
    rho : (float, float)
        rho_d and rho_s.
    in_K : tuple of 4 bool
        Whether the hyperbola lies in K, where h = 0 or m = 0. A network of depth 1 has rho = 0,
        and its spurious branches are no curves of their own.
    """

    h: Array
    m: Array
    rho: tuple[float, float]
    in_K: tuple[bool, bool, bool, bool]


def hyperbola_centres(h0: ArrayLike, m0: ArrayLike, depths: tuple[int, int]) -> Centres:
    r"""Return the centres of the four hyperbolas that hold all minimisers of the theorems.

    .. math:: (h_0, m_0),\ (-\rho_d h_0, m_0),\ (h_0, -\rho_s m_0),\ (-\rho_d h_0, -\rho_s m_0)

    The first hyperbola is the global minimum; the others are the stationary points of
    `expected_objective` with h or m turned round. Theorem 2 writes the last two as
    :math:`(\rho_s h_0, -m_0)` and :math:`(-\rho_d \rho_s h_0, -m_0)`, which are the same curves.

    Parameters
    ----------
    h0, m0 : array_like, (..., n) and (..., p)
        The truth, neither of them zero.
    depths : (d, s)
        Each at least 1; the theorems ask for 2. At depth 1 rho is 0, and a spurious branch falls
        into K, the points with h = 0 or m = 0, as `in_K` says.

    Returns
    -------
    Centres
        ``hyperbola_distance(h, m, centres.h, centres.m)`` gives four distances.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    (true_h, true_m), dtype = vectors(h0=h0, m0=m0)
    reason = "where h0 or m0 is zero so is the observation"
    nonzero(true_h, "h0", reason)
    nonzero(true_m, "m0", reason)
    d, s = layers(depths)
    rho_d, rho_s = rho(d), rho(s)
    h = np.stack([true_h, -rho_d * true_h, true_h, -rho_d * true_h]) + 0.0  # no -0.0
    m = np.stack([true_m, true_m, -rho_s * true_m, -rho_s * true_m]) + 0.0
    in_k = (False, rho_d == 0, rho_s == 0, rho_d * rho_s == 0)
    return Centres(h.astype(dtype), m.astype(dtype), (rho_d, rho_s), in_k)


def hyperbola_distance(
    h: ArrayLike, m: ArrayLike, h_ref: ArrayLike, m_ref: ArrayLike
) -> tuple[Any, Any]:
    r"""Return the relative distance of points from a hyperbola, and where it is attained.

    .. math:: \epsilon = \inf_{c > 0} \frac{\|(h, m) - (c\, h_{ref}, m_{ref} / c)\|}
              {\|(c\, h_{ref}, m_{ref} / c)\|},

    the least epsilon of the neighbourhoods (3) that hold (h, m).

    Parameters
    ----------
    h, m : array_like, (..., n) and (..., p)
    h_ref, m_ref : array_like, (..., n) and (..., p)
        A point of the hyperbola. Leading axes are broadcast.

    Returns
    -------
    epsilon : float or ndarray, (...)
        At most 1, the limit for c to 0 and to infinity; where h_ref and m_ref are both zero it is
        0 at the origin and inf elsewhere.
    c : float or ndarray, (...)
        Where the infimum is attained, 1 where every c attains it, NaN where none does.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape; also for points farther than
        1e100 times :math:`\sqrt{\|h_{ref}\| \|m_{ref}\|}`.

    Notes
    -----
    Scaled to reference vectors of norm 1 by a factor of c, with :math:`S = \|h\|^2 + \|m\|^2`,
    :math:`p = h \cdot h_{ref}` and :math:`q = m \cdot m_{ref}`, the stationary points are roots of

    .. math:: p c^6 - S c^5 + 3 q c^4 - 3 p c^2 + S c - q = 0.

    The ratio is evaluated at all six, and the best polished by Newton steps on the ratio itself,
    which does not cancel: on the hyperbola epsilon is of the order of 1e-16. A point
    costs the eigenvalues of a matrix of size 6.
    """
    (h, m, h_ref, m_ref), dtype = vectors(h=h, m=m, h_ref=h_ref, m_ref=m_ref)
    epsilon, c = nearest(h, m, h_ref, m_ref)
    return settled(epsilon, dtype), settled(c, dtype)


def in_neighbourhood(
    h: ArrayLike, m: ArrayLike, h_ref: ArrayLike, m_ref: ArrayLike, epsilon: float
) -> Any:
    r"""Tell whether points lie in the neighbourhood (3) of a hyperbola.

    .. math:: \mathcal{A}_{\epsilon, (h_{ref}, m_{ref})} = \bigl\{ (h, m) : \exists c > 0,\
              \|(h, m) - (c\, h_{ref}, m_{ref} / c)\|
              \le \epsilon \|(c\, h_{ref}, m_{ref} / c)\| \bigr\}

    Parameters
    ----------
    h, m : array_like, (..., n) and (..., p)
    h_ref, m_ref : array_like, (..., n) and (..., p)
        A point of the hyperbola. Leading axes are broadcast.
    epsilon : float
        At least 0. With more than 1 everything is inside, unless h_ref and m_ref are both zero.

    Returns
    -------
    bool or ndarray, (...)

    Raises
    ------
    TypeError, ValueError
        As `hyperbola_distance`, and for an epsilon below 0.
    """
    reason = "it is a relative distance"
    radius = number(epsilon, "epsilon", "be at least 0", reason, 0)
    (h, m, h_ref, m_ref), _ = vectors(h=h, m=m, h_ref=h_ref, m_ref=m_ref)
    least, c = nearest(h, m, h_ref, m_ref)
    inside = np.where(np.isnan(c), least < radius, least <= radius)
    return bool(inside) if inside.ndim == 0 else inside
