"""What a solver returns."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from ._arrays import Array


class Status(enum.IntEnum):
    """How a solver ended; :attr:`advice` says what to do about it."""

    CONVERGED = 1
    STALLED = 2
    ITERATION_LIMIT = 3
    TIME_LIMIT = 4
    DIVERGED = 5
    HOPELESS = 6

    @property
    def advice(self) -> str:
        """A sentence for people."""
        return _ADVICE[self]


_ADVICE = {
    Status.CONVERGED: "Converged: the steps are shorter than the tolerance.",
    Status.STALLED: "Stalled: the objective no longer falls although it is far from a fit, as "
    "at a kink, at a dead start, or in the limit cycle of a step that is too long. Try more "
    "restarts or, with a fixed step_size, a smaller one.",
    Status.ITERATION_LIMIT: "Reached the iteration limit before it converged. Increase "
    "max_iterations, or start again from the returned latents.",
    Status.TIME_LIMIT: "Reached the time limit before it converged. Increase time_limit, or start "
    "again from the returned latents.",
    Status.DIVERGED: "Diverged: the objective left the finite numbers, and the last finite point "
    "is returned. Take a smaller step_size.",
    Status.HOPELESS: "Hopeless: no observed entry of y is positive, and both generators are "
    "nonnegative, so that the product 0 fits best. Check the sign and the weights of y.",
}


#: What a converged run far from the observation is.
FAR = 0.5
FAR_ADVICE = (
    "Converged, but far from y: another critical point of the objective, with a relative residual "
    "above 1/2. Try more restarts; if all end there, y is no product of these generators."
)

#: How the core says that a run converged to a kink, and what to tell people.
KINK = 7
KINK_ADVICE = (
    "Converged at a kink of the objective, where longer steps do not lower it: usual on real "
    "pictures; on exact data with a residual that is not small, try more restarts."
)


def advice(end: int, relative_residual: float) -> str:
    """Return a sentence for people on how a run of the core ended."""
    if end == KINK:
        return KINK_ADVICE
    if end == Status.CONVERGED and relative_residual > FAR:
        return FAR_ADVICE
    return Status(end).advice


@dataclass(frozen=True, repr=False)
class Result:
    """The outcome of :func:`gendemod.demodulate`.

    For a batch every field has a leading axis (arrays) or is a list (``status``, ``message``,
    ``history``). Both factors are known up to a scale that moves from one to the other.

    With a known factor, m and x are those that were given, without a leading axis, and nothing is
    left open: the norm of h is what y says. With a shared factor there is one outcome for all
    frames: h and w have a leading axis, and nothing else has.

    Attributes
    ----------
    h, m : array
        Latents, (n,) and (p,), of equal norm unless the solver was told otherwise; with a shared
        factor the norm of h is that of all frames together. m is None where x was given.
    w, x : array
        The factors G1(h) and G2(m), (ell,).
    objective : float
        f(h, m), eq. (2).
    relative_residual : float
        ``||w * x - y|| / ||y||`` in the norm of ``y_weights``; 0 for y = 0.
    status : Status
    converged : bool
        ``status`` is ``CONVERGED``.
    message : str
        What the status means and advises.
    iterations : int
        Of the start that was kept.
    restarts : int
        Number of starts that were run.
    history : array
        The objective before each iteration and last the final one, of the start that was kept;
        with a shared factor, of its joint descents one after another.
    seed : int or None
        Seed of the random starts; None if a start was given.
    """

    h: Array
    m: Any
    w: Array
    x: Array
    objective: Any
    relative_residual: Any
    status: Any
    converged: Any
    message: Any
    iterations: Any
    restarts: Any
    history: Any
    seed: int | None

    def __repr__(self) -> str:
        if isinstance(self.status, list):
            count = len(self.status)
            return f"Result({count} problems, {int(sum(self.converged))} converged)"
        return (
            f"Result({self.status.name}, relative_residual={self.relative_residual:.3g}, "
            f"iterations={self.iterations}, restarts={self.restarts})"
        )
