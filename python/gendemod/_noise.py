"""Noise of two kinds on pictures, each a function of its seed and the place of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays
from ._arrays import must

__all__ = ["add_gaussian_noise", "add_poisson_noise"]

Array = NDArray[Any]

# Of a picture that is not 0, of the largest size of its pixels, and of a generator.
_Noisy = Callable[[Array, float, np.random.Generator], Array]

# NumPy draws Poisson counts as 64-bit integers.
_MOST_PHOTONS = 1e18


def add_gaussian_noise(y: ArrayLike, level: float, *, seed: int) -> Array:
    r"""Add independent Gaussian noise to every pixel.

    .. math:: y_i + \sigma\, \epsilon_i, \quad \epsilon_i \sim N(0, 1), \quad
        \sigma = \text{level} \cdot \|y\| / \sqrt{\ell}

    so that the noise has about `level` times the norm of the picture: a signal-to-noise ratio of
    ``-20 log10(level)`` dB.

    Parameters
    ----------
    y : array_like, (ell,) or (batch, ell)
    level : float
        At least 0.
    seed : int
        The noise of picture i is a function of (seed, i) and ell.

    Returns
    -------
    ndarray of the shape of y
        float32 stays float32, anything else becomes float64. It may be negative.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape; if a noisy pixel is beyond
        the largest number of the dtype.
    """
    level = _arrays.number(level, "level", "be at least 0", "it is a size of noise", 0.0)

    def noisy(row: Array, top: float, generator: np.random.Generator) -> Array:
        # Squares of numbers of at most 1 neither overflow nor all vanish.
        sigma = level * np.sqrt(np.mean((row / top) ** 2)) * top
        out: Array = row + sigma * generator.standard_normal(row.size)
        return out

    return _each(y, noisy, seed)


def add_poisson_noise(y: ArrayLike, photons: float, *, seed: int) -> Array:
    r"""Replace every pixel by a count of photons.

    .. math:: y_i' = \frac{N_i}{a}, \quad N_i \sim \text{Poisson}(a\, y_i), \quad
        a = \text{photons} / \max y

    The brightest pixel counts `photons` on average, with a signal-to-noise ratio of
    ``sqrt(photons)``. A picture that is 0 stays 0.

    Parameters
    ----------
    y : array_like, (ell,) or (batch, ell)
        At least 0.
    photons : float
        Positive, at most 1e18.
    seed : int
        The noise of picture i is a function of (seed, i) and that picture.

    Returns
    -------
    ndarray of the shape of y
        float32 stays float32, anything else becomes float64.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape; if a count over ``a`` is
        beyond the largest number of the dtype, as one of few photons in a bright picture may be.
    """
    photons = _arrays.number(photons, "photons", "be positive", "they are counted", 0.0)
    if not 0 < photons <= _MOST_PHOTONS:
        reason = "they are counted in 64 bits"
        raise ValueError(must("photons", "be positive and at most 1e18", reason, photons))
    if np.min(_arrays.floats(y, "y"), initial=0.0) < 0:
        reason = "there are no fewer than 0 photons"
        raise ValueError(must("y", "be at least 0", reason, np.min(y)))

    def noisy(row: Array, top: float, generator: np.random.Generator) -> Array:
        # 1 / a alone may overflow where no photon is counted.
        out: Array = generator.poisson(photons * (row / top)) / photons * top
        return out

    return _each(y, noisy, seed)


def _each(y: ArrayLike, noisy: _Noisy, seed: int) -> Array:
    """Return every picture with its noise, drawn from the counter-based generator of its place."""
    array = _arrays.finite(_arrays.floats(y, "y"), "y")
    if array.ndim not in (1, 2):
        reason = "it is one picture, or a row for each of many"
        raise ValueError(must("y", "have shape (ell,) or (k, ell)", reason, f"shape {array.shape}"))
    key = _arrays.seed(seed)
    out = array.copy()
    for place, row in enumerate(np.atleast_2d(array.astype(np.float64))):
        top = np.abs(row).max(initial=0.0)
        if top > 0:
            philox = np.random.Philox(key=np.array([key, place], dtype=np.uint64))
            with np.errstate(over="ignore"):
                np.atleast_2d(out)[place] = noisy(row, top, np.random.Generator(philox))
    if not np.all(np.isfinite(out)):
        reason = f"nothing beyond {np.finfo(out.dtype).max:.2g} is a {out.dtype}"
        got = f"an entry of size {np.abs(array).max():.2g}"
        raise ValueError(must("y", "be small enough to stay finite with its noise", reason, got))
    return out
