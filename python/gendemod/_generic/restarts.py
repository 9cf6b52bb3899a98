"""Many problems, each started several times, on generators that are no ReLU networks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from .. import _core
from .._arrays import Array
from .._generators import GenericNetwork
from ..result import FAR, Status
from ..solvers import AlternatingDescent
from .descent import End, GenericDescent
from .model import Factor, Observed
from .starts import random_starts

#: A run that converged with a relative residual of this many tolerances fits y.
FIT = 16

#: Starts that are walked at once: so many forward passes are held in memory.
GROUP = 64

#: A problem and the number of one of its starts.
Start = tuple[int, int]


class GenericBatch:
    """What the core's batches are for ReLU networks: run, stop, done, total, best.

    What is kept of a problem is its first start that fits y, or else its lowest objective. Once a
    start fits, the later ones cannot change that, and are cut. A fixed step is taken times the
    `step_scale`, (batch, 1), of its problem.
    """

    def __init__(
        self,
        g1: GenericNetwork,
        g2: GenericNetwork,
        y: Array,
        y_weights: Array,
        h: Array,
        m: Array,
        step_scale: Array,
        solver: AlternatingDescent,
        plan: _core.RestartPlan,
        threads: int,
    ) -> None:
        self._networks, self._solver, self._plan, self._threads = (g1, g2), solver, plan, threads
        self._given, self._step_scale = (h, m), step_scale[:, 0]
        self._observed = Observed(y, np.broadcast_to(y_weights, y.shape))
        self._ends: list[dict[int, End]] = [{} for _ in y]
        self._count = plan.chains * plan.starts_per_chain  # starts of a problem
        self._fits = [self._count] * len(y)  # the first of them that fits
        self._running = 0  # iterations of those that run
        self._stopped = False
        self._work = self._walk_all()

    def run(self, seconds: float) -> bool:
        """Work for about this long; True when all is done."""
        deadline = time.monotonic() + seconds
        with np.errstate(all="ignore"):
            for _ in self._work:
                if time.monotonic() >= deadline:
                    return False
        return True

    def stop(self) -> None:
        """End what is not done where it stands; what was never begun, where it would start."""
        self._stopped = True
        self.run(np.inf)

    def total(self) -> int:
        """Iterations at most."""
        return len(self._ends) * self._count * self._solver.max_iterations

    def done(self) -> int:
        """The same of what is done; a start that is not wanted any more counts in full."""
        unwanted = sum(
            not self._wants(problem, number)
            for problem in range(len(self._ends))
            for number in range(self._count)
        )
        return min(unwanted * self._solver.max_iterations + self._running, self.total())

    def best(self, problem: int) -> tuple[Array, Array, float, int, int, Array, float]:
        """(h, m, objective, status, restarts, history, objective at w * x = 0)"""
        fit = self._fits[problem]
        ends = [end for number, end in sorted(self._ends[problem].items()) if number <= fit]
        lowest = min(ends, key=lambda end: (np.isnan(end.objective), end.objective))
        best = self._ends[problem].get(fit, lowest)
        at_zero = float(self._observed.energy[problem])
        return best.h, best.m, best.objective, best.status, len(ends), best.history, at_zero

    def _wants(self, problem: int, number: int) -> bool:
        """Whether a start is still to be walked to its end."""
        ends = self._ends[problem]
        if number in ends or number > self._fits[problem] or (self._stopped and number > 0):
            return False
        # A chain ends where a start converged near y.
        in_a_chain = self._plan.starts_per_chain > 1
        return not (in_a_chain and any(self._found(problem, end, FAR) for end in ends.values()))

    def _found(self, problem: int, end: End, most: float) -> bool:
        """Whether a start converged with a relative residual of at most `most`."""
        near = end.objective <= most**2 * self._observed.energy[problem]
        return end.status == Status.CONVERGED and bool(near)

    def _walk_all(self) -> Iterator[None]:
        """Walk all starts that are wanted; yields after every iteration."""
        # The chains of a problem are walked side by side, the starts of one chain in turn.
        numbers = range(self._count)
        turns = [numbers] if self._plan.starts_per_chain == 1 else [[k] for k in numbers]
        for turn in turns:
            starts = [(problem, k) for problem in range(len(self._ends)) for k in turn]
            starts = [start for start in starts if self._wants(*start)]
            for first in range(0, len(starts), GROUP):
                yield from self._walk([s for s in starts[first : first + GROUP] if self._wants(*s)])

    def _walk(self, starts: list[Start]) -> Iterator[None]:
        """Walk some starts side by side."""
        if not starts:
            return
        descent = self._begin(starts)
        while descent.rows.size and not self._stopped:
            self._running = descent.iteration * len(descent.rows)
            before = descent.rows.size
            descent.iterate()
            if descent.rows.size < before:
                self._note(starts, descent)
            yield
        descent.stop()
        self._note(starts, descent)
        self._running = 0

    def _begin(self, starts: list[Start]) -> GenericDescent:
        problems = np.array([problem for problem, _ in starts])
        observed = self._observed.take(problems)
        if len(self._given[0]):
            latents = self._given[0][problems], self._given[1][problems]
        else:
            latents = random_starts(
                self._networks, observed, self._plan.seed, starts, self._threads
            )
        h, m = (
            Factor(network, step, self._step_scale[problems], latent, self._threads)
            for network, step, latent in zip(
                self._networks, self._solver._steps(), latents, strict=True
            )
        )
        return GenericDescent(h, m, observed, self._solver)

    def _note(self, starts: list[Start], descent: GenericDescent) -> None:
        """Keep what has ended, and cut what comes after a fit."""
        for row, (problem, number) in enumerate(starts):
            end = descent.ends[row]
            if end is None or number in self._ends[problem]:
                continue
            self._ends[problem][number] = end
            if self._found(problem, end, FIT * descent.tolerance):
                self._fits[problem] = min(self._fits[problem], number)
        descent.cut([row for row, start in enumerate(starts) if start[1] > self._fits[start[0]]])
