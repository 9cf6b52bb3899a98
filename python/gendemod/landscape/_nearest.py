"""The point of a hyperbola whose ball reaches deepest, for many points at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array

NEWTON_STEPS = 20
CLOSE = 1e-9  # a relative step after which the next one changes no digit of the excess


def excess_over(p: Any, q: Any, S: Any, sizes: tuple[Any, Any], epsilon: float) -> Array:
    r"""Return the least :math:`\|(h, m) - C\|^2 - \epsilon^2 \|C\|^2`, C = (c h_ref, m_ref / c).

    With p = h . h_ref, q = m . m_ref, S the square of (h, m), and the sizes of h_ref and m_ref.
    Measured in :math:`\sqrt{\|h_{ref}\| \|m_{ref}\|}`, and with t for the scaled c,

    .. math:: S + (1 - \epsilon^2) (t^2 + t^{-2}) - 2 p t - 2 q / t

    is, up to what does not depend on t, :math:`1 - \epsilon^2` times the squared distance from the
    point (X, Y) = (p, q) / (1 - epsilon^2) to the point (t, 1/t) of the unit hyperbola.
    """
    size_h, size_m = sizes
    radius = np.sqrt(size_h * size_m)
    p, q, S = p / size_h / radius, q / size_m / radius, S / radius**2
    p, q, S = np.broadcast_arrays(p, q, S)
    p, q = np.maximum(p, q), np.minimum(p, q)  # the mirror image, where t and 1 / t are exchanged
    t = nearest_on_hyperbola(p / (1 - epsilon**2), q / (1 - epsilon**2))
    beside = np.maximum(S - p**2 - q**2, 0)  # the part of (h, m) that no C has
    out = beside + (p - t) ** 2 + (q - 1 / t) ** 2 - epsilon**2 * (t**2 + 1 / t**2)
    return np.asarray(out * radius**2)


def nearest_on_hyperbola(X: Array, Y: Array) -> Array:
    r"""Return the t >= 1 for which (t, 1/t) is nearest to (X, Y), for X >= Y.

    It is the only root :math:`t \ge 1` of :math:`t^4 - X t^3 + Y t - 1`, and the largest: at X / 2
    the quartic is :math:`-(X^2 / 4 - 1)^2` or less, and beyond X / 2 it is convex. So Newton steps
    from above fall to it. Where it is a triple root they are slow, but there the distance is flat
    to fourth order.
    """
    t = np.maximum(X, 0) + 1 + np.cbrt(np.maximum(-Y, 0))
    for _ in range(NEWTON_STEPS):
        value = ((t - X) * t**2 + Y) * t - 1
        slope = (4 * t - 3 * X) * t**2 + Y
        step = np.divide(value, slope, out=np.zeros_like(t), where=slope > 0)
        t = np.maximum(t - step, 1)
        if (np.abs(step) <= CLOSE * t).all():
            break
    return t
