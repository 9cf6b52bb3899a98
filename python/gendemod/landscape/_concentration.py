"""How close products of linear pieces, and gradients, are to their means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import wdc
from .._arrays import Array, finite, floats, integer, must, pair
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from ..network import ReLUNetwork
from ..theory import expected_gradients, expected_product
from ..wdc._alpha import Alpha, alphas
from ..wdc._sample import random_pairs
from ._plain import Findings
from ._scene import check_networks


@dataclass(frozen=True)
class Fit(Findings):
    """A power law, constant * size ** exponent, by least squares of logarithms.

    `standard_error` is that of the exponent; NaN with fewer than three sizes, as the exponent is
    with fewer than two.
    """

    exponent: float
    standard_error: float
    constant: float


@dataclass(frozen=True)
class Concentration(Findings):
    """Relative errors of the means over random weights, for networks of growing size.

    Attributes
    ----------
    against : ndarray, (k,)
        The size that grows.
    product : ndarray, (k, 2)
        Root mean squares over the points for g1 and g2 of
        :math:`\\|\\Lambda_x^T \\Lambda_y y - \\alpha \\tilde t_{x,y}\\|` over
        :math:`\\alpha 2^{-d} \\|y\\|`.
    gradient : ndarray, (k, 2)
        The same of :math:`\\|g_1 - t_1\\|` and :math:`\\|g_2 - t_2\\|` over the sizes of the
        terms of t_1 and t_2.
    product_worst, gradient_worst : ndarray, (k, 2)
        The largest over the points.
    epsilon : ndarray, (k,)
        The largest lower bound of epsilon / alpha of the WDC over all layers; NaN where it was not
        asked for.
    product_fit, gradient_fit : Fit
        Of the root mean squares over both networks.
    """

    against: Array
    product: Array
    gradient: Array
    product_worst: Array
    gradient_worst: Array
    epsilon: Array
    product_fit: Fit
    gradient_fit: Fit


def concentration(
    networks: Iterable[tuple[ReLUNetwork, ReLUNetwork]],
    against: ArrayLike,
    *,
    alpha: Alpha = "fitted",
    points: int = 200,
    seed: int = 0,
    threads: int | None = None,
    wdc_time_limit: float | None = None,
) -> Concentration:
    r"""Measure how products of linear pieces and gradients approach their means.

    .. math:: \Lambda_x^T \Lambda_y y \to \tilde t_{x,y}, \qquad
              (g_1, g_2) \to (t_1, t_2) \text{ of (10) and (11)}

    Parameters
    ----------
    networks : iterable of (g1, g2)
        Of any weights: `ReLUNetwork.gaussian`, trained ones, or `thinned` ones.
    against : array_like, (k,)
        For each pair of networks the size that grows; greater than 0. Pairs of one size are
        repetitions.
    alpha : {"fitted", "theory"} or sequence of float
        Of the layers, as in `wdc.report`: the means are multiplied by their product.
    points : int
        Random points for each pair of networks: unit vectors, a quarter of them at the truth, the
        others at stratified angles from it.
    seed : int
        The points are a function of it and of the number of the pair.
    threads : int, optional
        None is what OpenMP would use. The result is the same, bit for bit, for any number.
    wdc_time_limit : float, optional
        Seconds for `wdc.report` in each layer; None leaves `epsilon` NaN.

    Returns
    -------
    Concentration

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.
    """
    sizes = finite(floats(against, "against"), "against").astype(np.float64)
    if sizes.ndim != 1 or sizes.size == 0 or sizes.min() <= 0:
        reason = "each pair of networks has a size, whose logarithm is taken"
        raise ValueError(must("against", "be a vector of positive numbers", reason, against))
    count = integer(points, "points", 1, "errors are averaged over them")
    key, workers = checked_seed(seed), checked_threads(threads) or None
    rows: list[tuple[Array, Array]] = []
    epsilons: list[float] = []
    for number, both in enumerate(networks):
        g1, g2 = pair(both, "networks", "(g1, g2)", "a landscape is that of two networks")
        check_networks(g1, g2)
        rng = np.random.default_rng([key, number])
        rows.append(_errors(g1, g2, alpha, count, rng, workers))
        epsilons.append(_epsilon(g1, g2, alpha, wdc_time_limit, workers))
    if len(rows) != len(sizes):
        requirement = f"have {len(rows)} entries, one for each of `networks`"
        raise ValueError(must("against", requirement, "they are drawn against it", len(sizes)))
    products, gradients = (np.stack(part) for part in zip(*rows, strict=True))
    means = [np.sqrt((part**2).mean(axis=2)) for part in (products, gradients)]
    return Concentration(
        against=sizes,
        product=means[0],
        gradient=means[1],
        product_worst=products.max(axis=2),
        gradient_worst=gradients.max(axis=2),
        epsilon=np.array(epsilons),
        product_fit=power_law(sizes, np.sqrt((means[0] ** 2).mean(axis=1))),
        gradient_fit=power_law(sizes, np.sqrt((means[1] ** 2).mean(axis=1))),
    )


def thinned(
    g1: ReLUNetwork, g2: ReLUNetwork, ell: int, *, seed: int
) -> tuple[ReLUNetwork, ReLUNetwork]:
    r"""Return the networks with `ell` of their outputs, the same random ones in both.

    The rows that are left are multiplied by :math:`\sqrt{\ell_0 / \ell}`, so that the Gram matrix
    of the last layer keeps its mean.
    """
    check_networks(g1, g2)
    outputs = g1.dims[-1]
    count = integer(ell, "ell", 1, "outputs are kept", most=outputs)
    kept = np.sort(np.random.default_rng(checked_seed(seed)).permutation(outputs)[:count])
    factor = math.sqrt(outputs / count)
    first, second = (
        ReLUNetwork([*g.weights[:-1], (factor * g.weights[-1][kept]).astype(g.dtype)])
        for g in (g1, g2)
    )
    return first, second


def power_law(sizes: Array, values: Array) -> Fit:
    """Fit a power law to values that are greater than 0."""
    x, y = np.log(sizes), np.log(np.maximum(values, np.finfo(np.float64).tiny))
    spread = float(((x - x.mean()) ** 2).sum())
    if spread == 0:
        return Fit(math.nan, math.nan, math.nan)
    exponent = float((x - x.mean()) @ y) / spread
    rest = y - y.mean() - exponent * (x - x.mean())
    error = math.sqrt(float(rest @ rest) / (len(x) - 2) / spread) if len(x) > 2 else math.nan
    return Fit(exponent, error, float(np.exp(y.mean() - exponent * x.mean())))


def _errors(
    g1: ReLUNetwork,
    g2: ReLUNetwork,
    alpha: Alpha,
    count: int,
    rng: np.random.Generator,
    threads: int | None,
) -> tuple[Array, Array]:
    """Return relative errors of both products and of both gradients, (2, count) each."""
    h0, h, _ = random_pairs(rng, count, g1.dims[0])
    m0, m, _ = random_pairs(rng, count, g2.dims[0])
    order = rng.permutation(count)
    m0, m = m0[order], m[order]
    levels = [level for level, _ in _levels(g1, g2, alpha)]
    scales = math.prod(levels[: g1.depth]), math.prod(levels[g1.depth :])
    w, x = g1(h, threads=threads), g2(m, threads=threads)
    w0, x0 = g1(h0, threads=threads), g2(m0, threads=threads)
    products = []
    for g, z, true, output, scale in ((g1, h, h0, w0, scales[0]), (g2, m, m0, x0, scales[1])):
        mean = scale * expected_product(z, true, g.depth)
        error = np.linalg.norm(g.vjp(z, output, threads=threads) - mean, axis=1)
        products.append(error / math.ldexp(scale, -g.depth))
    r = w * x - w0 * x0
    depths, level = (g1.depth, g2.depth), scales[0] * scales[1]
    means = expected_gradients(h, m, h0, m0, depths, g1.dims[-1], level)
    found = g1.vjp(h, x * r, threads=threads), g2.vjp(m, w * r, threads=threads)
    size = 2 * math.ldexp(level / g1.dims[-1], -sum(depths))
    gradients = [np.linalg.norm(g - t, axis=1) / size for g, t in zip(found, means, strict=True)]
    return np.stack(products), np.stack(gradients)


def _levels(g1: ReLUNetwork, g2: ReLUNetwork, alpha: Alpha) -> Sequence[tuple[float, str]]:
    return alphas([[W.astype(np.float64) for W in g.weights] for g in (g1, g2)], alpha)


def _epsilon(
    g1: ReLUNetwork, g2: ReLUNetwork, alpha: Alpha, limit: float | None, threads: int | None
) -> float:
    if limit is None:
        return math.nan
    both = [
        wdc.report(g, alpha=[level for level, _ in levels], time_limit=limit, threads=threads)
        for g, levels in zip(
            (g1, g2),
            (_levels(g1, g2, alpha)[: g1.depth], _levels(g1, g2, alpha)[g1.depth :]),
            strict=True,
        )
    ]
    return max(layer.lower / layer.alpha for report in both for layer in report.layers)
