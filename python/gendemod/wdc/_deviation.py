"""Deviations at given directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from .._arrays import Array, common_dtype
from .._arrays import threads as checked_threads
from .._device import cuda_or_none
from .._directions import (
    as_rows,
    directions,
    joint_scaled,
    level_of,
    matrices,
    matrix,
    same_count,
    scaled,
)


def deviation(
    W: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    alpha: float = 1.0,
    *,
    threads: int | None = None,
    device: str = "cpu",
) -> float | Array:
    r"""Return the deviation (5) of W at one pair of directions, or at many.

    .. math:: \Bigl\| \sum_i 1_{w_i \cdot x > 0} 1_{w_i \cdot y > 0} w_i w_i^T
              - \alpha Q_{x,y} \Bigr\|

    Parameters
    ----------
    W : array_like, (ell, n)
    x, y : array_like, (n,) or (k, n)
        Directions; their lengths do not matter. One of shape (n,) goes with all rows of the other.
    alpha : float
        Greater than 0. For rows N(0, I / ell) it is 1, for a truncated last layer
        :math:`P(\chi^2_{n+2} \le 9n)`.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    device : {"cpu", "cuda"}
        See docs/cuda.md; `threads` has no effect there.

    Returns
    -------
    float or ndarray, (k,)
        float64. In float64 (float32 if all arrays are float32) the error is at most 1e-9 (1e-4)
        times the norm of the Gram sum plus alpha; larger matrices than 32 columns get a proof by
        Cholesky factorisation that no eigenvalue lies beyond.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError, MemoryError
        Where "cuda" cannot be had; where its memory does not hold the matrix and a pair.

    Notes
    -----
    A pair costs :math:`4 \ell n` flops for the masks, :math:`n^2` for each active row, and about
    :math:`n^3` for the norm. Memory: two copies of W, and :math:`10 \ell` numbers a thread.
    """
    rows = matrix(W, "W")
    size = rows.shape[1]
    cuda, workers = cuda_or_none(device), checked_threads(threads)
    first, second = directions(x, "x", size), directions(y, "y", size)
    single = first.ndim == 1 and second.ndim == 1
    same_count({"x": first, "y": second})
    level = level_of(alpha)
    dtype = common_dtype(rows.dtype, first.dtype, second.dtype)
    rows, level, power = scaled(rows, level, "W")
    W_rows, x_rows, y_rows = (as_rows(array, dtype) for array in (rows, first, second))
    if cuda is None:
        call = _core.wdc_deviations32 if dtype == np.float32 else _core.wdc_deviations64
        values = call(W_rows, x_rows, y_rows, level, workers)
    else:
        call = cuda.wdc_deviations32 if dtype == np.float32 else cuda.wdc_deviations64
        values = call(W_rows, x_rows, y_rows, level)
    values = np.ldexp(values, 2 * power)
    return float(values[0]) if single else values


def joint_deviation(
    B: ArrayLike,
    C: ArrayLike,
    h: ArrayLike,
    x: ArrayLike,
    m: ArrayLike,
    y: ArrayLike,
    alpha: float = 1.0,
    *,
    threads: int | None = None,
    device: str = "cpu",
) -> tuple[float, float] | Array:
    r"""Return the two deviations of the joint WDC, scaled so that it reads value <= epsilon.

    .. math:: \frac{\ell}{\|m\| \|y\|} \Bigl\| \sum_i 1_{b_i \cdot h > 0} 1_{b_i \cdot x > 0}
              \gamma_i b_i b_i^T - \frac{\alpha}{\ell} (m^T Q_{m,y} y) Q_{h,x} \Bigr\|,
              \quad \gamma_i = \mathrm{relu}(c_i \cdot m) \mathrm{relu}(c_i \cdot y),

    which is (6), and (7), the same with (B, h, x) and (C, m, y) exchanged.

    Parameters
    ----------
    B, C : array_like, (ell, n) and (ell, p)
        The last layers of the two networks.
    h, x : array_like, (n,) or (k, n)
        Directions for B.
    m, y : array_like, (p,) or (k, p)
        Directions for C. Single directions go with all rows of the others.
    alpha : float
        Greater than 0: the product of the two layers' own.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    device : {"cpu", "cuda"}
        See docs/cuda.md; `threads` has no effect there.

    Returns
    -------
    (float, float) or ndarray, (k, 2)
        (6) and (7). Accuracy as that of `deviation`.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError, MemoryError
        Where "cuda" cannot be had; where its memory does not hold the matrix and a pair.
    """
    first, second = matrices(B, C)
    cuda, workers = cuda_or_none(device), checked_threads(threads)
    sizes = {"h": first, "x": first, "m": second, "y": second}
    latents = {
        name: directions(value, name, sizes[name].shape[1])
        for name, value in (("h", h), ("x", x), ("m", m), ("y", y))
    }
    single = all(z.ndim == 1 for z in latents.values())
    same_count(latents)
    level = level_of(alpha)
    dtype = common_dtype(first.dtype, second.dtype, *(z.dtype for z in latents.values()))
    first, second, level, power = joint_scaled(first, second, level)
    B_rows, C_rows = (as_rows(array, dtype) for array in (first, second))
    h_rows, x_rows, m_rows, y_rows = (as_rows(z, dtype) for z in latents.values())
    if cuda is None:
        call = _core.wdc_joint_deviations32 if dtype == np.float32 else _core.wdc_joint_deviations64
        values = call(B_rows, C_rows, h_rows, x_rows, m_rows, y_rows, level, workers)
    else:
        call = cuda.wdc_joint_deviations32 if dtype == np.float32 else cuda.wdc_joint_deviations64
        values = call(B_rows, C_rows, h_rows, x_rows, m_rows, y_rows, level)
    values = np.ldexp(values, 2 * power)
    return (float(values[0, 0]), float(values[0, 1])) if single else values
