"""Deviations (5) in ball arithmetic: what is proven of one pair of directions, and of cells.

Needs python-flint, and nothing of the library: a check shares no code with what it checks. Numbers
are balls at the precision `flint.ctx.prec`, and a comparison is true only if it is proven. A
symmetric matrix is given by the rows of its lower triangle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb, ctx

from ._cells import Cell, Cone

PRECISIONS = (64, 128)  # bits

Triangle = Sequence[Sequence[Any]]


def proven(statement: Callable[[], bool]) -> bool:
    """Return whether the statement is proven at one of the precisions."""
    for bits in PRECISIONS:
        with ctx.workprec(bits):
            if statement():
                return True
    return False


def root_is_below(root: Cell, alpha: Any, upper: Any) -> bool:
    """Return whether max(lambda_max(W^T W), alpha / 2), a bound for all pairs, is below `upper`."""
    return bool(2 * upper >= alpha) and eigenvalues_are_below(root.possible_gram.tolist(), upper)


def leaf_is_below(cell: Cell, alpha: Any, upper: Any) -> bool:
    r"""Return whether the deviation is proven to be below `upper` for all (x, y) of a cell.

    Its Gram sum lies between G_s, over the rows that are sure, and G_m, over those that are
    possible. Its Q lies within (r_X + r_Y) / pi of that of the centres, where r is the largest
    angle between a centre and its cone. So the deviation is at most

        max(lambda_max(G_m - alpha Q), lambda_max(alpha Q - G_s)) + alpha (r_X + r_Y) / pi,

    where what comes from the second entry is at most alpha / 2 anyway, because 0 <= Q <= I / 2.
    """
    (a, r_X), (b, r_Y) = cap(cell.X), cap(cell.Y)
    limit = upper - alpha * (r_X + r_Y) / arb.pi()
    mean = half_identity(len(a), alpha) if cell.X is cell.Y else expected_gram(a, b, alpha)
    if not eigenvalues_are_below(difference(cell.possible_gram.tolist(), mean), limit):
        return False
    return bool(2 * upper >= alpha) or eigenvalues_are_below(
        difference(mean, cell.sure_gram.tolist()), limit
    )


def deviation_reaches(
    x: Sequence[Any], y: Sequence[Any], gram: Any, alpha: Any, lower: Any
) -> bool:
    """Return whether the norm of gram - alpha Q_{x,y} is proven to be at least `lower`.

    The proof is a vector v with |v^T D v| >= lower v^T v, the midpoints' top eigenvector.
    """
    n = len(x)
    D = difference(gram.tolist(), expected_gram(unit(x), unit(y), alpha))
    largest = max(abs(entry.mid()) for row in D for entry in row)
    if not largest > 0:
        return False
    midpoints = np.zeros((n, n))
    for i, row in enumerate(D):
        midpoints[i, : i + 1] = [float(entry / largest) for entry in row]
    values, vectors = np.linalg.eigh(midpoints)
    v = [arb(entry) for entry in vectors[:, np.argmax(np.abs(values))].tolist()]
    form = sum((1 if i == j else 2) * D[i][j] * v[i] * v[j] for i in range(n) for j in range(i + 1))
    return bool(abs(form) >= lower * sum(entry * entry for entry in v))


def cap(cone: Cone) -> tuple[list[Any], Any]:
    """Return the cone's centre, a unit vector, and the largest angle from it to a vertex.

    That angle is below pi / 2 within an orthant, so that the ball around the centre is convex and
    holds the cone.
    """
    if ctx.prec not in cone.caps:
        vertices = [unit(vertex) for vertex in cone.vertices]
        centre = unit([sum(entries) for entries in zip(*vertices, strict=True)])
        radius = arb(0)
        for vertex in vertices:
            radius = radius.max(angle(centre, vertex))
        cone.caps[ctx.prec] = centre, radius
    found: tuple[list[Any], Any] = cone.caps[ctx.prec]
    return found


def length(v: Sequence[Any]) -> Any:
    return sum(entry * entry for entry in v).nonnegative_part().sqrt()


def unit(v: Sequence[Any]) -> list[Any]:
    entries = [arb(entry) for entry in v]
    size = length(entries)
    return [entry / size for entry in entries]


def angle(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Return the angle of two unit vectors."""
    p = [s + t for s, t in zip(a, b, strict=True)]
    q = [s - t for s, t in zip(a, b, strict=True)]
    return 2 * arb.atan2(length(q), length(p))


def expected_gram(a: Sequence[Any], b: Sequence[Any], alpha: Any) -> list[list[Any]]:
    r"""Return alpha Q_{a,b} of unit vectors.

    2 pi Q = (pi - theta) I + sin(theta) M with M = p p^T / |p|^2 - q q^T / |q|^2, p = a + b and
    q = a - b, where |p| = 2 cos(theta / 2) and |q| = 2 sin(theta / 2). So
    sin(theta) M = (|q| / 2 |p|) p p^T - (|p| / 2 |q|) q q^T.
    """
    p = [s + t for s, t in zip(a, b, strict=True)]
    q = [s - t for s, t in zip(a, b, strict=True)]
    size_p, size_q = length(p), length(q)
    scale = alpha / (2 * arb.pi())
    share = scale * 2 * arb.atan2(size_p, size_q)
    mean = difference(_outer(p, size_p, scale * size_q / 2), _outer(q, size_q, scale * size_p / 2))
    for i, row in enumerate(mean):
        row[i] += share
    return mean


def half_identity(n: int, alpha: Any) -> list[list[Any]]:
    """Return alpha Q_{a,a}."""
    return [[alpha / 2 if i == j else arb(0) for j in range(i + 1)] for i in range(n)]


def _outer(z: Sequence[Any], size: Any, factor: Any) -> list[list[Any]]:
    """Return (factor / |z|) z z^T. Its norm is factor |z|, which is used where z may be 0."""
    if not size > 0:
        return [[arb(0, (factor * size).abs_upper())] * (i + 1) for i in range(len(z))]
    scaled = [factor / size * entry for entry in z]
    return [[entry * z[j] for j in range(i + 1)] for i, entry in enumerate(scaled)]


def difference(A: Triangle, B: Triangle) -> list[list[Any]]:
    """Return A - B, of which one may be a whole matrix instead of a triangle."""
    return [
        [s - t for s, t in zip(first, second, strict=False)]
        for first, second in zip(A, B, strict=True)
    ]


def eigenvalues_are_below(A: Triangle, limit: Any) -> bool:
    """Return whether all eigenvalues of A are proven to be below a limit.

    They are iff all pivots of the elimination of limit I - A are positive.
    """
    n = len(A)
    left = [[(limit if i == j else 0) - A[i][j] for j in range(i + 1)] for i in range(n)]
    for k in range(n):
        if not left[k][k] > 0:
            return False
        for i in range(k + 1, n):
            factor = left[i][k] / left[k][k]
            for j in range(k + 1, i + 1):
                left[i][j] -= factor * left[j][k]
    return True
