"""What ``gendemod solve`` says of whether its results can be trusted."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ._arrays import must
from ._input_checks import input_warnings
from ._origin import Origin
from ._restoration import Effort, Generators, Job
from ._weights import naming
from .trust import LEVEL, Reference

__all__ = [
    "check_new_reference",
    "checked_reference",
    "note",
    "trust_entry",
    "warn",
    "write_reference",
]


def check_new_reference(path: Path, output: Path, jobs: list[Job], refused: list[Path]) -> None:
    """Raise what would keep a reference of all pictures from being written to `path` at the end.

    The folder `output` need not exist yet.
    """
    reason = "the reference is written there at the end"
    if path.is_dir():
        raise ValueError(must("write_reference", "be a file", reason, f"the folder {path}"))
    if path.parent.resolve() != output.resolve():
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            got = f"{path} ({error.strerror})"
            requirement = "be in a folder that can be written"
            raise OSError(must("write_reference", requirement, reason, got)) from error
    _all_restored(refused)
    _enough("input", sum(len(job.y) for job in jobs))


def checked_reference(
    path: Path | None, generators: Generators, effort: Effort, jobs: list[Job]
) -> Reference | None:
    """Return the reference at `path`, which must fit."""
    if path is None:
        return None
    with naming("reference", path, "results are compared with it"):
        reference = Reference.load(path)
    reference.origin.check_generators(*generators.pair)
    reference.origin.check_effort(effort.solver, effort.restarts)
    _enough("reference", reference.residuals.size, max(len(job.y) for job in jobs))
    return reference


def _all_restored(missing: list[Path]) -> None:
    if missing:
        reason = "a reference of the others alone would be of the easy ones"
        got = f"{missing[0].name} and {len(missing) - 1} more that are not"
        raise ValueError(must("input", "be restored to the last picture", reason, got))


def _enough(name: str, residuals: int, channels: int = 1) -> None:
    """Raise ValueError if too few residuals can serve the level for pictures of these channels."""
    needed = math.ceil(channels / LEVEL) - 1
    if residuals < needed:
        requirement = f"hold at least {needed} channels of pictures"
        reason = f"no p is below 1 / (1 + their number), and a picture is judged at {LEVEL:g}"
        raise ValueError(must(name, requirement, reason, residuals))


def warn(job: Job) -> list[str]:
    """Return the reasons not to trust the input, channel by channel, and print them on stderr."""
    names = ("red: ", "green: ", "blue: ") if len(job.y) > 1 else ("",)
    said = [
        name + sentence
        for name, row in zip(names, job.y, strict=True)
        for sentence in input_warnings(row, job.y_weights)
    ]
    for sentence in said:
        print(f"gendemod: warning: {job.path.name}: {sentence}", file=sys.stderr)
    return said


def trust_entry(channels: list[dict[str, Any]], reference: Reference) -> dict[str, Any]:
    """Return what the report says of a picture whose channels ended like this.

    The k channels are k chances of a false alarm: the smallest p counts k times, and the level
    stays that of the picture.
    """
    k = len(channels)
    score = reference.compare(
        [_remains(channel) for channel in channels],
        [channel["ground"] for channel in channels],
        level=LEVEL / k,
    )
    return {
        "p": min(1.0, k * float(score.p.min())),
        "ratio": float(score.ratio.max()),
        "out_of_range": bool(score.out_of_range.any()),
        "ground_p": min(1.0, k * float(score.ground_p.min())),
        "raised_ground": bool(score.raised_ground.any()),
        "level": LEVEL,
    }


def _remains(channel: dict[str, Any]) -> float:
    """Return the relative residual of a channel; 1 where nothing was to be solved."""
    return 1.0 if channel["status"] == "hopeless" else float(channel["relative_residual"])


def note(entry: dict[str, Any]) -> str:
    """Return what the printed line of a picture says of trust."""
    trust = entry.get("trust", {})
    said = ""
    if trust.get("out_of_range"):
        said = f"  OUT OF RANGE: {trust['ratio']:.3g} x the median, p = {trust['p']:.2g}"
    if trust.get("raised_ground"):
        said += f"  RAISED GROUND: p = {trust['ground_p']:.2g}"
    return said


def write_reference(
    path: Path, entries: list[dict[str, Any]], generators: Generators, effort: Effort
) -> None:
    """Make a reference of all pictures of a report.

    Raises
    ------
    ValueError
        If one of them was not solved, or cut short. If :class:`Reference` refuses them.
    """
    cut = ("not solved", "time_limit")
    _all_restored([Path(entry["file"]) for entry in entries if entry["status"] in cut])
    channels = [channel for entry in entries for channel in entry["channels"]]
    reference = Reference(
        np.array([_remains(channel) for channel in channels]),
        np.array([channel["ground"] for channel in channels]),
        Origin.of(*generators.pair, effort.solver, effort.restarts, effort.seed),
    )
    reference.save(path)
    print(
        f"{len(channels)} residuals, median {np.median(reference.residuals):.3g}; out of range at "
        f"the level {LEVEL:g}: above {reference.threshold():.3g}; wrote {path}"
    )
