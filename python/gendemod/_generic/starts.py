"""Where the descent starts on generators that are no ReLU networks."""

from __future__ import annotations

import numpy as np

from .._arrays import Array
from .._generators import GenericNetwork
from .model import SIGNS, Observed, norms


def random_starts(
    networks: tuple[GenericNetwork, GenericNetwork],
    observed: Observed,
    seed: int,
    starts: list[tuple[int, int]],
    threads: int,
) -> tuple[Array, Array]:
    """Return draws (h, m) of N(0, I), a row for each start (problem, restart).

    Along the rays on which f is a quadratic they are scaled to its least value: by a in the one
    latent whose generator is homogeneous, or to ||h|| = ||m|| with a in the product if both are.
    The signs are the first for which a is not 0. If no generator is homogeneous, or a is 0 for all
    four, it is the draw itself.
    """
    sizes, dtype = [network.dims[0] for network in networks], networks[0].dtype
    draws = []
    for start in starts:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=start))
        draws.append([rng.standard_normal(size).astype(dtype) for size in sizes])
    h, m = (np.array(latents).reshape(len(starts), -1) for latents in zip(*draws, strict=True))
    homogeneous = [network.homogeneous for network in networks]
    if not any(homogeneous):
        return h, m
    w, x = (
        {sign: network.forward(sign * z, threads) for sign in (1, -1)}
        for network, z in zip(networks, (h, m), strict=True)
    )
    a = np.array([observed.radial_minimiser(w[s], x[t]) for s, t in SIGNS])
    first = np.argmax(a > 0, axis=0)
    scale, signs = a[first, np.arange(len(starts))], np.array(SIGNS)[first]
    scale[scale == 0] = 1
    length_h, length_m = norms(h), norms(m)
    if all(homogeneous):
        length = np.sqrt(scale * length_h * length_m)
        factors = length / length_h, length / length_m
    else:
        factors = (scale, 1.0) if homogeneous[0] else (1.0, scale)
    h, m = (
        (z * (factor * sign)[:, None]).astype(dtype)
        for z, factor, sign in zip((h, m), factors, signs.T, strict=True)
    )
    return h, m
