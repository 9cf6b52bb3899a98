"""The tasks "wdc" and "joint-wdc": the constants of random matrices, from below, by search."""

from __future__ import annotations

from typing import cast

import numpy as np

from .. import wdc
from ..wdc import Bounds
from . import _laws
from ._generators import LAW
from ._settings import exactly_one, multiple, number, whole
from ._task import Measures, Settings, Task

_ROWS = "a layer has rows"
MEASURES = {"lower": "<f8", "upper": "<f8"}


class Wdc:
    """The WDC (5) of a random layer, (ell, n), as the last one of a network."""

    def __init__(self, settings: Settings) -> None:
        exactly_one(settings, ("n",), "a layer has n columns")
        self._n = cast(int, settings["n"])
        self.ell = _rows(settings, "expansion", self._n)
        self._law = cast(str, settings["law"])
        self._evaluations = cast(int, settings["max_evaluations"])
        self.drawn: list[object] = [self.ell, self._n, self._law]

    def __call__(self, rng: np.random.Generator) -> Measures:
        seed = int(rng.integers(2**63))
        W = _laws.draw(self._law, rng, self.ell, self._n, True)
        level = _laws.alpha(self._law, self._n)
        return _measures(
            wdc.search(W, level, seed=seed, max_evaluations=self._evaluations, threads=1)
        )


class JointWdc:
    """The joint condition (6), (7) of two random last layers, (ell, n) and (ell, p)."""

    def __init__(self, settings: Settings) -> None:
        exactly_one(settings, ("n",), "the first layer has n columns")
        self._n = cast(int, settings["n"])
        self._p = cast(int, settings["p"] or self._n)
        self.ell = _rows(settings, "ell_per_product", self._n * self._p)
        self._law = cast(str, settings["law"])
        self._evaluations = cast(int, settings["max_evaluations"])
        self.drawn: list[object] = [self.ell, self._n, self._p, self._law]

    def __call__(self, rng: np.random.Generator) -> Measures:
        seed = int(rng.integers(2**63))
        B, C = (_laws.draw(self._law, rng, self.ell, k, True) for k in (self._n, self._p))
        level = _laws.alpha(self._law, self._n) * _laws.alpha(self._law, self._p)
        return _measures(
            wdc.joint_search(B, C, level, seed=seed, max_evaluations=self._evaluations, threads=1)
        )


def _rows(settings: Settings, ratio: str, unit: int) -> int:
    """Return `ell`, or what a ratio makes of a unit."""
    if exactly_one(settings, ("ell", ratio), _ROWS) == "ell":
        return cast(int, settings["ell"])
    return multiple(settings[ratio], unit, ratio)


def _measures(bounds: Bounds) -> Measures:
    return {"lower": bounds.lower, "upper": bounds.upper}


WDC = Task(
    settings={
        "n": whole(1, "a layer has n columns"),
        "ell": whole(1, _ROWS),
        "expansion": number("ell is this times n"),
        "law": LAW,
        "max_evaluations": whole(1, "a search evaluates", 4000),
    },
    measures=MEASURES,
    success=("lower", 1.0),
    cell=Wdc,
    rows=("ell", "expansion"),
)

JOINT_WDC = Task(
    settings={
        "n": whole(1, "the first layer has n columns"),
        "p": whole(1, "the second layer has p columns"),
        "ell": whole(1, _ROWS),
        "ell_per_product": number("ell is this times n p"),
        "law": LAW,
        "max_evaluations": whole(1, "a search evaluates", 12_000),
    },
    measures=MEASURES,
    success=("lower", 1.0),
    cell=JointWdc,
    rows=("ell", "ell_per_product"),
)
