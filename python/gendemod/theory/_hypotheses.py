"""What can be said of the assumptions of the theorems, and what cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .._arrays import must, number
from .._directions import level_of
from ..network import ReLUNetwork
from ._latents import layers

LEAST = math.ulp(0.0)  # what is greater than 0 is at least this


@dataclass(frozen=True)
class Assumptions:
    """The constants c with which two networks satisfy A2 and A3.

    Attributes
    ----------
    a2 : (tuple of float, tuple of float)
        For each inner layer of g1 and of g2, :math:`n_i / (n_{i-1} log n_{i-1})`; inf for one
        column, where A2 asks for nothing.
    a2_least : float
        The smallest of them: A2 holds with this c and with no larger one. inf without inner
        layers.
    a3 : float
        :math:`ell / ((n_{d-1} log n_{d-1})^2 + (p_{s-1} log p_{s-1})^2)`: A3 holds with this c and
        with no larger one. inf where both last layers have one column.
    expansive : bool
        Whether every layer of both networks is wider than the one before, as the paper has it.
    statement : str
        The same in words, with what cannot be checked.
    """

    a2: tuple[tuple[float, ...], tuple[float, ...]]
    a2_least: float
    a3: float
    expansive: bool
    statement: str


def assumptions(g1: ReLUNetwork, g2: ReLUNetwork) -> Assumptions:
    r"""Return the constants c with which two networks satisfy the assumptions A2 and A3.

    .. math:: n_i \ge c\, n_{i-1} \log n_{i-1} \text{ for inner layers (A2)}, \qquad
              \ell \ge c \bigl( (n_{d-1} \log n_{d-1})^2 + (p_{s-1} \log p_{s-1})^2 \bigr)
              \text{ (A3)}

    Parameters
    ----------
    g1, g2 : ReLUNetwork
        With ell outputs each. Only their sizes are looked at.

    Returns
    -------
    Assumptions
        The logarithm is the natural one; the paper does not say which.

    Raises
    ------
    TypeError, ValueError
        If these are no networks, or their outputs differ in number.
    """
    for name, network in (("g1", g1), ("g2", g2)):
        if not isinstance(network, ReLUNetwork):
            reason = "A2 and A3 are about its sizes"
            raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
    ell = g1.dims[-1]
    if g2.dims[-1] != ell:
        reason = "the outputs are multiplied entry by entry"
        raise ValueError(must("g2", f"have {ell} outputs, as `g1` has", reason, g2.dims[-1]))
    a2 = _inner(g1.dims), _inner(g2.dims)
    least = min([*a2[0], *a2[1]], default=math.inf)
    a3 = _over(ell, _weighted(g1.dims[-2]) ** 2 + _weighted(g2.dims[-2]) ** 2)
    expansive = all(a < b for g in (g1, g2) for a, b in pairwise(g.dims))
    statement = (
        f"A2 holds with {_up_to(least)} and A3 with {_up_to(a3)} (natural logarithm). "
        "The paper asks for one c that grows polynomially with 1 / epsilon and does not give it, "
        "so that this is no verdict. A3 goes by the columns of the last layers, "
        f"{g1.dims[-2]} and {g2.dims[-2]}, not by those of the first. A1, that the weights "
        "are random, cannot be seen from given weights."
    )
    return Assumptions(a2, least, a3, expansive, statement)


@dataclass(frozen=True)
class Hypotheses:
    """The inequality that Theorems 2 and 3 assume of epsilon, and the radii that they then give.

    Attributes
    ----------
    left_side : float
        :math:`K_1 (d^7 s^2 + d^2 s^7) epsilon^{1/4} / alpha`.
    holds : bool
        Whether it is below 1, and d and s at least 2.
    largest_epsilon : float
        The inequality holds below this epsilon.
    radii : tuple of 4 float
        Of the neighbourhoods (3) of the four hyperbolas, in the order of `hyperbola_centres`.
    void : tuple of 4 bool
        Whether a radius is 1 or more: such a neighbourhood leaves nothing, or next to nothing, out.
    statement : str
        The same in words, with what cannot be checked.
    """

    left_side: float
    holds: bool
    largest_epsilon: float
    radii: tuple[float, float, float, float]
    void: tuple[bool, bool, bool, bool]
    statement: str


def hypotheses(
    epsilon: float, depths: tuple[int, int], alpha: float = 1.0, *, K1: float, K2: float
) -> Hypotheses:
    r"""Return what Theorems 2 and 3 ask of epsilon, and the radii of their conclusion.

    .. math:: \frac{K_1 (d^7 s^2 + d^2 s^7)\, \epsilon^{1/4}}{\alpha} < 1, \qquad
              \frac{K_2\, \epsilon^{1/4}}{\alpha}\,
              (d^3 s^3,\ d^8 s^3,\ d^3 s^8,\ d^8 s^8)

    Parameters
    ----------
    epsilon : float
        Greater than 0: the constant of the WDC and of the joint WDC.
    depths : (d, s)
    alpha : float
        Greater than 0 and at most 1. Theorem 3 has alpha_1 alpha_2; 1 gives Theorem 2.
    K1, K2 : float
        Greater than 0. The theorems say that such absolute constants exist, and do not give them:
        whoever has values for them gives them here.

    Returns
    -------
    Hypotheses

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind or value.
    """
    d, s = layers(depths)
    above = "be greater than 0"
    size = number(epsilon, "epsilon", above, "a norm is bounded by it", LEAST)
    level = level_of(alpha)
    if level > 1:
        raise ValueError(must("alpha", "be at most 1", "Theorem 3 has it so", alpha))
    reason = "it is an absolute constant of the theorems"
    first = number(K1, "K1", above, reason, LEAST)
    second = number(K2, "K2", above, reason, LEAST)
    growth = d**7 * s**2 + d**2 * s**7
    root = size**0.25
    left = first * growth * root / level
    largest = (level / (first * growth)) ** 4
    unit = second * root / level
    radii = (unit * d**3 * s**3, unit * d**8 * s**3, unit * d**3 * s**8, unit * d**8 * s**8)
    void = (radii[0] >= 1, radii[1] >= 1, radii[2] >= 1, radii[3] >= 1)
    holds = left < 1 and min(d, s) >= 2
    statement = (
        f"For K1 = {first:g} and K2 = {second:g}: the left side is {left:.3g}, and must be below "
        f"1; that needs epsilon < {largest:.3g}. "
        + ("" if min(d, s) >= 2 else "The theorems ask for d >= 2 and s >= 2. ")
        + f"The radii are {', '.join(f'{r:.3g}' for r in radii)}; from 1 on they say nothing. "
        "The paper gives no values of K1 and K2, so that this is a verdict on these values and "
        "not on a network. Not checked here: that every layer satisfies the WDC and the last two "
        "the joint WDC with this epsilon (gendemod.wdc bounds epsilon from below), and the "
        "constants c, gamma and c~ of Theorem 2, without which its probability is no number."
    )
    return Hypotheses(left, holds, largest, radii, void, statement)


def _inner(dims: Sequence[int]) -> tuple[float, ...]:
    return tuple(_over(after, _weighted(before)) for before, after in pairwise(dims[:-1]))


def _weighted(n: int) -> float:
    return n * math.log(n)


def _over(size: int, weight: float) -> float:
    return size / weight if weight > 0 else math.inf


def _up_to(c: float) -> str:
    return "any c" if c == math.inf else f"c up to {c:.3g}"
