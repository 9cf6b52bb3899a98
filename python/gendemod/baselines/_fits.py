"""Splits that fit a smooth factor of a given form to the logarithm of the picture."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import legvander
from numpy.typing import ArrayLike

from .. import _arrays
from ._picture import FLOOR, Array, exp_factors, logarithm, picture

# Sweeps of the polish at most, and the change of log x that ends it.
SWEEPS = 100
SETTLED = 1e-9


def polynomial_log_fit(
    image: ArrayLike, degree: int = 2, floor: float = FLOOR
) -> tuple[Array, Array]:
    r"""Fit a polynomial to the logarithm of the picture and take it for the smooth factor.

    .. math:: \log x = \arg\min_{p} \sum_{u,v}
        \left(p(u, v) - \log \max(y_{uv},\; \text{floor} \cdot \max y)\right)^2, \quad w = y / x

    over polynomials ``p`` of total degree at most `degree`, with ``u`` and ``v`` in [-1, 1].

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    degree : int
        Total degree, at least 0.
    floor : float
        The share of the brightest pixel, in (0, 1], that darker pixels are lifted to.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers, `degree` is not an integer or `floor` no number.
    ValueError
        If `image` is not a finite matrix with a positive pixel, `degree` is negative or `floor`
        is out of its range.

    Notes
    -----
    Costs :math:`O(r c \min(\text{degree} + 1, r + c))` flops for r rows and c columns: the
    polynomials are projections on products of orthonormal ones of u and of v.
    """
    y, e = picture(image)
    degree = _arrays.integer(degree, "degree", 0, "it is the degree of a polynomial")
    P, Q = (_orthonormal_polynomials(side, degree) for side in y.shape)
    coefficients = P.T @ logarithm(y, floor) @ Q
    i, j = np.indices(coefficients.shape)
    coefficients[i + j > degree] = 0.0
    return exp_factors(y, P @ coefficients @ Q.T, e)


def _orthonormal_polynomials(side: int, degree: int) -> Array:
    """Return the values of polynomials of degree 0, 1, ... on a grid, orthonormal columns.

    On so many points those of a degree from `side` on are polynomials of lower degree.
    """
    points = np.linspace(-1.0, 1.0, side)
    result: Array = np.linalg.qr(legvander(points, min(degree, side - 1)))[0]
    return result


def rank_one_split(image: ArrayLike, quantile: float) -> tuple[Array, Array]:
    r"""Fit a matrix of rank one to the upper part of the picture, for the smooth factor.

    .. math:: x_{uv} = e^{a_u + b_v}, \quad
        a_u = Q_v(\log y_{uv} - b_v), \quad b_v = Q_u(\log y_{uv} - a_u), \quad w = y / x

    in turns from ``b = 0`` until they settle; ``Q`` is the quantile over a row or a column. It is
    Tukey's median polish for the quantile 1/2. Larger ones follow an upper envelope: the fit is
    exact where ``x`` has rank one and ``w`` is constant and largest on enough pixels of every row
    and column, such as on a white ground. Nothing is known of ``w`` besides.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        The picture ``y``; at least one pixel is positive.
    quantile : float
        In [0, 1]; 1 is the maximum.

    Returns
    -------
    w, x : ndarray, shape (rows, columns)
        The detailed and the smooth factor; ``w * x`` is the picture up to rounding.

    Raises
    ------
    TypeError
        If `image` does not hold real numbers or `quantile` is not a number.
    ValueError
        If `image` is not a finite matrix with a positive pixel or `quantile` is not in [0, 1].

    Notes
    -----
    A sweep sorts every row and every column in part; at most 100 are made. Pixels below a
    thousandth of the brightest are lifted to it in the logarithm.
    """
    y, e = picture(image)
    requirement, reason = "lie in [0, 1]", "it is a share of the pixels of a row"
    if _arrays.number(quantile, "quantile", requirement, reason, 0.0) > 1.0:
        raise ValueError(_arrays.must("quantile", requirement, reason, quantile))
    s = logarithm(y, FLOOR)
    b = np.zeros((1, y.shape[1]))
    for _ in range(SWEEPS):
        a = np.quantile(s - b, quantile, axis=1, keepdims=True)
        before, b = b, np.quantile(s - a, quantile, axis=0, keepdims=True)
        if np.abs(b - before).max() <= SETTLED:
            break
    return exp_factors(y, a + b, e)
