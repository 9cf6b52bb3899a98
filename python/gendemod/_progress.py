"""A progress bar on stderr: share done, rate, time left."""

from __future__ import annotations

import os
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
        What is counted, drawn before the bar; shortened to what a line of the terminal holds.
    enabled : bool
        Whether anything is written at all. The command line passes ``sys.stderr.isatty()``.
    already : int
        How many items were done before; they are part of the share, not of the rate.
    """

    def __init__(self, total: int, label: str, enabled: bool, already: int = 0) -> None:
        self.total = total
        self._already = already
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
        if done < self.total and now - self._drawn_at < _SECONDS_BETWEEN_DRAWINGS:
            return
        self._drawn_at = now
        room = _columns() - 1
        line = self._line(done, now - self._started, room)
        # Blanks cover what a longer line left behind.
        sys.stderr.write("\r" + line.ljust(min(self._length, room)))
        sys.stderr.flush()
        self._length = len(line)

    def note(self, text: str) -> None:
        """Write a line of its own, also where no bar is drawn; the bar goes on below it."""
        if self._length:
            sys.stderr.write("\n")
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
        self._length, self._drawn_at = 0, -float("inf")

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

    def _line(self, done: int, seconds: float, room: int) -> str:
        text = self._numbers(done, seconds)
        most = max(room - len(text) - 1, 0)
        label = self._label
        if len(label) > most:
            label = label[: max(most - 3, 0)] + "..."
        return f"{label} {text}"[-room:]

    def _numbers(self, done: int, seconds: float) -> str:
        share = done / self.total if self.total else 1.0
        filled = int(_WIDTH * share)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        text = f"[{bar}] {done}/{self.total}"
        new = done - self._already
        if new == 0 or seconds == 0.0:
            return text
        rate = f"{text}  {new / seconds:.3g}/s"
        if done >= self.total:
            return f"{rate}  {_clock(seconds)} in all"
        return f"{rate}  {_clock(seconds / new * (self.total - done))} left"


def _columns() -> int:
    """Return how many letters a line of the terminal holds; 80 where nobody knows."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):  # no terminal
        return 80


def _clock(seconds: float) -> str:
    """Return `seconds` as minutes:seconds, or as hours:minutes:seconds."""
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
