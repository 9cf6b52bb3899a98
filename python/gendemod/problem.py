"""One observation: the objective, its derivatives, and the four signs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import (
    Array,
    common_dtype,
    finite,
    floats,
    must,
    pair,
    rows,
    same_batch,
)
from ._arrays import (
    threads as checked_threads,
)
from ._device import cuda_or_none
from ._observations import observations
from .network import ReLUNetwork


class Problem:
    r"""Blind demodulation of one observation, eq. (2) of the paper.

    .. math:: f(h, m) = \tfrac12 \sum_i v_i \left(G_1(h)_i\, G_2(m)_i - y_i\right)^2

    Parameters
    ----------
    y : array_like, (ell,)
        The observation. Entries may be negative (noise), and anything at all where their weight
        is 0.
    g1, g2 : ReLUNetwork
        Generators with ell outputs each.
    y_weights : array_like, (ell,), optional
        The weights v, at least 0; 0 or False marks a missing entry. None: all 1.

    Notes
    -----
    Latents are vectors, or batches with a leading axis; then every result has that axis, too. All
    inputs float32 give float32, anything else float64, for which float32 networks are converted.
    Every method takes ``threads``; results do not depend on it. Objectives and
    derivatives along a direction are summed in float64. With ``device="cuda"`` the networks and
    the observation are copied to the device once and kept there: see docs/cuda.md.
    """

    def __init__(
        self, y: ArrayLike, g1: ReLUNetwork, g2: ReLUNetwork, *, y_weights: ArrayLike | None = None
    ) -> None:
        for name, network in (("g1", g1), ("g2", g2)):
            if not isinstance(network, ReLUNetwork):
                reason = "its derivatives are taken on linear pieces"
                raise TypeError(must(name, "be a ReLUNetwork", reason, type(network).__name__))
        observed, weights = observations(y, g1, g2, y_weights)
        if observed.ndim != 1:
            reason = "a Problem is one observation (demodulate takes batches)"
            raise ValueError(must("y", "be a vector", reason, f"shape {observed.shape}"))
        self._g1, self._g2 = g1, g2
        self._y, self._weights = observed, weights
        self._cores: dict[tuple[np.dtype[Any], bool], Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cores": {}}

    @property
    def g1(self) -> ReLUNetwork:
        """The first generator."""
        return self._g1

    @property
    def g2(self) -> ReLUNetwork:
        """The second generator."""
        return self._g2

    @property
    def y(self) -> Array:
        """The observation, (ell,), 0 where its weight is 0; read-only."""
        return _read_only(self._y)

    @property
    def y_weights(self) -> Array:
        """The weights of the observation, (ell,); read-only."""
        return _read_only(self._weights)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of results at latents of that dtype."""
        return common_dtype(self._y.dtype, self._weights.dtype, self.g1.dtype, self.g2.dtype)

    def _core(self, dtype: np.dtype[Any], cuda: Any = None) -> Any:
        """Return the compiled problem of this dtype, on the host or the device, made once."""
        key = dtype, cuda is None
        if key not in self._cores:
            home = _core if cuda is None else cuda
            kind = home.Problem32 if dtype == np.float32 else home.Problem64
            self._cores[key] = kind(
                *(
                    network._core(dtype) if cuda is None else network._device_core(dtype, cuda)
                    for network in (self.g1, self.g2)
                ),
                np.atleast_2d(self._y).astype(dtype),
                np.atleast_2d(self._weights).astype(dtype),
            )
        return self._cores[key]

    def _call(self, method: str, latents: list[Array], threads: Any, device: str = "cpu") -> Any:
        """Return what a method of the compiled problem does with these rows."""
        cuda, workers = cuda_or_none(device), checked_threads(threads)
        evaluate = getattr(self._core(latents[0].dtype, cuda), method)
        return evaluate(*latents, workers) if cuda is None else evaluate(*latents)

    def _enter(self, h: ArrayLike, m: ArrayLike, *delta: ArrayLike) -> tuple[bool, list[Array]]:
        """Return whether h and m are vectors, and their rows, all of one dtype."""
        names = ["h", "m", "dh", "dm"][: 2 + len(delta)]
        values = zip(names, (h, m, *delta), strict=True)
        arrays = [finite(floats(value, name), name) for name, value in values]
        dtype = common_dtype(self.dtype, *(array.dtype for array in arrays))
        out = []
        for i, (name, array) in enumerate(zip(names, arrays, strict=True)):
            network = (self.g1, self.g2)[i % 2]
            reason = f"`g{i % 2 + 1}` has {network.dims[0]} inputs"
            out.append(rows(array, name, network.dims[0], reason, dtype))
            same_batch(arrays[0], array, "h", name)
        return arrays[0].ndim == 1, out

    def objective(
        self, h: ArrayLike, m: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Any:
        """Return f(h, m), eq. (2): a float, or (k,) for a batch. One pass of each network."""
        single, latents = self._enter(h, m)
        out = self._call("objective", latents, threads, device).astype(latents[0].dtype)
        return float(out[0]) if single else out

    def gradient_h(
        self, h: ArrayLike, m: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Array:
        r"""Return the partial derivative with respect to h, (n,) or (k, n).

        .. math:: \nabla_h f = \Lambda_h^T (x \odot v \odot (w \odot x - y))

        The transpose is missing in the paper's text. Units with pre-activation 0 are off.
        """
        single, latents = self._enter(h, m)
        out: Array = self._call("gradients", latents, threads, device)[0]
        return out[0] if single else out

    def gradient_m(
        self, h: ArrayLike, m: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Array:
        r"""Return the partial derivative with respect to m, (p,) or (k, p).

        .. math:: \nabla_m f = \Lambda_m^T (w \odot v \odot (w \odot x - y))
        """
        single, latents = self._enter(h, m)
        out: Array = self._call("gradients", latents, threads, device)[1]
        return out[0] if single else out

    def one_sided_gradients(
        self,
        h: ArrayLike,
        m: ArrayLike,
        direction: tuple[ArrayLike, ArrayLike],
        *,
        threads: int | None = None,
    ) -> tuple[Array, Array]:
        r"""Return both partial derivatives as limits along a direction, eq. (4) of the paper.

        .. math:: \lim_{\delta \to 0+} \nabla f\big((h, m) + \delta\, (dh, dm)\big)

        They exist for directions that do not lie in a kink (almost all of them); where a unit and
        its change are both zero it counts as off. Only exact zeros are kinks.

        Parameters
        ----------
        h, m : array_like
        direction : (dh, dm)
            Of the shapes of h and m.
        """
        delta = pair(direction, "direction", "(dh, dm)", "both latents move")
        single, latents = self._enter(h, m, *delta)
        g1, g2 = self._call("one_sided_gradients", latents, threads)
        return (g1[0], g2[0]) if single else (g1, g2)

    def directional_derivative(
        self,
        h: ArrayLike,
        m: ArrayLike,
        dh: ArrayLike,
        dm: ArrayLike,
        *,
        threads: int | None = None,
    ) -> Any:
        r"""Return the one-sided derivative of f at (h, m) along (dh, dm), exact at kinks.

        .. math:: D f = \sum_i v_i (w_i x_i - y_i)(dw_i x_i + w_i dx_i)

        dw and dx are the one-sided derivatives of the outputs. A float, or (k,) for a batch.
        """
        single, latents = self._enter(h, m, dh, dm)
        out = self._call("directional_derivative", latents, threads)
        out = out.astype(latents[0].dtype)
        return float(out[0]) if single else out

    def best_signs(
        self, h: ArrayLike, m: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Any:
        """Return the signs (s_h, s_m) with the least f(s_h h, s_m m), line 3 of Algorithm 1.

        Ties go to the first of (+,+), (-,+), (+,-), (-,-). A pair of integers, or (k, 2).
        """
        single, latents = self._enter(h, m)
        out = self._call("best_signs", latents, threads, device)
        return (int(out[0, 0]), int(out[0, 1])) if single else out


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
