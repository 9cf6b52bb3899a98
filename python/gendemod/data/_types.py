"""What the modules of pictures share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import _arrays

Pictures = NDArray[np.float64]
Integers = NDArray[np.int64]


def generator(seed: int) -> np.random.Generator:
    """Return the counter-based generator of a seed."""
    return np.random.Generator(np.random.Philox(_arrays.seed(seed)))


def uniform(count: int, numbers: int, size: int, seed: int) -> Pictures:
    """Return numbers in [0, 1), a row for each of `count` pictures of `size` x `size`."""
    drawing = generator(seed)
    # A MemoryError comes before anything is drawn where there is no room for the pictures.
    np.empty((count, size, size))
    # A row a picture, so that the first pictures do not depend on how many there are.
    return drawing.random((count, numbers))
