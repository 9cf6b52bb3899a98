"""IDX files of bytes, plain or gzipped: the format of MNIST, read with care.

Two zero bytes, 8 for "bytes", the number of dimensions; the dimensions, 32 bits each, big-endian;
the entries, the last dimension fastest.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import _arrays

Bytes = NDArray[np.uint8]

_MAGIC = b"\0\0\x08"
_GZIP = b"\x1f\x8b"
# NumPy's limit before 2.0; no file of pictures comes near.
_MOST_DIMENSIONS = 32
# What is read at once, so that a header alone cannot make memory be asked for.
_BLOCK = 2**20


def idx(path: str | os.PathLike[str]) -> Bytes:
    """Return the array in an IDX file of bytes, plain or gzipped.

    Parameters
    ----------
    path : path-like
        The contents, not the name, tell whether it is gzipped.

    Returns
    -------
    ndarray of uint8
        Of the shape that the header tells.

    Raises
    ------
    TypeError
        If `path` is no path.
    ValueError
        If the file is no IDX file of bytes, has no entries, or its header and its length disagree.
    OSError
        If the file cannot be opened.

    Notes
    -----
    Entries are unpacked up to the number that the header tells and no further, and memory grows
    with what is really there: a header that lies takes none. An archive and a header that agree
    take what they tell, up to a thousand times the size of the file; an archive that is not to be
    trusted needs a process of limited memory.
    """
    return entries(unpacked(Path(_arrays.path(path)), "path"))


def entries(contents: bytearray) -> Bytes:
    """Return the array in the contents of an IDX file."""
    rank = contents[3]
    return np.frombuffer(contents, np.uint8, offset=4 + 4 * rank).reshape(_shape(contents))


def unpacked(path: Path, name: str, shape: tuple[int, ...] | None = None) -> bytearray:
    """Return the contents of an IDX file, of `shape` if given; errors call the argument `name`."""
    with path.open("rb") as raw:
        zipped = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        try:
            return _contents(gzip.GzipFile(fileobj=raw) if zipped else raw, shape)
        except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            requirement, reason = "be a whole IDX file of bytes", "an array is read from it"
            got = f"{path} ({error})"
            raise ValueError(_arrays.must(name, requirement, reason, got)) from None


def _contents(file: io.BufferedIOBase, expected: tuple[int, ...] | None) -> bytearray:
    """Return header and entries; a ValueError says what is wrong with them."""
    contents = bytearray()
    _read_up_to(4, file, contents)
    if contents[:3] != _MAGIC or not 1 <= contents[3] <= _MOST_DIMENSIONS:
        raise ValueError(f"its first four bytes are {contents.hex(' ')}")
    header = 4 + 4 * contents[3]
    _read_up_to(header, file, contents)
    shape = _shape(contents)
    if 0 in shape:
        raise ValueError(f"its header tells the shape {shape}, which has no entries")
    if expected is not None and shape != expected:
        raise ValueError(f"its header tells the shape {shape}, not {expected}")
    count = math.prod(shape)
    _read_up_to(header + count, file, contents)
    if file.read(1):
        raise ValueError(f"more than the {count} entries that its header tells")
    return contents


def _read_up_to(length: int, file: io.BufferedIOBase, contents: bytearray) -> None:
    """Let `contents` grow to `length`."""
    while len(contents) < length:
        block = file.read(min(length - len(contents), _BLOCK))
        if not block:
            raise ValueError(f"it ends after {len(contents)} of {length} bytes")
        contents += block


def _shape(contents: bytearray) -> tuple[int, ...]:
    return tuple(int(n) for n in np.frombuffer(contents, ">u4", contents[3], 4))
