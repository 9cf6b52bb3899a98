"""Splits that take for the smooth factor what a smoothing filter leaves of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import _arrays
from ._picture import FLOOR, Array, exp_factors, factors, logarithm, picture, positive

# When total variation is as low as it is asked to be.
ACCURACY = 1e-5
PROJECTIONS = 1000


def blur_division(image: ArrayLike, sigma: float) -> tuple[Array, Array]:
    r"""Take a Gaussian blur of the picture for its smooth factor.

    .. math:: x = \max(g_\sigma * y,\; 10^{-3} \max y), \quad w = y / x

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    sigma : float
        Standard deviation of the blur, in pixels, positive and at most the longer side. Beyond its
        border the picture is continued by the nearest pixel.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or `sigma` is not a number.
    ValueError
        If `image` is not a finite matrix with a positive pixel or `sigma` is out of its
        range.
    ImportError
        If scikit-image is missing.
    """
    y, e = picture(image)
    width = positive(sigma, "sigma", "it is the width of a blur")
    if width > max(y.shape):
        requirement, reason = f"be at most {max(y.shape)}", "the picture is no longer than that"
        raise ValueError(_arrays.must("sigma", requirement, reason, sigma))
    try:
        from skimage.filters import gaussian
    except ImportError:
        raise ImportError("blur_division needs scikit-image; install gendemod[images]") from None
    blurred = gaussian(  # type: ignore[no-untyped-call]
        y, sigma=width, mode="nearest", preserve_range=True
    )
    x = np.maximum(blurred, FLOOR * y.max())
    return factors(y, x, e)


def homomorphic_filter(
    image: ArrayLike, cutoff: float, floor: float = FLOOR
) -> tuple[Array, Array]:
    r"""Take the low frequencies of the logarithm for the smooth factor, the high for the other.

    .. math:: \log x = F^{-1}\left[\frac{F \log \max(y, \text{floor} \cdot \max y)}
        {1 + (|f| / \text{cutoff})^4}\right], \quad w = y / x

    with ``F`` the Fourier transform: a Butterworth filter of second order, so that ``log w`` is
    its high-pass part wherever no pixel is below the floor.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    cutoff : float
        The frequency ``|f|``, in cycles a pixel, that is halved; positive and at most 1/2. Beyond
        its border the picture is continued by the nearest pixel for once its longer side.
    floor : float
        The share of the brightest pixel, in (0, 1], that darker pixels are lifted to.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or another argument is not a number.
    ValueError
        If `image` is not a finite matrix with a positive pixel or another argument is out of its
        range.
    ImportError
        If scikit-image is missing.
    """
    y, e = picture(image)
    reason = "a grid of pixels has no higher frequency than 1/2"
    frequency = positive(cutoff, "cutoff", reason)
    if frequency > 0.5:
        raise ValueError(_arrays.must("cutoff", "be at most 1/2", reason, cutoff))
    s = logarithm(y, floor)
    try:
        from skimage.filters import butterworth
    except ImportError:
        raise ImportError(
            "homomorphic_filter needs scikit-image; install gendemod[images]"
        ) from None
    low = butterworth(  # type: ignore[no-untyped-call]
        s, cutoff_frequency_ratio=frequency, high_pass=False, order=2, npad=max(y.shape)
    )
    return exp_factors(y, low, e)


def total_variation_split(
    image: ArrayLike, weight: float, floor: float = FLOOR
) -> tuple[Array, Array]:
    r"""Take the piecewise constant part of the logarithm for the smooth factor.

    .. math:: \log x = \arg\min_u \tfrac12 \|u - \log \max(y, \text{floor} \cdot \max y)\|^2
        + \text{weight} \cdot \mathrm{TV}(u), \quad w = y / x

    Total variation removes what is thin and keeps what is wide, edges included: strokes, scratches
    and texture go to ``w``. A wide object stays in ``x``, and a slope becomes a staircase.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    weight : float
        Positive. A disk of radius ``r`` in pixels whose logarithm differs from its surroundings
        by less than ``2 weight / r`` goes to ``w`` altogether.
    floor : float
        The share of the brightest pixel, in (0, 1], that darker pixels are lifted to.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or another argument is not a number.
    ValueError
        If `image` is not a finite matrix with a positive pixel or another argument is out of its
        range.
    ImportError
        If scikit-image is missing.

    Notes
    -----
    The minimum is scikit-image's, by Chambolle's projections: at most 1000 of them, or until they
    change its measure of progress by less than a hundred-thousandth.
    """
    y, e = picture(image)
    strength = positive(weight, "weight", "it weighs the total variation")
    s = logarithm(y, floor)
    try:
        from skimage.restoration import denoise_tv_chambolle
    except ImportError:
        raise ImportError(
            "total_variation_split needs scikit-image; install gendemod[images]"
        ) from None
    u = denoise_tv_chambolle(  # type: ignore[no-untyped-call]
        s, weight=strength, eps=ACCURACY, max_num_iter=PROJECTIONS
    )
    return exp_factors(y, u, e)
