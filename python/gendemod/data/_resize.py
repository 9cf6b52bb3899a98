"""Pictures enlarged as in the paper's experiment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Pictures that are enlarged at once: the working memory stays small.
_SLICE = 1000


def enlarged(pictures: NDArray[Any], size: int) -> NDArray[Any]:
    """Return square `pictures`, (count, rows, rows), as rows (count, size**2), bilinearly.

    The centres of pixels, not of corners, are aligned; the dtype stays.
    """
    try:
        from skimage.transform import resize
    except ImportError:
        raise ImportError("enlarging needs scikit-image; install gendemod[images]") from None
    rows = np.empty((len(pictures), size * size), dtype=pictures.dtype)
    for first in range(0, len(pictures), _SLICE):
        # resize treats the last axis as channels: every picture is one channel of one picture.
        some = np.moveaxis(pictures[first : first + _SLICE], 0, -1)
        large = resize(some, (size, size), order=1, mode="edge")  # type: ignore[no-untyped-call]
        rows[first : first + _SLICE] = np.moveaxis(large, -1, 0).reshape(-1, size * size)
    return rows
