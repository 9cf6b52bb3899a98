"""One factor known: a generator of one latent stands for it.

Where x >= 0 is known, G1(h) * x = G1(h') * relu(t x) for h = t h' and t > 0, by homogeneity: a
problem of two bias-free ReLU generators, the second with one latent t and one column of weights.
Where x is negative, y and x change their signs together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, finite, floats, must, pair
from ._observations import checked_network, observations
from ._search import Search
from ._solve import first_latent, solve
from .network import ReLUNetwork
from .result import Result


def solve_known(
    y: ArrayLike,
    first: object,
    second: object,
    search: Search,
    *,
    start: object = None,
    y_weights: ArrayLike | None = None,
    m: ArrayLike | None = None,
    x: ArrayLike | None = None,
) -> Result:
    """Solve for h alone, with x = G2(m) or x itself known, (ell,), for all rows of y."""
    g1 = checked_network("g1", first)
    latent, factor = _known(g1.dims[-1], second, m, x)
    # x / 4^e: an exact power, so that neither t nor h' leaves the numbers.
    e = int(np.frexp(np.abs(factor).max())[1]) // 2
    generator = ReLUNetwork([np.ldexp(np.abs(factor), -2 * e)[:, None]])
    observed, weights = observations(y, g1, generator, y_weights)
    if not ((factor != 0) & (weights > 0)).any(axis=-1).all():
        name, what = ("x", "have an entry") if latent is None else ("m", "make an output")
        reason = "nothing is seen through 0"
        raise ValueError(must(name, f"{what} that is not 0 where y is observed", reason, "none"))
    result = solve(
        np.where(factor < 0, -observed, observed),
        g1,
        generator,
        search,
        start=None if start is None else _split(start, e, observed.shape, g1.dims[0]),
        y_weights=weights,
    )
    with np.errstate(over="ignore"):
        h = _held(np.ldexp(result.h * np.maximum(result.m, 0), -2 * e))
    dtype = h.dtype
    w = _held(g1(h, threads=search.threads).astype(dtype, copy=False))
    known_m = None if latent is None else latent.astype(dtype)
    return replace(result, h=h, m=known_m, w=w, x=factor.astype(dtype))


def _known(
    ell: int, second: object, m: ArrayLike | None, x: ArrayLike | None
) -> tuple[Array | None, Array]:
    """Return the known latent, or None, and the known factor."""
    if m is None:
        factor = finite(floats(x, "x"), "x")
        if factor.shape != (ell,):
            reason = f"`g1` has {ell} outputs, and the known factor is one for all rows of `y`"
            raise ValueError(must("x", f"have shape ({ell},)", reason, f"shape {factor.shape}"))
        return None, factor
    if x is not None:
        reason = "`x` is then G2(m)"
        raise ValueError(must("x", "be None where `m` is given", reason, "both"))
    network = checked_network("g2", second)
    latent = finite(floats(m, "m"), "m")
    if latent.shape != (network.dims[0],):
        reason = f"`g2` has {network.dims[0]} inputs, and m is one for all rows of `y`"
        got = f"shape {latent.shape}"
        raise ValueError(must("m", f"have shape ({network.dims[0]},)", reason, got))
    return latent, network(latent)


def _held(quotient: Array) -> Array:
    """Return h or w, which are of the size of y / x."""
    if not np.isfinite(quotient).all():
        requirement = f"be small enough for y / x in {quotient.dtype}"
        raise ValueError(must("y", requirement, "that is the factor sought", "an overflow"))
    return quotient


def _split(start: object, e: int, shape: tuple[int, ...], n: int) -> tuple[Array, Array]:
    """Return (h', t) of a start (h, None), of equal norms, with h' t = 4^e h."""
    first, second = pair(start, "start", "(h, None)", "one factor is known")
    if second is not None:
        reason = "the other factor is known"
        raise ValueError(must("start", "be a pair (h, None)", reason, "two latents"))
    h = first_latent(first, "h", (*shape[:-1], n))
    t = np.sqrt(np.linalg.norm(h, axis=-1, keepdims=True))
    t = np.where(t > 0, t, 1).astype(h.dtype)
    return np.ldexp(h / t, e), np.ldexp(t, e)
