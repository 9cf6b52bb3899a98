"""A network at two latents, on average over wide random layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ._angles import between, mixture
from ._latents import unit


@dataclass(frozen=True)
class Pair:
    r"""What the means need of a latent z and the true one z0, of a network of depth d.

    Attributes
    ----------
    length, true_length : ndarray, (..., 1)
        The norms of z and z0.
    theta : ndarray, (..., 1)
        The angle between the outputs, :math:`\theta_d`.
    product : ndarray, (..., n)
        :math:`\Pi_d z_0 + \zeta_d (\|z_0\| / \|z\|) z`, which is :math:`2^d` times the mean of
        :math:`\Lambda_z^T \Lambda_{z_0} z_0`.
    """

    length: Array
    true_length: Array
    theta: Array
    product: Array

    @classmethod
    def of(cls, z: Array, true: Array, depth: int) -> Pair:
        direction, length = unit(z)
        true_direction, true_length = unit(true)
        kept, mixed, theta = mixture(between(direction, true_direction)[..., None], depth)
        product = true_length * (kept * true_direction + mixed * direction)
        return cls(length, true_length, theta, product)

    @property
    def cosine(self) -> Array:
        return np.cos(self.theta)

    @property
    def lost(self) -> Array:
        """1 - cos theta_d, with all its digits."""
        return 2 * np.sin(self.theta / 2) ** 2
