"""What the settings of a task may be: a check and a default for each name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import numpy as np

from .._arrays import integer, must
from .._arrays import number as checked_number

MOST = 2**31 - 1  # rows, columns, points and steps: no memory, and nobody's life, holds more
MOST_LAYERS = 1000

Value = int | float | str | tuple[int, ...]


class Setting(NamedTuple):
    """A check (value, name) that returns a plain value, and what stands where none is given."""

    check: Callable[[object, str], Value]
    default: Value | None = None


def whole(least: int, reason: str, default: int | None = None, most: int = MOST) -> Setting:
    """Return the setting of a whole number."""
    return Setting(lambda value, name: integer(value, name, least, reason, most), default)


def number(reason: str, default: float | None = None, *, zero: bool = False) -> Setting:
    """Return the setting of a positive number, or of one that may be zero."""
    requirement = "be at least 0 and finite" if zero else "be positive and finite"

    def check(value: object, name: str) -> float:
        checked = checked_number(value, name, requirement, reason, 0)
        if checked == 0 and not zero:
            raise ValueError(must(name, requirement, reason, value))
        return checked

    return Setting(check, default)


def choice(words: tuple[str, ...], reason: str, default: str) -> Setting:
    """Return the setting of one of some words."""
    return Setting(lambda value, name: one_of(value, words, name, reason), default)


def sizes(least: int, reason: str, length: int | None = None, most: int = MOST) -> Setting:
    """Return the setting of a list of whole numbers, of one length or of any."""

    def check(value: object, name: str) -> tuple[int, ...]:
        if not isinstance(value, list | tuple | np.ndarray):
            raise TypeError(must(name, "be a list of integers", reason, repr(value)))
        if len(value) != (length or len(value)):
            raise ValueError(must(name, f"hold {length} integers", reason, len(value)))
        return tuple(integer(size, name, least, reason, most) for size in value)

    return Setting(check)


def multiple(ratio: Value | None, unit: int, name: str) -> int:
    """Return the size, at least 1, that a ratio makes of a unit."""
    size = cast(float, ratio) * unit
    if size > MOST:
        raise ValueError(must(name, f"make at most {MOST}", "the core counts no further", size))
    return max(1, round(size))


def one_of(value: object, words: tuple[str, ...], name: str, reason: str) -> str:
    """Return a word that is one of some."""
    requirement = "be one of " + ", ".join(words)
    if not isinstance(value, str):
        raise TypeError(must(name, requirement, reason, repr(value)))
    if value not in words:
        raise ValueError(must(name, requirement, reason, repr(value)))
    return value


def exactly_one(settings: Mapping[str, Value | None], names: tuple[str, ...], reason: str) -> str:
    """Return which one of some settings is given."""
    given = [name for name in names if settings[name] is not None]
    if len(given) != 1:
        requirement = "be given" if len(names) == 1 else f"be given, or else {_or(names[1:])}"
        raise ValueError(must(names[0], requirement, reason, _and(given) or "none"))
    return given[0]


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _and(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
