"""The slices that the experiment has solved, as files that it can go on from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._archives import read_archive
from ._arrays import must
from ._files import replacing

__all__ = ["read_solved", "write_solved"]

Array = NDArray[np.floating[Any]]

_REASON = "the experiment goes on from it"


def write_solved(path: Path, solved: dict[str, Array], settings: dict[str, Any]) -> None:
    """Write h, m, history and seconds, and the settings that they come from."""
    with replacing(path) as beside:
        np.savez(beside, settings=np.array(json.dumps(settings, sort_keys=True)), **solved)  # type: ignore[arg-type]


def read_solved(
    path: Path, settings: dict[str, Any], shapes: dict[str, tuple[int | None, ...]]
) -> dict[str, Array]:
    """Return the arrays of these shapes, where None is any length from 1.

    Raises
    ------
    ValueError
        If the file is damaged, of other settings, or holds other arrays.
    """
    try:
        solved = read_archive(str(path), "output", _REASON)
    except OSError as error:
        raise ValueError(_holding("files that can be read", path, error.strerror)) from None
    other = _differences(str(solved.pop("settings", "")), settings)
    if other:
        requirement = "results of the same settings"
        raise ValueError(
            _holding(requirement, path, f"{other}: choose another folder or remove it")
        )
    if set(solved) != set(shapes):
        requirement = f"the arrays {', '.join(shapes)} and settings"
        raise ValueError(_holding(requirement, path, ", ".join(solved) or "none"))
    for name, shape in shapes.items():
        array = solved[name]
        if array.dtype.kind != "f" or not _fits(array.shape, shape) or not np.isfinite(array).all():
            wanted = str(shape).replace("None", "any")
            got = f"{name} of shape {array.shape} and {array.dtype}"
            raise ValueError(_holding(f"finite numbers {name} of shape {wanted}", path, got))
    return solved


def _holding(requirement: str, path: Path, got: object) -> str:
    return must("output", f"hold {requirement}", _REASON, f"{path} ({got})")


def _differences(found: str, settings: dict[str, Any]) -> str:
    """Say which settings of a file, as JSON, are others than these."""
    try:
        stored = json.loads(found)
    except (ValueError, RecursionError):
        stored = None
    if not isinstance(stored, dict):
        return "no settings"
    return ", ".join(
        f"{name} {stored.get(name, 'missing')} instead of {settings.get(name, 'nothing')}"
        for name in sorted(stored.keys() | settings.keys())
        if name not in stored or name not in settings or stored[name] != settings[name]
    )


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size > 0 if want is None else size == want for size, want in zip(shape, wanted, strict=True)
    )
