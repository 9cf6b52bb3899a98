"""Cells of a certificate: pairs of simplicial cones, with exact signs and sums of rows.

Needs python-flint, and nothing of the library: a check shares no code with what it checks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from flint import fmpq, fmpz, fmpz_mat

Vector = tuple[Any, ...]  # of fmpz or fmpq


def as_integers(values: list[float]) -> tuple[list[Any], int]:
    """Return 2^shift times the numbers, as integers, and the shift."""
    ratios = [value.as_integer_ratio() for value in values]
    shift = max(denominator.bit_length() - 1 for _, denominator in ratios)
    return [fmpz((p << shift) // q) for p, q in ratios], shift


class IntegerRows:
    """The rows 2^shift w_i as integers; sets of rows are numbers, a bit for each row."""

    def __init__(self, W: list[list[float]]) -> None:
        self.count, self.n = len(W), len(W[0])
        entries, self.shift = as_integers([entry for row in W for entry in row])
        self.matrix = fmpz_mat(self.count, self.n, entries)
        self.edge_count = self.n * (self.n - 1) // 2
        # A code is a byte: it names none of the edges beyond.
        self.edges = list(itertools.islice(itertools.combinations(range(self.n), 2), 255))
        self._outer: list[Any] = []

    def gram(self, rows: int) -> Any:
        """Return the sum of w w^T over a set of rows."""
        if not self._outer:
            columns = [fmpz_mat(self.n, 1, row) for row in self.matrix.tolist()]
            self._outer = [column * column.transpose() for column in columns]
        total = fmpz_mat(self.n, self.n)
        while rows:
            last = rows.bit_length() - 1
            total += self._outer[last]
            rows ^= 1 << last
        return total


class Cone:
    """The cone of n vertices v, with the signs of all rows on it.

    Attributes
    ----------
    vertices : tuple of vectors
    on, off : int
        The rows with w.v > 0 at all vertices, and those with w.v <= 0 at all.
    products : dict
        The numbers w.v of each other row.
    caps : dict
        Balls around the cone, by precision; filled by who needs them.
    """

    __slots__ = ("_halves", "caps", "off", "on", "products", "vertices")

    def __init__(
        self, vertices: tuple[Vector, ...], products: dict[int, Vector], on: int = 0, off: int = 0
    ) -> None:
        self.vertices = vertices
        self.products: dict[int, Vector] = {}
        for row, values in products.items():
            positive = sum(value > 0 for value in values)
            if positive == len(values):
                on |= 1 << row
            elif positive == 0:
                off |= 1 << row
            else:
                self.products[row] = values
        self.on, self.off = on, off
        self.caps: dict[int, Any] = {}
        self._halves: dict[tuple[int, int], tuple[Cone, Cone]] = {}

    def halves(self, edge: tuple[int, int]) -> tuple[Cone, Cone]:
        """Return the cones with the one end of an edge, and with the other, moved to its middle."""
        if edge not in self._halves:
            i, j = edge
            ends = zip(self.vertices[i], self.vertices[j], strict=True)
            middle = tuple((a + b) / 2 for a, b in ends)
            at_middle = {row: (p[i] + p[j]) / 2 for row, p in self.products.items()}

            def moved(k: int) -> Cone:
                vertices = (*self.vertices[:k], middle, *self.vertices[k + 1 :])
                products = {
                    row: (*p[:k], at_middle[row], *p[k + 1 :]) for row, p in self.products.items()
                }
                return Cone(vertices, products, self.on, self.off)

            self._halves[edge] = moved(i), moved(j)
        return self._halves[edge]


class Cell(NamedTuple):
    """Pairs (x, y) of two cones; the rows on in all of them, and in any of them, and their sums.

    If x and y come from one cone, X and Y are the same object. Then (x, y) and (y, x) are both in
    the cell.
    """

    X: Cone
    Y: Cone
    sure: int
    possible: int
    sure_gram: Any
    possible_gram: Any

    def children(self, code: int, rows: IntegerRows) -> list[Cell]:
        """Return the cells that a code splits this one into; none for a code without a meaning."""
        E = rows.edge_count
        if not 1 <= code <= (E if self.X is self.Y else 2 * E):
            return []
        edge = rows.edges[(code - 1) % E]
        if self.X is self.Y:
            first, second = self.X.halves(edge)
            pairs = [(first, first), (first, second), (second, second)]
        elif code <= E:
            pairs = [(half, self.Y) for half in self.X.halves(edge)]
        else:
            pairs = [(self.X, half) for half in self.Y.halves(edge)]
        return [self.part(X, Y, rows) for X, Y in pairs]

    def part(self, X: Cone, Y: Cone, rows: IntegerRows) -> Cell:
        """Return the cell of two cones within this cell's."""
        sure = X.on & Y.on
        possible = self.possible & ~(X.off | Y.off)
        return Cell(
            X,
            Y,
            sure,
            possible,
            self.sure_gram + rows.gram(sure & ~self.sure),
            self.possible_gram - rows.gram(self.possible & ~possible),
        )


def all_pairs(rows: IntegerRows) -> Cell:
    """Return the root, the cell of all pairs (x, y), where no row is sure and each is possible."""
    anywhere = Cone((), {})
    whole = rows.matrix.transpose() * rows.matrix
    return Cell(anywhere, anywhere, 0, (1 << rows.count) - 1, 0 * whole, whole)


def orthant_pairs(root: Cell, rows: IntegerRows) -> Iterator[Cell]:
    """Yield the cells (orthant a, orthant b), b >= a: with their mirror images, all pairs."""
    orthants: dict[int, Cone] = {}

    def orthant(a: int) -> Cone:
        if a not in orthants:
            signs = [-1 if a >> i & 1 else 1 for i in range(rows.n)]
            vertices = tuple(
                tuple(fmpq(sign * (i == j)) for j in range(rows.n)) for i, sign in enumerate(signs)
            )
            products = {
                row: tuple(fmpq(w) * sign for w, sign in zip(entries, signs, strict=True))
                for row, entries in enumerate(rows.matrix.tolist())
            }
            orthants[a] = Cone(vertices, products)
        return orthants[a]

    for a in range(2**rows.n):
        for b in range(a, 2**rows.n):
            yield root.part(orthant(a), orthant(b), rows)
