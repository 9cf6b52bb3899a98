"""Automatic steps of line 4 where no linear piece is known: a difference instead of Lambda d."""

from __future__ import annotations

import numpy as np

from .._arrays import Array
from .model import Factor, Observed, dots, norms, times

#: Of the exact minimiser along a line, which zigzags.
RELAXATION = 0.75


def exact_step(observed: Observed, moving: Factor, fixed: Factor, slope: Array) -> Array:
    r"""Return s = slope / sum_i v_i (other_i (J d)_i)^2 for the direction d of every row.

    f is least at latent - s d while G is linear. J d is a one-sided difference, over a step of
    eps^(1/3) times the length of the latent. 0 where f has no slope or no curvature along d.
    """
    length = moving.length / norms(moving.direction)
    delta = np.where(np.isfinite(length) & (length > 0), length, 1.0)
    delta = delta * moving.network.eps ** (1 / 3)
    near = moving.latent - times(delta, moving.direction)
    change = (moving.output.astype(np.float64) - moving.elsewhere(near)) / delta[:, None]
    step = slope / observed.curvature(fixed.output, change)
    return np.where(np.isfinite(step), step, 0.0)


def search(
    observed: Observed, moving: Factor, fixed: Factor, gradient: Array, shortest: float
) -> tuple[Array, Array]:
    """Move by 3/4 of the exact step, halved until f falls by a tenth of what its slope promises.

    Returns the relative length of the step that the slope asks for, and where f does not fall along
    the line although its slope says so. Such rows stay where they are.
    """
    uphill = ~(dots(gradient, moving.direction) > 0)
    moving.direction = np.where(uphill[:, None], gradient, moving.direction)
    slope = dots(gradient, moving.direction)
    unit = norms(moving.direction) / moving.length
    step = RELAXATION * exact_step(observed, moving, fixed, slope)
    asked = np.nan_to_num(step * unit, nan=0.0, posinf=0.0)
    blocked = np.zeros(len(step), dtype=bool)

    f = observed.objective(moving.output, fixed.output)
    noise = observed.rounding(f, moving.network.eps)
    latent = moving.latent.copy()
    rows = np.flatnonzero(asked > 0)
    while rows.size:
        trial = moving.latent[rows] - times(step[rows], moving.direction[rows])
        output = moving.elsewhere(trial)
        promised = step[rows] * slope[rows]
        wanted = f[rows] - np.where(promised > noise[rows], promised / 10, 0.0)
        falls = observed.take(rows).objective(output, fixed.output[rows]) <= wanted
        latent[rows[falls]] = trial[falls]
        stuck = ~falls & (step[rows] * unit[rows] <= shortest)
        # Where less is promised than rounding hides, f is at its least; elsewhere a kink blocks.
        asked[rows[stuck]] = 0
        blocked[rows[stuck]] = promised[stuck] / 2 > noise[rows[stuck]]
        moving.direction[rows[stuck]] = 0
        rows = rows[~falls & ~stuck]
        step[rows] /= 2
    moving.move(latent)
    return asked, blocked
