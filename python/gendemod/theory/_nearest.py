"""The point of a hyperbola that is nearest, relative to the size of that point."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, must
from ._latents import unit

FARTHEST = 1e100
NEWTON_STEPS = 3

# A point (u, v) and the curve (t e, f / t), as one tuple; e and f are of norm 1, or one of them 0.
Scaled = tuple[Array, Array, Array, Array]


def nearest(h: Array, m: Array, h_ref: Array, m_ref: Array) -> tuple[Array, Array]:
    """Return the least relative distance and its c, as `hyperbola_distance` tells it."""
    e, size_h = unit(h_ref)
    f, size_m = unit(m_ref)
    both = (size_h > 0) & (size_m > 0)
    root_h, root_m = np.sqrt(size_h), np.sqrt(size_m)
    radius = np.where(both, root_h * root_m, np.maximum(size_h, size_m))
    nowhere = radius == 0
    radius, e = np.where(nowhere, 1, radius), np.where(nowhere, 1, e)  # any curve: it is not used
    nowhere = nowhere[..., 0]
    stretch = np.divide(root_m, root_h, out=np.ones_like(radius), where=both)[..., 0]  # c / t
    scaled = (_within_reach(h, radius, "h"), _within_reach(m, radius, "m"), e, f)

    t, attained = _best(scaled)
    epsilon = np.where(attained, np.minimum(_ratio(scaled, t), 1), 1.0)
    origin = ~(h.any(axis=-1) | m.any(axis=-1))
    epsilon = np.where(nowhere, np.where(origin, 0, np.inf), epsilon)
    c = np.where(origin, 1.0, np.where(attained & ~nowhere, t * stretch, np.nan))
    return epsilon, c


def _within_reach(z: Array, radius: Array, name: str) -> Array:
    farthest = float((unit(z)[1] / radius).max(initial=0))
    if farthest > FARTHEST:
        requirement = f"be of norm at most {FARTHEST:g} times that of the hyperbola's middle"
        raise ValueError(must(name, requirement, "squares of norms are compared", f"{farthest:g}"))
    return z / radius


def _best(scaled: Scaled) -> tuple[Array, Array]:
    """Return the t > 0 of the least ratio, and whether there is one: else 1 is not reached."""
    candidates, attained = _stationary(scaled)
    ratios = np.stack([_ratio(scaled, t) for t in candidates])
    t = np.take_along_axis(candidates, np.argmin(ratios, axis=0)[None], axis=0)[0]
    polished = t
    for _ in range(NEWTON_STEPS):
        polished = _newton(scaled, polished)
    return np.where(_ratio(scaled, polished) <= _ratio(scaled, t), polished, t), attained


def _ratio(scaled: Scaled, t: Array) -> Array:
    u, v, e, f = scaled
    distance = np.hypot(_norm(u - t[..., None] * e), _norm(v - f / t[..., None]))
    out: Array = distance / np.hypot(t * _norm(e), _norm(f) / t)
    return out


def _newton(scaled: Scaled, t: Array) -> Array:
    """Take a step in log t to a zero of the slope of the squared ratio, where it is convex."""
    u, v, e, f = scaled
    size = np.hypot(t * _norm(e), _norm(f) / t)
    share_h, share_m = t * _norm(e) / size, _norm(f) / t / size
    pull_h = np.sum((u - t[..., None] * e) * e, axis=-1) / size * share_h
    pull_m = np.sum((v - f / t[..., None]) * f, axis=-1) / size * share_m
    square = _ratio(scaled, t) ** 2
    slope = pull_m - pull_h - square * (share_h**2 - share_m**2)
    bend = 1 - pull_h - pull_m - 2 * square
    step = np.divide(-slope, bend, out=np.zeros_like(slope), where=bend > 0)
    out: Array = t * np.exp(np.clip(step, -1, 1))
    return out


def _stationary(scaled: Scaled) -> tuple[Array, Array]:
    """Return the moduli of the roots of the sextic, (6, ...), and whether there is a minimum.

    With p = u.e and q = v.f, t and 1 / t are exchanged where q > p. The leading coefficient is
    then positive wherever there is a minimum below 1: wherever p > 0 or q > 0.
    """
    u, v, e, f = scaled
    S = np.sum(u * u, axis=-1) + np.sum(v * v, axis=-1)
    p, q = np.sum(u * e, axis=-1), np.sum(v * f, axis=-1)
    swap = q > p
    p, q = np.where(swap, q, p), np.where(swap, p, q)
    last = np.where(swap, _norm(e), _norm(f))  # 0 where the curve is a ray
    attained = p > 0
    lead = np.where(attained, p, 1)
    companion = np.zeros((*p.shape, 6, 6))
    companion[..., np.arange(1, 6), np.arange(5)] = 1
    companion[..., 0, 0] = S / lead
    companion[..., 0, 1] = -3 * q / lead
    companion[..., 0, 3] = 3 * last
    companion[..., 0, 4] = -S / lead * last
    companion[..., 0, 5] = q / lead * last
    companion[~attained] = np.eye(6)
    roots = np.abs(np.moveaxis(np.linalg.eigvals(companion), -1, 0))
    roots = np.where(roots > 0, roots, 1)
    return np.where(swap, 1 / roots, roots), attained


def _norm(z: Array) -> Array:
    out: Array = np.linalg.norm(z, axis=-1)
    return out
