"""What solves: the compiled core or the device for ReLU networks, Python for all others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._arrays import Array, must
from ._device import cuda_or_none
from ._generators import Generator, GenericNetwork, known_homogeneous
from ._generic.restarts import GenericBatch
from .network import ReLUNetwork
from .solvers import AlternatingDescent, LevenbergMarquardt


class Engine(NamedTuple):
    """A class of batches with its settings, and the networks whose cores it takes."""

    batch: Any
    settings: Any
    networks: tuple[ReLUNetwork, ReLUNetwork] | tuple[GenericNetwork, GenericNetwork]
    scales: bool  # whether (h, m, y) may be scaled to (a h, a m, a^2 y)
    note: str  # what a result has to say of it
    cuda: Any = None  # the device's kernels, if they solve

    def cores(self, dtype: np.dtype[Any]) -> list[Any]:
        """Return the networks as the class of batches takes them."""
        if self.cuda is None:
            return [network._core(dtype) for network in self.networks]
        relu = [network for network in self.networks if isinstance(network, ReLUNetwork)]
        return [network._device_core(dtype, self.cuda) for network in relu]

    def outputs(self, h: Array, m: Array, threads: int) -> list[Array]:
        """Return w = G1(h) and x = G2(m)."""
        options = [threads] if self.cuda is None else []
        cores = zip(self.cores(h.dtype), (h, m), strict=True)
        return [core.forward(latents, *options) for core, latents in cores]


def engine_for(
    g1: Generator,
    g2: Generator,
    solver: AlternatingDescent | LevenbergMarquardt,
    dtype: np.dtype[Any],
    device: str,
) -> Engine:
    """Return the core or the device for two ReLUNetworks, or else Algorithm 1 in Python."""
    cuda = cuda_or_none(device)
    if isinstance(g1, ReLUNetwork) and isinstance(g2, ReLUNetwork):
        batch, settings = solver._batch(dtype, _core if cuda is None else cuda)
        return Engine(batch, settings, (g1, g2), True, "", cuda)
    if cuda is not None:
        name = "g2" if isinstance(g1, ReLUNetwork) else "g1"
        reason = f"`{name}` is no ReLUNetwork, and other generators run where their libraries do"
        raise ValueError(must("device", 'be "cpu"', reason, repr(device)))
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
