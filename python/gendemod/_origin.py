"""What a reference was made with, so that it is not held against anything else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ._arrays import must
from .network import ReLUNetwork
from .solvers import AlternatingDescent, LevenbergMarquardt

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """The generators, as a fingerprint, and how hard was tried.

    Attributes
    ----------
    g1, g2 : str
        The sizes of the layers and the SHA-256 of the weights, as float64, row by row.
    solver : str
        Its settings.
    restarts : int or "auto"
    seed : int
    """

    g1: str
    g2: str
    solver: str
    restarts: int | str
    seed: int

    @staticmethod
    def of(
        g1: ReLUNetwork,
        g2: ReLUNetwork,
        solver: AlternatingDescent | LevenbergMarquardt,
        restarts: int | str,
        seed: int,
    ) -> Origin:
        """Return the origin of what is made with these."""
        count = restarts if isinstance(restarts, str) else int(restarts)
        return Origin(*_fingerprints(g1, g2), repr(solver), count, int(seed))

    def check_generators(self, g1: ReLUNetwork, g2: ReLUNetwork) -> None:
        """Raise ValueError unless these generators are meant."""
        both = zip(("g1", "g2"), (self.g1, self.g2), _fingerprints(g1, g2), strict=True)
        for name, mine, theirs in both:
            if theirs != mine:
                requirement = f"have been made with this `{name}`"
                reason = "other generators leave other residuals"
                got = f"{mine} instead of {theirs}"
                raise ValueError(must("reference", requirement, reason, got))

    def check_effort(
        self, solver: AlternatingDescent | LevenbergMarquardt, restarts: int | str
    ) -> None:
        """Raise ValueError unless this solver and number of restarts are meant."""
        pairs = (("solver", self.solver, repr(solver)), ("restarts", self.restarts, restarts))
        for name, mine, theirs in pairs:
            if mine != theirs:
                reason = "less effort leaves larger residuals"
                got = f"a reference made with {mine}"
                raise ValueError(must(name, "be that of the reference", reason, f"{theirs}, {got}"))


def _fingerprints(g1: object, g2: object) -> tuple[str, str]:
    """Return those of two generators, which must have weights."""
    networks = []
    for name, network in (("g1", g1), ("g2", g2)):
        if not isinstance(network, ReLUNetwork):
            reason = "a reference is known by the weights that made it"
            raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
        networks.append(network)
    return fingerprint(networks[0]), fingerprint(networks[1])


def fingerprint(network: ReLUNetwork) -> str:
    """Return the sizes of the layers and the SHA-256 of the weights as float64."""
    digest = hashlib.sha256()
    for W in network.weights:
        digest.update(np.ascontiguousarray(W, dtype="<f8").data)
    return f"{'-'.join(map(str, network.dims))} {digest.hexdigest()}"
