"""Where descent ends: the stationary points that many runs of a solver reach."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, flag, integer
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._demodulate import demodulate
from .._progress import Progress
from .._slices import seconds_allowed
from ..network import ReLUNetwork
from ..solvers import AlternatingDescent
from ._law import ANYWHERE, NEAR, Stratum, directions
from ._plain import Findings
from ._radial_slopes import products, radial_minimisers, relative_slopes
from ._scene import Scene, from_hyperbolas, scene
from ._walls import Rays, pre_activations, settled, sines, without_walls

ON_A_WALL = 1e-6  # the sine of an angle
STATIONARY = 1e-5  # a relative slope
RUNS_TOGETHER = 16
NOWHERE = -1
SOLVER = AlternatingDescent(sign_check=0)


@dataclass(frozen=True)
class Stationary(Findings):
    r"""Where runs of Algorithm 1 without its sign check ended.

    Attributes
    ----------
    h, m : ndarray, (runs, n) and (runs, p)
        With the truth as it was given.
    branch : ndarray of int, (runs,)
        The nearest hyperbola, in the order of `theory.hyperbola_centres`; -1 where all of them are
        1/2 away or farther.
    distances : ndarray, (runs, 4)
        From all hyperbolas; inf for one in K.
    objective : ndarray, (runs,)
        f over its value :math:`\|y\|^2 / 2` on K.
    predicted : ndarray, (4,)
        What the theory of wide networks says of it: 0, :math:`1 - \rho_d^2`, :math:`1 - \rho_s^2`,
        :math:`1 - \rho_d^2 \rho_s^2`.
    slope : ndarray, (runs,)
        The larger of the relative slopes along -g1 and -g2, as in `audit_descent`, where units
        within 1e-6 of their walls are taken to be on them.
    walls : ndarray of int, (runs, 2)
        How many those are.
    stationary : ndarray of bool, (runs,)
        Whether the slope is at most 1e-5: there is no direction of descent.
    status : list of str
        How the solver ended.
    in_K : tuple of 4 bool
    ending : str
        "complete"; or "time" or "interrupted", where not all runs were made.
    """

    h: Array
    m: Array
    branch: Array
    distances: Array
    objective: Array
    predicted: Array
    slope: Array
    walls: Array
    stationary: Array
    status: list[str]
    in_K: tuple[bool, bool, bool, bool]
    ending: str


def stationary(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    h0: ArrayLike,
    m0: ArrayLike,
    *,
    runs: int = 64,
    seed: int = 0,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Stationary:
    """Run Algorithm 1 without its sign check from many starts, and say where it ends.

    Half of the starts are near the four hyperbolas in turn, the others anywhere; all begin at the
    minimiser over the product of norms. Line 3 of the algorithm would leave the spurious branches.

    Parameters
    ----------
    g1, g2 : ReLUNetwork
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    runs : int
    seed : int
        The starts are a function of it.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    progress : bool
        Show a progress bar on standard error.
    time_limit : float, optional
        Seconds, after which runs end where they are, and no more begin.

    Returns
    -------
    Stationary
        Ctrl-C returns the runs that are done.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    setting = scene(g1, g2, h0, m0)
    wanted = integer(runs, "runs", 1, "a point is reached by a run")
    key, workers = checked_seed(seed), checked_threads(threads)
    shown = flag(progress, "progress", "the bar is shown or not")
    limit = seconds_allowed(time_limit)
    h, m = _starts(setting, wanted, np.random.default_rng([key, 2]))
    end = time.monotonic() + limit
    ends: list[tuple[Array, Array, Array, list[str]]] = []
    options: dict[str, Any] = {"threads": workers or None}
    ending = "complete"
    try:
        with Progress(wanted, "runs", shown) as bar:
            for first in range(0, wanted, RUNS_TOGETHER):
                left = end - time.monotonic()
                if left <= 0:
                    ending = "time"
                    break
                options["time_limit"] = left if left < np.inf else None
                some = slice(first, first + RUNS_TOGETHER)
                y = np.broadcast_to(setting.y, (len(h[some]), len(setting.y)))
                found = demodulate(y, g1, g2, SOLVER, start=(h[some], m[some]), **options)
                status = [one.name.lower() for one in found.status]
                ends.append((found.h, found.m, found.objective, status))
                bar.update(first + len(status))
    except KeyboardInterrupt:
        ending = "interrupted"
    return _located(setting, ends, np.random.default_rng([key, 3]), ending)


def _starts(setting: Scene, runs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw starts at the minimisers over their products of norms."""
    branches = [ANYWHERE if run % 2 else run // 2 % 4 for run in range(runs)]
    h, m = np.empty((runs, len(setting.h0))), np.empty((runs, len(setting.m0)))
    for run, branch in enumerate(branches):
        stratum = Stratum(branch, 0.1 * NEAR, 0)
        h[run] = directions(setting.h0, bool(branch & 1), stratum, 1, rng)[0]
        m[run] = directions(setting.m0, bool(branch & 2), stratum, 1, rng)[0]
    product = setting.g1(h) * setting.g2(m)
    energy = np.einsum("ki,ki->k", product, product)
    best = np.divide(product @ setting.y, energy, out=np.ones(runs), where=energy > 0)
    root = np.sqrt(np.where(best > 0, best, 1))[:, None]
    return root * h, root * m


def _located(
    setting: Scene,
    ends: list[tuple[Array, Array, Array, list[str]]],
    rng: np.random.Generator,
    ending: str,
) -> Stationary:
    h = np.concatenate([np.empty((0, len(setting.h0))), *(end[0] for end in ends)])
    m = np.concatenate([np.empty((0, len(setting.m0))), *(end[1] for end in ends)])
    objective = np.concatenate([np.empty(0), *(end[2] for end in ends)])
    every = from_hyperbolas(setting, h, m)
    nearest = np.argmin(every, axis=1)
    branch = np.where(np.min(every, axis=1, initial=np.inf) < NEAR, nearest, NOWHERE)
    slopes = [_slope(setting, *point, rng) for point in zip(h, m, strict=True)]
    slope = np.array([one[0] for one in slopes])
    walls = np.array([one[1] for one in slopes], dtype=np.int64).reshape(-1, 2)
    return Stationary(
        h=setting.size * h,
        m=setting.size * m,
        branch=branch,
        distances=every,
        objective=2 * objective / setting.energy,
        predicted=1 - setting.levels**2,
        slope=slope,
        walls=walls,
        stationary=slope <= STATIONARY,
        status=[one for end in ends for one in end[3]],
        in_K=setting.centres.in_K,
        ending=ending,
    )


def _slope(
    setting: Scene, h: Array, m: Array, rng: np.random.Generator
) -> tuple[float, tuple[int, int]]:
    """Return the larger relative slope at a point, and how many units were put on their walls."""
    of = products(setting, _snapped(setting.g1, h), _snapped(setting.g2, m), 1)
    a = radial_minimisers(of[0])[..., None]
    slopes = [relative_slopes(setting, one, a, rng.standard_normal((1, one.n))) for one in of]
    count = of[0].rays.units.shape[1], of[1].rays.units.shape[1]
    return float(max(slope.max() for slope in slopes)), count


def _snapped(network: ReLUNetwork, z: Array) -> Rays:
    """Return the direction of z, moved to the walls that it nearly touches in one inner layer."""
    direction = (z / np.linalg.norm(z))[None] if z.any() else np.eye(1, len(z))
    best: Array = np.zeros((1, 0), np.int32)
    layer = 0
    for i in range(network.depth - 1):
        angles = sines(pre_activations(network, i, direction), direction)
        near = np.argsort(angles[0])[: min((angles[0] <= ON_A_WALL).sum(), len(z) - 1)]
        if len(near) > best.shape[1]:
            best, layer = near[None], i
    if best.shape[1] == 0:
        return without_walls(direction)
    rays = Rays(*settled(network, layer, direction, best))
    return rays if len(rays) else without_walls(direction)
