r"""Random weights. In every law the entries have mean 0, and :math:`E[W^T W] = I`, except as said.

All laws are drawn by NumPy from the trial's own generator, on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._arrays import Array
from ..theory import truncation_alpha

DEGREES = 5  # of freedom of Student's t: the fourth moment is finite, the sixth is not


def draw(law: str, rng: np.random.Generator, rows: int, columns: int, last: bool) -> Array:
    """Draw a layer, (rows, columns); the truncated law cuts the last one of a network."""
    if law == "truncated":
        return _truncated(rng, rows, columns) if last else _gaussian(rng, rows, columns)
    return LAWS[law](rng, rows, columns)


def alpha(law: str, columns: int) -> float:
    """Return alpha of the last layer, with E[W^T W] = alpha I."""
    return truncation_alpha(columns) if law == "truncated" else 1.0


def _gaussian(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Entries N(0, 1 / rows)."""
    return rng.standard_normal((rows, columns)) / math.sqrt(rows)


def _truncated(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """The Gaussian law with rows set to zero whose norm exceeds 3 sqrt(columns / rows)."""
    W = _gaussian(rng, rows, columns)
    W[(W**2).sum(axis=1) > 9 * columns / rows] = 0
    return W


def _rademacher(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Entries +1 or -1, over sqrt(rows)."""
    signs = rng.integers(0, 2, (rows, columns), dtype=np.int8)
    return (2.0 * signs - 1) / math.sqrt(rows)


def _student_t(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Entries of Student's t with 5 degrees of freedom, scaled to variance 1 / rows."""
    deviation = math.sqrt(DEGREES / (DEGREES - 2))
    return rng.standard_t(DEGREES, (rows, columns)) / (deviation * math.sqrt(rows))


def _orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Orthonormal columns, uniformly distributed; if there are more columns than rows,
    orthonormal rows times sqrt(columns / rows).

    Gram-Schmidt, twice, on a Gaussian matrix. einsum keeps its sums on one thread, which a BLAS
    does not.
    """
    Q = rng.standard_normal((min(rows, columns), max(rows, columns)))
    for j in range(len(Q)):
        q = Q[j]
        for _ in range(2):
            q -= np.einsum("i,ik->k", np.einsum("ik,k->i", Q[:j], q), Q[:j])
        q /= math.sqrt(float((q**2).sum()))
    return np.ascontiguousarray(Q.T) if rows >= columns else math.sqrt(columns / rows) * Q


LAWS: dict[str, Callable[[np.random.Generator, int, int], Array]] = {
    "gaussian": _gaussian,
    "truncated": _truncated,
    "rademacher": _rademacher,
    "student-t": _student_t,
    "orthogonal": _orthogonal,
}
