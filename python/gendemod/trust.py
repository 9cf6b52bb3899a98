"""Whether a restored picture is of the kind that its generators know.

A picture outside their range leaves a larger residual than pictures of their kind do. How large
those are is measured once, as a :class:`Reference`, on pictures that are certainly of that kind:
held out from training, under distortions not seen in training. A small residual is necessary for
a right split, not sufficient: y = (w b)(x / b) fits as well, where both lie in the ranges.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays
from ._archives import read_archive
from ._arrays import must
from ._demodulate import demodulate
from ._files import replacing
from ._origin import Origin
from ._remains import ground, relative_residuals
from ._search import Search
from .network import ReLUNetwork
from .result import Result
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["LEVEL", "Reference", "Score", "ground", "reference_residuals"]

Array = NDArray[np.float64]

#: The share of pictures of the right kind that are flagged all the same.
LEVEL = 0.01


@dataclass(frozen=True)
class Score:
    """How a restored picture compares with a reference; arrays for a batch.

    Attributes
    ----------
    p : float
        (1 + number of reference residuals at least as large) / (1 + N), never 0. For a picture
        drawn as those of the reference, P(p <= a) <= a for every a.
    ratio : float
        Relative residual over the median of the reference.
    out_of_range : bool
        p <= `level`: a false alarm for at most that share of pictures of the right kind.
    ground_p : float
        As p, for the ground of the picture: see :func:`ground`.
    raised_ground : bool
        ground_p <= `level`: something may have been added to the picture, y = w * x + b.
    level : float
    """

    p: Any
    ratio: Any
    out_of_range: Any
    ground_p: Any
    raised_ground: Any
    level: float


@dataclass(frozen=True, eq=False)
class Reference:
    """What a pair of generators leaves on pictures of the kind that it knows.

    Attributes
    ----------
    residuals : ndarray, shape (N,)
        Relative residuals, sorted.
    grounds : ndarray, shape (N,)
        The :func:`ground` of every w * x, sorted.
    origin : Origin
        The generators, the solver, the number of starts and the seed.

    Raises
    ------
    ValueError
        If there is none, if half of them are 0, or if more than one in a hundred exceeds 1/2:
        these are solves that failed, among which a picture of another kind would not stand out.
    """

    residuals: Array
    grounds: Array
    origin: Origin

    def __post_init__(self) -> None:
        for name in ("residuals", "grounds"):
            object.__setattr__(self, name, _sorted(getattr(self, name), name))
        if self.residuals.shape != self.grounds.shape:
            got = f"{self.grounds.size} and {self.residuals.size}"
            raise ValueError(
                must("grounds", "be as many as `residuals`", "pictures have both", got)
            )
        if np.median(self.residuals) == 0:
            reason = "others are measured in units of it"
            raise ValueError(must("residuals", "have a positive median", reason, 0))
        failed = int(np.sum(self.residuals > 0.5))
        if failed > LEVEL * self.residuals.size:
            reason = "these solves failed, and a picture of another kind would not stand out"
            requirement = "exceed 1/2 for one picture in a hundred at most (try more restarts)"
            got = f"{failed} of {self.residuals.size}"
            raise ValueError(must("residuals", requirement, reason, got))

    def score(
        self, result: Result, g1: ReLUNetwork, g2: ReLUNetwork, *, level: float = LEVEL
    ) -> Score:
        r"""Compare restored pictures with the reference.

        .. math:: p = \frac{1 + \#\{i : r_i \ge r\}}{1 + N}

        with r the relative residual of the picture and r_i those of the reference. It counts as 1
        where the solve was hopeless, as for a black picture.

        Parameters
        ----------
        result : Result
            Of two unknown factors a picture, by the solver and with the number of restarts that
            made the reference.
        g1, g2 : ReLUNetwork
            The generators that it was found with.
        level : float
            At least 1 / (1 + N), below 1.

        Raises
        ------
        TypeError
            If `result` is no Result, or a generator no ReLUNetwork.
        ValueError
            If a factor was known or shared, or if the reference is of other generators, or too
            small for `level`.
        """
        if not isinstance(result, Result):
            reason = "its residual and its factors are compared"
            raise TypeError(must("result", "be a Result", reason, type(result).__name__))
        if result.m is None or result.m.ndim != result.h.ndim:
            reason = "a factor that is known or shared leaves other residuals"
            requirement = "be of two unknown factors a picture"
            raise ValueError(must("result", requirement, reason, result))
        self.origin.check_generators(g1, g2)
        return self.compare(relative_residuals(result), ground(result.w * result.x), level=level)

    def compare(self, residuals: Any, grounds: Any, *, level: float = LEVEL) -> Score:
        """Return the score of relative residuals and grounds, as :meth:`score` does."""
        level = self._checked_level(level)
        p, ground_p = _tail(self.residuals, residuals), _tail(self.grounds, grounds)
        ratio = np.asarray(residuals, dtype=np.float64)[()] / np.median(self.residuals)
        return Score(p, ratio, p <= level, ground_p, ground_p <= level, level)

    def threshold(self, level: float = LEVEL) -> float:
        """Return the relative residual above which a picture is out of range."""
        N = self.residuals.size
        flagged = np.arange(1, N + 1) / (1 + N) <= self._checked_level(level)
        return float(self.residuals[N - np.count_nonzero(flagged)])

    def _checked_level(self, level: object) -> float:
        share = _arrays.number(level, "level", "be in (0, 1)", "it is a share", 0.0)
        least = 1 / (1 + self.residuals.size)
        if not least <= share < 1:
            reason = f"with {self.residuals.size} residuals no p is smaller"
            raise ValueError(must("level", f"be at least {least:.3g}, below 1", reason, level))
        return share

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an ``.npz`` archive: `residuals`, `grounds` and, as JSON, `origin`."""
        with replacing(_arrays.path(path)) as beside, open(beside, "wb") as file:
            origin = np.array(json.dumps(asdict(self.origin)))
            np.savez(file, residuals=self.residuals, grounds=self.grounds, origin=origin)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Reference:
        """Read what :meth:`save` wrote. Nothing pickled is ever loaded.

        Raises OSError if the file cannot be read and ValueError if it is no reference.
        """
        path = _arrays.path(path)
        reason = "restored pictures are compared with it"
        arrays = read_archive(path, "path", reason)
        try:
            origin = Origin(**json.loads(str(arrays["origin"])))
            return Reference(arrays["residuals"], arrays["grounds"], origin)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            got = f"{path} ({type(error).__name__}: {error})"
            raise ValueError(must("path", "hold a reference", reason, got)) from None


def reference_residuals(
    y: ArrayLike,
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    solver: AlternatingDescent | LevenbergMarquardt | None = None,
    *,
    restarts: int | str = 8,
    seed: int | None = 0,
    y_weights: ArrayLike | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> Reference:
    """Restore pictures of the right kind and keep what they leave.

    Parameters
    ----------
    y : array_like, (N, ell)
        Pictures held out from training under distortions held out from training, as they will
        come: with the noise and the exposure of the others. 99 or more serve the level 0.01.
    g1, g2, solver, restarts, seed, y_weights, threads, progress
        As in :func:`gendemod.demodulate`; but one start alone is not enough here: a few solves
        that fail hide everything that is larger than usual but smaller than they are. Both
        generators are ReLUNetworks.

    Raises
    ------
    TypeError, ValueError
        As :func:`gendemod.demodulate` and :class:`Reference` do; for options before the work.

    Notes
    -----
    Costs N solves with `restarts` starts each.
    """
    solver = LevenbergMarquardt() if solver is None else solver
    seed = secrets.randbits(63) if seed is None else seed
    Search(solver, restarts, seed, threads, progress, time_limit=None)
    origin = Origin.of(g1, g2, solver, restarts, seed)
    y = np.atleast_2d(_arrays.floats(y, "y"))
    result = demodulate(
        y, g1, g2, solver, restarts=restarts, seed=seed,
        y_weights=y_weights, threads=threads, progress=progress,
    )  # fmt: skip
    return Reference(relative_residuals(result), ground(result.w * result.x), origin)


def _tail(reference: Array, values: Any) -> Any:
    """Return (1 + number of entries of `reference` at least as large) / (1 + N)."""
    count = reference.size - np.searchsorted(reference, np.asarray(values, dtype=np.float64))
    return (1 + count) / (1 + reference.size)


def _sorted(values: object, name: str) -> Array:
    array = _arrays.finite(_arrays.floats(values, name), name).astype(np.float64)
    if array.ndim != 1 or array.size == 0 or array.min() < 0:
        requirement = "be a row of numbers of at least 0"
        got = f"shape {array.shape}" if array.ndim != 1 or array.size == 0 else array.min()
        raise ValueError(must(name, requirement, "each is of one picture", got))
    return np.sort(array)
