"""A report in words and columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._findings import Condition, Hypothesis, JointReport, LayerReport, Report

_WIDTH = 96

_LEGEND = """\
epsilon  the least one lies in this interval; none: nothing is proven above
/ alpha  its lower end over alpha
gram     |W'W - alpha I| / 2, a lower bound
row      max |w_i|^2, a lower bound for n >= 2; joint: ell max |b_i|^2 |c_i|^2"""

_SUFFICIENT = (
    "The conditions are sufficient, not necessary: none of this says that restoring fails."
)


def finite(value: float) -> float | str:
    """Return the value, or "none" for infinity."""
    return value if math.isfinite(value) else "none"


def interval(lower: float, upper: float) -> list[float | str]:
    """Return [lower, upper], or "none" for what is not bounded."""
    return [lower, finite(upper)]


def table(report: Report) -> str:
    """Return the report as text of fixed width."""
    head = _line("", "ell x n", "alpha", "epsilon", "/ alpha", "gram", "row")
    lines = [head, *map(_layer, report.layers)]
    if report.joint:
        lines.append(_joint(report.joint))
    parts = ["\n".join(lines), _LEGEND]
    if report.hypothesis:
        parts.append(_hypothesis(report.hypothesis))
    sentences = [textwrap.fill(line, _WIDTH) for line in report.conclusion.splitlines()]
    return "\n\n".join([*parts, "\n".join(sentences)]) + "\n"


def _line(*cells: str) -> str:
    name, shape, alpha, *numbers = cells
    widths = (20, 11, 10, 10)
    rest = "".join(f"{cell:>{width}}" for cell, width in zip(numbers, widths, strict=True))
    return f"{name:<11}{shape:>18}  {alpha:<16}{rest}".rstrip()


def _range(lower: float, upper: float) -> str:
    return f"[{_below(lower)}, {_above(upper) if math.isfinite(upper) else 'none'}]"


def _below(value: float) -> str:
    """Return four digits that are at most `value`."""
    return f"{float(Context(4, ROUND_FLOOR).create_decimal_from_float(value)):.4g}"


def _above(value: float) -> str:
    """Return four digits that are at least `value`."""
    return f"{float(Context(4, ROUND_CEILING).create_decimal_from_float(value)):.4g}"


def _layer(one: LayerReport) -> str:
    return _line(
        one.name,
        f"{one.ell} x {one.n}",
        f"{one.alpha:.4g} {one.alpha_is}",
        _range(one.lower, one.upper),
        _below(one.relative[0]),
        _below(one.gram),
        _below(one.longest_row) if one.n > 1 else "",
    )


def _joint(one: JointReport) -> str:
    return _line(
        one.name,
        f"{one.ell} x ({one.n}, {one.p})",
        f"{one.alpha:.4g}",
        _range(one.lower, one.upper),
        _below(one.relative[0]),
        "",
        _below(one.longest_rows) if max(one.n, one.p) > 1 else "",
    )


def _hypothesis(one: Hypothesis) -> str:
    known = "" if math.isinf(one.upper) else f", <= {_above(one.upper)}"
    return (
        f"Theorem 3, d = {one.d}, s = {one.s}: K1 (d^7 s^2 + d^2 s^7) epsilon^(1/4) < 1 "
        "at alpha = 1\n"
        f"  asked    epsilon / alpha < {one.scale:.2g} / K1^4; the paper does not give K1\n"
        f"  here     epsilon / alpha >= {_below(one.lower)}{known}; "
        f"met only if K1 < {one.k1_below:.2g}"
    )


def conclusion(
    layers: Sequence[LayerReport], joint: JointReport | None, hypothesis: Hypothesis | None
) -> str:
    """Return what is proven, what is not, and what cannot be checked; a sentence a line."""
    conditions: list[Condition] = [*layers, joint] if joint else [*layers]
    worst = max(conditions, key=lambda one: one.relative)
    lines = [
        f"Proven: no epsilon below {_below(worst.relative[0])} alpha serves all of these "
        f"conditions; the worst is {worst.name}."
    ]
    upper = max(one.relative[1] for one in conditions)
    if math.isfinite(upper):
        lines.append(f"Proven: epsilon = {_above(upper)} alpha serves all of them.")
    else:
        lines.append("Not proven: any upper bound of the joint condition's epsilon.")
    lines.append(_verdict(joint, hypothesis))
    return "\n".join([*lines, _SUFFICIENT])


def _verdict(joint: JointReport | None, hypothesis: Hypothesis | None) -> str:
    if joint is None:
        return "Theorem 3 is about two networks: give the second, too."
    if hypothesis is None:
        return "Theorem 3 is about networks of two layers or more: it says nothing here."
    if hypothesis.void:
        return (
            "Theorem 3 says nothing here, whatever its constants: with epsilon >= alpha / 2 its "
            "conditions hold for layers of zeros, too, which nothing can be restored through."
        )
    return (
        "Cannot be checked: whether Theorem 3 applies, since its constant K1 is not known; "
        f"it does not unless K1 < {hypothesis.k1_below:.2g}."
    )
