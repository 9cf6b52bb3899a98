"""Deviations at random pairs, and what may honestly be said of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._arrays import Array, must, number


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


def summary(values: Array, angles: Array, confidence: float) -> Sample:
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
