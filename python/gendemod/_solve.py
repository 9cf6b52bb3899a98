"""One call of what solves: arguments in, slices of work, a result out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import (
    Array,
    common_dtype,
    finite,
    floats,
    must,
    pair,
    rows,
)
from ._arrays import (
    threads as checked_threads,
)
from ._engines import Engine, engine_for
from ._generators import Generator, check_generator
from ._observations import observations
from ._search import Search
from ._slices import run_in_slices, seconds_allowed
from .result import KINK, Result, Status, advice


def solve(
    y: ArrayLike,
    g1: object,
    g2: object,
    search: Search,
    *,
    start: object = None,
    y_weights: ArrayLike | None = None,
) -> Result:
    """Solve one observation or a batch, both factors unknown."""
    g1, g2 = check_generator(g1, "g1"), check_generator(g2, "g2")
    observed, weights = observations(y, g1, g2, y_weights)
    start_h, start_m = _checked_start(start, observed, g1, g2)
    dtypes = [g1.dtype, g2.dtype, observed.dtype, weights.dtype]
    dtype = common_dtype(*dtypes, *([] if start is None else [start_h.dtype, start_m.dtype]))
    chains, starts = search.plan(start)

    # What solves sees y / 4^k and (h, m) / 2^k, k of each problem: the same digits, far from
    # overflow and underflow.
    engine = engine_for(g1, g2, search.solver, dtype, search.device)
    if not engine.scales:
        _check_range(observed, dtype)
    k = binary_scales(np.atleast_2d(observed)) * engine.scales
    y_rows = _scaled(np.atleast_2d(observed), -2 * k)
    y_rows = np.ascontiguousarray(y_rows, dtype=dtype)
    # And v / 16^u, u of each row of weights: f / 16^u, for a constant weight cancels.
    u = weight_scales(np.atleast_2d(weights)) * engine.scales
    weights = _scaled(np.atleast_2d(weights), -4 * u)
    scaled_h, scaled_m = start_h, start_m
    if start is not None:
        scaled_h, scaled_m = np.ldexp(start_h, -k), np.ldexp(start_m, -k)
    batch = engine.batch(
        *engine.cores(dtype),
        y_rows,
        np.ascontiguousarray(weights, dtype=dtype),
        np.ascontiguousarray(scaled_h, dtype=dtype),
        np.ascontiguousarray(scaled_m, dtype=dtype),
        np.ldexp(1.0, np.clip(2 * k + 4 * u, -1022, 1023)),
        engine.settings,
        _core.RestartPlan(chains, starts, search.seed or 0),
        checked_threads(search.threads),
    )
    limit = seconds_allowed(search.time_limit)
    total = batch.total()
    if not run_in_slices(
        batch.run, batch.done, total, "demodulate", limit=limit, shown=search.progress
    ):
        batch.stop()
    outcomes = [batch.best(problem) for problem in range(len(y_rows))]
    return _collect(
        outcomes,
        k=k,
        u=u,
        single=observed.ndim == 1,
        engine=engine,
        dtype=dtype,
        seed=search.seed,
        threads=checked_threads(search.threads),
    )


def _check_range(observed: Array, dtype: np.dtype[Any]) -> None:
    """Check an observation that cannot be scaled.

    The curvature of f along its gradient may be of the order of y^6, summed in float64; the
    residual times one factor, of the order of y^2, is in the dtype.
    """
    high = 1e15 if dtype == np.float32 else 1e40
    largest = np.abs(observed).max(axis=-1, initial=0.0)
    outside = (largest > 0) & ((largest < 1 / high) | (largest > high))
    if outside.any():
        requirement = f"have its largest entry between {1 / high:.0e} and {high:.0e}"
        reason = "generators not known to be positively homogeneous cannot be scaled along with it"
        raise ValueError(must("y", requirement, reason, f"{largest[outside][0]:.3g}"))


def _checked_start(
    start: object, observed: Array, g1: Generator, g2: Generator
) -> tuple[Array, Array]:
    """Return the start as rows (batch, n) and (batch, p), without rows if there is none."""
    if start is None:
        return np.empty((0, g1.dims[0])), np.empty((0, g2.dims[0]))
    out = []
    latents = pair(start, "start", "(h, m)", "both are sought")
    for value, network, letter in zip(latents, (g1, g2), "hm", strict=True):
        array = first_latent(value, letter, (*observed.shape[:-1], network.dims[0]))
        out.append(rows(array, "start", network.dims[0], "", array.dtype))
    return out[0], out[1]


def first_latent(value: ArrayLike, letter: str, expected: tuple[int, ...]) -> Array:
    """Return a latent of a start, which must have the expected shape."""
    array = finite(floats(value, "start"), "start")
    if array.shape != expected:
        requirement = f"have a latent {letter} of shape {expected}"
        reason = "it goes with `y` and the network"
        raise ValueError(must("start", requirement, reason, f"shape {array.shape}"))
    return array


def _collect(
    outcomes: list[Any],
    *,
    k: Array,
    u: Array,
    single: bool,
    engine: Engine,
    dtype: np.dtype[Any],
    seed: int | None,
    threads: int,
) -> Result:
    """Turn the outcomes of a batch, or of one problem, into a result in the scale of y."""
    g1, g2 = engine.networks
    h = np.array([outcome[0] for outcome in outcomes], dtype=dtype).reshape(-1, g1.dims[0])
    m = np.array([outcome[1] for outcome in outcomes], dtype=dtype).reshape(-1, g2.dims[0])
    h, m = np.ldexp(h, k), np.ldexp(m, k)
    w, x = engine.outputs(h, m, threads)
    objective, at_zero = (
        np.array([outcome[i] for outcome in outcomes], dtype=np.float64) for i in (2, 6)
    )
    ends = [outcome[3] for outcome in outcomes]
    status = [Status.CONVERGED if end == KINK else Status(end) for end in ends]
    restarts = np.array([outcome[4] for outcome in outcomes], dtype=np.int64)
    scales = (k + u)[:, 0]
    history = [
        restored(outcome[5], scale, dtype) for outcome, scale in zip(outcomes, scales, strict=True)
    ]
    iterations = np.array([len(record) - 1 for record in history], dtype=np.int64)
    residual = np.sqrt(objective / np.where(at_zero > 0, at_zero, 1)) * (at_zero > 0)
    converged = np.array([s == Status.CONVERGED for s in status], dtype=bool)
    message = [advice(end, size) + engine.note for end, size in zip(ends, residual, strict=True)]
    objective, residual = restored(objective, scales, dtype), residual.astype(dtype)
    if not single:
        return Result(
            h, m, w, x, objective, residual, status, converged,
            message, iterations, restarts, history, seed,
        )  # fmt: skip
    return Result(
        h[0], m[0], w[0], x[0], float(objective[0]), float(residual[0]), status[0],
        bool(converged[0]), message[0], int(iterations[0]), int(restarts[0]), history[0], seed,
    )  # fmt: skip


def binary_scales(observed: Array) -> Array:
    """Return k, (batch, 1), such that the largest entry of a row of y is about 4^k."""
    highest, lowest = (f(observed, axis=1, keepdims=True, initial=0.0) for f in (np.max, np.min))
    largest = np.maximum(highest, -lowest).astype(np.float64)
    largest[largest == 0] = 1.0
    scales: Array = np.rint(np.log2(largest) / 2)
    return np.maximum(np.minimum(scales, 511), -511).astype(np.int64)


def weight_scales(weights: Array) -> Array:
    """Return u, (rows, 1), such that the largest entry of a row of weights is about 16^u."""
    scales: Array = np.maximum(binary_scales(weights) // 2, -255)  # 16^255 is a number
    return scales


def _scaled(rows: Array, powers: Array) -> Array:
    """Return rows times powers of two, 2^-1022 to 2^1023, rounded once to the dtype of rows."""
    factors = np.ldexp(1.0, powers)
    return np.multiply(rows, factors, out=np.empty_like(rows), casting="same_kind")


def restored(objectives: Array, k: Array, dtype: np.dtype[Any]) -> Array:
    """Return objectives of y / 4^k as those of y, or of v / 16^k as those of v.

    What the dtype cannot hold becomes inf or 0.
    """
    with np.errstate(over="ignore", under="ignore"):
        restored: Array = np.ldexp(np.asarray(objectives, dtype=np.float64), 4 * k).astype(dtype)
    return restored
