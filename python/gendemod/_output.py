"""The folder that a command writes to, and the JSON files in it."""

from __future__ import annotations

import json
import math
import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from ._files import replacing

__all__ = ["output_folder", "versions", "write_json", "write_text"]


def output_folder(path: Path) -> Path:
    """Create the folder `path` where it is missing, and check that files can be written in it.

    Raises
    ------
    OSError
        If it cannot be created or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise OSError(
            "`output` must be a folder that can be written because the results go there; got "
            f"{path} ({error.strerror})"
        ) from error


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "gendemod": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON; the file appears whole or not at all.

    JSON has no numbers for infinity and NaN: they are written as null.
    """
    write_text(path, json.dumps(_finite(content), indent=2, allow_nan=False) + "\n")


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8; the file appears whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
