"""The bell-shaped distortions of the paper."""

from __future__ import annotations

import numpy as np

from .. import _arrays
from ._resize import enlarged
from ._types import Pictures, uniform


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
    MemoryError
        If there is no room for so many pictures.

    References
    ----------
    Hand and Joshi, "Global Guarantees for Blind Demodulation with Generative Priors", Section 4.
    """
    count = _arrays.integer(count, "count", 0, "it counts pictures")
    size = _arrays.integer(size, "size", 2, "the grid has two ends")
    drawn = uniform(count, 2, size, seed)
    centre = -3.0 + 6.0 * drawn[:, :1]
    sigma = 20.0 + 15.0 * drawn[:, 1:]
    return _bells(centre, sigma, size)


def paper_bells(
    count: int = 8100, size: int = 64, *, reading: str = "grid", seed: int | None = None
) -> Pictures:
    r"""Return the distortions of Section 4: bells of 28 x 28 pixels, enlarged to `size` x `size`.

    "8100 images with c and sigma varying uniformly" has two readings: a 90 x 90 grid of equally
    spaced centres and widths, and independent draws, which can go on beyond 8100. The grid is the
    default: 8100 is a square, and nothing is left to chance.

    Parameters
    ----------
    count : int
        How many: 8100 for the grid, any number of draws.
    size : int
        Rows and columns of a picture, at least 28.
    reading : "grid" or "draws"
        ``c`` in [-3, 3] and ``sigma`` in [20, 35] equally spaced, ends included, ``sigma`` varying
        faster; or both uniform and independent, as in `bells`.
    seed : int, optional
        Bell ``i`` of the draws is a function of `size`, `seed` and ``i``. The grid has none.

    Returns
    -------
    ndarray, shape (count, size * size)
        One bell a row, values in (0, 1].

    Raises
    ------
    TypeError
        If `count`, `size` or the `seed` of the draws is not an integer.
    ValueError
        If `reading` is another word; if the grid is given a `count` other than 8100 or a `seed`;
        if `count` or `seed` is negative or `size` is smaller than 28.
    ImportError
        If scikit-image is missing.

    References
    ----------
    Hand and Joshi, "Global Guarantees for Blind Demodulation with Generative Priors", Section 4.
    """
    size = _arrays.integer(size, "size", 28, "the bells are 28 by 28 pictures, to be enlarged")
    if reading == "grid":
        small = _grid_of_bells(count, seed)
    elif reading == "draws":
        small = bells(count, 28, seed=_arrays.seed(seed))
    else:
        reason = "the paper's words have these two readings"
        raise ValueError(_arrays.must("reading", 'be "grid" or "draws"', reason, repr(reading)))
    return enlarged(small.reshape(-1, 28, 28), size)


def _grid_of_bells(count: int, seed: int | None) -> Pictures:
    """Return the bells of 90 centres and 90 widths, 28 x 28."""
    if _arrays.integer(count, "count", 0, "it counts pictures") != 8100:
        raise ValueError(_arrays.must("count", "be 8100", "the grid is 90 by 90", count))
    if seed is not None:
        raise ValueError(_arrays.must("seed", "be None", "nothing in the grid is drawn", seed))
    centre, sigma = np.meshgrid(np.linspace(-3, 3, 90), np.linspace(20, 35, 90), indexing="ij")
    return _bells(centre.reshape(-1, 1), sigma.reshape(-1, 1), 28)


def _bells(centre: Pictures, sigma: Pictures, size: int) -> Pictures:
    """Return the bells of centres and widths, (count, 1) each."""
    # The two coordinates enter as a product of two factors with the same centre.
    factor = np.exp(-((np.linspace(-5.0, 5.0, size) - centre) ** 2) / sigma)
    return (factor[:, :, None] * factor[:, None, :]).reshape(len(centre), size * size)
