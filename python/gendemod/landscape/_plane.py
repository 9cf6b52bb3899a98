"""Planes in the space of (h, m)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, floats, must, pair
from ..problem import Problem

Point = tuple[ArrayLike, ArrayLike]
PARALLEL = 1e-12  # sine of an angle that is taken for 0


@dataclass(frozen=True)
class Plane:
    """The points (h, m) = origin + s first + t second, for all numbers s and t.

    Made by `along`, `through` or `spanned`.

    Attributes
    ----------
    h, m : ndarray, (3, n) and (3, p)
        The two parts of origin, first and second, a row each.
    """

    h: Array
    m: Array

    @classmethod
    def along(cls, origin: Point, first: Point, second: Point) -> Plane:
        """Return the plane through a point (h, m) along two directions (dh, dm).

        Raises
        ------
        TypeError, ValueError
            If these are no pairs of vectors of the same sizes, or the directions are parallel.
        """
        h, m = _stacked({"origin": origin, "first": first, "second": second})
        return cls._checked(h, m, "second", "not be parallel to `first`")

    @classmethod
    def through(cls, a: Point, b: Point, c: Point) -> Plane:
        """Return the plane with the points a, b and c at (s, t) = (0, 0), (1, 0) and (0, 1).

        Raises
        ------
        TypeError, ValueError
            If these are no pairs of vectors of the same sizes, or lie on a line.
        """
        h, m = _stacked({"a": a, "b": b, "c": c})
        from_a = np.array([[1.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
        return cls._checked(from_a @ h, from_a @ m, "c", "not lie on a line with `a` and `b`")

    @classmethod
    def spanned(cls, h: ArrayLike, m: ArrayLike) -> Plane:
        """Return the plane of the points (s h, t m).

        With the truth (h0, m0) it holds the four hyperbolas of the theorems, and with n = p = 1
        and (1, 1) it is the plane of Figure 1, where s is h and t is m.

        Raises
        ------
        TypeError, ValueError
            If these are no vectors, or one of them is zero.
        """
        parts = []
        for name, value in (("h", h), ("m", m)):
            z = _vector(value, name)
            if not z.any():
                raise ValueError(must(name, "not be zero", "it spans an axis", "a zero vector"))
            parts.append(z)
        none_h, none_m = (0 * z for z in parts)
        return cls(np.stack([none_h, parts[0], none_h]), np.stack([none_m, none_m, parts[1]]))

    @classmethod
    def _checked(cls, h: Array, m: Array, name: str, requirement: str) -> Plane:
        first, second = (_unit(np.concatenate([h[i], m[i]])) for i in (1, 2))
        across = second - (first @ second) * first
        if not (first.any() and np.linalg.norm(across) > PARALLEL):
            raise ValueError(must(name, requirement, "two directions span a plane", "a line"))
        return cls(h, m)

    @property
    def is_spanned(self) -> bool:
        """Whether s moves h alone and t moves m alone, from the point zero."""
        return not (self.h[[0, 2]].any() or self.m[[0, 1]].any())

    def points(self, s: Array, t: Array) -> tuple[Array, Array]:
        """Return h and m at arrays s and t of one shape: (..., n) and (..., p)."""
        # Entry by entry, so that what cancels exactly does.
        along, across = s[..., None], t[..., None]
        h, m = (z[0] + along * z[1] + across * z[2] for z in (self.h, self.m))
        return h, m


def checked_plane(plane: object) -> Plane:
    if not isinstance(plane, Plane):
        reason = "the grid lies in it"
        raise TypeError(must("plane", "be a Plane", reason, type(plane).__name__))
    return plane


def in_plane(problem: object, plane: object) -> tuple[Problem, Plane]:
    """Return a problem and a plane of its latents."""
    if not isinstance(problem, Problem):
        reason = "it has the objective"
        raise TypeError(must("problem", "be a Problem", reason, type(problem).__name__))
    where = checked_plane(plane)
    sizes = problem.g1.dims[0], problem.g2.dims[0]
    if (where.h.shape[1], where.m.shape[1]) != sizes:
        requirement, reason = f"hold h and m of sizes {sizes}", "the networks have these inputs"
        got = (where.h.shape[1], where.m.shape[1])
        raise ValueError(must("plane", requirement, reason, got))
    return problem, where


def _stacked(named: dict[str, Point]) -> tuple[Array, Array]:
    """Return the parts h and m of pairs, a row a pair."""
    parts: tuple[list[Array], list[Array]] = [], []
    first = next(iter(named))
    for name, value in named.items():
        both = pair(value, name, "(h, m)", "a point has two parts")
        for rows, part in zip(parts, both, strict=True):
            z = _vector(part, name)
            if rows and z.shape != rows[0].shape:
                requirement = f"have a part of size {rows[0].size} as `{first}`"
                raise ValueError(must(name, requirement, "they lie in one space", z.size))
            rows.append(z)
    return np.stack(parts[0]), np.stack(parts[1])


def _vector(value: Any, name: str) -> Array:
    z = finite(floats(value, name), name).astype(np.float64)
    if z.ndim != 1 or z.size == 0:
        reason = "h and m are vectors"
        raise ValueError(must(name, "hold vectors with entries", reason, f"shape {z.shape}"))
    return z


def _unit(z: Array) -> Array:
    length = np.linalg.norm(z)
    return z / length if length > 0 else z
