"""Pictures for demonstrations: handwritten digits and smooth bell-shaped distortions.

Every picture is one flattened row (row-major) with values in [0, 1]. All that is random is a
function of its seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _arrays

__all__ = ["bells", "digits", "split"]

Pictures = NDArray[np.float64]
Integers = NDArray[np.int64]


def digits(size: int = 32) -> tuple[Pictures, Integers]:
    """Return scikit-learn's 1,797 handwritten digits, dark on white.

    The 8 x 8 pictures come with scikit-learn; nothing is downloaded. They are enlarged by cubic
    interpolation, clipped to [0, 1] and inverted, ``1 - digit``, so that the ground is white.

    Parameters
    ----------
    size : int
        Rows and columns of a picture, at least 8.

    Returns
    -------
    images : ndarray, shape (1797, size * size)
        One picture a row, values in [0, 1].
    labels : ndarray, shape (1797,)
        The digit that each picture shows, 0 to 9.

    Raises
    ------
    TypeError
        If `size` is not an integer.
    ValueError
        If `size` is smaller than 8.
    ImportError
        If scikit-learn or scikit-image is missing.
    """
    size = _arrays.integer(size, "size", 8, "the digits are 8 by 8 pictures, to be enlarged")
    try:
        from skimage.transform import resize
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            "digits needs scikit-learn and scikit-image; install gendemod[demo]"
        ) from None
    bunch = load_digits()
    ink = np.asarray(bunch.images, dtype=np.float64) / 16.0
    # resize treats the last axis as channels here: every digit is one channel of one picture.
    enlarged = resize(  # type: ignore[no-untyped-call]
        np.moveaxis(ink, 0, -1), (size, size), order=3, mode="edge"
    )
    rows = np.moveaxis(enlarged, -1, 0).reshape(len(ink), size * size)
    images = np.ascontiguousarray(1.0 - np.clip(rows, 0.0, 1.0))
    return images, np.asarray(bunch.target, dtype=np.int64)


def split(count: int, *, held_out: float = 1 / 3, seed: int) -> tuple[Integers, Integers]:
    """Divide ``range(count)`` at random into a training part and a part held out.

    Parameters
    ----------
    count : int
        How many items there are, at least 2.
    held_out : float
        The share held out, strictly between 0 and 1; rounded to whole items, at least one on
        either side.
    seed : int
        The division is a function of `count`, `held_out` and `seed`.

    Returns
    -------
    train_indices, test_indices : ndarray
        Disjoint, sorted, together ``range(count)``.

    Raises
    ------
    TypeError
        If `count` or `seed` is not an integer.
    ValueError
        If `seed` is negative, `count` is smaller than 2, or `held_out` is not strictly between
        0 and 1.
    """
    count = _arrays.integer(count, "count", 2, "both parts need an item")
    if not 0.0 < held_out < 1.0:
        requirement, reason = "lie strictly between 0 and 1", "both parts need an item"
        raise ValueError(_arrays.must("held_out", requirement, reason, held_out))
    tests = min(max(round(count * held_out), 1), count - 1)
    order = np.argsort(_generator(seed).random(count), kind="stable")
    return np.sort(order[tests:]), np.sort(order[:tests])


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
    drawn = _generator(seed).random((count, 2))
    centre = -3.0 + 6.0 * drawn[:, :1]
    sigma = 20.0 + 15.0 * drawn[:, 1:]
    # The two coordinates enter as a product of two factors with the same centre.
    factor = np.exp(-((np.linspace(-5.0, 5.0, size) - centre) ** 2) / sigma)
    return (factor[:, :, None] * factor[:, None, :]).reshape(count, size * size)


def _generator(seed: int) -> np.random.Generator:
    """Return the counter-based generator of a seed."""
    return np.random.Generator(np.random.Philox(_arrays.seed(seed)))
