"""The paper's experiment, slice by slice of its pictures, so that it can be stopped and go on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._demodulate import demodulate
from ._network_files import read_network
from ._solved_files import read_solved, write_solved
from .network import ReLUNetwork
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["NETWORKS", "Method", "Recovered", "recover", "trained_pair"]

Array = NDArray[np.floating[Any]]

#: The files of the bias-free pair.
NETWORKS = ("mnist.npz", "bells.npz")
# Pictures that are solved at once, and saved.
SLICE = 50


@dataclass(frozen=True)
class Method:
    """A way to solve: its name, the pair of generators, the solver, the number of starts.

    At most `most` pictures are solved.
    """

    name: str
    pair: str
    solver: AlternatingDescent | LevenbergMarquardt
    restarts: int
    most: int = 10**9

    @property
    def file_stem(self) -> str:
        """What the files of its results are named after."""
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())


@dataclass(frozen=True)
class Recovered:
    """Both factors that a method found, a picture a row, and how it got there.

    `history` holds the mean-square residual of every picture before each iteration, as far as all
    pictures went.
    """

    w: Array
    x: Array
    history: Array
    seconds: float


def trained_pair(folder: Path) -> tuple[ReLUNetwork, ReLUNetwork]:
    """Return the generators of digits and of distortions, as they are in a folder."""
    digits, bells = (read_network(folder / name, "weights") for name in NETWORKS)
    return digits, bells


def recover(
    method: Method,
    y: Array,
    pair: tuple[Any, Any],
    *,
    seed: int,
    threads: int | None,
    folder: Path,
    about: dict[str, Any],
    advance: Callable[[int], None],
) -> Recovered:
    """Return what `method` makes of the rows of `y`; slices that `folder` holds are not redone.

    Raises
    ------
    ValueError
        If a file in `folder` comes from other settings than `about`, from another method or other
        pictures, or is damaged.
    """
    g1, g2 = pair
    latents, histories, seconds = [], [], 0.0
    for first in range(0, len(y), SLICE):
        rows = np.ascontiguousarray(y[first : first + SLICE])
        path = folder / f"{method.file_stem}-{first}.npz"
        digest = hashlib.sha256(rows.tobytes()).hexdigest()
        settings = {
            **about,
            "method": method.name,
            "solver": repr(method.solver),
            "restarts": method.restarts,
            "y": digest,
        }
        if path.exists():
            solved = read_solved(path, settings, _shapes(len(rows), pair))
        else:
            solved = _solve(method, rows, pair, seed + first, threads)
            write_solved(path, solved, settings)
        latents.append((solved["h"], solved["m"]))
        histories.append(solved["history"])
        seconds += float(solved["seconds"])
        advance(first + len(rows))
    h, m = (np.concatenate(parts) for parts in zip(*latents, strict=True))
    length = min(part.shape[1] for part in histories)
    history = np.concatenate([part[:, :length] for part in histories])
    return Recovered(g1(h), g2(m), history, seconds)


def _solve(
    method: Method, y: Array, pair: tuple[Any, Any], seed: int, threads: int | None
) -> dict[str, Array]:
    begun = time.perf_counter()
    result = demodulate(
        y, *pair, method.solver, restarts=method.restarts, seed=seed, threads=threads
    )
    seconds = time.perf_counter() - begun
    length = min(len(one) for one in result.history)
    # The mean of squares is 2 f / ell.
    history = np.stack([one[:length] for one in result.history]) * (2 / y.shape[1])
    return {"h": result.h, "m": result.m, "history": history, "seconds": np.array(seconds)}


def _shapes(count: int, pair: tuple[Any, Any]) -> dict[str, tuple[int | None, ...]]:
    """Return the shapes of what is kept of so many pictures."""
    n, p = (generator.dims[0] for generator in pair)
    return {"h": (count, n), "m": (count, p), "history": (count, None), "seconds": ()}
