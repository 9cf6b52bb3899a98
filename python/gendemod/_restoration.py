"""Pictures as rows of one batch: from a picture to observations, and back to its two factors."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ._arrays import must
from ._demodulate import demodulate
from .network import ReLUNetwork
from .pictures import Picture
from .result import Result
from .solvers import AlternatingDescent, LevenbergMarquardt
from .trust import ground

__all__ = ["Effort", "Generators", "Job", "Restored", "Sharing", "solve_jobs"]

Array = NDArray[np.floating[Any]]

_COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class Generators:
    """The two generators, or the first and a known `x`, a picture; each has a number a pixel."""

    g1: ReLUNetwork
    g2: ReLUNetwork | None
    x: Array | None

    @property
    def pair(self) -> tuple[ReLUNetwork, ReLUNetwork]:
        """Both generators, where x is not known."""
        if self.g2 is None:
            reason = "a reference is of two unknown factors"
            raise ValueError(must("known_x", "not go with a reference", reason, "both"))
        return self.g1, self.g2

    @property
    def ell(self) -> int:
        """The number of outputs."""
        return self.g1.dims[-1]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """The type that the solver works in."""
        return self.g1.dtype if self.g2 is None else np.result_type(self.g1.dtype, self.g2.dtype)


@dataclass(frozen=True)
class Sharing:
    """What has one `x` in common: the channels of a picture, the frames of a camera, or both."""

    channels: bool
    frames: bool

    def groups(self, pictures: list[range]) -> list[list[int]]:
        """Return the rows that have one `x` in common, for pictures with these rows."""
        groups: dict[tuple[int, int], list[int]] = {}
        for place, rows in enumerate(pictures):
            for channel, row in enumerate(rows):
                key = (0 if self.frames else place, 0 if self.channels else channel)
                groups.setdefault(key, []).append(row)
        return list(groups.values())


@dataclass(frozen=True)
class Effort:
    """How pictures are solved, and until when."""

    solver: AlternatingDescent | LevenbergMarquardt
    restarts: int | Literal["auto"]
    seed: int
    threads: int | None
    device: str
    deadline: float | None

    def seconds_left(self) -> float | None:
        """Return the time that is left, at least 0; None where there is no limit."""
        if self.deadline is None:
            return None
        return max(self.deadline - time.monotonic(), 0.0)

    def demodulate(self, y: Array, generators: Generators, **given: Any) -> Result:
        """Solve one batch, or the frames of one `x`, within the time that is left."""
        return demodulate(
            y,
            generators.g1,
            generators.g2,
            self.solver,
            restarts=self.restarts,
            seed=self.seed,
            x=None if generators.x is None else generators.x.ravel(),
            threads=self.threads,
            device=self.device,
            time_limit=self.seconds_left(),
            **given,
        )


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
        for name, given in (("mask", mask), ("known-x", generators.x)):
            if given is not None and given.shape != (rows, cols):
                raise ValueError(
                    f"`{name}` must be of the shape of the picture because the two go together "
                    f"pixel by pixel; got {given.shape} for {path} of shape {(rows, cols)}"
                )
        with np.errstate(over="ignore"):
            y = picture.reshape(rows * cols, -1).T.astype(generators.dtype)
        weights = None if mask is None else mask.ravel()
        if not np.isfinite(y if weights is None else y[:, weights > 0]).all():
            where = "" if mask is None else "where the mask is not 0 and "
            raise ValueError(
                f"`input` must be finite {where}in the {generators.dtype} of the generators "
                f"because these pixels are fitted; got {path} with a value that is not"
            )
        return cls(path, picture.shape, np.ascontiguousarray(y), weights)


@dataclass(frozen=True)
class Restored:
    """The factors of one picture, a row a channel, and how each of its solves ended.

    Where all channels have one `x`, `x` and `m` have one row and there is one solve. Where `x` is
    known, there is no `m`.
    """

    w: Array
    x: Array
    h: Array
    m: Array | None
    solves: list[dict[str, Any]]


def solve_jobs(
    jobs: list[Job], generators: Generators, effort: Effort, sharing: Sharing
) -> list[Restored]:
    """Restore pictures together: every channel of every one of them is a row.

    Rows that have one `x` in common are one problem; all others are one batch.
    """
    y, weights = np.concatenate([job.y for job in jobs]), jobs[0].y_weights
    ends = np.cumsum([len(job.y) for job in jobs])
    pictures = [range(end - len(job.y), end) for job, end in zip(jobs, ends, strict=True)]
    groups = sharing.groups(pictures)
    restored: dict[int, Restored] = {}
    alone = [group[0] for group in groups if len(group) == 1]
    if alone:
        result = effort.demodulate(y[alone], generators, y_weights=weights)
        restored |= {row: _row(result, place) for place, row in enumerate(alone)}
    for group in groups:
        if len(group) > 1:
            result = effort.demodulate(y[group], generators, y_weights=weights, shared="x")
            restored |= {row: _row(result, place) for place, row in enumerate(group)}
    return [
        _picture(job, [restored[row] for row in rows], sharing)
        for job, rows in zip(jobs, pictures, strict=True)
    ]


def _row(result: Result, place: int) -> Restored:
    """Return one row of a batch, or one of those that have one `x` and one outcome in common."""
    together = not isinstance(result.status, list)

    def own(value: Any) -> Any:
        return value if together else value[place]

    known = result.m is None
    w, x = result.w[place], result.x if known else own(result.x)
    return Restored(
        w=w[None],
        x=x[None],
        h=result.h[place : place + 1],
        m=None if known else own(result.m)[None],
        solves=[
            {
                "status": own(result.status).name.lower(),
                "message": own(result.message),
                "relative_residual": float(own(result.relative_residual)),
                "ground": float(ground(w * x)),
                "iterations": int(own(result.iterations)),
                "restarts": int(own(result.restarts)),
            }
        ],
    )


def _picture(job: Job, rows: list[Restored], sharing: Sharing) -> Restored:
    """Return the picture with these channels."""
    names = _COLOURS if len(rows) > 1 else ("grey",)
    w, h = (np.concatenate([getattr(row, name) for row in rows]) for name in ("w", "h"))
    if sharing.channels and len(rows) > 1:
        rows, names = rows[:1], ("all",)
    x = np.concatenate([row.x for row in rows])
    m = None if rows[0].m is None else np.concatenate([row.m for row in rows if row.m is not None])
    solves = [{"channel": name, **row.solves[0]} for name, row in zip(names, rows, strict=True)]
    if sharing.frames:  # each picture has its own share of the common misfit
        misfits = zip(np.split(w, len(x)), x, np.split(job.y, len(x)), strict=True)
        for solve, (own_w, own_x, own_y) in zip(solves, misfits, strict=True):
            solve["relative_residual"] = _residual(own_w * own_x, own_y, job.y_weights)
    return Restored(w, x, h, m, solves)


def _residual(product: Array, y: Array, weights: Array | None) -> float:
    """Return the norm of `product - y` over that of `y`; 0 for `y = 0`."""
    seen = slice(None) if weights is None else weights > 0
    root = 1.0 if weights is None else np.sqrt(weights[seen])
    fit, seen_y = (z[:, seen].astype(np.float64) for z in (product, y))
    top = float(np.abs(seen_y).max())  # the unit, whose square is a number
    if top == 0:
        return 0.0
    misfit = np.linalg.norm(root * (fit / top - seen_y / top))
    return float(misfit / np.linalg.norm(root * (seen_y / top)))
