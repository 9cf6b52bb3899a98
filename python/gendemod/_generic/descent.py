"""Algorithm 1 for generators of which only values and vector-Jacobian products are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._arrays import Array
from ..result import KINK, Status
from ..solvers import AlternatingDescent
from .model import SIGNS, Factor, Observed, dots, norms, times
from .search import exact_step, search

PATIENCE = 100  # iterations without a new least objective: stalled
RUNNING = 0


class End(NamedTuple):
    """What a start has come to."""

    h: Array
    m: Array
    objective: float
    status: int
    history: Array


class GenericDescent:
    """Algorithm 1 on many starts at once, a row each. One iteration at (h, m):

      line 3:  (h, m) <- the best of (+-h, +-m)
      line 4:  h <- h - eta_h grad_h f(h, m),   then m <- m - eta_m grad_m f(h, m) at the new h
               (simultaneous: at the old h)
      line 5:  (h, m) <- (h / c, c m) with ||h / c|| = ||c m||

    Line 5 keeps the product of positively homogeneous generators alone; it is left out for others.
    Rows that end are taken out; ``ends`` holds what they have come to.
    """

    def __init__(
        self, h: Factor, m: Factor, observed: Observed, solver: AlternatingDescent
    ) -> None:
        self._h, self._m, self._observed, self._solver = h, m, observed, solver
        self._balance = solver.balance and h.network.homogeneous and m.network.homogeneous
        self._eps = max(h.network.eps, m.network.eps)
        self.tolerance = max(solver.tolerance, 10 * self._eps) if solver.tolerance > 0 else 0.0
        self.iteration = 0
        self.rows = np.arange(len(h.latent))  # those that run
        self.ends: list[End | None] = [None] * len(self.rows)
        self._objective = observed.objective(h.output, m.output)
        self._least, self._least_at = self._objective, np.zeros(len(self.rows))
        self._records = [self._objective]  # of all rows, also of those that have ended
        finite = np.isfinite(self._objective)
        self._finish(np.where(finite, RUNNING, Status.DIVERGED), h.latent, m.latent)

    def iterate(self) -> None:
        """Do lines 3 to 5 once on every row that runs."""
        h, m, before = self._h, self._m, (self._h.latent, self._m.latent)
        every = self._solver.sign_check
        if every > 0 and self.iteration % every == 0:
            self._choose_signs()
        gradient_h = self._observed.gradient(h, m)
        if self._solver.simultaneous:
            gradient_m = self._observed.gradient(m, h)
        length_h, blocked_h, lost_h = self._descend(h, m, gradient_h)
        if not self._solver.simultaneous:
            gradient_m = self._observed.gradient(m, h)
        length_m, blocked_m, lost_m = self._descend(m, h, gradient_m)
        if self._balance:
            self._normalise()
        self._measure()
        length = np.hypot(length_h, length_m) / np.sqrt(2)
        status = self._judge(length, blocked_h | blocked_m, lost_h | lost_m)
        back = (status == Status.DIVERGED)[:, None]
        self._finish(
            status, np.where(back, before[0], h.latent), np.where(back, before[1], m.latent)
        )

    def stop(self) -> None:
        """End every row that runs where it stands."""
        status = np.full(len(self.rows), int(Status.TIME_LIMIT))
        self._finish(status, self._h.latent, self._m.latent)

    def cut(self, rows: list[int]) -> None:
        """Take rows out without an end."""
        keep = ~np.isin(self.rows, rows)
        if not keep.all():
            self._keep(keep)

    def _choose_signs(self) -> None:
        """Line 3."""
        h, m = self._h, self._m
        w = {1: h.output, -1: h.elsewhere(-h.latent)}
        x = {1: m.output, -1: m.elsewhere(-m.latent)}
        f = np.array([self._observed.objective(w[a], x[b]) for a, b in SIGNS])
        best = np.argmin(np.where(np.isnan(f), np.inf, f), axis=0)
        for factor, signs in zip((h, m), np.array(SIGNS)[best].T, strict=True):
            if (signs < 0).any():
                factor.move(np.where(signs[:, None] < 0, -factor.latent, factor.latent))

    def _descend(
        self, moving: Factor, fixed: Factor, gradient: Array
    ) -> tuple[Array, Array, Array]:
        """One of the two steps of line 4.

        Returns its relative length, where a kink blocks it, and where it leaves the finite numbers:
        such a row stays where it is, and ends in _judge.
        """
        lost: Array = np.logical_not(np.isfinite(norms(gradient)))
        gradient = np.where(lost[:, None], 0, gradient)
        moving.direction = self._solver.momentum * moving.direction + gradient
        if moving.automatic:
            shortest = max(self.tolerance, self._eps)
            length, blocked = search(self._observed, moving, fixed, gradient, shortest)
            return length, blocked, lost
        unit = norms(moving.direction) / moving.length
        length = moving.step * unit
        if (short := length <= self.tolerance).any():
            # A short step says that the solution is near only if a good step would be short, too.
            slope = dots(gradient, moving.direction)
            good = exact_step(self._observed, moving, fixed, slope) * unit
            length = np.where(short, np.fmax(length, good), length)
        latent = moving.latent - times(moving.step, moving.direction)
        lost |= np.logical_not(np.isfinite(latent).all(axis=1))
        moving.move(np.where(lost[:, None], moving.latent, latent))
        return length, np.zeros(len(lost), dtype=bool), lost

    def _normalise(self) -> None:
        """Line 5."""
        h, m = self._h, self._m
        c = np.sqrt(norms(h.latent) / norms(m.latent))
        c = np.where(np.isfinite(c) & (c > 0), c, 1.0)[:, None].astype(h.latent.dtype)
        if (c != 1).any():
            h.move(h.latent / c)
            m.move(m.latent * c)

    def _measure(self) -> None:
        self.iteration += 1
        self._objective = self._observed.objective(self._h.output, self._m.output)
        lower = self._objective < self._least
        self._least = np.where(lower, self._objective, self._least)
        self._least_at = np.where(lower, self.iteration, self._least_at)
        record = np.full(len(self.ends), np.nan)
        record[self.rows] = self._objective
        self._records.append(record)

    def _judge(self, length: Array, blocked: Array, lost: Array) -> Array:
        """The status of every row that ran."""
        status = np.full(len(self.rows), RUNNING)
        if self.iteration >= self._solver.max_iterations:
            status[:] = Status.ITERATION_LIMIT
        if self.tolerance > 0:
            status[self.iteration - self._least_at >= PATIENCE] = Status.STALLED
            short = length <= self.tolerance
            status[short] = Status.CONVERGED
            status[short & blocked] = KINK
            far = self._objective > self._observed.energy / 4
            dead = (self._h.output * self._m.output == 0).all(axis=1)
            status[short & ((blocked & far) | dead)] = Status.STALLED
        status[~np.isfinite(self._objective) | lost] = Status.DIVERGED
        return status

    def _finish(self, status: Array, h: Array, m: Array) -> None:
        """Note the ends of the rows that do not run on, and take them out."""
        over = np.flatnonzero(status != RUNNING)
        if not over.size:
            return
        records = np.array(self._records)
        for i in over:
            history = records[:, self.rows[i]]
            if status[i] == Status.DIVERGED and len(history) > 1:
                history = history[:-1]
            self.ends[self.rows[i]] = End(h[i], m[i], float(history[-1]), int(status[i]), history)
        self._keep(status == RUNNING)

    def _keep(self, rows: Array) -> None:
        self.rows = self.rows[rows]
        for factor in (self._h, self._m):
            factor.keep(rows)
        self._observed = self._observed.take(rows)
        self._objective = self._objective[rows]
        self._least, self._least_at = self._least[rows], self._least_at[rows]
