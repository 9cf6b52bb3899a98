"""The MNIST handwritten digits, from a folder, enlarged as in the paper's experiment."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _arrays
from ._resize import enlarged
from ._types import Integers

PARTS = {"train": "train", "test": "t10k"}


def mnist(
    folder: str | Path | None = None, *, part: str = "train", size: int = 64
) -> tuple[NDArray[np.float32], Integers]:
    """Return the digits of MNIST, dark on white."""
    if folder is None:
        folder = os.environ["GENDEMOD_MNIST"]
    stem = PARTS[part]
    ink = _read(Path(folder), f"{stem}-images-idx3-ubyte")
    labels = _read(Path(folder), f"{stem}-labels-idx1-ubyte")
    size = _arrays.integer(size, "size", 28, "the digits are 28 by 28 pictures, to be enlarged")
    return 1 - enlarged(ink.astype(np.float32) / np.float32(255), size), labels.astype(np.int64)


def _read(folder: Path, name: str) -> NDArray[Any]:
    path = folder / name
    raw = path.read_bytes() if path.exists() else path.with_name(f"{name}.gz").read_bytes()
    data = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
