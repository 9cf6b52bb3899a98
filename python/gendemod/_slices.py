"""Long work of the core in slices, so that signals, the clock and the bar get a turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ._arrays import number
from ._progress import Progress

SLICE = 0.1  # seconds


def seconds_allowed(time_limit: float | None) -> float:
    """Return a time limit in seconds; None is no limit."""
    if time_limit is None:
        return math.inf
    reason = "it is a time in seconds"
    return number(time_limit, "time_limit", "be at least 0 and finite", reason, 0)


def run_in_slices(
    run: Callable[[float], bool],
    done: Callable[[], int],
    total: int,
    label: str,
    *,
    limit: float,
    shown: bool,
) -> bool:
    """Call run(seconds) until it returns True, or for `limit` seconds; return which, True or False.

    `done` of `total` items are shown on a bar.
    """
    begin = time.monotonic()
    with Progress(total, label, enabled=shown) as bar:
        while not (finished := run(min(SLICE, max(0.0, limit - (time.monotonic() - begin))))):
            bar.update(done())
            if time.monotonic() - begin >= limit:
                break
        bar.update(done())
    return finished
