"""The examination of a certificate: its witness, its tree, and all leaves.

Needs python-flint, and nothing of the library but the certificate's record: a check shares no code
with what it checks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flint import arb, fmpz_mat

from .._arrays import Array
from ._balls import deviation_reaches, leaf_is_below, proven, root_is_below
from ._cells import Cell, IntegerRows, all_pairs, as_integers, orthant_pairs
from ._certificate import Certificate


def examine(claim: Certificate, W: Array, walked: Callable[[int], None]) -> tuple[int, str]:
    """Return the number of leaves that are proven, and what is not; "" if all is.

    `walked` is told how many bytes of the tree are behind.
    """
    proof = _Proof(claim, W, walked)
    try:
        proof.check_lower()
        proof.check_upper()
    except _Unproven as unproven:
        return proof.leaves, str(unproven)
    return proof.leaves, ""


class _Unproven(Exception):
    """What a certificate does not prove."""


class _Proof:
    """A claim in integers: the rows are 2^s w_i, and alpha, lower and upper are taken times 4^s."""

    def __init__(self, claim: Certificate, W: Array, walked: Callable[[int], None]) -> None:
        self.claim = claim
        self._walked = walked
        self.rows = IntegerRows(W.tolist())
        self.alpha, self.lower, self.upper = (
            self._scaled(value) for value in (claim.alpha, claim.lower, claim.upper)
        )
        self.leaves = 0
        self._everywhere = False  # whether the bound for all pairs is below upper

    def _scaled(self, value: float) -> Any:
        """Return 4^s times a number, exactly."""
        p, q = value.as_integer_ratio()
        return arb((p, 2 * self.rows.shift - (q.bit_length() - 1)))

    def check_lower(self) -> None:
        """Check that the deviation at the witness reaches the lower bound."""
        if self.claim.lower > self.claim.upper:
            raise _Unproven(f"lower {self.claim.lower} is above upper {self.claim.upper}")
        x, y = (as_integers(z.tolist())[0] for z in (self.claim.x, self.claim.y))
        if not (any(x) and any(y)):
            raise _Unproven("a direction of the witness is zero")
        matrix = self.rows.matrix
        products = [(matrix * fmpz_mat(len(z), 1, z)).entries() for z in (x, y)]
        on = [u > 0 and v > 0 for u, v in zip(*products, strict=True)]
        nothing = [0] * len(x)
        kept = [row if o else nothing for row, o in zip(matrix.tolist(), on, strict=True)]
        gram = fmpz_mat(kept).transpose() * fmpz_mat(kept)
        reaches = partial(deviation_reaches, x, y, gram, self.alpha, self.lower)
        if self.claim.lower > 0 and not proven(reaches):
            raise _Unproven(f"the deviation of the witness is not proven to be {self.claim.lower}")

    def check_upper(self) -> None:
        """Walk the tree, and check that all of its leaves are below the upper bound."""
        root = all_pairs(self.rows)
        self._everywhere = proven(partial(root_is_below, root, self.alpha, self.upper))
        if self.claim.tree[:1] == b"\0":
            end = 1
            self._check_leaf(None, end)
        elif self.claim.tree[:1] == b"\1":
            end = 1
            for cell in orthant_pairs(root, self.rows):
                end = self._walk(cell, end)
        else:
            raise _Unproven("the tree begins with neither a leaf nor a split into orthants")
        left = len(self.claim.tree) - end
        if left > 0:
            raise _Unproven(f"{left} bytes of the tree follow its last leaf")

    def _walk(self, cell: Cell, begin: int) -> int:
        """Check the leaves of a cell, whose codes begin after so many bytes; return the end."""
        tree, position = self.claim.tree, begin
        stack = [cell]
        while stack:
            cell = stack.pop()
            if position == len(tree):
                raise _Unproven(f"the tree ends after {position} bytes, before its last leaf")
            code = tree[position]
            position += 1
            if code == 0:
                self._check_leaf(cell, position)
                continue
            children = cell.children(code, self.rows)
            if not children:
                raise _Unproven(f"code {code} in byte {position} of the tree has no meaning there")
            stack.extend(reversed(children))
        return position

    def _check_leaf(self, cell: Cell | None, position: int) -> None:
        """Check a leaf: all pairs (None), or a cell; what holds for all pairs holds for a cell."""
        below = self._everywhere
        if cell is not None and not below:
            below = proven(partial(leaf_is_below, cell, self.alpha, self.upper))
        if not below:
            raise _Unproven(
                f"the deviation is not proven to be at most {self.claim.upper} "
                f"on leaf {self.leaves + 1}, byte {position} of the tree"
            )
        self.leaves += 1
        self._walked(position)
