"""The constant alpha of each layer: given, fitted, or that of the random law of Theorem 2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._arrays import Array, must
from .._directions import level_of
from ..theory import truncation_alpha

Alpha = str | Sequence[float]

_REQUIREMENT = 'be "fitted", "theory", or one number for each layer'
_REASON = "every layer has a constant of its own"


def alphas(networks: Sequence[Sequence[Array]], alpha: Alpha) -> list[tuple[float, str]]:
    """Return for each layer of each network its alpha, and in a word where it comes from.

    Rows of mean square v have E[W^T W] = ell v I = alpha I, so that tr(W^T W) / n estimates alpha
    without bias at any scale, truncated or not: "fitted". The law of Theorem 2 has alpha = 1, and
    alpha(n) for a truncated last layer: "theory". A row of zeros has probability 0 without
    truncation, and so gives it away.
    """
    layers = [W for weights in networks for W in weights]
    if isinstance(alpha, str):
        if alpha == "fitted":
            return [(_fitted(W), alpha) for W in layers]
        if alpha == "theory":
            return [_theory(W, W is weights[-1]) for weights in networks for W in weights]
        raise ValueError(must("alpha", _REQUIREMENT, _REASON, repr(alpha)))
    if not isinstance(alpha, Sequence | np.ndarray):
        raise TypeError(must("alpha", _REQUIREMENT, _REASON, repr(alpha)))
    if len(alpha) != len(layers):
        requirement = f"hold {len(layers)} numbers, one for each layer"
        raise ValueError(must("alpha", requirement, _REASON, f"{len(alpha)} numbers"))
    return [(level_of(value), "given") for value in alpha]


def _fitted(W: Array) -> float:
    mean: float = float(np.sum(W * W)) / W.shape[1]
    if mean == 0:
        reason = "a layer of zeros has no scale to fit"
        raise ValueError(must("alpha", "be given", reason, f"zeros of shape {W.shape}"))
    return mean


def _theory(W: Array, last: bool) -> tuple[float, str]:
    if last and not W.any(axis=1).all():
        return truncation_alpha(W.shape[1]), "truncated"
    return 1.0, "theory"
