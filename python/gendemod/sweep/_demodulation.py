"""The task "demodulation": is a random truth recovered from its observation?"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from .._arrays import Array, integer
from .._demodulate import demodulate
from ..result import Result
from ..solvers import AlternatingDescent, LevenbergMarquardt
from ._generators import ROWS, SETTINGS, Generators, Scene, length
from ._settings import Setting, Value, choice, number, one_of, whole
from ._task import Measures, Settings, Task

SOLVERS = {"levenberg-marquardt": LevenbergMarquardt, "algorithm-1": AlternatingDescent}
MOST_RESTARTS = 10**6  # `demodulate` takes no more


def _restarts(value: object, name: str) -> Value:
    if isinstance(value, str):
        return one_of(value, ("auto",), name, "that is the only rule by name")
    return integer(value, name, 1, "a solver must start somewhere", MOST_RESTARTS)


class Demodulation:
    r"""Solve y = G1(h0) * G2(m0) + noise for (h0, m0).

    The noise is Gaussian, of expected norm `noise` times that of the product.
    """

    def __init__(self, settings: Settings) -> None:
        self._generators = Generators(settings)
        self.drawn, self.ell = self._generators.drawn, self._generators.ell
        self._noise = cast(float, settings["noise"])
        self._restarts = cast("int | str", settings["restarts"])
        limits = {name: settings[name] for name in ("max_iterations", "tolerance")}
        given = {name: value for name, value in limits.items() if value is not None}
        self._solver = SOLVERS[cast(str, settings["solver"])](**given)

    def draw(self, rng: np.random.Generator) -> tuple[int, Scene]:
        """Draw the seed of the starts, the networks and the truth."""
        return int(rng.integers(2**63)), self._generators.draw(rng)

    def __call__(self, rng: np.random.Generator) -> Measures:
        start_seed, scene = self.draw(rng)
        size = length(scene.y0)
        noise = rng.standard_normal(len(scene.y0)) * (self._noise * size / math.sqrt(len(scene.y0)))
        result = demodulate(
            scene.y0 + noise,
            scene.g1,
            scene.g2,
            self._solver,
            restarts=self._restarts,
            seed=start_seed,
            threads=1,
        )
        wrong = length(result.w * result.x - scene.y0)
        return {
            "error": wrong / size if size > 0 else math.nan,
            "latent_error": _latent_error(result, scene),
            "residual": float(result.relative_residual),
            "iterations": int(result.iterations),
            "starts": int(result.restarts),
            "converged": bool(result.converged),
        }


def _latent_error(result: Result, scene: Scene) -> float:
    """Return the distance of (h, m) from the truth, both balanced, relative to the truth."""
    norms = length(scene.h0), length(scene.m0)
    c = math.sqrt(norms[0] / norms[1])
    parts: tuple[Array, Array] = (result.h - scene.h0 / c, result.m - scene.m0 * c)
    return math.hypot(length(parts[0]), length(parts[1])) / math.sqrt(2 * norms[0] * norms[1])


DEMODULATION = Task(
    settings={
        **SETTINGS,
        "noise": number("it is the relative norm of the noise", 0.0, zero=True),
        "solver": choice(tuple(SOLVERS), "it decides how to descend", "levenberg-marquardt"),
        "restarts": Setting(_restarts, "auto"),
        "max_iterations": whole(1, "a solver iterates"),
        "tolerance": number("it bounds the relative length of a step", zero=True),
    },
    measures={
        "error": "<f8",
        "latent_error": "<f8",
        "residual": "<f8",
        "iterations": "<u4",
        "starts": "<u4",
        "converged": "|b1",
    },
    success=("error", 1e-5),
    cell=Demodulation,
    rows=ROWS,
)
