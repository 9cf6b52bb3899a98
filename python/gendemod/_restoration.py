"""Pictures as rows of one batch: from a picture to observations, and back to its two factors."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ._channels import joint_networks, joint_start
from ._demodulate import demodulate
from .network import ReLUNetwork
from .pictures import Picture
from .result import Result
from .solvers import AlternatingDescent, LevenbergMarquardt
from .trust import ground

__all__ = ["Effort", "Generators", "Job", "Restored", "solve_jobs"]

Array = NDArray[np.floating[Any]]

_COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class Generators:
    """The two generators; their outputs are as long as a picture has pixels."""

    g1: ReLUNetwork
    g2: ReLUNetwork

    @property
    def ell(self) -> int:
        """The number of outputs of either."""
        return self.g1.dims[-1]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """The type that the solver works in."""
        return np.result_type(self.g1.dtype, self.g2.dtype)

    @cached_property
    def joint(self) -> tuple[ReLUNetwork, ReLUNetwork]:
        """The generators of the three channels of a colour picture with one shared `x`."""
        return joint_networks(self.g1, self.g2, len(_COLOURS))


@dataclass(frozen=True)
class Effort:
    """How pictures are solved, and until when."""

    solver: AlternatingDescent | LevenbergMarquardt
    restarts: int | Literal["auto"]
    seed: int
    threads: int | None
    deadline: float | None

    def seconds_left(self) -> float | None:
        """Return the time that is left, at least 0; None where there is no limit."""
        if self.deadline is None:
            return None
        return max(self.deadline - time.monotonic(), 0.0)

    def demodulate(self, y: Array, g1: ReLUNetwork, g2: ReLUNetwork, **given: Any) -> Result:
        """Solve one batch within the time that is left."""
        limit = self.seconds_left()
        return demodulate(y, g1, g2, self.solver, threads=self.threads, time_limit=limit, **given)


@dataclass(frozen=True)
class Job:
    """One picture to restore: its shape, and its channels as rows of a batch."""

    path: Path
    shape: tuple[int, ...]
    y: Array
    y_weights: Array | None

    @classmethod
    def checked(
        cls, path: Path, picture: Picture, mask: Picture | None, generators: Generators
    ) -> Self:
        """Return the job of a picture that fits the generators and the mask, else raise."""
        rows, cols = picture.shape[:2]
        if rows * cols != generators.ell:
            raise ValueError(
                "`input` must have as many pixels as the generators have outputs because these "
                f"are its pixels; got {path} with {rows} x {cols} = {rows * cols} pixels and "
                f"{generators.ell} outputs"
            )
        if mask is not None and mask.shape != (rows, cols):
            raise ValueError(
                "`mask` must be of the shape of the picture because it weighs its pixels; got "
                f"{mask.shape} for {path} of shape {(rows, cols)}"
            )
        y = picture.reshape(rows * cols, -1).T.astype(generators.dtype)
        weights = None if mask is None else mask.ravel().astype(generators.dtype)
        if weights is not None and not np.isfinite(y[:, weights > 0]).all():
            raise ValueError(
                "`input` must be finite where the mask is not 0 because these pixels are fitted; "
                f"got {path} with a NaN or infinite value there"
            )
        return cls(path, picture.shape, np.ascontiguousarray(y), weights)


@dataclass(frozen=True)
class Restored:
    """The factors of one picture, a row a channel, and how each of its solves ended.

    Under a shared distortion `x` and `m` have one row and there is one solve.
    """

    w: Array
    x: Array
    h: Array
    m: Array
    solves: list[dict[str, Any]]


def solve_jobs(
    jobs: list[Job], generators: Generators, effort: Effort, shared_distortion: bool
) -> list[Restored]:
    """Restore pictures together: every channel of every one of them is a row of one batch.

    With `shared_distortion`, what this gives for the colour pictures starts a joint solve of their
    three channels with one `x`.
    """
    result = effort.demodulate(
        np.concatenate([job.y for job in jobs]),
        generators.g1,
        generators.g2,
        restarts=effort.restarts,
        seed=effort.seed,
        y_weights=jobs[0].y_weights,
    )
    ends = np.cumsum([len(job.y) for job in jobs])
    restored = [
        _take(result, slice(end - len(job.y), end)) for job, end in zip(jobs, ends, strict=True)
    ]
    colour = [place for place, job in enumerate(jobs) if len(job.y) > 1]
    if shared_distortion and colour:
        joint = _solve_jointly(
            [jobs[place] for place in colour],
            [restored[place] for place in colour],
            generators,
            effort,
        )
        for place, one in zip(colour, joint, strict=True):
            restored[place] = one
    return restored


def _solve_jointly(
    jobs: list[Job], separate: list[Restored], generators: Generators, effort: Effort
) -> list[Restored]:
    """Solve colour pictures again, from their separate channels, with one `x` for all three."""
    channels = len(_COLOURS)
    starts = [
        joint_start(one.h, one.m, one.x, np.array([s["relative_residual"] for s in one.solves]))
        for one in separate
    ]
    weights = jobs[0].y_weights
    result = effort.demodulate(
        np.stack([job.y.ravel() for job in jobs]),
        *generators.joint,
        start=(np.stack([h for h, _ in starts]), np.stack([m for _, m in starts])),
        y_weights=None if weights is None else np.tile(weights, channels),
    )
    return [
        Restored(
            w=result.w[row].reshape(channels, -1),
            x=result.x[row].reshape(channels, -1)[:1],
            h=result.h[row].reshape(channels, -1),
            m=result.m[row : row + 1],
            solves=[_describe(result, row, "all")],
        )
        for row in range(len(jobs))
    ]


def _take(result: Result, rows: slice) -> Restored:
    """Return the picture whose channels are `rows` of a batch."""
    places = range(rows.start, rows.stop)
    names = _COLOURS if len(places) > 1 else ("grey",)
    return Restored(
        w=result.w[rows],
        x=result.x[rows],
        h=result.h[rows],
        m=result.m[rows],
        solves=[_describe(result, row, name) for row, name in zip(places, names, strict=True)],
    )


def _describe(result: Result, row: int, channel: str) -> dict[str, Any]:
    return {
        "channel": channel,
        "status": result.status[row].name.lower(),
        "message": result.message[row],
        "relative_residual": float(result.relative_residual[row]),
        "ground": float(ground(result.w[row] * result.x[row])),
        "iterations": int(result.iterations[row]),
        "restarts": int(result.restarts[row]),
    }
