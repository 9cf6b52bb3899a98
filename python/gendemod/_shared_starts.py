"""Random starts of many frames with one factor in common.

A start solves all frames one by one, each from random latents. The x of the frame that fits best
starts the joint descent. At its end a frame may be stuck although x is right. So every frame is
solved again with this x known, and the joint descent goes on with those that fit better.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from ._arrays import Array
from ._joint_descent import Frames, JointDescent
from ._known_factor import solve_known
from ._search import Search
from ._solve import solve
from .network import ReLUNetwork
from .result import Result, Status
from .solvers import LevenbergMarquardt

#: How often the frames are solved again at most, and by which share the objective must fall then.
_ROUNDS = 8
_WORTH = 1e-3

#: A descent that ended with a relative residual of this many tolerances fits y.
_FIT = 16


@dataclass(frozen=True)
class Starts:
    """Where the joint descents of these frames start, until the deadline of the clock."""

    frames: Frames
    networks: tuple[ReLUNetwork, ReLUNetwork]
    solver: LevenbergMarquardt
    search: Search
    deadline: float

    def best(self) -> tuple[list[JointDescent], int]:
        """Return the joint descents of the start that is kept, and how many starts were run."""
        chains, in_chain = self.search.plan(None)
        kept: list[JointDescent] = []
        for number in range(chains * in_chain):
            descents = self._descents(number)
            last = descents[-1]
            if not kept or last.objective < kept[-1].objective:
                kept = descents
            converged = last.status == Status.CONVERGED and in_chain > 1
            ended = last.status in (Status.TIME_LIMIT, Status.HOPELESS)
            if converged or ended or last.fits(_FIT):
                break
        return kept, number + 1

    def _descents(self, number: int) -> list[JointDescent]:
        """Return the joint descents of a start, each from where the one before it ended."""
        y, v = (a.astype(self.frames.dtype) for a in (self.frames.y, self.frames.v))
        first = number * (_ROUNDS + 1)
        alone = solve(y, *self.networks, self._randomly(first, 1), y_weights=v)
        descents = [JointDescent(self.frames, self.solver, *self._consensus(alone))]
        if set(alone.status) == {Status.HOPELESS}:
            descents[0].status = Status.HOPELESS
        for key in range(first + 1, first + _ROUNDS + 1):
            last = descents[-1]
            last.run(self.deadline, self.search.progress)
            if last.status == Status.TIME_LIMIT or last.fits(_FIT) or not last.x.any():
                break
            some = self._randomly(key, "auto")
            again = solve_known(y, self.networks[0], None, some, x=last.x, y_weights=v)
            own = self.frames.objectives(last.w, last.x)
            better = again.objective < own
            if not np.sum(np.where(better, again.objective, own)) < (1 - _WORTH) * last.objective:
                break
            h = np.where(better[:, None], again.h, last.h)
            descents.append(JointDescent(self.frames, self.solver, h, last.m))
        descents[-1].run(self.deadline, self.search.progress)
        return descents

    def _randomly(self, key: int, restarts: int | str) -> Search:
        """Return how frames are solved by themselves in the time that is left."""
        left = None if self.deadline == math.inf else max(0.0, self.deadline - time.monotonic())
        seed = ((self.search.seed or 0) + key) % 2**64
        return replace(self.search, restarts=restarts, seed=seed, time_limit=left)

    def _consensus(self, alone: Result) -> tuple[Array, Array]:
        """Return all h_j and one m, from frames that were solved one by one.

        m is that of the frame that fits best, and every h_j has the length that then fits best,
        since each pair is known up to a scale alone.
        """
        seen = alone.x.any(axis=1)
        best = int(np.argmin(np.where(seen, alone.relative_residual, np.inf)))
        product = alone.w.astype(np.float64) * alone.x[best]
        energy = np.sum(self.frames.v * product**2, axis=1)
        share = np.sum(self.frames.v * product * self.frames.y, axis=1)
        lengths = np.divide(share, energy, out=np.ones_like(share), where=energy > 0)
        h = np.maximum(lengths, 0)[:, None] * alone.h
        return h.astype(self.frames.dtype), alone.m[best]
