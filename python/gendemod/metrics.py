"""How close a restored picture is to the truth, once the free scale is taken out.

A product determines its factors up to a scale only, so every estimate is first multiplied by the
number that brings it closest to the truth.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays

__all__ = ["psnr", "scale_aligned", "ssim"]

Array = NDArray[np.float64]


def scale_aligned(estimate: ArrayLike, truth: ArrayLike) -> Array:
    r"""Return each estimate times the scalar that brings it closest to its truth.

    .. math:: s = \langle e, t \rangle / \|e\|^2, \quad
        \text{the minimiser of } \|s\,e - t\|^2

    Parameters
    ----------
    estimate, truth : array_like, shape (..., ell)
        Flattened pictures; leading axes are a batch.

    Returns
    -------
    ndarray, shape (..., ell)
        An estimate that is zero everywhere stays zero.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ or there are no pixels.
    """
    e, t = _paired(estimate, truth)
    square = np.sum(e * e, axis=-1, keepdims=True)
    inner = np.sum(e * t, axis=-1, keepdims=True)
    scale: Array = np.divide(inner, square, out=np.zeros_like(square), where=square > 0)
    return e * scale


def psnr(estimate: ArrayLike, truth: ArrayLike, peak: float = 1.0) -> Any:
    r"""Return the peak signal-to-noise ratio of the scale-aligned estimate, in dB.

    .. math:: 10 \log_{10} \frac{\text{peak}^2}{\text{mean}\,(s\,e - t)^2}

    Parameters
    ----------
    estimate, truth : array_like, shape (..., ell)
        Flattened pictures; leading axes are a batch.
    peak : float
        The largest value that a picture can take, positive.

    Returns
    -------
    float or ndarray, shape (...)
        Infinite where the estimate is a multiple of the truth.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ, there are no pixels or `peak` is not positive.
    """
    if _arrays.number(peak, "peak", "be positive", "it is a brightness", 0.0) == 0.0:
        raise ValueError(_arrays.must("peak", "be positive", "it is a brightness", peak))
    _, t = _paired(estimate, truth)
    error = np.mean((scale_aligned(estimate, truth) - t) ** 2, axis=-1)
    with np.errstate(divide="ignore"):
        return 20.0 * np.log10(peak) - 10.0 * np.log10(error)


def ssim(estimate: ArrayLike, truth: ArrayLike, shape: tuple[int, int]) -> Any:
    """Return the structural similarity of the scale-aligned estimate, for values in [0, 1].

    It is scikit-image's, the mean over windows of 7 x 7 pixels, with a data range of 1.

    Parameters
    ----------
    estimate, truth : array_like, shape (..., rows * columns)
        Flattened pictures; leading axes are a batch.
    shape : tuple of int
        Rows and columns of a picture, each at least 7.

    Returns
    -------
    float or ndarray, shape (...)
        1 where the estimate is a multiple of the truth.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ or are not those of flattened pictures of `shape`.
    ImportError
        If scikit-image is missing.
    """
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        raise ImportError("ssim needs scikit-image; install gendemod[images]") from None
    _, t = _paired(estimate, truth)
    if min(shape) < 7 or math.prod(shape) != t.shape[-1]:
        requirement = f"be two sides of at least 7 with product {t.shape[-1]}"
        reason = "the rows are flattened pictures, seen through windows of 7 by 7"
        raise ValueError(_arrays.must("shape", requirement, reason, shape))
    pairs = zip(
        scale_aligned(estimate, truth).reshape(-1, *shape), t.reshape(-1, *shape), strict=True
    )
    values = [
        structural_similarity(a, b, data_range=1.0)  # type: ignore[no-untyped-call]
        for a, b in pairs
    ]
    return np.array(values, dtype=np.float64).reshape(t.shape[:-1])[()]


def _paired(estimate: ArrayLike, truth: ArrayLike) -> tuple[Array, Array]:
    """Return both arguments as float64 arrays of one shape, with at least one pixel."""
    e = np.asarray(_arrays.floats(estimate, "estimate"), dtype=np.float64)
    t = np.asarray(_arrays.floats(truth, "truth"), dtype=np.float64)
    if t.ndim == 0 or t.shape[-1] == 0:
        reason = "there is nothing to compare without pixels"
        raise ValueError(_arrays.must("truth", "have pixels", reason, f"shape {t.shape}"))
    if e.shape != t.shape:
        requirement, reason = f"have the shape {t.shape} of `truth`", "they are compared"
        raise ValueError(_arrays.must("estimate", requirement, reason, f"shape {e.shape}"))
    return e, t
