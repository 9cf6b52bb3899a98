r"""The one-sided derivatives of f along its negative gradients, at :math:`\|h\| = \|m\|`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .. import _core
from .._arrays import Array
from ..network import ReLUNetwork
from ._scene import Scene
from ._walls import Rays

FLOAT64 = np.dtype(np.float64)
FLOPS_TOGETHER = 10**10  # of a call of the core, during which no signal is seen

ROUNDING = 1e-12  # of the terms of a gradient


@dataclass(frozen=True)
class Products:
    r"""What the gradient of one latent is made of on its rays, for all rays of the other latent.

    Attributes
    ----------
    rays : Rays
    u, v : ndarray, (rays, others, n + q)
        Where :math:`\|h\| = \|m\| = \sqrt a`, the gradient is :math:`\sqrt a\,(a u - v)` in the
        first n entries, with the units off that stand at zero. A unit that is on adds the entry
        of its own times the row of its pre-activation.
    regular : ndarray of bool, (rays,)
        False where a unit that was not put there stands exactly at zero.
    """

    rays: Rays
    u: Array
    v: Array
    regular: Array

    @property
    def n(self) -> int:
        return int(self.rays.z.shape[1])


def products(scene: Scene, h: Rays, m: Rays, threads: int) -> tuple[Products, Products]:
    """Return what the gradients in h and in m are made of. `threads` is the core's word."""
    w, x = scene.g1(h.z, threads=threads or None), scene.g2(m.z, threads=threads or None)
    return _products(scene.g1, h, x, scene.y, threads), _products(scene.g2, m, w, scene.y, threads)


def _products(network: ReLUNetwork, rays: Rays, outputs: Array, y: Array, threads: int) -> Products:
    core, columns = network._core(FLOAT64), network.dims[0] + rays.units.shape[1]
    inner = sum(a * b for a, b in pairwise(network.dims))
    flops = columns * (2 * inner + 4 * network.dims[-1] * len(outputs))
    some = max(1, FLOPS_TOGETHER // flops)
    parts = []
    for first in range(0, len(rays), some):
        z, layer, units = (x[first : first + some] for x in (rays.z, rays.layer, rays.units))
        z = np.ascontiguousarray(z)
        parts.append(_core.ray_gradients(core, z, layer, units, outputs, y[None], threads))
    u, v, regular = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Products(rays, u, v, regular)


def radial_minimisers(of: Products) -> Array:
    r"""Return the minimisers :math:`\langle y, w x \rangle / \|w x\|^2` over a, 0 where w x = 0."""
    overlap, energy = (np.einsum("ijn,in->ij", z[..., : of.n], of.rays.z) for z in (of.v, of.u))
    out: Array = np.zeros_like(energy)
    np.divide(overlap, energy, out=out, where=energy > 0)
    return out


def slopes(of: Products, a: Array, w: Array) -> tuple[Array, Array]:
    r"""Return :math:`D_{-g} f / a` and :math:`\|g\| / \sqrt a` for g as in eq. (4).

    .. math:: g = g_{off} + \sum_k 1\{p_k \cdot w > 0\}\, s_k p_k, \qquad
              D_{-g} f = -\Bigl( g_{off} + \sum_k 1\{p_k \cdot g < 0\}\, s_k p_k \Bigr) \cdot g

    over the units k that stand at zero, with pre-activations p_k; g_off is the gradient with all
    of them off, s_k what f gains by the k-th. Without such units it is -||g||^2.

    Parameters
    ----------
    of : Products
    a : ndarray, (rays, others, r)
        Products of norms.
    w : ndarray, (rays, n)
        The direction of the limit.
    """
    whole = a[..., None] * of.u[:, :, None] - of.v[:, :, None]
    off, gains = whole[..., : of.n], whole[..., of.n :]
    walls = of.rays.rows[:, None]

    def with_units(on: Array) -> Array:
        out: Array = off + (gains * on) @ walls
        return out

    if walls.shape[2] == 0:
        square = np.einsum("ijrn,ijrn->ijr", off, off)
        return -square, np.sqrt(square)
    g = with_units(np.einsum("iqn,in->iq", of.rays.rows, w)[:, None, None] > 0)
    ahead = with_units(g @ walls.swapaxes(2, 3) < 0)
    return -np.einsum("ijrn,ijrn->ijr", ahead, g), np.linalg.norm(g, axis=-1)


def relative_slopes(scene: Scene, of: Products, a: Array, w: Array) -> Array:
    r"""Return how steeply f falls along -g, free of all scales, (rays, others, r).

    .. math:: -\frac{D_{-g} f}{\|g\|} \Big/ \frac{\|y\|^2}{a_0^2}
              \bigl( \|m\|^2 \|h\| + \|m\| \|m_0\| \|h_0\| \bigr), \qquad
              a_0 = \|h_0\| \|m_0\|

    and with h and m exchanged for the gradient in m. It is of the order of 1 where nothing cancels,
    0 where g is 0 to rounding, and the same at (c h, m / c).
    """
    derivative, length = slopes(of, a, w)
    terms, out = scene.energy * (a + 1), np.zeros_like(a)
    # The direction of a g that is rounding says nothing.
    np.divide(-derivative, length * terms, out=out, where=length > ROUNDING * terms)
    return out
