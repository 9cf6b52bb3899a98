"""The constant alpha of a truncated last layer."""

from __future__ import annotations

import math

from .._arrays import integer


def truncation_alpha(n: int) -> float:
    r"""Return the constant alpha of a Gaussian layer whose longest rows are set to zero.

    .. math:: \alpha(n) = P(\chi^2_{n+2} \le 9n)

    The rows of Theorem 2's last layers, :math:`N(0, I/\ell)` and zero if longer than
    :math:`3 \sqrt{n / \ell}`, have the mean Gram sum :math:`\alpha Q_{x,y}`: length and
    direction of a row are independent.

    Parameters
    ----------
    n : int
        Number of columns of the last layer, :math:`n_{d-1}` or :math:`p_{s-1}`.

    Returns
    -------
    float
        Below 1 for n up to 12, and 1 in double precision beyond. The error is half a unit of the
        last place, so that 1 - alpha is right within 1e-16.

    Raises
    ------
    TypeError, ValueError
        If n is no integer of at least 1.

    Notes
    -----
    With a = n / 2 + 1 and x = 9 n / 2, :math:`1 - \alpha = \Gamma(a, x) / \Gamma(a)` is a sum of
    positive terms :math:`e^{-x} x^j / \Gamma(j + 1)`, j = a - 1, a - 2, ... down to 0 or 1/2, and
    for odd n erfc(sqrt x). Each term is less than a ninth of the one before: 20 are enough.
    """
    count = integer(n, "n", 1, "a layer has a column")
    x = 4.5 * count
    tail = math.erfc(math.sqrt(x)) if count % 2 else 0.0
    for step in range(min(count // 2 + 1, 20)):
        j = count / 2 - step
        tail += math.exp(j * math.log(x) - x - math.lgamma(j + 1))
    return 1 - tail
