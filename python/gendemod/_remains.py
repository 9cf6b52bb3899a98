"""What a restored picture leaves: its relative residual and its ground."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _arrays
from ._arrays import must
from .result import Result, Status

__all__ = ["ground", "relative_residuals"]


def relative_residuals(result: Result) -> Any:
    """Return the relative residuals; 1 for the product 0 of a hopeless solve, also of y = 0."""
    hopeless = np.asarray(result.status) == Status.HOPELESS
    return np.where(hopeless, 1.0, result.relative_residual)


def ground(fit: ArrayLike) -> Any:
    """Return the ground of a restored picture w * x: its 1 % quantile over its maximum.

    Shape (ell,) or (batch, ell); 0 where the picture is 0. That of y itself says less: noise makes
    the darkest pixels darker.

    Raises TypeError or ValueError if it is no array of pixels, or NaN is among them.
    """
    product = np.asarray(_arrays.floats(fit, "fit"), dtype=np.float64)
    if product.ndim == 0 or product.shape[-1] == 0:
        got = f"shape {product.shape}"
        raise ValueError(
            must("fit", "have pixels in its last axis", "their quantile is taken", got)
        )
    if np.isnan(product).any():
        raise ValueError(must("fit", "hold no NaN", "their quantile is taken", "an entry nan"))
    top = product.max(axis=-1)
    return np.quantile(product, 0.01, axis=-1) / np.where(top > 0, top, 1.0)
