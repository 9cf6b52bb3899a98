"""Least squares of many frames with one factor in common: a matrix in the shape of an arrow.

The step (d_1, ..., d_k, d_m) of the latents of k frames and of the shared latent minimises

    sum_j |A_j d_j + B_j d_m + r_j|^2 + mu (sum_j |d_j|^2 + |d_m|^2).

Only d_m couples the frames. Reflections of one frame leave

    [A_j  B_j  r_j] = Q_j [R_j  S_j  c_j]
                          [ 0   T_j  e_j],

so that d_m solves the small problem of all [T_j e_j] under one another, and every d_j follows by
back substitution. No product A'A is formed: normal equations would lose half of the digits.
"""

from __future__ import annotations

import numpy as np

from ._arrays import Array

#: Bounds of the damping, in units of the mean square of the columns: below, what no frame sees
#: stays where it is; above, everything does.
_LEAST_DAMPING = float(np.finfo(np.float64).eps)
_MOST_DAMPING = _LEAST_DAMPING**-2


class Arrow:
    """The reflected blocks of k frames, to be solved for any damping.

    Parameters
    ----------
    k, n, p : int
        Frames, latents of a frame, and shared latents.

    Notes
    -----
    A frame of ell rows costs :math:`2 \\ell (n + p)^2` flops, once; a solve costs
    :math:`O(k n^2 (n + p))`. Memory: :math:`k n (n + p)` numbers.
    """

    def __init__(self, k: int, n: int, p: int) -> None:
        self._heads = np.zeros((k, n, n + p + 1))  # R_j, S_j, c_j
        self._tail = np.zeros((0, p + 1))  # all [T_j e_j], reflected into one triangle

    def add(self, first: int, blocks: Array) -> None:
        """Reflect the blocks [A_j B_j r_j], (frames, ell, n + p + 1), of frames from `first` on."""
        n = self._heads.shape[1]
        triangles = _triangles(blocks)
        heads = triangles[:, :n]
        self._heads[first : first + len(blocks), : heads.shape[1]] = heads
        tails = triangles[:, n:, n:].reshape(-1, self._tail.shape[1])
        self._tail = _triangles(np.concatenate([self._tail, tails]))

    @property
    def scale(self) -> float:
        """The mean square of the columns, in whose unit the damping is given."""
        k, n, width = self._heads.shape
        squares = np.sum(self._heads[..., :-1] ** 2) + np.sum(self._tail[:, :-1] ** 2)
        return float(squares) / (k * n + width - n - 1)

    def solve(self, damping: float, m: Array) -> tuple[Array, Array]:
        """Return the steps of all frames, (k, n), and of the shared latent m, (p,).

        One more row asks for a step of m orthogonal to m: along (h_1, ..., h_k, -m) the objective
        does not change.
        """
        k, n, width = self._heads.shape
        p = width - n - 1
        tiny = np.finfo(np.float64).tiny
        mu = max(min(max(damping, _LEAST_DAMPING), _MOST_DAMPING) * self.scale, tiny)
        damped = np.zeros((k, 2 * n, width))
        damped[:, :n] = self._heads
        damped[:, n:, :n] = np.sqrt(mu) * np.eye(n)
        triangles = _triangles(damped)
        rest = triangles[:, n:, n:].reshape(-1, p + 1)
        more = np.zeros((p + 1, p + 1))
        more[:p, :p] = np.sqrt(mu) * np.eye(p)
        more[p, :p] = np.sqrt(self.scale) * m / max(float(np.linalg.norm(m)), tiny)
        triangle = _triangles(np.concatenate([self._tail, rest, more]))
        step_m = -np.linalg.solve(triangle[:p, :p], triangle[:p, p])
        right = triangles[:, :n, -1] + triangles[:, :n, n:-1] @ step_m
        step_h = -np.linalg.solve(triangles[:, :n, :n], right[..., None])[..., 0]
        return step_h, step_m

    def decrease(self, step_h: Array, step_m: Array) -> float:
        """Return by how much half the sum of squares falls along a step, without cancellation."""
        n = self._heads.shape[1]
        heads = (self._heads[..., :n] @ step_h[..., None])[..., 0]
        heads += self._heads[..., n:-1] @ step_m
        tail = self._tail[:, :-1] @ step_m
        fall = np.sum(heads * (heads + 2 * self._heads[..., -1]))
        fall += np.sum(tail * (tail + 2 * self._tail[:, -1]))
        return -float(fall) / 2


def _triangles(matrices: Array) -> Array:
    """Return R of matrix = Q R, or of a stack of matrices."""
    return np.asarray(np.linalg.qr(matrices, mode="r"))
