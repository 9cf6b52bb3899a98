"""Which trials are to be run next, and how many at once."""

from __future__ import annotations

from collections import deque

CHUNK_SECONDS = 0.5  # much longer than a scheduler takes, much shorter than anyone minds to lose


class Plan:
    """The ranges of trials that are left, handed out in chunks sized by measured cost.

    A chunk is a range, and the seconds after which its worker stops and leaves the rest to
    another. So a size is a guess that costs nothing if it is wrong.
    """

    def __init__(self, missing: list[tuple[int, int]]) -> None:
        self._ranges = deque(missing)
        self.left = sum(stop - first for first, stop in missing)
        self._cost: float | None = None  # seconds of a trial, of late

    def next(self, width: int) -> tuple[int, int, float] | None:
        """Return (first, count, seconds) of a chunk for one of `width` workers, or None."""
        if not self._ranges:
            return None
        first, stop = self._ranges.popleft()
        seconds, count = CHUNK_SECONDS, 1
        if self._cost is not None:
            # The last chunks are short, so that workers end together.
            seconds = min(CHUNK_SECONDS, self.left * self._cost / (2 * width))
            count = max(1, min(stop - first, int(seconds / self._cost)))
        if first + count < stop:
            self._ranges.appendleft((first + count, stop))
        return first, count, seconds

    def learn(self, first: int, count: int, done: int, seconds: float) -> None:
        """Take note of a chunk of which `done` trials were run in so many seconds."""
        self.left -= done
        cost = max(seconds / done, 1e-9)
        self._cost = cost if self._cost is None else (self._cost + cost) / 2
        if done < count:
            self._ranges.appendleft((first + done, first + count))
