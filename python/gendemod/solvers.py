"""The solvers: frozen settings, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._arrays import (
    flag,
    integer,
    must,
    number,
    pair,
)


@dataclass(frozen=True, kw_only=True)
class AlternatingDescent:
    r"""Algorithm 1 of the paper.

    One iteration picks the best of the four signs :math:`(\pm h, \pm m)` (line 3), takes a gradient
    step in h and one in m at the new h (line 4), and makes the norms equal (line 5).

    Parameters
    ----------
    step_size : "auto", float or (float, float)
        For both latents, or one each. f is half the sum of squares: step 1 of the authors' code,
        whose loss is their mean, is 2 / ell here. "auto": 3/4 of the exact minimiser of f along the
        gradient while no unit changes, halved while f would not fall, and turned where a kink
        blocks it; the recorded objective never rises. It commutes with line 5, which is then
        done once, at the end.
    momentum : float
        mu in [0, 1): v <- mu v + g, latent <- latent - step v. Sign flips and line 5 leave v as
        it is.
    sign_check : int
        Line 3 in every ``sign_check``-th iteration, from the first; 0: never.
    balance : bool
        Line 5.
    simultaneous : bool
        Both gradients of line 4 at the same (h, m), a joint step, as in the authors' code, instead
        of the one in m at the new h. Numeric step sizes only.
    max_iterations : int
    tolerance : float
        Converged once a step of (h, m) is relatively shorter than this. At least ten units of the
        last place of the dtype are used. A run also ends where steps promise less than the rounding
        error of f, and where a kink blocks it: as converged, or as stalled while the relative
        residual exceeds 1/2. 0 switches every early stop off, except divergence.

    Notes
    -----
    The solver keeps the piece Lambda of each network and changes it where a step crosses walls. An
    iteration costs two products with each piece, :math:`4 \ell (n + p)` flops, three with "auto",
    and a low-rank update where units flip. Memory: about :math:`2 n \sum_i n_i` numbers for each
    network.

    For generators other than ReLUNetworks an iteration costs one pass forwards and one backwards
    of each, and one or two more forwards with line 3, with line 5, and with each trial of "auto",
    where a difference stands for the linear piece and no step is turned at a kink. Line 5 is left
    out unless both are positively homogeneous; the result states it. Where a generator is not
    known to be, its steps are measured by at least sqrt(n), the length of a random start.
    """

    step_size: str | float | tuple[float, float] = "auto"
    momentum: float = 0.0
    sign_check: int = 1
    balance: bool = True
    simultaneous: bool = False
    max_iterations: int = 5000
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        self._steps()
        momentum = number(self.momentum, "momentum", "be in [0, 1)", "it is a rate of decay", 0)
        if momentum >= 1:
            raise ValueError(must("momentum", "be in [0, 1)", "it is a rate of decay", momentum))
        integer(self.sign_check, "sign_check", 0, "it counts iterations, and 0 means never")
        flag(self.balance, "balance", "line 5 is done or not")
        flag(self.simultaneous, "simultaneous", "line 4 takes a joint step or two")
        if self.simultaneous and isinstance(self.step_size, str):
            reason = "an automatic step is a search along the gradient of one factor"
            requirement = "be a number, or two, where `simultaneous` is True"
            raise ValueError(must("step_size", requirement, reason, repr(self.step_size)))
        check_stopping(self.max_iterations, self.tolerance)

    def _steps(self) -> tuple[float, float]:
        """Return the step sizes as the core reads them: 0 means automatic."""
        if isinstance(self.step_size, str):
            if self.step_size != "auto":
                reason = "that is the only rule by name"
                got = repr(self.step_size)
                raise ValueError(must("step_size", 'be "auto" or a number', reason, got))
            return 0.0, 0.0
        one_for_both = not isinstance(self.step_size, tuple | list)
        both = (self.step_size,) * 2 if one_for_both else self.step_size
        reason = "a step goes down the gradient"
        sizes = [
            number(size, "step_size", "be positive", reason, 0)
            for size in pair(both, "step_size", "of numbers", "there are two latents")
        ]
        if 0 in sizes:
            raise ValueError(must("step_size", "be positive", reason, self.step_size))
        return sizes[0], sizes[1]

    def _batch(self, dtype: np.dtype[Any], core: Any) -> tuple[Any, Any]:
        """Return the batch solver of a core for a dtype, and its settings."""
        kind = core.AlternatingDescent32 if dtype == np.float32 else core.AlternatingDescent64
        step_h, step_m = self._steps()
        settings = _core.DescentSettings(
            step_h,
            step_m,
            float(self.momentum),
            int(self.sign_check),
            bool(self.balance),
            bool(self.simultaneous),
            int(self.max_iterations),
            float(self.tolerance),
        )
        return kind, settings


@dataclass(frozen=True, kw_only=True)
class LevenbergMarquardt:
    r"""Damped Gauss-Newton steps in both latents at once, with the sign check of Algorithm 1.

    .. math:: \min_d \|J d + r\|^2 + \mu \|d\|^2, \qquad
        J = \sqrt v\, [\mathrm{diag}(x) \Lambda_h, \mathrm{diag}(w) \Lambda_m],
        \quad r = \sqrt v\, (w \odot x - y)

    J is exact while no unit changes. :math:`\mu` follows the gain ratio (Nielsen's rule); a step
    that would raise the objective is not taken. The direction (h, -m), along which the objective
    is constant, is kept out of the step, and the norms are made equal.

    Parameters
    ----------
    max_iterations : int
        Steps that are tried.
    tolerance : float
        Converged once a step of (h, m) is relatively shorter than this. At least ten units of the
        last place of the dtype are used. A run also ends where steps promise less than the rounding
        error of f, and where kinks leave only steps that are shorter: as converged, or as stalled
        while the relative residual exceeds 1/2. 0 switches every early stop off.

    Notes
    -----
    The least-squares problem is solved by Householder reflections in float64, block of rows by
    block of rows, also for float32 networks: normal equations would lose half of the digits. An
    iteration costs about :math:`2 \ell (n + p)^2` flops for that, and at most a rebuild of both
    pieces.

    On the device the normal equations are solved, by Cholesky's factorisation in float64 of at most
    319 columns, n + p: half the flops. Iterations converge to the same points; directions that J
    shortens more than 1e7 times as much as others are lost.
    """

    max_iterations: int = 300
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        check_stopping(self.max_iterations, self.tolerance)

    def _batch(self, dtype: np.dtype[Any], core: Any) -> tuple[Any, Any]:
        """Return the batch solver of a core for a dtype, and its settings."""
        kind = core.LevenbergMarquardt32 if dtype == np.float32 else core.LevenbergMarquardt64
        return kind, _core.MarquardtSettings(int(self.max_iterations), float(self.tolerance))


def check_stopping(max_iterations: object, tolerance: object) -> None:
    """Check the two settings that every solver has."""
    integer(max_iterations, "max_iterations", 1, "a solver iterates")
    reason = "it bounds the relative length of a step, and 0 switches the test off"
    number(tolerance, "tolerance", "be at least 0 and finite", reason, 0)
