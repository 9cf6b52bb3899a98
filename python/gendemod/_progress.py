"""A progress bar on stderr: share done, rate, time left."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

_WIDTH = 24
_SECONDS_BETWEEN_DRAWINGS = 0.1


class Progress:
    """Draw how much of `total` is done, on one line of stderr.

    Parameters
    ----------
    total : int
        How many items there are; 0 draws a full bar.
    label : str
        What is counted, drawn before the bar.
    enabled : bool
        Whether anything is written at all. The command line passes ``sys.stderr.isatty()``.
    """

    def __init__(self, total: int, label: str, enabled: bool) -> None:
        self._total = total
        self._label = label
        self._enabled = enabled
        self._started = time.monotonic()
        self._drawn_at = -float("inf")
        self._length = 0

    def update(self, done: int) -> None:
        """Say that `done` items are done; drawn at most ten times a second, and at the end."""
        now = time.monotonic()
        if not self._enabled:
            return
        if done < self._total and now - self._drawn_at < _SECONDS_BETWEEN_DRAWINGS:
            return
        self._drawn_at = now
        line = self._line(done, now - self._started)
        # Blanks cover what a longer line left behind.
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def close(self) -> None:
        """End the line; the bar draws nothing after it."""
        if self._enabled and self._length:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._enabled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self, done: int, seconds: float) -> str:
        share = done / self._total if self._total else 1.0
        filled = int(_WIDTH * share)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        text = f"{self._label} [{bar}] {done}/{self._total}"
        if done == 0 or seconds == 0.0:
            return text
        rate = f"{text}  {done / seconds:.3g}/s"
        if done >= self._total:
            return f"{rate}  {_clock(seconds)} in all"
        return f"{rate}  {_clock(seconds / done * (self._total - done))} left"


def _clock(seconds: float) -> str:
    """Return `seconds` as minutes:seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
