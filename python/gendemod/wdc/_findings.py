"""What a report holds: of each layer, of the joint condition, of the theorem."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .._arrays import Array
from ._report_text import finite, interval, table


@dataclass(frozen=True)
class Condition:
    """What is known of the least epsilon of one condition.

    Attributes
    ----------
    ell, n : int
        Rows and columns; for the joint condition those of the first of its two layers.
    alpha : float
    lower, upper : float
        The least epsilon is at least `lower` and, up to rounding, at most `upper`, which is inf
        where nothing is proven.
    found : float
        The largest deviation that was found; `lower` is the largest of this and of the lower
        bounds by formula that follow.
    """

    ell: int
    n: int
    alpha: float
    lower: float
    upper: float
    found: float

    @property
    def relative(self) -> tuple[float, float]:
        """Both bounds over alpha."""
        return self.lower / self.alpha, self.upper / self.alpha

    @property
    def name(self) -> str:
        """What the table calls it."""
        return "joint"

    def to_dict(self) -> dict[str, Any]:
        """Return the same for JSON: [lower, upper or "none"]."""
        return {
            "ell": self.ell,
            "n": self.n,
            "alpha": self.alpha,
            "epsilon": interval(self.lower, self.upper),
            "epsilon_over_alpha": interval(*self.relative),
        }


@dataclass(frozen=True)
class LayerReport(Condition):
    r"""What is known of the WDC (5) of one layer.

    Attributes
    ----------
    network, layer : int
        Which it is, counted from 1.
    alpha_is : str
        Where alpha comes from: "given", "fitted", "theory" or "truncated".
    gram : float
        :math:`\|W^T W - \alpha I\| / 2`, a lower bound.
    longest_row : float
        :math:`\max_i \|w_i\|^2`, a lower bound for n >= 2; 0 for n = 1, where it is none.
    x, y : ndarray, (n,)
        Where the deviation `found` is.
    """

    network: int
    layer: int
    alpha_is: str
    gram: float
    longest_row: float
    x: Array
    y: Array

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"G{self.network} layer {self.layer}"

    def to_dict(self) -> dict[str, Any]:
        """Return the same for JSON: [lower, upper or "none"]."""
        return {
            "network": self.network,
            "layer": self.layer,
            **super().to_dict(),
            "alpha_is": self.alpha_is,
            "gram": self.gram,
            "longest_row": self.longest_row,
            "witness": {"deviation": self.found, "x": self.x.tolist(), "y": self.y.tolist()},
        }


@dataclass(frozen=True)
class JointReport(Condition):
    r"""What is known of the joint WDC (6), (7) of the two last layers.

    Attributes
    ----------
    p : int
        Columns of the second.
    longest_rows : float
        :math:`\ell \max_i \|b_i\|^2 \|c_i\|^2`, a lower bound unless n = p = 1; 0 there.
    """

    p: int
    longest_rows: float

    def to_dict(self) -> dict[str, Any]:
        """Return the same for JSON: [lower, upper or "none"]."""
        return {
            **super().to_dict(),
            "p": self.p,
            "found": self.found,
            "longest_rows": self.longest_rows,
        }


@dataclass(frozen=True)
class Hypothesis:
    r"""The hypothesis of Theorem 3 in numbers.

    .. math:: K_1 (d^7 s^2 + d^2 s^7)\, \epsilon^{1/4} < 1

    for the networks scaled such that every alpha is 1, which divides each epsilon by its alpha and
    leaves what the theorem says unchanged. The paper does not give the constant :math:`K_1`.

    Attributes
    ----------
    d, s : int
        The depths of the two networks.
    lower, upper : float
        The least epsilon that serves every layer and the joint condition.
    """

    d: int
    s: int
    lower: float
    upper: float

    @property
    def factor(self) -> int:
        """d^7 s^2 + d^2 s^7."""
        return self.d**7 * self.s**2 + self.d**2 * self.s**7

    @property
    def scale(self) -> float:
        """The epsilon that K1 = 1 would ask for; K1 asks for this divided by K1^4."""
        return float(self.factor) ** -4

    @property
    def k1_below(self) -> float:
        """The hypothesis fails unless K1 is below this; inf if `lower` is 0."""
        return 1 / (self.factor * self.lower**0.25) if self.lower else math.inf

    @property
    def void(self) -> bool:
        """Whether weights that are all zero meet the conditions with the same epsilon, 1 / 2."""
        return self.lower >= 0.5

    def to_dict(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return {
            "d": self.d,
            "s": self.s,
            "factor": self.factor,
            "epsilon_if_k1_is_1": self.scale,
            "epsilon_over_alpha": interval(self.lower, self.upper),
            "k1_must_be_below": finite(self.k1_below),
            "void": self.void,
        }


@dataclass(frozen=True)
class Report:
    """What is known of the conditions of the theorem for one network or two.

    Attributes
    ----------
    layers : tuple of LayerReport
        Those of the first network, then those of the second.
    joint : JointReport or None
        None for a single network.
    hypothesis : Hypothesis or None
        None where the theorem says nothing: for a single network, or one of depth 1.
    conclusion : str
        What is proven, what is not, and what cannot be checked; a sentence a line.
    """

    layers: tuple[LayerReport, ...]
    joint: JointReport | None
    hypothesis: Hypothesis | None
    conclusion: str

    def table(self) -> str:
        """Return the report as text."""
        return table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON: every number finite, "none" where no bound is proven."""
        return {
            "layers": [layer.to_dict() for layer in self.layers],
            "joint": self.joint.to_dict() if self.joint else None,
            "hypothesis": self.hypothesis.to_dict() if self.hypothesis else None,
            "conclusion": self.conclusion.splitlines(),
        }
