"""What an audit counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ._law import NEAR, Pairs
from ._plain import Findings
from ._scene import Scene, from_hyperbolas
from ._walls import Rays

ROUNDING = 1e-12
BINS = 5  # of distance in a decade
ELSEWHERE = 4  # stands for no hyperbola
NAMES = ("(h0, m0)", "(-rho_d h0, m0)", "(h0, -rho_s m0)", "(-rho_d h0, -rho_s m0)")


@dataclass(frozen=True)
class Points:
    """A block of points: all pairs (i, j) of rays, r to a pair.

    slopes : those along -g1 and -g2, (i, j, r). regular : (i, j), False where a unit that was not
    put there stands at zero.
    """

    h: Rays
    m: Rays
    pairs: Pairs
    a: Array
    slopes: tuple[Array, Array]
    distances: Array
    regular: Array


@dataclass(frozen=True)
class Failures(Findings):
    """Points without a direction of descent, with the truth as it was given.

    Attributes
    ----------
    h, m : ndarray, (k, n) and (k, p)
    branch : ndarray of int, (k,)
        The nearest hyperbola, in the order of `theory.hyperbola_centres`.
    distance : ndarray, (k,)
        From it.
    slopes : ndarray, (k, 2)
        Relative slopes along -g1 and -g2.
    walls : ndarray of int, (k, 2)
        How many units of each network stand at zero.
    """

    h: Array
    m: Array
    branch: Array
    distance: Array
    slopes: Array
    walls: Array

    def __len__(self) -> int:
        return len(self.distance)


@dataclass(frozen=True)
class DescentAudit(Findings):
    """Whether points have a direction of descent.

    Attributes
    ----------
    points : int
        Points that were evaluated.
    at_kinks : int
        Those of them at which units of a network stand exactly at zero.
    left_out : int
        Points whose directions did not reach their walls, or met one that they were not to meet.
    failures : int
        Points without a direction of descent.
    epsilon : ndarray, (4,)
        For each hyperbola, the least epsilon of a neighbourhood (3) that holds all failures nearest
        to it: outside, no failure was seen. 0 where there is none.
    edges : ndarray, (bins - 1,)
        Distances between the bins; the first bin is below all, the last from 1/2 on.
    tested, failed : ndarray of int, (2, 5, bins)
        Points and failures: smooth or at a kink; hyperbola of the same signs, and last where that
        lies in K; bin of distance from it.
    least_slope : ndarray, (2, 5, bins)
        The least over the points of the larger of the two relative slopes; inf without points.
    kept : Failures
        The first failures.
    rho : (float, float)
    in_K : tuple of 4 bool
        Branches that lie in K, because a network has one layer.
    ending : str
        "complete"; or "time" or "interrupted", where not all points were evaluated.
    """

    points: int
    at_kinks: int
    left_out: int
    failures: int
    epsilon: Array
    edges: Array
    tested: Array
    failed: Array
    least_slope: Array
    kept: Failures
    rho: tuple[float, float]
    in_K: tuple[bool, bool, bool, bool]
    ending: str


class Tally:
    """Counts points, block after block."""

    def __init__(self, scene: Scene, decades: int, keep: int) -> None:
        self._scene, self._keep = scene, keep
        self._edges = NEAR * 10.0 ** np.linspace(-decades, 0, BINS * decades + 1)
        shape = (2, ELSEWHERE + 1, len(self._edges) + 1)
        self._tested, self._failed = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._least = np.full(shape, np.inf)
        self._epsilon = np.zeros(4)
        self._left_out = 0
        n, p = len(scene.h0), len(scene.m0)
        shapes = ((0, n), (0, p), (0,), (0,), (0, 2), (0, 2))
        types = (float, float, int, float, float, int)
        self._kept = [Failures(*map(np.empty, shapes, types))]

    def leave_out(self, count: int) -> None:
        """Count points that cannot be evaluated."""
        self._left_out += count

    def add(self, block: Points) -> None:
        """Count a block."""
        used = np.broadcast_to(block.regular[..., None], block.a.shape)
        self.leave_out(int((~used).sum()))
        best = np.maximum(*block.slopes)
        failed = used & (best <= ROUNDING)
        cells, shape = self._cells(block), self._tested.shape
        self._tested += np.bincount(cells[used], minlength=self._tested.size).reshape(shape)
        np.minimum.at(self._least.reshape(-1), cells[used], best[used])
        self._failed += np.bincount(cells[failed], minlength=self._failed.size).reshape(shape)
        failures = self._failures(block, np.nonzero(failed))
        np.maximum.at(self._epsilon, failures.branch, failures.distance)
        if sum(map(len, self._kept)) < self._keep:
            self._kept.append(failures)

    def _cells(self, block: Points) -> Array:
        """Return places in the tables, flattened."""
        kink = int(block.h.units.shape[1] + block.m.units.shape[1] > 0)
        branch = np.where(block.pairs.level > 0, block.pairs.branch, ELSEWHERE)[..., None]
        bins = np.searchsorted(self._edges, block.distances, side="right")
        places = np.broadcast_arrays(kink, branch, bins)
        return np.asarray(np.ravel_multi_index(tuple(places), self._tested.shape))

    def _failures(self, block: Points, where: tuple[Array, ...]) -> Failures:
        i, j, _ = where
        a, near = block.a[where], block.distances[where]
        cosines = block.pairs.cosines[0][i, 0], block.pairs.cosines[1][j]
        known = (near < NEAR) & (block.pairs.level[i, j] > 0)
        ratio = np.sqrt(np.where(known, cosines[1] / np.where(known, cosines[0], 1), 1))
        h = (np.sqrt(a) * ratio)[:, None] * block.h.z[i]
        m = (np.sqrt(a) / ratio)[:, None] * block.m.z[j]
        branch = block.pairs.branch[i, j]
        if not known.all():
            every = from_hyperbolas(self._scene, h[~known], m[~known])
            branch[~known], near[~known] = np.argmin(every, axis=1), np.min(every, axis=1)
        walls = np.broadcast_to([block.h.units.shape[1], block.m.units.shape[1]], (len(a), 2))
        slopes = np.stack([slope[where] for slope in block.slopes], axis=1)
        size = self._scene.size
        return Failures(size * h, size * m, branch, near, slopes, walls)

    def result(self, ending: str) -> DescentAudit:
        """Return the counts."""
        fields = zip(*(vars(part).values() for part in self._kept), strict=True)
        kept = Failures(*(np.concatenate(field)[: self._keep] for field in fields))
        return DescentAudit(
            points=int(self._tested.sum()),
            at_kinks=int(self._tested[1].sum()),
            left_out=self._left_out,
            failures=int(self._failed.sum()),
            epsilon=self._epsilon,
            edges=self._edges,
            tested=self._tested,
            failed=self._failed,
            least_slope=self._least,
            kept=kept,
            rho=self._scene.centres.rho,
            in_K=self._scene.centres.in_K,
            ending=ending,
        )
