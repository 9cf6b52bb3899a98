"""Work that is done pixel by pixel, a batch of them at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from .._arrays import Array, flag
from .._slices import run_in_slices, seconds_allowed
from ._plane import Plane

PIXELS = 1024


def checked_pace(progress: bool, time_limit: float | None) -> tuple[bool, float]:
    reason = "it switches the bar on or off"
    return flag(progress, "progress", reason), seconds_allowed(time_limit)


def at_pixels(
    plane: Plane,
    s: Array,
    t: Array,
    numbers: Callable[[Array, Array], list[Array]],
    count: int,
    *,
    label: str,
    progress: bool,
    time_limit: float | None,
) -> Array:
    """Return `count` numbers at every pixel, (count, len(s), len(t)); NaN where time was up.

    `numbers(h, m)` takes batches of latents and returns `count` arrays.
    """
    shown, limit = checked_pace(progress, time_limit)
    out = np.full((count, len(s) * len(t)), math.nan)
    done = 0

    def run(seconds: float) -> bool:
        nonlocal done
        end = time.monotonic() + seconds
        while done < out.shape[1]:
            batch = np.arange(done, min(done + PIXELS, out.shape[1]))
            i, j = np.divmod(batch, len(t))
            out[:, batch] = numbers(*plane.points(s[i], t[j]))
            done += len(batch)
            if time.monotonic() >= end:
                break
        return done == out.shape[1]

    run_in_slices(run, lambda: done, out.shape[1], label, limit=limit, shown=shown)
    return out.reshape(count, len(s), len(t))
