"""The 1,797 handwritten digits that come with scikit-learn, and a division into two parts."""

from __future__ import annotations

import numpy as np

from .. import _arrays
from ._types import Integers, Pictures, generator


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
        If `count` or `seed` is not an integer or `held_out` is no number.
    ValueError
        If `seed` is negative, `count` is smaller than 2, or `held_out` is not strictly between
        0 and 1.
    """
    count = _arrays.integer(count, "count", 2, "both parts need an item")
    requirement, reason = "lie strictly between 0 and 1", "both parts need an item"
    held_out = _arrays.number(held_out, "held_out", requirement, reason, 0.0)
    if not 0.0 < held_out < 1.0:
        raise ValueError(_arrays.must("held_out", requirement, reason, held_out))
    tests = min(max(round(count * held_out), 1), count - 1)
    order = np.argsort(generator(seed).random(count), kind="stable")
    return np.sort(order[tests:]), np.sort(order[:tests])
