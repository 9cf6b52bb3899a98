"""The door for matrices and directions of the weight distribution condition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, finite, floats, must, number

MOST_POWER = 498  # 2^498 is about 1e150
ORDINARY_POWER = 64  # 2^64 is about 1e19


def matrix(value: ArrayLike, name: str) -> Array:
    matrix = finite(floats(value, name), name)
    if matrix.ndim != 2 or matrix.size == 0:
        reason = "its rows are what is weighed"
        raise ValueError(must(name, "be a matrix with rows and columns", reason, matrix.shape))
    return matrix


def matrices(B: ArrayLike, C: ArrayLike) -> tuple[Array, Array]:
    """Return the two matrices of the joint condition, whose rows go together."""
    first, second = matrix(B, "B"), matrix(C, "C")
    if len(first) != len(second):
        reason = "their rows go together"
        raise ValueError(must("C", f"have {len(first)} rows as `B`", reason, second.shape))
    return first, second


def directions(value: ArrayLike, name: str, size: int) -> Array:
    """Return directions (n,) or (k, n), each scaled by a power of two: no sign changes."""
    z = finite(floats(value, name), name)
    if z.ndim not in (1, 2) or z.shape[-1] != size or z.shape[0] == 0:
        reason = "it goes with the columns of the matrix"
        raise ValueError(must(name, f"have shape ({size},) or (k, {size})", reason, z.shape))
    largest = np.abs(z).max(axis=-1, keepdims=True)
    if not largest.all():
        raise ValueError(must(name, "not be zero", "it has no direction", "a zero vector"))
    scaled_z: Array = np.ldexp(z, -np.frexp(largest)[1])
    return scaled_z


def same_count(latents: dict[str, Array]) -> None:
    counts = {name: len(z) for name, z in latents.items() if z.ndim == 2}
    for name, count in counts.items():
        if count != next(iter(counts.values())):
            first = next(iter(counts))
            requirement = f"have {counts[first]} rows as `{first}`"
            raise ValueError(must(name, requirement, "they are taken row by row", count))


def level_of(alpha: object) -> float:
    level = number(alpha, "alpha", "be greater than 0", "it is a mean of squares", 0)
    if level == 0:
        raise ValueError(must("alpha", "be greater than 0", "it is a mean of squares", alpha))
    return level


def scaled(matrix: Array, alpha: float, name: str) -> tuple[Array, float, int]:
    """Return matrix / 2^k, alpha / 4^k and k, such that the larger of the two is of ordinary size.

    Most are: k is 0, and the matrix itself is returned.
    """
    largest = float(max(matrix.max(), -matrix.min()))
    power = max(math.frexp(largest)[1], math.frexp(alpha)[1] // 2)
    if power > MOST_POWER:
        reason = "squares of its entries are summed, and alpha is compared with them"
        got = f"entries up to {largest:.3g} and alpha {alpha:.3g}"
        raise ValueError(must(name, "be below 1e150 in size", reason, got))
    if abs(power) <= ORDINARY_POWER:
        return matrix, alpha, 0
    return np.ldexp(matrix, -power), math.ldexp(alpha, -2 * power), power


def joint_scaled(B: Array, C: Array, alpha: float) -> tuple[Array, Array, float, int]:
    """Return B / 2^j, C / 2^(k - j), alpha / 4^k and k, such that none of them is above about 1."""
    sizes = [float(np.abs(matrix).max()) for matrix in (B, C)]
    (power_b, power_c), power_a = (math.frexp(size)[1] for size in sizes), math.frexp(alpha)[1] // 2
    power = max(power_b + power_c, power_a)
    if power > MOST_POWER:
        reason = "squares of the products of entries are summed, and alpha is compared with them"
        got = f"entries up to {sizes[0]:.3g} and {sizes[1]:.3g} and alpha {alpha:.3g}"
        raise ValueError(must("B", "be below 1e150 in size, times the size of `C`", reason, got))
    first, second = np.ldexp(B, -power_b), np.ldexp(C, power_b - power)
    return first, second, math.ldexp(alpha, -2 * power), power


def as_rows(array: Array, dtype: np.dtype[Any]) -> Array:
    return np.ascontiguousarray(np.atleast_2d(array), dtype=dtype)
