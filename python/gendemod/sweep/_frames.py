"""The format of a store: frames, one after the other, each with its own checksum.

A frame is a head of 32 bytes, little-endian, and a payload:

    marker "gdsw", kind (1 byte, 3 zeros), length of the payload (4), first trial (8),
    Unix time of writing (8, a float), CRC-32 of all of the frame but these 4 bytes (4)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

DEFINITION, SESSION, TRIALS = 1, 2, 3
MARKER = b"gdsw"
_HEAD = struct.Struct("<4sB3xIQd")
_CRC = struct.Struct("<I")
HEAD_SIZE = _HEAD.size + _CRC.size
LARGEST = 2**31  # bytes of a payload


class Frame(NamedTuple):
    """A frame that is as it was written."""

    offset: int
    kind: int
    first: int
    written: float
    payload: bytes

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return HEAD_SIZE + len(self.payload)


class Gap(NamedTuple):
    """Bytes that are no frame; `torn` where they begin one that the end of the file cuts."""

    offset: int
    length: int
    torn: bool


def pack(kind: int, payload: bytes, *, first: int = 0, written: float = 0.0) -> bytes:
    """Return the bytes of a frame."""
    head = _HEAD.pack(MARKER, kind, len(payload), first, written)
    return head + _CRC.pack(zlib.crc32(payload, zlib.crc32(head))) + payload


def scan(file: BinaryIO) -> Iterator[Frame | Gap]:
    """Yield everything that a file holds up to its present end, in order."""
    end = file.seek(0, 2)
    offset = 0
    while offset < end:
        frame = _frame_at(file, offset, end)
        if frame:
            yield frame
            offset += frame.size
            continue
        after = _next_frame(file, offset + 1, end)
        yield Gap(offset, after - offset, after == end and _is_torn(file, offset, end))
        offset = after


def _frame_at(file: BinaryIO, offset: int, end: int) -> Frame | None:
    """Return the frame that begins at an offset, if it is whole."""
    file.seek(offset)
    head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE:
        return None
    marker, kind, length, first, written = _HEAD.unpack_from(head)
    if marker != MARKER or length > min(LARGEST, end - offset - HEAD_SIZE):
        return None
    payload = file.read(length)
    (crc,) = _CRC.unpack_from(head, _HEAD.size)
    if zlib.crc32(payload, zlib.crc32(head[: _HEAD.size])) != crc:
        return None
    return Frame(offset, kind, first, written, payload)


def _next_frame(file: BinaryIO, offset: int, end: int) -> int:
    """Return where the first whole frame from an offset on begins, or the end."""
    file.seek(offset)
    rest = file.read(end - offset)
    at = rest.find(MARKER)
    while at >= 0:
        if _frame_at(file, offset + at, end):
            return offset + at
        at = rest.find(MARKER, at + 1)
    return end


def _is_torn(file: BinaryIO, offset: int, end: int) -> bool:
    """Return whether the bytes up to the end may be the beginning of a frame."""
    file.seek(offset)
    head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE:
        return head[: len(MARKER)] == MARKER[: len(head)]
    marker, _, length, _, _ = _HEAD.unpack_from(head)
    return bool(marker == MARKER and length > end - offset - HEAD_SIZE)
