"""Climbs towards a large joint deviation."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import TypeAlias

import numpy as np

from .. import _core
from .._arrays import Array
from .._directions import as_rows, scaled
from .._slices import SLICE
from ._deviation import joint_deviation
from ._exact import exact
from ._joint_ascent import ascend, mean_product, unit

INSIDE = 1e-7  # how far off a wall a wedge begins, as an angle
FIRST_ROWS = 8  # the rows whose own directions are tried before all climbs
INNER_CLIMBS = 3  # of the WDC search for (h, x): in a wedge, at h = x, at h near x
TURN_LENGTH = 1200  # evaluations of a turn, the line searches of its inner climbs
TURNS = 8  # at most: new (h, x), then new (m, y)
LEAST_GAIN = 1e-6  # relative, of a turn that is followed by another

Pair: TypeAlias = tuple[Array, Array]


class JointClimbs:
    """Climbs of (6) and (7) by turns, each a function of (seed, number).

    Of a matrix with one column and any other, (7) or (6) alone, the one that is never the smaller.
    """

    def __init__(self, B: Array, C: Array, alpha: float, seed: int, threads: int) -> None:
        self._B, self._C, self._alpha = B, C, alpha
        self._seed, self._threads = seed, threads
        self._ranked = np.argsort(-np.sum(B**2, axis=1) * np.sum(C**2, axis=1), kind="stable")
        self._evaluations = self._next = 0
        self._climbing: Iterator[None] = iter(())
        self._value, self._best = self._beside_long_rows()

    def run(self, evaluations: int, seconds: float) -> bool:
        """Climb for `seconds`; return True when so many evaluations are done, in whole climbs."""
        deadline = time.monotonic() + seconds
        while True:
            for _ in self._climbing:
                if time.monotonic() >= deadline:
                    return False
            if self._evaluations >= evaluations:
                return True
            self._climbing = self._climb(self._next)
            self._next += 1

    def done(self) -> int:
        return self._evaluations

    def best(self) -> tuple[Pair, Pair]:
        """Return (h, x) and (m, y) of the largest value so far."""
        return self._best

    def _beside_long_rows(self) -> tuple[float, tuple[Pair, Pair]]:
        """Try (b_i, b_i, c_i, c_i), and either pair in the wedge where only that row is on."""
        tries: list[tuple[Pair, Pair]] = []
        for i in self._ranked[:FIRST_ROWS]:
            b, c = _direction(self._B[i]), _direction(self._C[i])
            tries += [((b, b), (c, c)), (_wedge(b), (c, c)), ((b, b), _wedge(c))]
        h, x, m, y = (np.array([z[k][j] for z in tries]) for k in (0, 1) for j in (0, 1))
        values = joint_deviation(
            self._B, self._C, h, x, m, y, self._alpha, threads=self._threads or None
        )
        largest = np.max(np.reshape(values, (-1, 2)), axis=1)
        best = int(np.argmax(largest))
        return float(largest[best]), tries[best]

    def _climb(self, number: int) -> Iterator[None]:
        """Alternate between (h, x) and (m, y) for (6), the roles swapped for (7)."""
        lines = [rows.shape[1] == 1 for rows in (self._B, self._C)]
        swap = lines[0] if any(lines) else number % 2 == 1
        B, C = (self._C, self._B) if swap else (self._B, self._C)
        rng = np.random.default_rng([self._seed, number])
        outer = self._start(C, number if any(lines) else number // 2, rng)
        inner: list[Pair] = []  # the pair (h, x) of the last turn
        value = 0.0
        for _ in range(TURNS):
            found = yield from self._largest(B, C, outer, int(rng.integers(2**63)))
            ends = [(*ascend(B, C, self._alpha, pair, *outer), pair) for pair in (*inner, found)]
            before = value
            value, m, y, pair = max(ends, key=lambda end: end[0])
            outer, inner = (m, y), [pair]
            self._evaluations += TURN_LENGTH
            if value > self._value:
                self._value, self._best = value, (outer, pair) if swap else (pair, outer)
            yield
            if value <= before * (1 + LEAST_GAIN):
                return

    def _start(self, C: Array, number: int, rng: np.random.Generator) -> Pair:
        """Return (m, y), by turns: c_i of the next long row; equal, at random; near each other.

        One column has two directions, which take turns.
        """
        if C.shape[1] == 1:
            sign = np.array([1.0 - 2 * (number % 2)])
            return sign, sign
        m, other = (unit(z) for z in rng.standard_normal((2, C.shape[1])))
        kind, turn = number % 3, number // 3
        if kind == 0:
            m = _direction(C[self._ranked[turn % len(C)]])
        return m, unit(m + rng.random() * other) if kind == 2 else m

    def _largest(self, B: Array, C: Array, outer: Pair, seed: int) -> Generator[None, None, Pair]:
        """Search the largest (6) at fixed (m, y): the WDC of the rows sqrt(ell gamma_i) b_i."""
        m, y = outer
        gamma = len(B) * np.maximum(C @ m, 0) * np.maximum(C @ y, 0)
        rows = np.sqrt(gamma)[:, None] * B
        rows = rows[rows.any(axis=1)] if rows.any() else rows[:1]
        level = max(self._alpha * float(mean_product(m, y)), float(np.finfo(np.float64).tiny))
        if rows.shape[1] <= 2:
            found = exact(rows, level)
            return unit(found.x), unit(found.y)
        rows, level, _ = scaled(rows, level, "B")
        core = _core.WdcSearch(as_rows(rows, rows.dtype), level, seed)
        while not core.run(INNER_CLIMBS, self._threads, SLICE):
            yield
        _, h, x = core.best()
        return unit(h), unit(x)


def _direction(row: Array) -> Array:
    """Return the direction of a row of any size; a zero row gets that of the first axis."""
    return unit(row / np.abs(row).max()) if row.any() else np.eye(len(row))[0]


def _wedge(b: Array) -> Pair:
    """Return h, x nearly opposite with b in the middle: few other rows are on for both."""
    if len(b) == 1:
        return b, b
    axis = np.eye(len(b))[np.argmin(np.abs(b))]
    across = unit(axis - (axis @ b) * b)
    return unit(across + INSIDE * b), unit(INSIDE * b - across)
