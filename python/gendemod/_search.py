"""How an observation is solved, and until when: the options of every solve, checked once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ._arrays import flag, integer, must
from ._arrays import seed as checked_seed
from ._arrays import threads as checked_threads
from ._device import cuda_or_none
from ._slices import seconds_allowed
from .solvers import AlternatingDescent, LevenbergMarquardt

#: Starts that restarts="auto" tries at most.
AUTOMATIC_RESTARTS = 8


@dataclass(frozen=True)
class Search:
    """The options of a solve; they are checked when it is made."""

    solver: AlternatingDescent | LevenbergMarquardt
    restarts: int | str
    seed: int | None  # None: what is given as a start needs none
    threads: int | None
    progress: bool
    time_limit: float | None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not isinstance(self.solver, AlternatingDescent | LevenbergMarquardt):
            reason = "it decides how to descend"
            got = type(self.solver).__name__
            raise TypeError(must("solver", "be a solver such as AlternatingDescent()", reason, got))
        if isinstance(self.restarts, str) and self.restarts != "auto":
            reason = "that is the only rule by name"
            got = repr(self.restarts)
            raise ValueError(must("restarts", 'be "auto" or an integer', reason, got))
        if not isinstance(self.restarts, str):
            reason = "somewhere the descent must start"
            integer(self.restarts, "restarts", 1, reason, most=10**6)
        if self.seed is not None:
            checked_seed(self.seed)
        checked_threads(self.threads)
        flag(self.progress, "progress", "the bar is shown or not")
        seconds_allowed(self.time_limit)
        cuda_or_none(self.device)

    def plan(self, start: object) -> tuple[int, int]:
        """Return the number of chains a problem, and of starts a chain."""
        if isinstance(self.restarts, str):
            return 1, AUTOMATIC_RESTARTS if start is None else 1
        if start is not None and self.restarts != 1:
            reason = "a given `start` is run once"
            raise ValueError(must("restarts", 'be 1 or "auto"', reason, self.restarts))
        return self.restarts, 1


def new_seed(seed: int | None, start: object) -> int | None:
    """Return a seed for random starts where none is given and there is no other start."""
    return secrets.randbits(63) if seed is None and start is None else seed
