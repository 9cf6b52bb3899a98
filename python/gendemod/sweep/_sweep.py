"""What a sweep is: a grid of cells, and how often each is tried."""

from __future__ import annotations

import itertools
import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from .._arrays import integer, must, number, pair
from .._arrays import path as checked_path
from .._arrays import seed as checked_seed
from ._settings import Value, one_of
from ._task import Cell, Task
from ._tasks import TASKS
from ._toml import document

MOST_TRIALS = 2**53  # all together
_TOML = "be a sweep in TOML", "trials are made by it"


@dataclass(frozen=True, eq=False, kw_only=True)
class Sweep:
    """A task on a grid of settings, tried some times at each point of it; immutable.

    Parameters
    ----------
    task : {"demodulation", "wdc", "joint-wdc", "concentration", "audit"}
    axes : dict of name to sequence, optional
        The settings that vary. The cells are all combinations, the last axis running fastest; with
        no axes there is one cell.
    settings : dict, optional
        The settings that are the same in all cells.
    trials : int
        How often each cell is tried, with random objects of its own.
    seed : int
        Every trial is a function of it, of its cell, and of its number in the cell.
    success : (str, float), optional
        A measure of the task, and what it must be below. None: the task's own criterion.
    name : str
        For people; another one makes no other sweep of a file.

    Raises
    ------
    TypeError, ValueError
        For a task or a name that is not known, with those that are; for values of the wrong kind,
        and settings that do not go together in some cell.

    Notes
    -----
    Trials are numbered round after round: trial ``i`` is round ``i // c`` of cell ``i % c``, with c
    cells. Equal sweeps are those with the same `to_toml`.
    """

    task: str
    axes: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    trials: int = 20
    seed: int = 0
    success: tuple[str, float] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        one_of(self.task, tuple(TASKS), "task", "these can be swept")
        axes = _table(self.axes, "axes", self.kind)
        fixed = _table(self.settings, "settings", self.kind)
        for name in set(axes) & set(fixed):
            raise ValueError(must("settings", "not hold an axis", "it varies", repr(name)))
        known = self.kind.settings
        checked: dict[str, Any] = {
            "axes": MappingProxyType(
                {name: _axis(name, values, self.kind) for name, values in axes.items()}
            ),
            "settings": MappingProxyType(
                {name: known[name].check(value, name) for name, value in fixed.items()}
            ),
            "trials": integer(self.trials, "trials", 1, "each cell is tried so often"),
            "seed": checked_seed(self.seed),
            "success": _criterion(self.success, self.kind),
            "name": _name(self.name),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if len(self) > MOST_TRIALS:
            reason = "no machine tries so often"
            raise ValueError(must("trials", f"make at most {MOST_TRIALS}", reason, len(self)))
        for number_of_cell in range(math.prod(self.shape)):
            self.cell(number_of_cell)

    @property
    def kind(self) -> Task:
        """The task."""
        return TASKS[self.task]

    @property
    def criterion(self) -> tuple[str, float]:
        """The measure, and what it is below where a trial succeeds."""
        return cast("tuple[str, float]", self.success)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def cells(self) -> list[dict[str, Value]]:
        """The values of the axes in every cell."""
        names = list(self.axes)
        grid = itertools.product(*self.axes.values())
        return [dict(zip(names, values, strict=True)) for values in grid]

    def __len__(self) -> int:
        """Return the number of trials in all cells together."""
        return math.prod(self.shape) * self.trials

    def cell(self, number_of_cell: int) -> Cell:
        """Return a cell, ready to be tried."""
        values: dict[str, Value | None] = {
            name: setting.default for name, setting in self.kind.settings.items()
        }
        place = map(int, np.unravel_index(number_of_cell, self.shape))
        chosen = ((name, self.axes[name][i]) for name, i in zip(self.axes, place, strict=True))
        return self.kind.cell({**values, **self.settings, **dict(chosen)})

    @cached_property
    def _text(self) -> str:
        measure, below = self.criterion
        return document(
            {"name": self.name, "task": self.task, "trials": self.trials, "seed": self.seed},
            {
                "success": {"measure": measure, "below": below},
                "axes": self.axes,
                "settings": self.settings,
            },
        )

    def to_toml(self) -> str:
        """Return the text that `from_toml` reads."""
        return self._text

    @staticmethod
    def from_toml(path: str | os.PathLike[str]) -> Sweep:
        """Read a sweep from a file: the parameters by their names, `success` with its two parts.

        Raises OSError if the file cannot be read, and TypeError or ValueError as `Sweep` does.
        """
        source = checked_path(path)
        try:
            text = Path(source).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(must("path", *_TOML, f"{source} ({error})")) from None
        return parse(text, source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sweep) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self._text,)


@lru_cache(maxsize=16)
def parse(text: str, source: str = "the text") -> Sweep:
    """Return the sweep of a TOML text."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(must("path", *_TOML, f"{source} ({error})")) from None
    keys = tuple(Sweep.__dataclass_fields__)
    for key in table:
        one_of(key, keys, "key", f"{source} holds a sweep")
    if "task" not in table:
        raise ValueError(must("path", "have a `task`", _TOML[1], f"{source} without one"))
    if isinstance(success := table.get("success"), dict):
        if set(success) != {"measure", "below"}:
            reason = "a trial succeeds if the measure is below"
            got = ", ".join(success) or "nothing"
            raise ValueError(must("success", "have `measure` and `below`", reason, got))
        table["success"] = (success["measure"], success["below"])
    return Sweep(**table)


def _table(value: object, name: str, task: Task) -> Mapping[str, Any]:
    """Return a dict whose keys the task knows."""
    if not isinstance(value, Mapping):
        raise TypeError(must(name, "be a dict", "settings have names", repr(value)))
    for key in value:
        one_of(key, tuple(task.settings), name, "the task knows these settings")
    return value


def _axis(name: str, values: object, task: Task) -> tuple[Value, ...]:
    """Return the checked values of an axis."""
    reason = "an axis of the grid is a list of values"
    if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str):
        raise TypeError(must(name, "be a sequence", reason, repr(values)))
    if len(values) == 0:
        raise ValueError(must(name, "have a value", reason, "none"))
    checked = tuple(task.settings[name].check(value, name) for value in values)
    if len(set(checked)) < len(checked):
        reason = "`trials` says how often each is tried"
        raise ValueError(must(name, "hold different values", reason, list(checked)))
    return checked


def _criterion(value: object, task: Task) -> tuple[str, float]:
    if value is None:
        return task.success
    measure, below = pair(value, "success", "(measure, below)", "a trial succeeds or not")
    one_of(measure, tuple(task.measures), "success", "the task measures these")
    reason = "a trial succeeds if the measure is below"
    return measure, number(below, "success", "be at least 0 and finite", reason, 0)


def _name(value: object) -> str:
    reason = "it is a name for people"
    if not isinstance(value, str):
        raise TypeError(must("name", "be a word", reason, repr(value)))
    if not value.isprintable():
        raise ValueError(must("name", "be printable", reason, repr(value)))
    return value
