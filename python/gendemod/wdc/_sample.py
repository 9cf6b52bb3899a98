"""Deviations at random pairs, and what may honestly be said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, common_dtype, integer, must, number
from .._arrays import seed as checked_seed
from .._device import cuda_or_none
from .._directions import matrices, matrix
from ._deviation import deviation, joint_deviation


@dataclass(frozen=True)
class Sample:
    """Deviations at random pairs.

    Attributes
    ----------
    values : ndarray, (pairs,)
        The deviations; for the joint condition the larger of (6) and (7).
    angles : ndarray, (pairs,)
        The angle between x and y of each pair; for the joint condition between h and x.
    maximum : float
        The largest value. The supremum is at least this; nothing here says how much larger it is.
    quantiles : dict of float to float
        Of the values.
    fraction, confidence : float
        With this confidence over the draws, at most this fraction of pairs from the law exceed
        `maximum`.
    statement : str
        The same in words.
    """

    values: Array
    angles: Array
    maximum: float
    quantiles: dict[float, float]
    fraction: float
    confidence: float
    statement: str


def sample(
    W: ArrayLike,
    alpha: float = 1.0,
    *,
    pairs: int = 1000,
    seed: int,
    confidence: float = 0.99,
    threads: int | None = None,
    device: str = "cpu",
) -> Sample:
    """Return the deviations (5) of W at random pairs of directions.

    The law: a quarter of the pairs has x = y, uniform on the sphere. For the others x is uniform,
    and the angle to y is stratified over [0, pi], in a uniform direction from x (n = 1: y is x or
    -x).

    Parameters
    ----------
    W : array_like, (ell, n)
    alpha : float
        Greater than 0.
    pairs : int
    seed : int
        The pairs are a function of it.
    confidence : float
        Between 0 and 1, of the statement.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    device : {"cpu", "cuda"}
        See docs/cuda.md. On "cuda" pairs are rounded to the dtype of the matrix, and computed in
        it; the largest value is computed again on the CPU, in float64.

    Returns
    -------
    Sample
        The largest value is a lower bound of the supremum. The statement is about pairs of this
        law, and says nothing about the supremum.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError, MemoryError
        As `deviation` on "cuda".
    """
    rows = matrix(W, "W")
    count = integer(pairs, "pairs", 1, "the maximum is taken over them", most=10**8)
    rng = np.random.default_rng(checked_seed(seed))
    cuda = cuda_or_none(device)
    x, y, angles = random_pairs(rng, count, rows.shape[1])
    if cuda is not None:
        x, y = x.astype(rows.dtype), y.astype(rows.dtype)
    values = np.asarray(deviation(rows, x, y, alpha, threads=threads, device=device))
    if cuda is not None:
        exact = rows.astype(np.float64)
        _confirm(values, lambda i: deviation(exact, x[i], y[i], alpha))
    return _summary(values, angles, confidence)


def joint_sample(
    B: ArrayLike,
    C: ArrayLike,
    alpha: float = 1.0,
    *,
    pairs: int = 1000,
    seed: int,
    confidence: float = 0.99,
    threads: int | None = None,
    device: str = "cpu",
) -> Sample:
    """Return the larger of the joint deviations (6), (7) at random directions.

    (h, x) and (m, y) are drawn each by the law of `sample`, independently.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p)
    alpha : float
        Greater than 0.
    pairs : int
    seed : int
        The directions are a function of it.
    confidence : float
        Between 0 and 1, of the statement.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    device : {"cpu", "cuda"}
        See docs/cuda.md. On "cuda" pairs are rounded to the dtype of the matrix, and computed in
        it; the largest value is computed again on the CPU, in float64.

    Returns
    -------
    Sample

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError, MemoryError
        As `deviation` on "cuda".
    """
    first, second = matrices(B, C)
    count = integer(pairs, "pairs", 1, "the maximum is taken over them", most=10**8)
    rng = np.random.default_rng(checked_seed(seed))
    cuda = cuda_or_none(device)
    h, x, angles = random_pairs(rng, count, first.shape[1])
    m, y, _ = random_pairs(rng, count, second.shape[1])
    order = rng.permutation(count)  # the two laws are independent, their strata too
    m, y = m[order], y[order]
    if cuda is not None:
        dtype = common_dtype(first.dtype, second.dtype)
        h, x, m, y = (z.astype(dtype) for z in (h, x, m, y))
    both = joint_deviation(first, second, h, x, m, y, alpha, threads=threads, device=device)
    values = np.max(np.asarray(both).reshape(-1, 2), axis=1)
    if cuda is not None:
        B, C = first.astype(np.float64), second.astype(np.float64)
        _confirm(values, lambda i: max(joint_deviation(B, C, h[i], x[i], m[i], y[i], alpha)))
    return _summary(values, angles, confidence)


def random_pairs(rng: np.random.Generator, count: int, size: int) -> tuple[Array, Array, Array]:
    """Draw pairs by the law of `sample`, and their angles."""
    x = rng.standard_normal((count, size))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    equal = -(-count // 4)
    others = count - equal
    strata = (np.arange(others) + rng.random(others)) / max(others, 1)
    if size == 1:
        angles = np.concatenate([np.zeros(equal), np.where(strata < 0.5, 0.0, np.pi)])
        return x, x * np.where(angles > 0, -1.0, 1.0)[:, None], angles
    angles = np.concatenate([np.zeros(equal), np.pi * strata])
    tangent = rng.standard_normal((count, size))
    tangent -= np.sum(tangent * x, axis=1, keepdims=True) * x
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    y = np.cos(angles)[:, None] * x + np.sin(angles)[:, None] * tangent
    return x, np.where(angles[:, None] == 0, x, y), angles


def _confirm(values: Array, evaluate: Callable[[int], float | Array]) -> None:
    """Replace the largest value by what is exact, until it is the largest."""
    confirmed = set()
    while (largest := int(values.argmax())) not in confirmed:
        values[largest] = evaluate(largest)
        confirmed.add(largest)


def _summary(values: Array, angles: Array, confidence: float) -> Sample:
    reason = "it is the probability of being right"
    level = number(confidence, "confidence", "be between 0 and 1", reason, 0)
    if not 0 < level < 1:
        raise ValueError(must("confidence", "be between 0 and 1", reason, level))
    # All draws are at most their maximum u. With the share p of the law above u this has the
    # probability (1 - p)^N at most (strata: their product is at most that of their mean).
    fraction = 1 - (1 - level) ** (1 / len(values))
    maximum = float(values.max())
    statement = (
        f"With confidence {level:g} over these {len(values)} draws, at most a fraction of "
        f"{fraction:.3g} of the pairs from this law exceeds {maximum:.6g}. "
        "This says nothing about the supremum over all pairs."
    )
    quantiles = {q: float(np.quantile(values, q)) for q in (0.5, 0.9, 0.99)}
    return Sample(values, angles, maximum, quantiles, fraction, level, statement)
