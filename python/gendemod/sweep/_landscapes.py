"""The tasks "concentration" and "audit": what `gendemod.landscape` finds on random networks."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from .. import landscape
from ._generators import ROWS, SETTINGS, Generators
from ._settings import whole
from ._task import Measures, Settings, Task

AUDITED = ("failures", "epsilon", "elsewhere", "rising")


class Concentration:
    """How far products of linear pieces, and gradients, are from their means."""

    def __init__(self, settings: Settings) -> None:
        self._generators = Generators(settings)
        self.drawn, self.ell = self._generators.drawn, self._generators.ell
        self._points = cast(int, settings["points"])

    def __call__(self, rng: np.random.Generator) -> Measures:
        seed = int(rng.integers(2**63))
        scene = self._generators.draw(rng)
        found = landscape.concentration(
            [(scene.g1, scene.g2)], [len(scene.y0)], points=self._points, seed=seed, threads=1
        )
        return {
            "product": math.sqrt(float((found.product**2).mean())),
            "gradient": math.sqrt(float((found.gradient**2).mean())),
            "product_worst": float(found.product_worst.max()),
            "gradient_worst": float(found.gradient_worst.max()),
        }


class Audit:
    """What contradicts the conclusions of Theorems 2 and 3."""

    def __init__(self, settings: Settings) -> None:
        self._generators = Generators(settings)
        self.drawn, self.ell = self._generators.drawn, self._generators.ell
        self._points = cast(int, settings["points"])
        self._runs = cast(int, settings["runs"])

    def __call__(self, rng: np.random.Generator) -> Measures:
        seed = int(rng.integers(2**63))
        scene = self._generators.draw(rng)
        if not scene.y0.any():
            return dict.fromkeys(AUDITED, math.nan)
        found = landscape.audit(
            scene.g1,
            scene.g2,
            scene.h0,
            scene.m0,
            points=self._points,
            runs=self._runs,
            seed=seed,
            keep=0,
            threads=1,
        )
        ends = found.stationary
        return {
            "failures": float(found.descent.failures),
            "epsilon": float(found.epsilon.max()),
            "elsewhere": float((ends.stationary & (ends.branch != 0)).sum()),
            "rising": float(found.maxima.rises.sum()),
        }


CONCENTRATION = Task(
    settings={**SETTINGS, "points": whole(1, "errors are averaged over them", 200)},
    measures=dict.fromkeys(("product", "gradient", "product_worst", "gradient_worst"), "<f8"),
    success=("gradient", 0.1),
    cell=Concentration,
    rows=ROWS,
)

AUDIT = Task(
    settings={
        **SETTINGS,
        "points": whole(1, "the claim is about points", 10_000),
        "runs": whole(1, "a descent must start somewhere", 8),
    },
    measures=dict.fromkeys(AUDITED, "<f8"),
    success=("failures", 1.0),
    cell=Audit,
    rows=ROWS,
)
