"""One factor shared by many frames: arguments in, joint descents, one result out."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, common_dtype, must, pair
from ._arrays import threads as checked_threads
from ._joint_descent import Frames, JointDescent
from ._observations import checked_network, observations
from ._search import Search
from ._shared_starts import Starts
from ._slices import seconds_allowed
from ._solve import binary_scales, first_latent, restored, weight_scales
from .network import ReLUNetwork
from .result import KINK, Result, Status, advice
from .solvers import LevenbergMarquardt


def solve_shared(
    y: ArrayLike,
    g1: object,
    g2: object,
    search: Search,
    *,
    shared: object,
    start: object = None,
    y_weights: ArrayLike | None = None,
) -> Result:
    """Solve y_j = G1(h_j) * G2(m) for the latents h_j of all frames y_j, (k, ell), and one m."""
    solver = _checked_solver(shared, search)
    networks = checked_network("g1", g1), checked_network("g2", g2)
    observed, weights = observations(y, *networks, y_weights)
    if observed.ndim != 2 or len(observed) == 0:
        got = f"shape {observed.shape}"
        raise ValueError(must("y", "have shape (k, ell)", "its rows are the frames", got))
    first = _checked_start(start, len(observed), networks)
    search.plan(start)
    arrays = [observed, weights, *first]
    dtype = common_dtype(*(g.dtype for g in networks), *(a.dtype for a in arrays))

    # What follows sees y / 4^s, v / 16^u and latents / 2^s, as the core does.
    s = int(binary_scales(observed.reshape(1, -1))[0, 0])
    u = int(weight_scales(weights.reshape(1, -1))[0, 0])
    frames = Frames(
        y=np.ldexp(observed, -2 * s).astype(dtype).astype(np.float64),
        v=np.broadcast_to(np.ldexp(weights.astype(np.float64), -4 * u), observed.shape),
        g1=networks[0]._core(dtype),
        g2=networks[1]._core(dtype),
        dtype=dtype,
        threads=checked_threads(search.threads),
    )
    deadline = time.monotonic() + seconds_allowed(search.time_limit)
    if first:
        h, m = (np.ldexp(z, -s).astype(dtype) for z in first)
        descents, starts = [JointDescent(frames, solver, h, m)], 1
        descents[0].run(deadline, search.progress)
    else:
        descents, starts = Starts(frames, networks, solver, search, deadline).best()
    return _result(frames, descents, starts, (s, u), search.seed)


def _checked_solver(shared: object, search: Search) -> LevenbergMarquardt:
    """Return the solver, which must be one that can solve for all frames at once."""
    if not isinstance(shared, str) or shared != "x":
        reason = "x = G2(m) is the factor that frames can have in common"
        error = ValueError if isinstance(shared, str) else TypeError
        raise error(must("shared", 'be "x" or None', reason, repr(shared)))
    if not isinstance(search.solver, LevenbergMarquardt):
        reason = "the frames of a shared factor are solved by damped Gauss-Newton steps in all"
        got = type(search.solver).__name__
        requirement = "be LevenbergMarquardt() where `shared` is given"
        raise ValueError(must("solver", requirement, f"{reason} latents at once", got))
    return search.solver


def _checked_start(
    start: object, k: int, networks: tuple[ReLUNetwork, ReLUNetwork]
) -> tuple[Array, ...]:
    """Return the start h, (k, n), and m, (p,); nothing if there is none."""
    if start is None:
        return ()
    h, m = pair(start, "start", "(h, m)", "both are sought")
    n, p = (network.dims[0] for network in networks)
    return first_latent(h, "h", (k, n)), first_latent(m, "m", (p,))


def _result(
    frames: Frames,
    descents: list[JointDescent],
    starts: int,
    scales: tuple[int, int],
    seed: int | None,
) -> Result:
    """Return the end of the last descent, and the history of all, in the scale of y and v."""
    (s, u), last = scales, descents[-1]
    h, m = np.ldexp(last.h, s), np.ldexp(last.m, s)
    w, x = frames.outputs(h, m)
    objectives = np.concatenate([descent.history for descent in descents])
    history = restored(objectives, np.array(s + u), frames.dtype)
    residual = last.relative_residual()
    kink = last.status == KINK
    status = Status.CONVERGED if kink else Status(last.status)
    return Result(
        h=h, m=m, w=w, x=x,
        objective=float(history[-1]),
        relative_residual=float(frames.dtype.type(residual)),
        status=status,
        converged=status == Status.CONVERGED,
        message=advice(last.status, residual),
        iterations=len(history) - 1,
        restarts=starts,
        history=history,
        seed=seed,
    )  # fmt: skip
