"""Arrays on a grid of a plane, and the files that they are saved to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, floats, must
from .._arrays import path as checked_path
from .._files import replacing


class Saved:
    """A frozen dataclass of arrays that can be written to a file."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write every array to an ``.npz`` archive, or the same as a table to a ``.csv`` file.

        The archive holds the attributes under their names, nothing pickled. The table has a line
        for each point, numbers with all their digits. The file appears whole or not at all.

        Raises
        ------
        TypeError, ValueError, OSError
            If `path` is no path, ends in neither of the two, or cannot be written.
        """
        place = Path(checked_path(path))
        if place.suffix not in (".npz", ".csv"):
            reason = "these are the two kinds of files"
            raise ValueError(must("path", "end in .npz or .csv", reason, place))
        with replacing(place) as beside:
            if place.suffix == ".npz":
                arrays: dict[str, Any] = self._arrays()
                with open(beside, "wb") as file:
                    np.savez(file, **arrays)
            else:
                with open(beside, "w", encoding="ascii", newline="\n") as text:
                    text.writelines(f"{lines}\n" for lines in self._lines())

    def _arrays(self) -> dict[str, Array]:
        return {item.name: np.asarray(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]

    def _lines(self) -> Iterator[str]:
        """Yield one or more lines of the table at a time."""
        raise NotImplementedError


@dataclass(frozen=True)
class Grid(Saved):
    """What is known at the points (s_i, t_j) of a plane."""

    s: Array
    t: Array

    def _columns(self) -> dict[str, Array]:
        """Return the columns of the table, each (len(s), len(t))."""
        raise NotImplementedError

    def _lines(self) -> Iterator[str]:
        columns = self._columns()
        yield ",".join(["s", "t", *columns])
        second = numerals(self.t)
        for i, first in enumerate(numerals(self.s)):
            row = (numerals(column[i]) for column in columns.values())
            yield "\n".join(map(",".join, zip([first] * len(second), second, *row, strict=True)))


def numerals(row: Array) -> list[str]:
    """Return the shortest decimals that are read back as the same numbers; 0 and 1 for bool."""
    return [repr(number) for number in (row.astype(int) if row.dtype == bool else row).tolist()]


def axis(value: ArrayLike, name: str) -> Array:
    """Return the coordinates of a grid along one of its axes, in float64."""
    places = finite(floats(value, name), name).astype(np.float64)
    reason = "it is an axis of the grid"
    if places.ndim != 1 or places.size < 2:
        requirement = "be a vector of two numbers or more"
        raise ValueError(must(name, requirement, reason, f"shape {places.shape}"))
    if not (np.diff(places) > 0).all():
        raise ValueError(must(name, "increase", reason, "a number that is not above the last"))
    return places
