"""The product model of generators that are known by values and vector-Jacobian products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._arrays import Array
from .._generators import GenericNetwork

#: The four signs (s_h, s_m) of line 3, in the order in which ties are broken.
SIGNS = ((1, 1), (-1, 1), (1, -1), (-1, -1))


class Factor:
    """One of the two factors of the product, a row for each start; evaluated when it is read."""

    def __init__(
        self, network: GenericNetwork, step: float, scale: Array, latent: Array, threads: int
    ) -> None:
        self.network, self.automatic, self.step = network, step == 0, step * scale
        self._threads = threads
        self.direction = np.zeros_like(latent)
        self.move(latent)

    def move(self, latent: Array) -> None:
        self.latent = latent
        self._pass: tuple[Array, Callable[[Array], Array]] | None = None

    def keep(self, rows: Array) -> None:
        self.direction, self.step = self.direction[rows], self.step[rows]
        self.move(self.latent[rows])

    @property
    def length(self) -> Array:
        """What steps are measured by: the norm of every latent.

        It is at least that of a random start, sqrt(n), where G is not homogeneous or the latent is
        0: a G with shifts does not see changes that are small against a tiny latent.
        """
        lengths, start = norms(self.latent), np.sqrt(self.network.dims[0])
        if self.network.scale_free:
            return np.where(lengths > 0, lengths, start)
        return np.maximum(lengths, start)

    def _evaluate(self) -> tuple[Array, Callable[[Array], Array]]:
        if self._pass is None:
            self._pass = self.network.pull_back(self.latent, self._threads)
        return self._pass

    @property
    def output(self) -> Array:
        """G(latent)."""
        return self._evaluate()[0]

    def pull_back(self, r: Array) -> Array:
        """J(latent)^T r."""
        return self._evaluate()[1](r)

    def elsewhere(self, latent: Array) -> Array:
        """G at another latent."""
        return self.network.forward(latent, self._threads)


class Observed:
    """Rows of observations: f = 1/2 sum_i v_i (w_i x_i - y_i)^2, summed in float64."""

    def __init__(self, y: Array, v: Array) -> None:
        self.y, self.v = y, v
        self.energy = 0.5 * self._sum(y.astype(np.float64) ** 2)

    def take(self, rows: Array) -> Observed:
        return Observed(self.y[rows], self.v[rows])

    def objective(self, w: Array, x: Array) -> Array:
        return 0.5 * self._sum((w * x - self.y).astype(np.float64) ** 2)

    def gradient(self, moving: Factor, fixed: Factor) -> Array:
        """J^T (other * v * (w * x - y)), other = x for h and w for m; NaN where that overflows."""
        other = fixed.output
        r = other * self.v * (moving.output * other - self.y)
        lost = ~np.isfinite(r).all(axis=1, keepdims=True)
        return np.where(lost, np.nan, moving.pull_back(np.where(lost, 0, r)))

    def curvature(self, other: Array, d: Array) -> Array:
        """The second derivative of f along a change d of one output."""
        return self._sum((other.astype(np.float64) * d) ** 2)

    def radial_minimiser(self, w: Array, x: Array) -> Array:
        """The a >= 0 that minimises f over w * x -> a (w * x), or 0."""
        a = self._sum(self.y.astype(np.float64) * w * x) / self.curvature(w, x)
        return np.where(np.isfinite(a) & (a > 0), a, 0.0)

    def rounding(self, objective: Array, eps: float) -> Array:
        """How far rounding alone may move f."""
        return 16 * eps * np.sqrt(objective * self.energy)

    def _sum(self, terms: Array) -> Array:
        total: Array = (self.v * terms).sum(axis=1, dtype=np.float64)
        return total


def norms(rows: Array) -> Array:
    """The Euclidean norm of every row, in float64."""
    lengths: Array = np.linalg.norm(rows.astype(np.float64), axis=1)
    return lengths


def dots(a: Array, b: Array) -> Array:
    """The inner product of every pair of rows, in float64."""
    products: Array = np.sum(a.astype(np.float64) * b, axis=1)
    return products


def times(steps: Array, direction: Array) -> Array:
    """Every row times a step of its own, in the dtype of the rows."""
    return steps[:, None].astype(direction.dtype) * direction
