"""Sweeps that come with gendemod: those of this library's own questions, and the axes of others'.

Each is a file in presets/, whose first lines say what of a published experiment it takes over, and
what it does not.
"""

from __future__ import annotations

from importlib import resources

from ._settings import one_of
from ._sweep import Sweep, parse

_FOLDER = resources.files(__package__) / "presets"

#: The names that `preset` knows.
PRESETS = tuple(
    sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.is_file())
)


def preset(name: str) -> Sweep:
    """Return a sweep that comes with gendemod, by its name in `PRESETS`.

    Raises TypeError or ValueError for another name, with those that there are.
    """
    one_of(name, PRESETS, "preset", "these come with gendemod")
    return parse((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name)
