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
