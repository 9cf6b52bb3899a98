"""The angle between two vectors on their way through random layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, floats, integer, must
from ._latents import settled

SERIES = [1 / 3, -1 / 30, 1 / 840, -1 / 45360, 1 / 3991680, -1 / 518918400]


def angle_map(theta: ArrayLike) -> Any:
    r"""Return the angle after a wide random ReLU layer, from the angle before it.

    .. math:: g(\theta) = \arccos \frac{(\pi - \theta) \cos \theta + \sin \theta}{\pi}

    Parameters
    ----------
    theta : array_like
        Angles in radians, between 0 and pi.

    Returns
    -------
    float or ndarray
        Of the shape of theta, between 0 and pi / 2, accurate to a few units of the last place.

    Raises
    ------
    TypeError, ValueError
        If theta holds no numbers between 0 and pi.
    """
    angle, dtype = _angle(theta)
    return settled(mapped(angle), dtype)


def angles(theta: ArrayLike, depth: int) -> Array:
    r"""Return an angle and what it becomes after each of `depth` wide random layers.

    .. math:: \theta_0 = \theta, \qquad \theta_i = g(\theta_{i-1})

    Parameters
    ----------
    theta : array_like
        Angles in radians, between 0 and pi.
    depth : int
        At least 1.

    Returns
    -------
    ndarray, (..., depth + 1)
        From theta_0 to theta_depth along the last axis.

    Raises
    ------
    TypeError, ValueError
        If theta holds no numbers between 0 and pi, or depth is no integer of at least 1.

    Notes
    -----
    They fall, ever more slowly: :math:`\theta_d \approx 3 \pi / d`.
    """
    angle, dtype = _angle(theta)
    steps = [angle]
    for _ in range(integer(depth, "depth", 1, "a network has a layer")):
        steps.append(mapped(steps[-1]))
    return np.stack(steps, axis=-1).astype(dtype)


def rho(depth: int) -> float:
    r"""Return the factor of the spurious hyperbolas of Theorems 2 and 3.

    .. math:: \rho_d = \sum_{i=1}^{d-1} \frac{\sin \theta_i}{\pi}
              \prod_{j=i+1}^{d-1} \frac{\pi - \theta_j}{\pi} = \cos \theta_d,
              \qquad \theta_0 = \pi

    Parameters
    ----------
    depth : int
        At least 1. A network of depth 1 has rho = 0.

    Returns
    -------
    float
        At least 0 and below 1; :math:`1 - \rho_d \approx 4.5 \pi^2 / d^2`.

    Raises
    ------
    TypeError, ValueError
        If depth is no integer of at least 1.
    """
    later = integer(depth, "depth", 1, "a network has a layer") - 1
    return float(mixture(np.asarray(np.pi / 2), later)[1])  # theta_1 = pi / 2


def mixture(theta: Array, depth: int) -> tuple[Array, Array, Array]:
    r"""Return Pi_d, zeta_d and theta_d of the expected product, from theta_0.

    .. math:: \Pi_d = \prod_{i=0}^{d-1} \frac{\pi - \theta_i}{\pi}, \qquad
              \zeta_d = \sum_{i=0}^{d-1} \frac{\sin \theta_i}{\pi}
              \prod_{j=i+1}^{d-1} \frac{\pi - \theta_j}{\pi}
    """
    product, mixed = np.ones_like(theta), np.zeros_like(theta)
    for _ in range(depth):
        kept = (np.pi - theta) / np.pi
        product, mixed = product * kept, mixed * kept + np.sin(theta) / np.pi
        theta = mapped(theta)
    return product, mixed, theta


def between(x: Array, y: Array) -> Array:
    """Return the angle between unit vectors, to the last digits also near 0 and pi."""
    out: Array = 2 * np.arctan2(np.linalg.norm(x - y, axis=-1), np.linalg.norm(x + y, axis=-1))
    return out


def mapped(theta: Array) -> Array:
    """Return g(theta) by 2 atan2(sqrt(1 - cos g), sqrt(1 + cos g)), where nothing cancels."""
    square = np.minimum(theta, 0.5) ** 2
    small = np.polynomial.polynomial.polyval(square, SERIES) * theta * square
    sine, cosine = np.sin(theta), np.cos(theta)
    bent = np.where(theta < 0.5, small, sine - theta * cosine)  # sin t - t cos t = t^3 / 3 - ...
    below = 2 * np.sin(theta / 2) ** 2 - bent / np.pi
    above = 1 + cosine + bent / np.pi
    out: Array = 2 * np.arctan2(np.sqrt(below), np.sqrt(above))
    return out


def _angle(theta: ArrayLike) -> tuple[Array, np.dtype[Any]]:
    angle = finite(floats(theta, "theta"), "theta")
    wrong = (angle < 0) | (angle > angle.dtype.type(np.pi))
    if wrong.any():
        reason = "it is an angle between two vectors"
        raise ValueError(must("theta", "be between 0 and pi", reason, angle[wrong].flat[0]))
    return np.minimum(angle.astype(np.float64), np.pi), angle.dtype  # float32(pi) is above pi
