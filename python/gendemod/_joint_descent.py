"""Levenberg-Marquardt on many frames with one factor in common, from one start to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import Array
from ._arrow import Arrow
from ._progress import Progress
from .result import KINK, Status
from .solvers import LevenbergMarquardt

_RUNNING = 0
_FIRST_DAMPING = 1e-2

#: Numbers of the blocks that are reflected at a time: 64 MiB of float64.
_BLOCK = 2**23


@dataclass(frozen=True)
class Frames:
    """y and its weights v, (k, ell), in float64, and the core's generators of their factors."""

    y: Array
    v: Array
    g1: Any
    g2: Any
    dtype: np.dtype[Any]
    threads: int

    def outputs(self, h: Array, m: Array) -> tuple[Array, Array]:
        """Return w = G1(h), (k, ell), and x = G2(m), (ell,)."""
        x: Array = self.g2.forward(m[None], self.threads)[0]
        return self.g1.forward(h, self.threads), x

    def objectives(self, w: Array, x: Array) -> Array:
        """Return the objective of each frame, (k,)."""
        out: Array = np.sum(self.v * (w.astype(np.float64) * x - self.y) ** 2, axis=1) / 2
        return out

    def at_zero(self) -> float:
        """Return the objective of the product 0."""
        return float(np.sum(self.v * self.y**2)) / 2

    def attainable(self, tolerance: float) -> float:
        """Return the tolerance that the dtype can resolve, 0 for 0."""
        return max(tolerance, 10 * float(np.finfo(self.dtype).eps)) if tolerance > 0 else 0.0

    def rounding(self, objective: float) -> float:
        """Return how far rounding alone may move an objective."""
        return 16 * float(np.finfo(self.dtype).eps) * float(np.sqrt(objective * self.at_zero()))


class JointDescent:
    """Damped Gauss-Newton steps in (h_1, ..., h_k, m) at once, with the sign check of Algorithm 1.

    The rules are those of the core's solver: every frame takes the better of +-h_j for either of
    +-m; a step is taken if the objective falls; the damping follows Nielsen's rule; the norms of
    (h_1, ..., h_k) and m are made equal.
    """

    def __init__(self, frames: Frames, solver: LevenbergMarquardt, h: Array, m: Array) -> None:
        self._frames, self._most = frames, solver.max_iterations
        self._tolerance = frames.attainable(solver.tolerance)
        self.h, self.m = h, m
        self.w, self.x = frames.outputs(h, m)
        self.objective = self._total(self.w, self.x)
        self.history = [self.objective]
        self.status: int = _RUNNING  # of the core: also KINK
        self._damping, self._raise = _FIRST_DAMPING, 2.0

    def relative_residual(self) -> float:
        """Return the norm of all w_j * x - y_j over that of y; 0 for y = 0."""
        at_zero = self._frames.at_zero()
        return float(np.sqrt(self.objective / at_zero)) if at_zero > 0 else 0.0

    def fits(self, tolerances: float) -> bool:
        """Return whether the relative residual is at most so many tolerances."""
        return self.relative_residual() <= tolerances * self._tolerance

    def run(self, deadline: float, shown: bool) -> None:
        """Iterate to the end, or to the deadline of the monotonic clock."""
        arrow = None
        with Progress(self._most, "joint steps", enabled=shown) as bar:
            while self.status == _RUNNING:
                if time.monotonic() >= deadline:
                    self.status = Status.TIME_LIMIT
                    return
                if arrow is None:
                    self._choose_signs()
                    self._balance()
                    arrow = self._linearise()
                if self._try(arrow):
                    arrow = None
                bar.update(len(self.history) - 1)

    def _total(self, w: Array, x: Array) -> float:
        return float(np.sum(self._frames.objectives(w, x)))

    def _choose_signs(self) -> None:
        """Line 3 of Algorithm 1: the best of all signs, each h_j by itself for either sign of m."""
        minus_w, minus_x = self._frames.outputs(-self.h, -self.m)
        choices = []
        for x in (self.x, minus_x):
            plus, minus = (self._frames.objectives(w, x) for w in (self.w, minus_w))
            flipped = minus < plus
            choices.append((float(np.sum(np.where(flipped, minus, plus))), flipped))
        other = choices[1][0] < choices[0][0]
        flipped = choices[other][1]
        if other:
            self.m, self.x = -self.m, minus_x
        self.h = np.where(flipped[:, None], -self.h, self.h)
        self.w = np.where(flipped[:, None], minus_w, self.w)
        self.objective = self._total(self.w, self.x)

    def _balance(self) -> None:
        """Line 5 of Algorithm 1."""
        norms = [float(np.linalg.norm(z.astype(np.float64))) for z in (self.h, self.m)]
        if min(norms) == 0:
            return
        c = self._frames.dtype.type(np.sqrt(norms[0] / norms[1]))
        self.h, self.w = self.h / c, self.w / c
        self.m, self.x = self.m * c, self.x * c

    def _linearise(self) -> Arrow:
        """Reflect sqrt(v) [diag(x) Lambda_h, diag(w) Lambda_m, w x - y] of every frame."""
        frames, (k, n), p = self._frames, self.h.shape, len(self.m)
        arrow = Arrow(k, n, p)
        piece_m = frames.g2.linear_piece(self.m[None], frames.threads)[0]
        count = max(1, _BLOCK // (len(self.x) * (n + p + 1)))
        for first in range(0, k, count):
            some = slice(first, first + count)
            root, w = np.sqrt(frames.v[some]), self.w[some].astype(np.float64)
            blocks = np.empty((*w.shape, n + p + 1))
            blocks[..., :n] = frames.g1.linear_piece(self.h[some], frames.threads)
            blocks[..., :n] *= (root * self.x)[..., None]
            np.multiply((root * w)[..., None], piece_m, out=blocks[..., n:-1])
            blocks[..., -1] = root * (w * self.x - frames.y[some])
            arrow.add(first, blocks)
        return arrow

    def _try(self, arrow: Arrow) -> bool:
        """Try one step; return whether it was taken."""
        step_h, step_m = arrow.solve(self._damping, self.m)
        promised = arrow.decrease(step_h, step_m)
        length = _norm(step_h, step_m) / max(_norm(self.h, self.m), np.finfo(np.float64).tiny)
        h = (self.h + step_h).astype(self._frames.dtype)
        m = (self.m + step_m).astype(self._frames.dtype)
        w, x = self._frames.outputs(h, m)
        objective = self._total(w, x)
        falls = objective < self.objective
        forced = self._damping > _FIRST_DAMPING
        if falls:
            gain = (self.objective - objective) / promised
            self.h, self.m, self.w, self.x, self.objective = h, m, w, x, objective
            self._damping *= max(1 / 3, 1 - (2 * gain - 1) ** 3)
            self._raise = 2.0
        else:
            self._damping *= self._raise
            self._raise *= 2
        self.history.append(self.objective)
        vanishes = not falls and not promised > self._frames.rounding(self.objective)
        self.status = self._judge(length <= self._tolerance, vanishes, forced)
        return falls

    def _judge(self, short: bool, vanishes: bool, forced: bool) -> int:
        """Return how the descent ends, or that it runs on.

        It ends where a step is short, or where what it promises is lost in rounding: at a
        solution, or at a kink if the step is short because longer ones failed.
        """
        if self._tolerance > 0 and (short or vanishes):
            if not (self.w * self.x).any():
                return Status.STALLED
            if vanishes or not forced:
                return Status.CONVERGED
            return Status.STALLED if self.relative_residual() > 1 / 2 else KINK
        return Status.ITERATION_LIMIT if len(self.history) > self._most else _RUNNING


def _norm(h: Array, m: Array) -> float:
    """Return the norm of all latents together."""
    return float(np.hypot(np.linalg.norm(h), np.linalg.norm(m)))
