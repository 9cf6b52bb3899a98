"""What solves: the compiled core for ReLU networks, Python for all other generators."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._arrays import must
from ._generators import Generator, GenericNetwork, known_homogeneous
from ._generic.restarts import GenericBatch
from .network import ReLUNetwork
from .solvers import AlternatingDescent, LevenbergMarquardt


class Engine(NamedTuple):
    """A class of batches with its settings, and the networks behind the face that it takes."""

    batch: Any
    settings: Any
    networks: tuple[ReLUNetwork, ReLUNetwork] | tuple[GenericNetwork, GenericNetwork]
    scales: bool  # whether (h, m, y) may be scaled to (a h, a m, a^2 y)
    note: str  # what a result has to say of it


def engine_for(
    g1: Generator,
    g2: Generator,
    solver: AlternatingDescent | LevenbergMarquardt,
    dtype: np.dtype[Any],
) -> Engine:
    """Return the core for two ReLUNetworks, or else Algorithm 1 in Python."""
    if isinstance(g1, ReLUNetwork) and isinstance(g2, ReLUNetwork):
        return Engine(*solver._batch(dtype), (g1, g2), True, "")
    if not isinstance(solver, AlternatingDescent):
        name = "g2" if isinstance(g1, ReLUNetwork) else "g1"
        reason = f"LevenbergMarquardt, the default, needs linear pieces, which `{name}` has not"
        got = type(solver).__name__
        raise TypeError(must("solver", "be AlternatingDescent()", reason, got))
    networks = GenericNetwork(g1, dtype), GenericNetwork(g2, dtype)
    scales = known_homogeneous(g1) and known_homogeneous(g2)
    return Engine(GenericBatch, solver, networks, scales, _note(g1, g2, solver))


def _note(g1: Generator, g2: Generator, solver: AlternatingDescent) -> str:
    """What lines 3 and 5 of Algorithm 1 are to these generators."""
    named = {"`g1`": g1, "`g2`": g2}
    odd = [name for name, g in named.items() if not g.homogeneous]
    assumed = [name for name, g in named.items() if g.homogeneous and not known_homogeneous(g)]
    if not (odd or assumed):
        return " Both generators count as positively homogeneous, as Algorithm 1 assumes."
    note = f" Not positively homogeneous: {' and '.join(odd)}." if odd else ""
    if assumed:
        names = " and ".join(assumed)
        note += f" Assumed to be positively homogeneous, though not found to be: {names}."
    if not odd:
        return note
    if solver.balance:
        note += " Norms were not balanced, for that would change the product."
    if solver.sign_check > 0:
        note += " Signs were compared, without the theory that asks for it."
    return note
