"""What a task is: the settings that it knows, what it measures, and a trial of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ._settings import Setting, Value

#: The settings of a cell, those that are not given at their defaults.
Settings = Mapping[str, Value | None]
Measures = dict[str, float | int | bool]


class Cell(Protocol):
    """One point of the grid of axes.

    `drawn` is what the random objects of a trial depend on, as lists, numbers and words: it keys
    their generator. What is not part of it, such as the solver, is tried on the same objects.
    `ell` is the number of rows of the last layers.
    """

    drawn: list[object]
    ell: int

    def __call__(self, rng: np.random.Generator) -> Measures:
        """Run a trial on one thread: draw its objects from `rng` alone, and measure."""


class CellType(Protocol):
    """What makes a cell of its settings, and raises ValueError for some that do not go together."""

    def __call__(self, settings: Settings) -> Cell: ...


@dataclass(frozen=True)
class Task:
    """What can be swept.

    Attributes
    ----------
    settings : dict of name to Setting
        Each may be an axis, or fixed.
    measures : dict of name to dtype
        What a trial returns, as it is stored: little-endian.
    success : (measure, below)
        The criterion where a sweep gives none.
    cell : callable
    rows : tuple of str
        The settings that say how many rows the last layers have.
    """

    settings: Mapping[str, Setting]
    measures: Mapping[str, str]
    success: tuple[str, float]
    cell: CellType
    rows: tuple[str, ...]
