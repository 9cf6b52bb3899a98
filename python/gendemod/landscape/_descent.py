"""Whether points outside K have a direction of descent: the claim of Theorems 2 and 3."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import flag, integer
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._progress import Progress
from .._slices import seconds_allowed
from ..network import ReLUNetwork
from ._law import Pairs, Stratum, directions, distances, radii, strata
from ._radial_slopes import products, radial_minimisers, relative_slopes
from ._scene import Scene, scene
from ._tally import DescentAudit, Points, Tally
from ._walls import Rays, most_walls, on_walls

RADII = 8  # of each pair of directions, the radial minimiser among them
MOST_RAYS = 128  # of each latent in a block
MOST_NUMBERS = 2**22  # in an array of gradients of a block


def audit_descent(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    h0: ArrayLike,
    m0: ArrayLike,
    *,
    points: int = 1_000_000,
    decades: int = 4,
    seed: int = 0,
    keep: int = 1000,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> DescentAudit:
    r"""Look for points outside K without a direction of descent.

    .. math:: D_{-g} f(h, m) < 0 \text{ for } g = (g_1, 0) \text{ or } g = (0, g_2)

    with the one-sided gradients (4), exactly, also at kinks, which are constructed.

    Parameters
    ----------
    g1, g2 : ReLUNetwork
        float32 weights are taken as float64 ones.
    h0, m0 : array_like, (n,) and (p,)
        The truth, neither of them zero.
    points : int
        How many, rounded up to whole blocks.
    decades : int
        Distances to the hyperbolas go down to 0.5 / 10^decades.
    seed : int
        The points are a function of it.
    keep : int
        How many failures are kept with their latents; all are counted.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    progress : bool
        Show a progress bar on standard error.
    time_limit : float, optional
        Seconds, after which what is done is returned.

    Returns
    -------
    DescentAudit
        Ctrl-C returns what is done.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    The law: four fifths of the points near the hyperbolas, the same number for each and for each
    decade of distance; a fifth anywhere, at stratified angles from h0 and m0. In each part, as many
    with no unit at zero, with one, with two, and with as many as directions can meet, of a random
    inner layer of each network. Directions of h and of m are drawn independently and every h goes
    with every m of its block, with seven random products of norms :math:`\|h\| \|m\|` and the
    minimiser over them. Signs are the same at (c h, m / c), so that one c is enough: distances are
    those of the c at which the nearest point of the curve has equal norms.

    A direction costs its linear piece, a pair :math:`8 \ell (n + p)` flops, and a point
    :math:`O(n + p)`, since gradients at :math:`(a \hat h, b \hat m)` are
    :math:`a b^2 u - b v`.
    """
    setting = scene(g1, g2, h0, m0)
    wanted = integer(points, "points", 1, "the claim is about points")
    span = integer(decades, "decades", 1, "distances go over decades", most=12)
    key, workers = checked_seed(seed), checked_threads(threads)
    kept = integer(keep, "keep", 0, "it is a number of points")
    shown = flag(progress, "progress", "the bar is shown or not")
    end = time.monotonic() + seconds_allowed(time_limit)
    tally = Tally(setting, span, kept)
    plan, size = _plan(setting, span, wanted)
    ending = "complete"
    try:
        with Progress(len(plan), "blocks", shown) as bar:
            for number, stratum in enumerate(plan):
                if time.monotonic() >= end:
                    ending = "time"
                    break
                rng = np.random.default_rng([key, number])
                h, m = (_rays(setting, k, stratum, size, rng) for k in range(2))
                tally.leave_out((size**2 - len(h) * len(m)) * RADII)
                if len(h) and len(m):
                    tally.add(_block(setting, stratum, h, m, rng, workers))
                bar.update(number + 1)
    except KeyboardInterrupt:
        ending = "interrupted"
    return tally.result(ending)


def _plan(setting: Scene, decades: int, points: int) -> tuple[list[Stratum], int]:
    """Return the stratum of every block, and the number of directions of each latent in one."""
    most = max(most_walls(setting.g1), most_walls(setting.g2))
    parts = strata(setting, decades, sorted({0, min(1, most), min(2, most), most}))
    columns = max(setting.g1.dims[0], setting.g2.dims[0]) + most
    largest = min(MOST_RAYS, max(2, int((MOST_NUMBERS / (RADII * columns)) ** 0.5)))
    size = min(largest, max(2, int(np.ceil((points / (RADII * len(parts))) ** 0.5))))
    rounds = -(-points // (RADII * size**2 * len(parts)))
    return parts * rounds, size


def _rays(
    setting: Scene, latent: int, stratum: Stratum, size: int, rng: np.random.Generator
) -> Rays:
    """Draw directions of h (latent 0) or of m (1)."""
    network, e = ((setting.g1, setting.h0), (setting.g2, setting.m0))[latent]
    z = directions(e, bool(stratum.branch >> latent & 1), stratum, size, rng)
    return on_walls(network, z, min(stratum.walls, most_walls(network)), rng)


def _block(
    setting: Scene, stratum: Stratum, h: Rays, m: Rays, rng: np.random.Generator, threads: int
) -> Points:
    """Evaluate all pairs of directions."""
    of_h, of_m = products(setting, h, m, threads)
    pairs = Pairs.of(setting, h.z, m.z)
    best = radial_minimisers(of_h)[..., None]
    drawn = radii(pairs, stratum, RADII - 1, rng)
    a = np.concatenate([drawn, np.where(best > 0, best, pairs.scale)], axis=2)
    along_h = relative_slopes(setting, of_h, a, rng.standard_normal(h.z.shape))
    along_m = relative_slopes(setting, of_m, a.swapaxes(0, 1), rng.standard_normal(m.z.shape))
    return Points(
        h=h,
        m=m,
        pairs=pairs,
        a=a,
        slopes=(along_h, along_m.swapaxes(0, 1)),
        distances=distances(pairs, a),
        regular=of_h.regular[:, None] & of_m.regular,
    )
