"""Directions at kinks: on the walls where units of an inner layer change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ..network import ReLUNetwork

STEPS = 6
ACCURACY = 1e-13


@dataclass(frozen=True)
class Rays:
    """Directions in the latent space of one network, each on q walls.

    A direction is the rounded image of one at which the pre-activations of its units are exactly
    zero, and is treated as that one.

    Attributes
    ----------
    z : ndarray, (count, n)
        Unit vectors.
    layer : ndarray of int32, (count,)
        The inner layer of the units, from 0.
    units : ndarray of int32, (count, q)
    rows : ndarray, (count, q, n)
        Their pre-activations at z' near z are rows @ z'.
    """

    z: Array
    layer: Array
    units: Array
    rows: Array

    def __len__(self) -> int:
        return len(self.z)


def without_walls(z: Array) -> Rays:
    """Return directions as they are."""
    count, n = z.shape
    nothing = np.zeros((count, 0), np.int32)
    return Rays(z, np.zeros(count, np.int32), nothing, np.zeros((count, 0, n)))


def most_walls(network: ReLUNetwork) -> int:
    """Return on how many walls of one inner layer a direction can be chosen to lie."""
    return min(network.dims[0] - 1, *network.dims[1:-1]) if network.depth > 1 else 0


def on_walls(network: ReLUNetwork, z: Array, count: int, rng: np.random.Generator) -> Rays:
    """Move directions to `count` walls each of one inner layer.

    Each takes a layer at random, and units of it whose ranks by the angle from the direction to
    their walls are log-uniform. It is projected on the intersection of the walls; above the first
    layer the walls bend, and this is repeated. Those that do not arrive are left out.
    """
    if count == 0:
        return without_walls(z)
    layer = rng.integers(network.depth - 1, size=len(z))
    races = rng.exponential(size=(len(z), max(network.dims[1:-1])))
    parts = []
    for i in range(network.depth - 1):
        chosen = layer == i
        if chosen.any():
            part = races[chosen, : network.dims[i + 1]]
            parts.append(_ranked(network, i, z[chosen], part, count))
    fields = (np.concatenate(field) for field in zip(*parts, strict=True))
    return Rays(*fields)


def _ranked(
    network: ReLUNetwork, layer: int, z: Array, races: Array, count: int
) -> tuple[Array, Array, Array, Array]:
    rows = pre_activations(network, layer, z)
    angles = sines(rows, z)
    ranks = np.argsort(np.argsort(angles, axis=1), axis=1)
    times = np.where(angles < np.inf, races * (1 + ranks), np.inf)  # a race with rates 1 / rank
    units = np.argsort(times, axis=1)[:, :count]
    return settled(network, layer, z, units)


def sines(rows: Array, z: Array) -> Array:
    """Return the sines of the angles from unit vectors to walls, (k, units); inf for no wall."""
    lengths = np.linalg.norm(rows, axis=2)
    out = np.full(lengths.shape, np.inf)
    np.divide(np.abs(np.einsum("kjn,kn->kj", rows, z)), lengths, out=out, where=lengths > 0)
    return out


def settled(
    network: ReLUNetwork, layer: int, z: Array, units: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the fields of the `Rays` that lie where the walls of these units meet."""
    for _ in range(1 if layer == 0 else STEPS):
        z = _projected(_rows(network, layer, z, units), z)
    rows = _rows(network, layer, z, units)
    there = (sines(rows, z) <= ACCURACY).all(axis=1)
    layers = np.full(int(there.sum()), layer, np.int32)
    return z[there], layers, units[there].astype(np.int32), rows[there]


def _rows(network: ReLUNetwork, layer: int, z: Array, units: Array) -> Array:
    return np.take_along_axis(pre_activations(network, layer, z), units[:, :, None], axis=1)


def pre_activations(network: ReLUNetwork, layer: int, z: Array) -> Array:
    """Return the matrices that give the pre-activations of a layer near z, (k, n_layer, n)."""
    W = network.weights[layer].astype(np.float64)
    if layer == 0:
        return np.broadcast_to(W, (len(z), *W.shape))
    out: Array = W @ ReLUNetwork(network.weights[:layer]).linear_piece(z)
    return out


def _projected(walls: Array, z: Array) -> Array:
    """Return the directions of the projections on the intersections of walls, twice for digits."""
    for _ in range(2):
        left = np.einsum("kqn,kn->kq", walls, z)
        z = z - np.einsum("knq,kq->kn", np.linalg.pinv(walls), left)
        lengths = np.linalg.norm(z, axis=1, keepdims=True)
        z = np.divide(z, lengths, out=np.zeros_like(z), where=lengths > 0)
    return z
