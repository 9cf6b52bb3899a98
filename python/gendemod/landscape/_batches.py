"""Work that is done pixel by pixel, a batch of them at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, flag
from .._slices import run_in_slices, seconds_allowed
from ._grid import axis
from ._plane import Plane

PIXELS = 1024


@dataclass(frozen=True)
class Pixels:
    """The pixels of a grid in a plane, and how long and how visibly they are worked on."""

    plane: Plane
    s: Array
    t: Array
    shown: bool
    limit: float

    @classmethod
    def of(
        cls,
        plane: Plane,
        s: ArrayLike,
        t: ArrayLike,
        progress: bool = False,
        time_limit: float | None = None,
    ) -> Self:
        """Check what the functions of a grid are given."""
        axes = axis(s, "s"), axis(t, "t")
        shown = flag(progress, "progress", "it switches the bar on or off")
        return cls(plane, *axes, shown, seconds_allowed(time_limit))

    def evaluate(
        self, numbers: Callable[[Array, Array], list[Array]], count: int, label: str
    ) -> Array:
        """Return `count` numbers at every pixel, (count, len(s), len(t)); NaN where time was up.

        `numbers(h, m)` takes batches of latents and returns `count` arrays.
        """
        out = np.full((count, len(self.s) * len(self.t)), math.nan)
        done = 0

        def run(seconds: float) -> bool:
            nonlocal done
            end = time.monotonic() + seconds
            while done < out.shape[1]:
                batch = np.arange(done, min(done + PIXELS, out.shape[1]))
                i, j = np.divmod(batch, len(self.t))
                out[:, batch] = numbers(*self.plane.points(self.s[i], self.t[j]))
                done += len(batch)
                if time.monotonic() >= end:
                    break
            return done == out.shape[1]

        run_in_slices(run, lambda: done, out.shape[1], label, limit=self.limit, shown=self.shown)
        return out.reshape(count, len(self.s), len(self.t))
