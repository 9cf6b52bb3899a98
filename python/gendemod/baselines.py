"""Two classical ways to split one picture into a detailed and a smooth factor.

Both take a picture ``y = w * x`` whose factor ``x`` is smooth, estimate ``x`` from the picture
alone, and divide. They know nothing of what ``w`` looks like.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays

__all__ = ["blur_division", "polynomial_log_fit"]

Array = NDArray[np.float64]

# No divisor and no argument of a logarithm is smaller than this share of the brightest pixel.
FLOOR = 1e-3


def blur_division(image: ArrayLike, sigma: float) -> tuple[Array, Array]:
    r"""Take a Gaussian blur of the picture for its smooth factor.

    .. math:: x = \max(g_\sigma * y,\; 10^{-3} \max y), \quad w = y / x

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    sigma : float
        Standard deviation of the blur, in pixels, positive. Beyond its border the picture is
        continued by the nearest pixel.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or `sigma` is not a number.
    ValueError
        If `image` is not a finite matrix with a positive pixel or `sigma` is not positive.
    ImportError
        If scikit-image is missing.
    """
    y = _picture(image)
    reason = "it is the width of a blur"
    if _arrays.number(sigma, "sigma", "be positive", reason, 0.0) == 0.0:
        raise ValueError(_arrays.must("sigma", "be positive", reason, sigma))
    try:
        from skimage.filters import gaussian
    except ImportError:
        raise ImportError("blur_division needs scikit-image; install gendemod[images]") from None
    blurred = gaussian(  # type: ignore[no-untyped-call]
        y, sigma=sigma, mode="nearest", preserve_range=True
    )
    x = np.maximum(blurred, FLOOR * y.max())
    return y / x, x


def polynomial_log_fit(image: ArrayLike, degree: int = 2) -> tuple[Array, Array]:
    r"""Fit a polynomial to the logarithm of the picture and take it for the smooth factor.

    .. math:: \log x = \arg\min_{p} \sum_{u,v}
        \left(p(u, v) - \log \max(y_{uv},\; 10^{-3} \max y)\right)^2, \quad w = y / x

    over polynomials ``p`` of total degree at most `degree`, with ``u`` and ``v`` in [-1, 1].

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    degree : int
        Total degree, at least 0.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or `degree` is not an integer.
    ValueError
        If `image` is not a finite matrix with a positive pixel or `degree` is negative.
    """
    y = _picture(image)
    degree = _arrays.integer(degree, "degree", 0, "it is the degree of a polynomial")
    u, v = np.meshgrid(*(np.linspace(-1.0, 1.0, side) for side in y.shape), indexing="ij")
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    terms = np.stack([(u**i * v**j).ravel() for i, j in powers], axis=1)
    logarithm = np.log(np.maximum(y, FLOOR * y.max()))
    coefficients = np.linalg.lstsq(terms, logarithm.ravel(), rcond=None)[0]
    x = np.exp(terms @ coefficients).reshape(y.shape)
    return y / x, x


def _picture(image: ArrayLike) -> Array:
    """Return `image` as a finite float64 matrix with at least one positive pixel."""
    y = np.asarray(_arrays.finite(_arrays.floats(image, "image"), "image"), dtype=np.float64)
    if y.ndim != 2 or y.size == 0:
        reason = "it is one picture, rows by columns"
        raise ValueError(_arrays.must("image", "be a matrix", reason, f"shape {y.shape}"))
    if y.max() <= 0.0:
        reason = "the brightest pixel sets the floor of the divisor"
        raise ValueError(_arrays.must("image", "have a positive pixel", reason, y.max()))
    return y
