"""The bell-shaped distortions of the paper."""

from __future__ import annotations

import numpy as np

from .. import _arrays
from ._resize import enlarged
from ._types import Pictures, generator


def bells(count: int, size: int, *, seed: int) -> Pictures:
    r"""Draw bell-shaped distortions as in the paper's experiment.

    .. math:: x(u, v) = \exp\left(-\frac{(u - c)^2 + (v - c)^2}{\sigma}\right)

    on an equally spaced grid over [-5, 5] x [-5, 5], with ``c`` uniform in [-3, 3] (the same in
    both coordinates) and ``sigma`` uniform in [20, 35].

    Parameters
    ----------
    count : int
        How many bells, at least 0.
    size : int
        Rows and columns of a picture, at least 2.
    seed : int
        Bell ``i`` is a function of `size`, `seed` and ``i``.

    Returns
    -------
    ndarray, shape (count, size * size)
        One bell a row, values in (0, 1].

    Raises
    ------
    TypeError
        If `count`, `size` or `seed` is not an integer.
    ValueError
        If `count` or `seed` is negative or `size` is smaller than 2.

    References
    ----------
    Hand and Joshi, "Global Guarantees for Blind Demodulation with Generative Priors", Section 4.
    """
    count = _arrays.integer(count, "count", 0, "it counts pictures")
    size = _arrays.integer(size, "size", 2, "the grid has two ends")
    drawn = generator(seed).random((count, 2))
    centre = -3.0 + 6.0 * drawn[:, :1]
    sigma = 20.0 + 15.0 * drawn[:, 1:]
    return _bells(centre, sigma, size)


def paper_bells(
    count: int = 8100, size: int = 64, *, reading: str = "grid", seed: int | None = None
) -> Pictures:
    r"""Return the distortions of Section 4: bells of 28 x 28 pixels, enlarged to `size` x `size`.

    "8100 images with c and sigma varying uniformly" has two readings: the 90 x 90 grid of equally
    spaced c and sigma, and 8100 independent draws.

    Parameters
    ----------
    count : int
        How many draws; 8100 for the grid.
    size : int
        Rows and columns of a picture, at least 28.
    reading : "grid" or "draws"
        ``c`` in [-3, 3] and ``sigma`` in [20, 35] equally spaced, ends included, or uniform.
    seed : int, optional
        Bell ``i`` of the draws is a function of `size`, `seed` and ``i``. The grid has none.

    Returns
    -------
    ndarray, shape (count, size * size)
        One bell a row, values in (0, 1].
    """
    if reading == "grid":
        centre, sigma = np.meshgrid(np.linspace(-3, 3, 90), np.linspace(20, 35, 90), indexing="ij")
        small = _bells(centre.reshape(-1, 1), sigma.reshape(-1, 1), 28)
    else:
        assert seed is not None
        small = bells(count, 28, seed=seed)
    return enlarged(small.reshape(-1, 28, 28), size)


def _bells(centre: Pictures, sigma: Pictures, size: int) -> Pictures:
    """Return the bells of centres and widths, (count, 1) each."""
    # The two coordinates enter as a product of two factors with the same centre.
    factor = np.exp(-((np.linspace(-5.0, 5.0, size) - centre) ** 2) / sigma)
    return (factor[:, :, None] * factor[:, None, :]).reshape(len(centre), size * size)
