"""Colour channels under one distortion, as one problem of a larger pair of generators.

Three channels ``y_k = w_k * x`` with ``w_k = G1(h_k)`` and one ``x = G2(m)`` are one observation
``(y_1, y_2, y_3) = G1'(h_1, h_2, h_3) * G2'(m)``: G1' is G1 in three diagonal blocks and G2' is G2
with its last layer three times over. Both are bias-free ReLU networks again, so that the joint
least-squares problem is solved exactly as it stands, by the same solver.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import ReLUNetwork

__all__ = ["joint_networks", "joint_start"]

Array = NDArray[np.floating[Any]]


def joint_networks(
    g1: ReLUNetwork, g2: ReLUNetwork, channels: int
) -> tuple[ReLUNetwork, ReLUNetwork]:
    """Return the generators of `channels` pictures that share the factor of `g2`.

    Returns
    -------
    ReLUNetwork
        `g1` in diagonal blocks: latents and outputs of the channels one after another.
    ReLUNetwork
        `g2` with its output repeated for every channel.

    Notes
    -----
    The blocks are stored with the zeros between them: ``channels**2`` times the memory of `g1`.
    """
    identity = np.eye(channels, dtype=g1.dtype)
    blocks = [np.kron(identity, weights) for weights in g1.weights]
    *inner, last = g2.weights
    return ReLUNetwork(blocks), ReLUNetwork([*inner, np.tile(last, (channels, 1))])


def joint_start(h: Array, m: Array, x: Array, residuals: Array) -> tuple[Array, Array]:
    """Return where the joint problem starts: from channels that were solved one by one.

    The shared factor is that of the channel with the smallest residual `residuals`. Every `h` is
    scaled by the least-squares ratio of its own factor `x` to that one, since each pair is known
    up to a scale alone.

    Parameters
    ----------
    h : ndarray, shape (channels, n)
    m : ndarray, shape (channels, p)
    x : ndarray, shape (channels, ell)
    residuals : ndarray, shape (channels,)

    Returns
    -------
    h : ndarray, shape (channels * n,)
    m : ndarray, shape (p,)
    """
    energies = np.einsum("ki,ki->k", x, x)
    usable = np.isfinite(residuals) & (energies > 0)
    best = int(np.argmin(np.where(usable, residuals, np.inf)))
    # A channel without any light has no factors; if none has, every start is as good.
    ratios = x @ x[best] / energies[best] if usable[best] else np.ones(len(x), dtype=x.dtype)
    return np.ravel(ratios[:, None] * h), m[best]
