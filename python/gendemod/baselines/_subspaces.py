"""The linear version of a pair of generators: a subspace for each factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _arrays
from .._solve import binary_scales, restored

Array = NDArray[np.float64]

# Pictures that are split at once: the normal equations of all of them lie in memory.
_SLICE = 50
# Weight of the distance to the last coefficients, relative to the mean eigenvalue.
_PROXIMAL = 1e-12


@dataclass(frozen=True)
class SubspaceSplit:
    """Both factors of many pictures, (batch, ell), and the objective after each iteration."""

    w: Array
    x: Array
    history: Array


class LinearSubspaces:
    r"""Pictures whose factors lie in two given linear subspaces.

    .. math:: \min_{b, c} f(b, c) = \tfrac12 \|(B^T b) \odot (C^T c) - y\|^2

    the objective (2) of the paper with the linear generators ``w = B^T b`` and ``x = C^T c``.

    Parameters
    ----------
    first, second : array_like, shapes (k, ell) and (p, ell)
        ``B`` and ``C``: a basis of the subspace of each factor, a picture a row. The search for
        ``x`` starts at the first row of `second`, which should be a typical one, as the mean is
        that :func:`principal_basis` puts there.

    Raises
    ------
    TypeError
        If a basis does not hold real numbers.
    ValueError
        If a basis is not a finite matrix, if the two have different numbers of pixels, or if the
        first row of `second` is zero.

    Notes
    -----
    The scales of both bases and of the picture are set aside as powers of two, so that no sum
    overflows.

    Entry by entry a product of rows of ``B`` and ``C`` squared is a sum over four basis vectors,

    .. math:: f(b, c) = \tfrac12 \sum_{ii'jj'} T_{ii'jj'} b_i b_{i'} c_j c_{j'}
        - \sum_{ij} R_{ij} b_i c_j + \tfrac12 \|y\|^2, \qquad
        T_{ii'jj'} = \sum_l B_{il} B_{i'l} C_{jl} C_{j'l}, \quad R_{ij} = \sum_l y_l B_{il} C_{jl},

    so that an iteration costs :math:`O(k^2 p^2 + k^3)` flops, whatever the number of pixels.
    Memory: :math:`k^2 p^2 / 2` numbers for ``T``, and :math:`k^2` for each of 50 pictures.
    """

    def __init__(self, first: ArrayLike, second: ArrayLike) -> None:
        self._first, self._second = (
            _near_one(_matrix(basis, name).astype(np.float64))
            for basis, name in ((first, "first"), (second, "second"))
        )
        if self._first.shape[1] != self._second.shape[1]:
            requirement = f"have the {self._first.shape[1]} columns of `first`"
            got = f"shape {self._second.shape}"
            raise ValueError(_arrays.must("second", requirement, "they are multiplied", got))
        if not self._second[0].any():
            requirement = "have a first row that is not zero"
            raise ValueError(_arrays.must("second", requirement, "the search starts there", "zero"))
        # T for j <= j', a row each: it is symmetric in (j, j'), so that j < j' counts twice.
        self._j, self._j_ = np.triu_indices(len(self._second))
        self._times = np.where(self._j == self._j_, 1.0, 2.0)
        products = self._second[self._j] * self._second[self._j_]
        self._squares = np.stack(
            [((self._first * product) @ self._first.T).ravel() for product in products]
        )

    def split(self, y: ArrayLike, *, iterations: int = 100) -> SubspaceSplit:
        r"""Find both factors of pictures by alternating least squares.

        .. math:: b \leftarrow \arg\min_b f(b, c) + \tfrac{\delta}{2} \|b - b_{old}\|^2, \quad
            c \leftarrow \arg\min_c f(b, c) + \tfrac{\delta}{2} \|c - c_{old}\|^2

        Both steps lower ``f``, whatever ``y`` is. The tiny :math:`\delta` makes them unique where
        a factor is zero on many pixels.

        Parameters
        ----------
        y : array_like, shape (ell,) or (batch, ell)
            The picture, or many; a row each.
        iterations : int
            Pairs of steps, at least 1.

        Returns
        -------
        SubspaceSplit
            ``w`` and ``x`` of shape (batch, ell), each with half of the scale of ``y``, and
            ``history`` of shape (batch, iterations).

        Raises
        ------
        TypeError
            If `y` does not hold real numbers or `iterations` is not an integer.
        ValueError
            If `y` is not finite or of another number of pixels, or `iterations` is below 1.
        """
        steps = _arrays.integer(iterations, "iterations", 1, "the search must move")
        checked = _arrays.finite(_arrays.floats(y, "y"), "y")
        ell, reason = self._first.shape[1], "each basis vector has as many pixels"
        rows = _arrays.rows(checked, "y", ell, reason, np.dtype(np.float64))
        k = binary_scales(rows)
        rows = np.ldexp(rows, -2 * k)
        parts = [
            self._split(rows[at : at + _SLICE], steps) for at in range(0, max(len(rows), 1), _SLICE)
        ]
        b, c, history = (np.concatenate(all_) for all_ in zip(*parts, strict=True))
        w, x = np.ldexp(b @ self._first, k), np.ldexp(c @ self._second, k)
        return SubspaceSplit(w, x, restored(history, k, rows.dtype))

    def _split(self, y: Array, iterations: int) -> tuple[Array, Array, Array]:
        """Return b, c and the objectives of a few pictures."""
        correlations = np.einsum("nl,jl,il->nij", y, self._second, self._first, optimize=True)
        energies = np.sum(y * y, axis=1)
        b, c = (np.zeros((len(y), len(basis))) for basis in (self._first, self._second))
        c[:, 0] = 1.0
        history = np.empty((len(y), iterations))
        for iteration in range(iterations):
            b = _step(self._square_of_b(c), np.einsum("nij,nj->ni", correlations, c), b)
            square, linear = self._square_of_c(b), np.einsum("nij,ni->nj", correlations, b)
            c = _step(square, linear, c)
            curved = np.einsum("nj,njk,nk->n", c, square, c)
            history[:, iteration] = (energies + curved) / 2 - np.sum(linear * c, axis=1)
        return b, c, history

    def _square_of_b(self, c: Array) -> Array:
        """Return the matrices (k, k) of T at given c."""
        k = len(self._first)
        weights = self._times * c[:, self._j] * c[:, self._j_]
        return np.reshape(weights @ self._squares, (len(c), k, k))

    def _square_of_c(self, b: Array) -> Array:
        """Return the matrices (p, p) of T at given b."""
        k, p = len(self._first), len(self._second)
        products = np.reshape(b[:, :, None] * b[:, None], (len(b), k * k))
        square = np.empty((len(b), p, p))
        square[:, self._j, self._j_] = products @ self._squares.T
        square[:, self._j_, self._j] = square[:, self._j, self._j_]
        return square


def principal_basis(pictures: ArrayLike, count: int) -> Array:
    """Return the mean of `pictures`, of length 1, and their first `count` principal directions.

    Parameters
    ----------
    pictures : array_like, shape (many, ell)
        Flattened pictures, a row each.
    count : int
        How many directions, from 0 to ``min(many, ell)``.

    Returns
    -------
    ndarray, shape (count + 1, ell)
        The mean comes first; pictures that are all zero on average have a mean of zero.

    Raises
    ------
    TypeError
        If `pictures` does not hold real numbers or `count` is not an integer.
    ValueError
        If `pictures` is not a finite matrix or `count` is out of its range.
    ImportError
        If scikit-learn is missing.

    Notes
    -----
    The directions are those of scikit-learn's PCA, for few of many a randomised one with a fixed
    seed.
    """
    rows = _matrix(pictures, "pictures")
    wanted = _arrays.integer(count, "count", 0, "it counts directions")
    if wanted > min(rows.shape):
        requirement, reason = f"be at most {min(rows.shape)}", "there are no more directions"
        raise ValueError(_arrays.must("count", requirement, reason, count))
    mean = rows.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    directions = _directions(rows, wanted) if wanted else np.empty((0, rows.shape[1]))
    return np.concatenate([(mean / (length or 1.0))[None], directions])


def _directions(rows: _arrays.Array, count: int) -> Array:
    try:
        from sklearn.decomposition import PCA
    except ImportError:
        raise ImportError("principal_basis needs scikit-learn; install gendemod[demo]") from None
    return np.asarray(PCA(count, random_state=0).fit(rows).components_, dtype=np.float64)


def _matrix(value: ArrayLike, name: str) -> _arrays.Array:
    matrix = _arrays.finite(_arrays.floats(value, name), name)
    if matrix.ndim != 2 or matrix.size == 0:
        reason = "it holds a picture a row"
        raise ValueError(_arrays.must(name, "be a matrix", reason, f"shape {matrix.shape}"))
    return matrix


def _near_one(basis: Array) -> Array:
    """Return the basis times the power of two that brings its largest entry to [1/2, 1)."""
    scaled: Array = np.ldexp(basis, -np.frexp(np.abs(basis).max())[1])
    return scaled


def _step(square: Array, linear: Array, old: Array) -> Array:
    """Return the minimisers of z'Sz/2 - l'z + d|z - old|^2/2, d tiny against the trace of S."""
    size = old.shape[1]
    trace = np.trace(square, axis1=1, axis2=2)
    weight = np.maximum(_PROXIMAL * trace / size, np.finfo(np.float64).tiny)[:, None]
    damped = square + weight[:, :, None] * np.eye(size)
    found: Array = np.linalg.solve(damped, (linear + weight * old)[:, :, None])[:, :, 0]
    return found
