"""What `gendemod solve` reads besides the pictures: generators, a known x, a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ._network_files import read_network
from ._restoration import Generators
from .network import ReLUNetwork
from .pictures import Picture, read_picture

__all__ = ["read_generators", "read_mask"]


def read_generators(first: Path, second: Path | None, known_x: Path | None) -> Generators:
    """Return the generators of w and x, or that of w and the known x."""
    g1 = read_network(first, "g1")
    if known_x is not None:
        return Generators(g1, None, _known_x(known_x, g1))
    if second is None:
        raise ValueError("`g2` must be given because `known-x` is not; got neither of them")
    g2 = read_network(second, "g2")
    if g1.dims[-1] != g2.dims[-1]:
        raise ValueError(
            "`g2` must have as many outputs as `g1` because the two are multiplied pixel by "
            f"pixel; got {g2.dims[-1]} ({second}) and {g1.dims[-1]} ({first})"
        )
    return Generators(g1, g2, None)


def read_mask(path: Path, generators: Generators) -> Picture:
    """Return the mask, which weighs the pixels of every picture, in the type of the generators."""
    mask = read_picture(path)
    if mask.ndim != 2 or mask.size != generators.ell:
        raise ValueError(
            f"`mask` must be a grey picture of {generators.ell} pixels because it weighs the "
            f"outputs of the generators; got {path}, of shape {mask.shape}"
        )
    if mask.min() < 0 or mask.max() == 0:
        raise ValueError(
            "`mask` must be at least 0 everywhere and positive somewhere because it weighs the "
            f"pixels; got {path}, with values from {mask.min()} to {mask.max()}"
        )
    # Only ratios of weights matter: the largest is brought to about 1 by a power of 4.
    k = int(np.frexp(mask.max())[1]) // 2
    mask = np.ldexp(mask.astype(np.float64), -2 * k).astype(generators.dtype)
    if generators.x is not None and not generators.x.ravel()[mask.ravel() > 0].any():
        raise ValueError(
            "`mask` must be positive somewhere where `known-x` is not 0 because nothing is seen "
            f"elsewhere; got {path}"
        )
    return mask


def _known_x(path: Path, g1: ReLUNetwork) -> Picture:
    picture = read_picture(path)
    with np.errstate(over="ignore"):
        x = picture.astype(g1.dtype)
    if x.ndim != 2 or x.size != g1.dims[-1] or not x.any() or not np.isfinite(x).all():
        raise ValueError(
            f"`known-x` must be a grey picture of {g1.dims[-1]} pixels, not all of them 0, finite "
            f"in {g1.dtype}, because it multiplies the outputs of `g1`; got {path}, of shape "
            f"{x.shape} with values from {picture.min()} to {picture.max()}"
        )
    return x
