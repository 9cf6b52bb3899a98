"""Student's t and chi-squared, whose tails are finite sums at whole degrees of freedom."""

from __future__ import annotations

import math


def student_quantile(level: float, freedom: int) -> float:
    """Return t with P(|T| < t) = level, infinite without degrees of freedom.

    The chance rises with the angle of t = sqrt(freedom) tan(angle), which is bisected.
    """
    low, high = 0.0, math.pi / 2
    if freedom == 0:
        return math.inf
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _within(angle, freedom) < level else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def chi_squared_tail(value: float, freedom: int) -> float:
    """Return P(X > value) for a chi-squared X.

    It is Q(freedom / 2, value / 2), with Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1).
    """
    x = value / 2
    if x == 0:
        return 1.0
    a, tail = (0.5, math.erfc(math.sqrt(x))) if freedom % 2 else (1.0, math.exp(-x))
    while a < freedom / 2:
        tail += math.exp(a * math.log(x) - x - math.lgamma(a + 1))
        a += 1
    return tail


def _within(angle: float, freedom: int) -> float:
    """Return P(|T| < sqrt(freedom) tan(angle)), a sum of powers of the cosine."""
    sine, cosine = math.sin(angle), math.cos(angle)
    first = freedom % 2  # the smallest power of the cosine
    term, total = cosine**first, 0.0
    for power in range(first, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if first else sine * total
