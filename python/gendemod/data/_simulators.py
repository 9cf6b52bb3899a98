r"""Multiplicative distortions that practitioners meet, each by its formula.

All are functions of (u, v) in [-1, 1] x [-1, 1], equally spaced, ends included: u goes down, v to
the right, and half a side of the picture is the unit of length. All are above 0 and at most 1, the
maximum of each formula. Numbers in intervals are drawn, uniform and independent.
"""

from __future__ import annotations

import numpy as np

from .. import _arrays
from ._types import Pictures, uniform

# The degrees (i, j) of P_i(u) P_j(v) in a cubic polynomial without its constant.
_CUBIC = tuple((i, j) for i in range(4) for j in range(4) if 1 <= i + j <= 3)


def vignetting(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw the natural vignetting of a lens, the fourth power of the cosine of the angle of view.

    .. math:: x(u, v) = \cos^4\theta = \left(1 + \frac{(u - a)^2 + (v - b)^2}{f^2}\right)^{-2}

    with the focal length ``f`` in [1.5, 4] half sides and the optical centre ``(a, b)`` in
    [-1/4, 1/4] x [-1/4, 1/4].

    Parameters
    ----------
    count : int
        How many, at least 0.
    size : int
        Rows and columns of a picture, at least 2.
    seed : int
        Picture ``i`` is a function of `size`, `seed` and ``i``.

    Returns
    -------
    ndarray, shape (count, size * size)
        One picture a row, values in [0.175, 1]; 1 at the optical centre.

    Raises
    ------
    TypeError
        If `count`, `size` or `seed` is not an integer.
    ValueError
        If `count` or `seed` is negative or `size` is smaller than 2.
    MemoryError
        If there is no room for so many pictures.
    """
    u, v, (f, a, b) = _drawn(count, size, seed, (1.5, 4.0), (-0.25, 0.25), (-0.25, 0.25))
    return _rows((1 + ((u - a) ** 2 + (v - b) ** 2) / f**2) ** -2)


def linear_shading(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw light from one side: shading that falls linearly from one corner to the opposite one.

    .. math:: x(u, v) = 1 - \frac d2 \left(1 -
              \frac{u\cos\varphi + v\sin\varphi}{|\cos\varphi| + |\sin\varphi|}\right)

    with the direction ``phi`` in [0, 2 pi) and the loss ``d`` in [0.1, 0.8].

    Parameters
    ----------
    count, size, seed : int
        As for `vignetting`.

    Returns
    -------
    ndarray, shape (count, size * size)
        One picture a row, values in [0.2, 1]; from 1 - d to 1 in every picture.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `vignetting`.
    """
    u, v, (phi, d) = _drawn(count, size, seed, (0.0, 2 * np.pi), (0.1, 0.8))
    c, s = np.cos(phi), np.sin(phi)
    return _rows(1 - d / 2 * (1 - (u * c + v * s) / (abs(c) + abs(s))))


def quadratic_shading(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw an uneven lamp: shading that falls as a paraboloid, from a bowl to a trough.

    .. math:: x(u, v) = 1 - d\, \frac{q(u, v)}{\max q}, \qquad q = s^2 + \lambda t^2

    where ``(s, t)`` is ``(u - a, v - b)`` turned by ``phi``, with the centre ``(a, b)`` in
    [-1/2, 1/2] x [-1/2, 1/2], ``phi`` in [0, 2 pi), ``lambda`` in [0, 1] and the loss ``d`` in
    [0.1, 0.8].

    Parameters
    ----------
    count, size, seed : int
        As for `vignetting`.

    Returns
    -------
    ndarray, shape (count, size * size)
        One picture a row, values in [0.2, 1]; 1 at the centre, 1 - d in one corner.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `vignetting`.
    """
    middle = (-0.5, 0.5)
    ranges = (middle, middle, (0.0, 2 * np.pi), (0.0, 1.0), (0.1, 0.8))
    u, v, (a, b, phi, lam, d) = _drawn(count, size, seed, *ranges)
    c, s = np.cos(phi), np.sin(phi)
    q = ((u - a) * c + (v - b) * s) ** 2 + lam * ((v - b) * c - (u - a) * s) ** 2
    # q is convex, so that its maximum is in a corner, which is a pixel.
    return _rows(1 - d * q / q.max(axis=(1, 2), keepdims=True))


def mri_bias_field(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw bias fields like those of magnetic resonance coils: the exponential of a polynomial.

    .. math:: x(u, v) = \exp\left(-s\, \frac{\max\rho - \rho(u, v)}{\max\rho - \min\rho}\right),
              \qquad \rho = \sum_{1 \le i + j \le 3} c_{ij} P_i(u) P_j(v)

    in Legendre polynomials, with ``c`` in [-1, 1] and ``s`` from log(1.1 / 0.9) to log(1.4 / 0.6):
    the fields run from 10 to 40 per cent below to as much above their middle, over their maximum.

    Parameters
    ----------
    count, size, seed : int
        As for `vignetting`.

    Returns
    -------
    ndarray, shape (count, size * size)
        One picture a row, values in [3/7, 1]; from exp(-s) to 1 in every picture.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `vignetting`.
    """
    spread = (np.log(1.1 / 0.9), np.log(1.4 / 0.6))
    u, v, (s, *c) = _drawn(count, size, seed, spread, *[(-1.0, 1.0)] * len(_CUBIC))
    p, r = (np.moveaxis(np.polynomial.legendre.legvander(line, 3), -1, 0) for line in (u, v))
    rho = sum(c_ij * p[i] * r[j] for c_ij, (i, j) in zip(c, _CUBIC, strict=True))
    top, bottom = (end(rho, axis=(1, 2), keepdims=True) for end in (np.max, np.min))
    return _rows(np.exp(-s * (top - rho) / (top - bottom)))


def terahertz_sweep(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw terahertz-like sweeps: the fringes of two beams reflected by a tilted and bent layer.

    .. math:: x(u, v) = \frac{1 + a\cos 2\pi\psi(u)}{1 + a},
              \qquad \psi(u) = \psi_0 + k \left(u + \tfrac12 \beta u^2\right)

    ``psi`` is the path difference in wavelengths, ``2 n D(u) nu / c`` for a layer of index ``n``
    and thickness ``D(u)`` at frequency ``nu``. The tilt makes ``k`` fringes in half a side, the
    bend makes them a chirp, ``k (1 + beta u)`` at u. The visibility ``a`` is in [0.2, 0.7],
    ``psi_0`` in [0, 1), ``k`` in [1, 3] and ``beta`` in [-1/2, 1/2].

    Parameters
    ----------
    count, size, seed : int
        As for `vignetting`. Below 20 pixels the finest fringes are not resolved.

    Returns
    -------
    ndarray, shape (count, size * size)
        One picture a row, values in [3/17, 1].

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `vignetting`.

    Notes
    -----
    Inter-reflections of misaligned layers distort terahertz pictures in this way; measured sweeps
    are traces of pulses, which have signs. This is their like in intensities, fitted to no device.

    References
    ----------
    Aghasi, Heshmat, Redo-Sanchez, Romberg, Raskar, "Sweep distortion removal from terahertz images
    via blind demodulation", Optica 3(7), 2016.
    """
    ranges = ((0.2, 0.7), (0.0, 1.0), (1.0, 3.0), (-0.5, 0.5))
    u, v, (a, start, k, beta) = _drawn(count, size, seed, *ranges)
    psi = start + k * (u + beta / 2 * u**2)
    return _rows((1 + a * np.cos(2 * np.pi * psi)) / (1 + a) * np.ones_like(v))


def _drawn(
    count: int, size: int, seed: int, *ranges: tuple[float, float]
) -> tuple[Pictures, Pictures, Pictures]:
    """Return u and v, and for each range one number a picture, (ranges, count, 1, 1)."""
    count = _arrays.integer(count, "count", 0, "it counts pictures")
    size = _arrays.integer(size, "size", 2, "the grid has two ends")
    low, high = np.array(ranges).T
    drawn = low + (high - low) * uniform(count, len(ranges), size, seed)
    line = np.linspace(-1.0, 1.0, size)
    return line[:, None], line[None, :], drawn.T[:, :, None, None]


def _rows(fields: Pictures) -> Pictures:
    count, rows, columns = fields.shape
    return fields.reshape(count, rows * columns)
