"""Means over random weights: Gram sums, and products of linear pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, integer
from ._latents import nonzero, unit, vectors
from ._pairs import Pair


def expected_gram(x: ArrayLike, y: ArrayLike) -> Array:
    r"""Return Q of the WDC (5), the mean of 1{w.x > 0} 1{w.y > 0} w w^T for w ~ N(0, I).

    .. math:: Q_{x,y} = \frac{\pi - \theta}{2 \pi} I
              + \frac{\sin \theta}{2 \pi} M_{\hat x \leftrightarrow \hat y}

    Parameters
    ----------
    x, y : array_like, (..., n)
        Directions, an angle theta apart; their lengths do not matter. Leading axes are broadcast.

    Returns
    -------
    ndarray, (..., n, n)
        Symmetric, with eigenvalues from 0 to 1/2.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    M swaps the directions of x and y and has the null space of both:
    :math:`M = \hat p \hat p^T - \hat q \hat q^T` with :math:`p = \hat x + \hat y` and
    :math:`q = \hat x - \hat y`, and :math:`\sin \theta = \|p\| \|q\| / 2`, so that nothing cancels
    near 0 and pi. A few :math:`n^2` flops and numbers.
    """
    (first, second), dtype = vectors(x=x, y=y)
    first, second = (unit(z)[0] for z in _directions(first, second))
    p, length_p = unit(first + second)
    q, length_q = unit(first - second)
    swap = p[..., :, None] * p[..., None, :] - q[..., :, None] * q[..., None, :]
    rest = 2 * np.arctan2(length_p, length_q)[..., None]  # pi - theta
    sine = (length_p * length_q)[..., None] / 2
    out: Array = (rest * np.eye(p.shape[-1]) + sine * swap) / (2 * np.pi)
    return out.astype(dtype)


def expected_product(x: ArrayLike, y: ArrayLike, depth: int) -> Array:
    r"""Return the mean of :math:`\Lambda_x^T \Lambda_y y` for a wide random network.

    .. math:: \tilde t_{x,y} = 2^{-d} \Bigl( \Pi_d\, y
              + \zeta_d \frac{\|y\|}{\|x\|}\, x \Bigr), \quad
              \Pi_d = \prod_{i=0}^{d-1} \frac{\pi - \theta_i}{\pi}, \quad
              \zeta_d = \sum_{i=0}^{d-1} \frac{\sin \theta_i}{\pi}
              \prod_{j=i+1}^{d-1} \frac{\pi - \theta_j}{\pi}

    Parameters
    ----------
    x, y : array_like, (..., n)
        Not zero, at the angle :math:`\theta_0`; `angles` gives the others. Leading axes are
        broadcast.
    depth : int
        Number of layers d, at least 1.

    Returns
    -------
    ndarray, (..., n)

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    The entries of :math:`W_i` are :math:`N(0, 1/n_i)`; a truncated last layer brings the factor
    `truncation_alpha`. For one layer this is the mean, for more layers its limit: the mean differs
    by the order of 1 / width. The cost is of the order of n + d.
    """
    (first, second), dtype = vectors(x=x, y=y)
    count = integer(depth, "depth", 1, "a network has a layer")
    first, second = _directions(first, second)
    return np.ldexp(Pair.of(first, second, count).product, -count).astype(dtype)


def _directions(x: Array, y: Array) -> tuple[Array, Array]:
    return nonzero(x, "x", "it has no direction"), nonzero(y, "y", "it has no direction")
