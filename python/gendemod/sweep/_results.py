"""What a store holds, as arrays."""

from __future__ import annotations

import builtins
import math
import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .._arrays import Array, must
from .._arrays import path as checked_path
from .._files import replacing
from ._frames import HEAD_SIZE, Frame, Gap, scan
from ._settings import Value, one_of
from ._store import Contents, read
from ._sweep import Sweep


class Results:
    """The trials of a sweep that were done when the file was opened.

    Attributes
    ----------
    sweep : Sweep
    sessions : list of dict
        For each run or resume: the versions, the machine, how many threads, and when it began.
    damage : list of Gap
        Where the file is not as it was written, as (offset, length, torn). The trials of damaged
        chunks count as not done.
    """

    def __init__(self, path: str, contents: Contents) -> None:
        self._path = path
        self._contents = contents
        self.sweep: Sweep = contents.sweep
        self.sessions: list[dict[str, Any]] = contents.sessions
        self.damage: list[Gap] = contents.damage

    def __repr__(self) -> str:
        return f"Results({self.sweep.task}, {self.done} of {len(self.sweep)} trials)"

    @cached_property
    def done(self) -> int:
        """How many trials are done."""
        return len(self.sweep) - sum(stop - first for first, stop in self._contents.missing)

    @property
    def complete(self) -> bool:
        """Whether all trials are done."""
        return self.done == len(self.sweep)

    @cached_property
    def records(self) -> Array:
        """The trials that are done, in order, as a structured array (done,).

        Its fields are `index`, the measures of the task, `seconds` (of the trial on one thread,
        which alone depends on the machine) and `success`, the criterion.
        """
        chunks, dtype = self._contents.chunks, self._contents.dtype
        parts = [np.empty(0, dtype)]
        with builtins.open(self._path, "rb") as file:
            for _, count, offset in chunks.tolist():
                file.seek(offset + HEAD_SIZE)
                parts.append(np.frombuffer(file.read(count * dtype.itemsize), dtype))
        numbers = [np.arange(first, first + count) for first, count, _ in chunks.tolist()]
        index, order = np.unique(
            np.concatenate([np.empty(0, np.int64), *numbers]), return_index=True
        )
        measured = np.concatenate(parts)[order]
        out = np.empty(len(index), [("index", "<i8"), *dtype.descr, ("success", "|b1")])
        out["index"] = index
        for name in dtype.names or ():
            out[name] = measured[name]
        measure, below = self.sweep.criterion
        out["success"] = out[measure] < below
        return out

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of `records` but the index."""
        return (*(self._contents.dtype.names or ()), "success")

    def columns(self) -> dict[str, Array]:
        """Return a table of the trials that are done, (done,) each.

        First the axes by their names, then `trial`, its number in its cell, then the fields of
        `records` but the index. Lists are words, such as 20-100.
        """
        trial, cell = np.divmod(self.records["index"], math.prod(self.sweep.shape))
        places = np.unravel_index(cell, self.sweep.shape) if self.sweep.shape else ()
        out = {
            name: coordinates(values)[place]
            for (name, values), place in zip(self.sweep.axes.items(), places, strict=True)
        }
        return {**out, "trial": trial, **{name: self.records[name] for name in self.names}}

    def grid(self, name: str) -> Array:
        """Return a field of `records` on the grid of axes, (..., trials); NaN where not yet done.

        The last axis holds the trials of a cell.
        """
        one_of(name, self.names, "name", "these are the fields")
        out = np.full(len(self.sweep), np.nan)
        out[self.records["index"]] = self.records[name]
        return np.moveaxis(out.reshape(self.sweep.trials, *self.sweep.shape), 0, -1)


def coordinates(values: Sequence[Value]) -> Array:
    """Return the values of an axis as numbers or words; lists become words, such as 20-100."""
    words = any(isinstance(value, tuple | str) for value in values)
    if not words:
        return np.array(values)
    return np.array(["-".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in values])


def open(path: str | os.PathLike[str]) -> Results:
    """Read the results of a sweep, also of one that runs, or whose file is damaged.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it does not begin with the definition of a sweep. What is damaged behind that is left
        out, and `damage` tells where.
    """
    name = checked_path(path)
    with builtins.open(name, "rb") as file:
        return Results(name, read(file, name))


def salvage(path: str | os.PathLike[str], target: str | os.PathLike[str]) -> Results:
    """Copy all that is whole in a damaged file of results to `target`, which `resume` takes.

    Raises OSError and ValueError as `open` does, and FileExistsError if there is a target already.
    The damaged file is left as it is.
    """
    name, copy = checked_path(path), checked_path(target, "target")
    if os.path.lexists(copy):
        reason = "what is there is kept, and may be what a run writes"
        raise FileExistsError(must("target", "be a new file", reason, copy))
    with builtins.open(name, "rb") as file, replacing(copy) as beside:
        read(file, name)
        with builtins.open(beside, "wb") as out:
            for item in scan(file):
                if isinstance(item, Frame):
                    file.seek(item.offset)
                    out.write(file.read(item.size))
    return open(copy)
