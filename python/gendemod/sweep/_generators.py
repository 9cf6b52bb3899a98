"""A pair of random generators and a truth, which most tasks are about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from .._arrays import Array, must
from ..network import ReLUNetwork
from . import _laws
from ._settings import MOST_LAYERS, Setting, choice, exactly_one, multiple, number, sizes, whole
from ._task import Settings

LAW = choice(tuple(_laws.LAWS), "the weights are drawn by it", "gaussian")
SETTINGS: dict[str, Setting] = {
    "n": whole(1, "h has n entries"),
    "p": whole(1, "m has p entries"),
    "ell": whole(1, "the observation has ell entries"),
    "ell_per_unknown": number("ell is this times n + p"),
    "ell_per_width": number("ell is this times the last inner layer of G1"),
    "depth": whole(1, "both networks have so many layers", most=MOST_LAYERS),
    "depths": sizes(1, "(d, s) are the numbers of layers of G1 and G2", 2, MOST_LAYERS),
    "width": whole(1, "every inner layer has so many units"),
    "expansion": number("an inner layer has so many times the units of the one before"),
    "widths": sizes(1, "both networks have inner layers of these sizes"),
    "law": LAW,
}


ROWS = ("ell", "ell_per_unknown", "ell_per_width")


@dataclass(frozen=True)
class Scene:
    """Two networks, a truth, and its observation G1(h0) * G2(m0) without noise."""

    g1: ReLUNetwork
    g2: ReLUNetwork
    h0: Array
    m0: Array
    y0: Array


class Generators:
    """Pairs of random networks with `ell` outputs each, of the sizes that settings ask for."""

    def __init__(self, settings: Settings) -> None:
        exactly_one(settings, ("n",), "h has n entries")
        n = cast(int, settings["n"])
        p = cast(int, settings["p"] or n)
        sizes_and_depths = zip((n, p), _depths(settings), strict=True)
        inner = [_inner(settings, size, depth) for size, depth in sizes_and_depths]
        self.ell = _outputs(settings, n + p, inner[0])
        self.dims = [[n, *inner[0], self.ell], [p, *inner[1], self.ell]]
        self.law = cast(str, settings["law"])
        self.drawn: list[object] = [*self.dims, self.law]

    def draw(self, rng: np.random.Generator) -> Scene:
        """Draw both networks, and a truth N(0, I)."""
        g1, g2 = (self._network(rng, dims) for dims in self.dims)
        h0, m0 = (rng.standard_normal(dims[0]) for dims in self.dims)
        return Scene(g1, g2, h0, m0, g1(h0, threads=1) * g2(m0, threads=1))

    def _network(self, rng: np.random.Generator, dims: list[int]) -> ReLUNetwork:
        last = len(dims) - 1
        return ReLUNetwork(
            [_laws.draw(self.law, rng, dims[i], dims[i - 1], i == last) for i in range(1, last + 1)]
        )


def length(v: Array) -> float:
    """Return the Euclidean norm, summed on one thread."""
    return math.sqrt(float((v * v).sum()))


def _outputs(settings: Settings, unknowns: int, inner: list[int]) -> int:
    """Return ell, given as such or as a multiple."""
    rule = exactly_one(settings, ROWS, "networks have outputs")
    if rule == "ell":
        return cast(int, settings["ell"])
    if rule == "ell_per_width" and not inner:
        reason = "ell is this times the last inner layer of G1"
        raise ValueError(must(rule, "not be given at depth 1", reason, "no inner layer"))
    unit = unknowns if rule == "ell_per_unknown" else inner[-1]
    return multiple(settings[rule], unit, rule)


def _depths(settings: Settings) -> tuple[int, int]:
    """Return d and s: `depths`, or `depth` twice, or what `widths` say; 1 where nothing is said."""
    names = ("depth", "depths", "widths")
    if all(settings[name] is None for name in names):
        return 1, 1
    name = exactly_one(settings, names, "it says how many layers there are")
    value = settings[name]
    if isinstance(value, int):
        return value, value
    several = cast(tuple[int, ...], value)
    return (several[0], several[1]) if name == "depths" else (len(several) + 1,) * 2


def _inner(settings: Settings, inputs: int, depth: int) -> list[int]:
    """Return the sizes of the inner layers."""
    rules = [name for name in ("width", "expansion", "widths") if settings[name] is not None]
    if len(rules) > 1:
        reason = "one rule says how wide the inner layers are"
        raise ValueError(must(rules[0], f"not be given with `{rules[1]}`", reason, "both"))
    if depth == 1:
        return []
    if not rules:
        reason = f"a network of {depth} layers has inner ones"
        requirement = "be given, or else `expansion` or `widths`"
        raise ValueError(must("width", requirement, reason, "none"))
    value = settings[rules[0]]
    if isinstance(value, tuple):
        return list(value)
    if rules[0] == "width":
        return [cast(int, value)] * (depth - 1)
    out = [inputs]
    for _ in range(depth - 1):
        out.append(multiple(value, out[-1], rules[0]))
    return out[1:]
