"""What the frames of a store say: the sweep, sessions, and which trials are done."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from .._arrays import Array, must
from ._frames import DEFINITION, SESSION, TRIALS, Frame, Gap, pack, scan
from ._sweep import Sweep, parse
from ._trial import fields

FORMAT = 1


@dataclass
class Contents:
    """All of a store but the records of its trials.

    Attributes
    ----------
    sweep : Sweep
    dtype : dtype
        Of the record of a trial.
    sessions : list of dict
        What is known of each run or resume: versions, machine, time.
    damage : list of Gap
        Bytes that are not as they were written, other than a torn end.
    end : int
        Where the next frame goes: behind the last whole one.
    """

    sweep: Sweep
    dtype: np.dtype[Any]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    damage: list[Gap] = field(default_factory=list)
    end: int = 0
    _chunks: array[int] = field(default_factory=lambda: array("q"))

    @property
    def chunks(self) -> Array:
        """The first trial of each chunk, their number, and the offset of its frame: (k, 3)."""
        return np.array(self._chunks, dtype=np.int64).reshape(-1, 3)

    @property
    def missing(self) -> list[tuple[int, int]]:
        """The ranges of trials that are not done, from the first to before the second."""
        out, next_trial = [], 0
        for first, count, _ in sorted(self.chunks.tolist()):
            if first > next_trial:
                out.append((next_trial, first))
            next_trial = max(next_trial, first + count)
        return [*out, (next_trial, len(self.sweep))] if next_trial < len(self.sweep) else out

    def add(self, frame: Frame) -> None:
        """Note what a frame says."""
        self.end = frame.offset + frame.size
        if frame.kind == SESSION:
            self.sessions.append(json.loads(frame.payload))
        if frame.kind == TRIALS:
            count = len(frame.payload) // self.dtype.itemsize
            self._chunks.extend((frame.first, count, frame.offset))


def definition(sweep: Sweep) -> bytes:
    """Return the first frame of a store, a function of the sweep alone."""
    content = {"format": FORMAT, "fields": fields(sweep.kind), "sweep": sweep.to_toml()}
    return pack(DEFINITION, json.dumps(content).encode())


def read(file: BinaryIO, path: str) -> Contents:
    """Return what a store says.

    Raises ValueError if the file does not begin with the definition of a sweep that this version
    knows.
    """
    frames = scan(file)
    first = next(frames, None)
    requirement, reason = "be the results of a sweep", "they are read from it"
    if not isinstance(first, Frame) or first.kind != DEFINITION:
        begun = first is None or (isinstance(first, Gap) and first.torn)
        lack = "no definition at its start" + ("; `run` with one begins it" if begun else "")
        raise ValueError(must("path", requirement, reason, f"{path} ({lack})"))
    content = json.loads(first.payload)
    if content["format"] != FORMAT:
        got = f"{path} (format {content['format']}, where this version reads {FORMAT})"
        raise ValueError(must("path", requirement, reason, got))
    dtype = np.dtype([(name, kind) for name, kind in content["fields"]])
    contents = Contents(parse(content["sweep"]), dtype, end=first.size)
    for item in frames:
        if isinstance(item, Frame):
            contents.add(item)
        elif not item.torn:
            contents.damage.append(item)
    return contents
