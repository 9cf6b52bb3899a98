"""All conditions of the theorem for whole networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._arrays import Array, flag, must
from .._arrays import seed as checked_seed
from .._arrays import threads as checked_threads
from .._progress import Progress
from .._slices import seconds_allowed
from ..network import ReLUNetwork
from ._alpha import Alpha, alphas
from ._bound import bound
from ._bounds import Bounds
from ._findings import Hypothesis, JointReport, LayerReport, Report
from ._joint_search import joint_search
from ._report_text import conclusion
from ._search import search

MOST_PAIRS = 1_000_000  # of cones, some seconds
TOLERANCE = 0.01  # of alpha


def report(
    g1: ReLUNetwork,
    g2: ReLUNetwork | None = None,
    *,
    alpha: Alpha = "fitted",
    seed: int = 0,
    time_limit: float | None = 2.0,
    threads: int | None = None,
    progress: bool = False,
) -> Report:
    r"""Report what is known of the conditions of Theorem 3 for one network or two.

    Of every layer the WDC (5), of the two last layers the joint WDC (6), (7), and the hypothesis

    .. math:: K_1 (d^7 s^2 + d^2 s^7)\, \epsilon^{1/4} < 1.

    Parameters
    ----------
    g1, g2 : ReLUNetwork
        Without the second there is no joint condition. A single matrix W is
        ``ReLUNetwork([W])``.
    alpha : {"fitted", "theory"} or sequence of float
        "fitted": tr(W^T W) / n of each layer, right at any scale. "theory": that of Theorem 2,
        which is 1, and :math:`P(\chi^2_{n+2} \le 9n)` for a last layer with rows of zeros, which
        truncation leaves. Or one number for each layer, those of the first network first.
    seed : int
        Of the searches.
    time_limit : float, optional
        Seconds for each condition. What is found then depends on the machine. None: the usual
        number of line searches, a function of the seed.
    threads : int, optional
        None is what OpenMP would use.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    Report
        With its ``table()``, its ``to_dict()`` for JSON and its ``conclusion``. Ctrl-C ends the
        search in the layer at hand.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or of a wrong value or shape.

    Notes
    -----
    Scaling all of a layer's weights by c scales its epsilon and alpha by c^2 and leaves what the
    theorem says unchanged, so that epsilon / alpha is what counts. Beside the searches, a layer
    costs the eigenvalues of its Gram matrix and a copy in float64.
    """
    networks = [_layers(g1, "g1")] + ([] if g2 is None else [_layers(g2, "g2")])
    if g2 is not None and g2.dims[-1] != g1.dims[-1]:
        reason = "the rows of the two last layers go together"
        raise ValueError(must("g2", f"have {g1.dims[-1]} outputs as `g1`", reason, g2.dims[-1]))
    levels = alphas(networks, alpha)
    key, workers = checked_seed(seed), checked_threads(threads) or None
    seconds_allowed(time_limit)
    options: dict[str, Any] = {"seed": key, "time_limit": time_limit, "threads": workers}
    layers: list[LayerReport] = []
    joint = None
    shown = flag(progress, "progress", "the bar is shown or not")
    with Progress(len(levels) + len(networks) - 1, "conditions", enabled=shown) as bar:
        for network, weights in enumerate(networks, start=1):
            for layer, W in enumerate(weights, start=1):
                layers.append(_layer(network, layer, W, *levels[len(layers)], options))
                bar.update(len(layers))
        if g2 is not None:
            level = layers[g1.depth - 1].alpha * layers[-1].alpha
            joint = _joint(networks[0][-1], networks[1][-1], level, options)
            bar.update(len(layers) + 1)
    hypothesis = _hypothesis(layers, joint, g1.depth)
    return Report(tuple(layers), joint, hypothesis, conclusion(layers, joint, hypothesis))


def _layers(g: ReLUNetwork, name: str) -> list[Array]:
    if not isinstance(g, ReLUNetwork):
        reason = "the condition is about its layers"
        raise TypeError(must(name, "be a ReLUNetwork", reason, type(g).__name__))
    return [W.astype(np.float64) for W in g.weights]


def _spread(W: Array) -> tuple[float, float]:
    """Return the least and the largest eigenvalue of W^T W."""
    ell, n = W.shape
    values = np.linalg.eigvalsh(W.T @ W if n <= ell else W @ W.T)
    return (float(values[0]) if n <= ell else 0.0), float(values[-1])


def _layer(
    network: int, layer: int, W: Array, alpha: float, alpha_is: str, options: dict[str, Any]
) -> LayerReport:
    ell, n = W.shape
    least, most = _spread(W)
    gram = max(abs(least - alpha), abs(most - alpha)) / 2
    longest_row = float(np.sum(W * W, axis=1).max()) if n > 1 else 0.0
    found = _enclosed(W, alpha, options)
    lower = max(found.lower, gram, longest_row)
    # G <= W^T W, Q <= I / 2, and neither has a negative eigenvalue.
    upper = max(lower, min(found.upper, max(most, alpha / 2)))
    return LayerReport(
        ell=ell,
        n=n,
        alpha=alpha,
        lower=lower,
        upper=upper,
        found=found.lower,
        network=network,
        layer=layer,
        alpha_is=alpha_is,
        gram=gram,
        longest_row=longest_row,
        x=found.x,
        y=found.y,
    )


def _enclosed(W: Array, alpha: float, options: dict[str, Any]) -> Bounds:
    """Return what a proof reaches where it can beat the trivial bound, else what a search finds."""
    if not 2 < W.shape[1] <= _core.WdcBound.most_columns:
        return search(W, alpha, **options)
    return bound(W, alpha, tolerance=TOLERANCE * alpha, max_pairs=MOST_PAIRS, **options)


def _joint(B: Array, C: Array, alpha: float, options: dict[str, Any]) -> JointReport:
    (ell, n), p = B.shape, C.shape[1]
    longest_rows = 0.0
    if n * p > 1:
        longest_rows = ell * float((np.sum(B * B, axis=1) * np.sum(C * C, axis=1)).max())
    found = joint_search(B, C, alpha, **options)
    lower = max(found.lower, longest_rows)
    upper = max(lower, found.upper)
    return JointReport(ell, n, alpha, lower, upper, found.lower, p, longest_rows)


def _hypothesis(
    layers: list[LayerReport], joint: JointReport | None, depth: int
) -> Hypothesis | None:
    rest = len(layers) - depth
    if joint is None or min(depth, rest) < 2:
        return None
    lowers, uppers = zip(*(one.relative for one in (*layers, joint)), strict=True)
    return Hypothesis(depth, rest, max(lowers), max(uppers))
