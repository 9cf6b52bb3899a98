"""The check of a certificate, which trusts nothing that made it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import ModuleType

from numpy.typing import ArrayLike

from .._arrays import flag
from .._progress import Progress
from ._certificate import read_certificate, read_matrix


@dataclass(frozen=True)
class Verdict:
    """What the check of a certificate found.

    Attributes
    ----------
    accepted : bool
        Whether lower <= supremum of the deviation (5) <= upper is proven.
    reason : str
        What is not proven, and at which leaf; empty for an accepted certificate.
    leaves : int
        The leaves of the tree that were proven.
    lower, upper, alpha : float
        The claim.
    ell, n : int
        The shape of W.
    """

    accepted: bool
    reason: str
    leaves: int
    lower: float
    upper: float
    alpha: float
    ell: int
    n: int


def check(
    certificate: str | os.PathLike[str],
    W: ArrayLike | str | os.PathLike[str],
    *,
    progress: bool = False,
) -> Verdict:
    r"""Check a certificate of bounds of the supremum of the deviation (5) of a matrix.

    The claim is :math:`\mathrm{lower} \le \sup_{x,y} \|E_{x,y}\| \le \mathrm{upper}`. The witness
    must have a deviation of at least lower, the leaves of the tree must cover all pairs (x, y), and
    on each leaf the deviation must be at most upper. All signs and sums of rows are exact, and
    angles, Q and eigenvalues are balls that hold the true numbers: what is accepted is proven, with
    no allowance for rounding.

    Parameters
    ----------
    certificate : path-like
        An ``.npz`` file.
    W : array_like, (ell, n), or path-like
        The matrix, or a ``.npy`` or ``.npz`` file with it: the array W, or the only one.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    Verdict

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, a file that is no whole certificate, or one of another
        matrix.
    OSError
        If a file cannot be read.
    ImportError
        Without the extra ``gendemod[certify]``.

    Notes
    -----
    A leaf costs :math:`n^3` operations in balls, about 0.1 ms for n = 3. Memory: the outer
    products of all rows, and some kB for each cone that occurs in the tree.
    """
    shown = flag(progress, "progress", "the bar is shown or not")
    matrix = read_matrix(W)
    claim = read_certificate(certificate, matrix)
    proof = _flint_proof()
    with Progress(len(claim.tree), "check", enabled=shown) as bar:
        leaves, reason = proof.examine(claim, matrix, bar.update)
    claimed = (claim.lower, claim.upper, claim.alpha)
    return Verdict(not reason, reason, leaves, *claimed, *matrix.shape)


def _flint_proof() -> ModuleType:
    """Return the module that examines, or raise naming the missing extra."""
    try:
        from . import _proof
    except ImportError:
        raise ImportError("Certificates need python-flint; install gendemod[certify]") from None
    return _proof
