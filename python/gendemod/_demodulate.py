"""The function that solves: what is known, shared or sought decides who does it."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ._arrays import must
from ._generators import Generator
from ._known_factor import solve_known
from ._search import Search, new_seed
from ._shared_factor import solve_shared
from ._solve import solve
from .network import ReLUNetwork
from .result import Result
from .solvers import AlternatingDescent, LevenbergMarquardt


def demodulate(
    y: ArrayLike,
    g1: ReLUNetwork | Generator,
    g2: ReLUNetwork | Generator | None,
    solver: AlternatingDescent | LevenbergMarquardt | None = None,
    *,
    start: tuple[ArrayLike, ArrayLike | None] | None = None,
    restarts: int | str = "auto",
    seed: int | None = None,
    y_weights: ArrayLike | None = None,
    shared: str | None = None,
    m: ArrayLike | None = None,
    x: ArrayLike | None = None,
    threads: int | None = None,
    progress: bool = False,
    time_limit: float | None = None,
    device: str = "cpu",
) -> Result:
    r"""Recover both factors of an entrywise product, y = G1(h) * G2(m).

    .. math:: \min_{h, m} \tfrac12 \sum_i v_i (G_1(h)_i\, G_2(m)_i - y_i)^2

    Parameters
    ----------
    y : array_like, (ell,) or (batch, ell)
        The observation, or many. Entries may be negative (noise), and anything at all where their
        weight is 0.
    g1, g2 : ReLUNetwork
        Or other generators, such as :class:`gendemod.interop.torch.TorchGenerator`, for
        AlternatingDescent alone, both factors unknown and none shared. With ``x`` given, ``g2`` is
        not used and may be None.
    solver : LevenbergMarquardt (the default) or AlternatingDescent
    start : (h, m), optional
        Used as it is; for a batch each has a leading axis. None: random starts. With a known
        factor (h, None); with a shared one m has no leading axis.
    restarts : int or "auto"
        Number of random starts. The first that fits y is kept (it converged with a relative
        residual of at most 16 tolerances), or else the one with the lowest objective; what comes
        after a fit cannot change that and is cut. "auto": up to 8, one after the other, stopping
        at the first that converges elsewhere than at a kink, with a relative residual of at most
        1/2.
    seed : int, optional
        The random starts are a function of (seed, problem, restart). None: a new seed, which the
        result states. A given ``start`` needs none.
    y_weights : array_like, (ell,) or of the shape of y, optional
        Weights v of the observation, at least 0; 0 or False marks a missing entry.
    shared : "x", optional
        The rows of y are frames with one factor x = G2(m) in common, each with its own h:

        .. math:: \min_{h_1, \dots, h_k, m} \tfrac12 \sum_{j, i}
            v_{ji} (G_1(h_j)_i\, G_2(m)_i - y_{ji})^2

        They are one problem with one outcome: h is (batch, n), m is (p,), x is (ell,). Needs
        LevenbergMarquardt.
    m : array_like, (p,), optional
        The latent of a known factor x = G2(m), one for all rows of y: h alone is sought.
    x : array_like, (ell,), optional
        A known factor, such as a measured flat field, one for all rows of y. Of any sign; what it
        multiplies by 0 is not seen.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    progress : bool
        Show a progress bar on standard error.
    time_limit : float, optional
        Seconds, after which the best so far is returned.
    device : {"cpu", "cuda"}
        See docs/cuda.md. "cuda" needs two ReLUNetworks, none shared; the starts are those of the
        CPU, the results are equal up to rounding.

    Returns
    -------
    Result
        Not converging is a result, not an exception.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    RuntimeError
        Where "cuda" cannot be had. MemoryError: where it has too little memory.

    Notes
    -----
    Parallel over problems and restarts. All inputs float32 give float32, anything else float64.
    Memory beyond the results: the working memory of one solver for each thread. Generators other
    than ReLUNetworks are run on 64 starts at once, on threads of their own; which starts share a
    run shows in the last digits. Unless both are known to be positively homogeneous, the largest
    entry of an observation must be between 1e-40 and 1e40, in float32 between 1e-15 and 1e15.

    A known x costs no more than a generator of one latent: by homogeneity w * x is
    G1(h') * relu(t x) with h = t h' and t > 0. A shared one costs a rebuild of the linear piece of
    every frame and :math:`2 \ell (n + p)^2` flops for it in an iteration.
    """
    search = Search(
        LevenbergMarquardt() if solver is None else solver,
        restarts=restarts,
        seed=new_seed(seed, start),
        threads=threads,
        progress=progress,
        time_limit=time_limit,
        device=device,
    )
    given: dict[str, Any] = {"start": start, "y_weights": y_weights}
    known = [name for name, value in (("m", m), ("x", x)) if value is not None]
    if shared is not None and known:
        reason = "frames with a known factor have nothing else in common"
        raise ValueError(must("shared", f"be None where `{known[0]}` is given", reason, shared))
    if shared is not None and device != "cpu":
        reason = "frames with a shared factor are solved there"
        raise ValueError(must("device", 'be "cpu" where `shared` is given', reason, repr(device)))
    if shared is not None:
        return solve_shared(y, g1, g2, search, shared=shared, **given)
    if known:
        return solve_known(y, g1, g2, search, m=m, x=x, **given)
    return solve(y, g1, g2, search, **given)
