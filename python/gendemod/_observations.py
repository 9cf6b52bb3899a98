"""What a problem is made of: observations with their weights, and networks to be solved for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, finite, floats, must, rows
from ._generators import Generator
from .network import ReLUNetwork


def checked_network(name: str, network: object) -> ReLUNetwork:
    """Return a network that the solvers can work on."""
    if not isinstance(network, ReLUNetwork):
        reason = "the solvers work on its linear pieces"
        raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
    return network


def observations(
    y: ArrayLike, g1: Generator, g2: Generator, y_weights: ArrayLike | None
) -> tuple[Array, Array]:
    """Check a problem and return its observation, zero where nothing is observed, and weights.

    y is (ell,) or (batch, ell); the weights are (ell,), or of the shape of y.
    """
    ell = g1.dims[-1]
    if g2.dims[-1] != ell:
        reason = "the outputs are multiplied entry by entry"
        raise ValueError(must("g2", f"have {ell} outputs, as `g1` has", reason, g2.dims[-1]))
    observed = np.asarray(floats(y, "y"), order="C")
    rows(observed, "y", ell, f"the networks have {ell} outputs", observed.dtype)
    if y_weights is None:
        return finite(observed, "y"), np.ones(ell, dtype=observed.dtype)

    weights = finite(floats(y_weights, "y_weights"), "y_weights")
    if np.asarray(y_weights).dtype.kind in "biu":  # a mask has no precision to keep
        weights = weights.astype(observed.dtype)
    if weights.shape not in ((ell,), observed.shape):
        requirement = f"have shape ({ell},) or that of `y`, {observed.shape}"
        reason = "every entry of `y` has a weight"
        raise ValueError(must("y_weights", requirement, reason, f"shape {weights.shape}"))
    if weights.size and weights.min() < 0:
        reason = "a negative weight rewards misfit"
        raise ValueError(must("y_weights", "be at least 0", reason, weights.min()))
    if not (weights > 0).any(axis=-1).all():
        reason = "nothing is observed otherwise"
        raise ValueError(must("y_weights", "have a positive entry", reason, "none in some row"))
    return finite(np.where(weights > 0, observed, 0).astype(observed.dtype), "y"), weights
