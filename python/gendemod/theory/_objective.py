"""Means over random weights: the objective and its gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, integer
from .._directions import level_of
from ._latents import layers, nonzero, settled, vectors
from ._pairs import Pair


def expected_objective(
    h: ArrayLike,
    m: ArrayLike,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    ell: int,
    alpha: float = 1.0,
) -> Any:
    r"""Return the mean of the objective (2) for wide random networks.

    .. math:: f_E = \frac{\alpha}{2^{d+s+1}\, \ell} \bigl( a^2 + a_0^2
              - 2 a a_0 \cos \theta_d \cos \varphi_s \bigr), \quad
              a = \|h\| \|m\|,\ a_0 = \|h_0\| \|m_0\|

    Parameters
    ----------
    h, m : array_like, (..., n) and (..., p)
        The point. Where one of them is zero, this is the mean of :math:`\|y\|^2 / 2`.
    h0, m0 : array_like, (..., n) and (..., p)
        The truth, neither of them zero. Leading axes are broadcast.
    depths : (d, s)
        Each at least 1; :math:`\theta_d` and :math:`\varphi_s` are the angles of (h, h0) and
        (m, m0) after so many layers, as from `angles`.
    ell : int
        Number of outputs.
    alpha : float
        Greater than 0. For truncated last layers the product of their `truncation_alpha`.

    Returns
    -------
    float or ndarray, (...)
        A sum of terms that are at least 0, so that it keeps its digits near the truth.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    Exact for d = s = 1; for more layers the limit of wide ones.
    """
    _, theta, phi, scale, dtype = _enter(h, m, h0, m0, depths, ell, alpha)
    a, a0 = theta.length * phi.length, theta.true_length * phi.true_length
    lost = theta.lost + theta.cosine * phi.lost  # 1 - cos(theta_d) cos(phi_s)
    return settled((scale / 2 * ((a - a0) ** 2 + 2 * a * a0 * lost))[..., 0], dtype)


def expected_gradients(
    h: ArrayLike,
    m: ArrayLike,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    ell: int,
    alpha: float = 1.0,
) -> tuple[Array, Array]:
    r"""Return the means of the two gradients for wide random networks, (10) and (11).

    .. math:: t_1 &= \frac{\alpha}{2^{d+s}\, \ell} \Bigl( \|m\|^2 h
              - \|m\| \|m_0\| \cos \varphi_s \bigl( \Pi_d\, h_0
              + \zeta_d \tfrac{\|h_0\|}{\|h\|} h \bigr) \Bigr) \\
              t_2 &= \frac{\alpha}{2^{d+s}\, \ell} \Bigl( \|h\|^2 m
              - \|h\| \|h_0\| \cos \theta_d \bigl( \Pi_s\, m_0
              + \zeta_s \tfrac{\|m_0\|}{\|m\|} m \bigr) \Bigr)

    Parameters
    ----------
    h, m : array_like, (..., n) and (..., p)
        The point. Where one of them is zero both results are 0, as both gradients are: every unit
        of that network is off.
    h0, m0 : array_like, (..., n) and (..., p)
        The truth, neither of them zero. Leading axes are broadcast.
    depths : (d, s)
        Each at least 1.
    ell : int
        Number of outputs.
    alpha : float
        Greater than 0. For truncated last layers the product of their `truncation_alpha`.

    Returns
    -------
    (t1, t2) : ndarrays, (..., n) and (..., p)
        The gradient of `expected_objective` where h and m are not zero.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    The paper has (10) and (11) in its appendix; these are derived from the angles alone, with the
    letters of `expected_product`. Exact for d = s = 1; for more layers the limit of wide ones.
    """
    (h, m), theta, phi, scale, dtype = _enter(h, m, h0, m0, depths, ell, alpha)
    inside = (theta.length > 0) & (phi.length > 0)
    t1 = phi.length**2 * h - phi.length * phi.true_length * phi.cosine * theta.product
    t2 = theta.length**2 * m - theta.length * theta.true_length * theta.cosine * phi.product
    first, second = (np.where(inside, scale * t, 0).astype(dtype) for t in (t1, t2))
    return first, second


def _enter(
    h: ArrayLike,
    m: ArrayLike,
    h0: ArrayLike,
    m0: ArrayLike,
    depths: tuple[int, int],
    ell: int,
    alpha: float,
) -> tuple[tuple[Array, Array], Pair, Pair, float, np.dtype[Any]]:
    """Return the point, what the means need of both networks, alpha / (2^(d+s) ell), and dtype."""
    (point_h, point_m, true_h, true_m), dtype = vectors(h=h, m=m, h0=h0, m0=m0)
    reason = "where h0 or m0 is zero so is the observation"
    nonzero(true_h, "h0", reason)
    nonzero(true_m, "m0", reason)
    d, s = layers(depths)
    outputs = integer(ell, "ell", 1, "it is the number of outputs")
    scale = math.ldexp(level_of(alpha) / outputs, -(d + s))
    theta, phi = Pair.of(point_h, true_h, d), Pair.of(point_m, true_m, s)
    return (point_h, point_m), theta, phi, scale, dtype
