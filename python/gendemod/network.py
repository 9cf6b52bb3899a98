"""Bias-free ReLU networks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import _core
from ._arrays import (
    Array,
    common_dtype,
    finite,
    float_type,
    floats,
    integer,
    must,
    rows,
    same_batch,
)
from ._arrays import (
    path as checked_path,
)
from ._arrays import (
    seed as checked_seed,
)
from ._arrays import (
    threads as checked_threads,
)
from ._device import cuda_or_none
from ._files import replacing
from ._weights import checked_weights, read_weights

CoreNetwork = _core.Network32 | _core.Network64


class ReLUNetwork:
    r"""A bias-free ReLU network, immutable.

    .. math:: G(z) = \mathrm{relu}(W_d \cdots \mathrm{relu}(W_1 z))

    A unit is on iff its pre-activation is strictly positive. G is positively homogeneous, and
    around z it is the matrix :meth:`linear_piece`.

    Parameters
    ----------
    weights : sequence of array_like
        ``weights[i]`` is :math:`W_{i+1}`, of shape ``(n_{i+1}, n_i)``. They are copied once. All
        float32 makes a float32 network, anything else a float64 one.

    Raises
    ------
    TypeError
        If the weights are no real numbers.
    ValueError
        If they are not finite matrices that fit one after the other.

    Notes
    -----
    Where a float32 network meets float64 data, it is converted to float64 once and both copies
    are kept. Memory: the sum of the sizes of the weights.
    """

    __slots__ = ("_cores", "_device_cores", "_dims", "_dtype")

    #: G(c z) = c G(z) for c > 0.
    homogeneous = True

    def __init__(self, weights: Sequence[ArrayLike]) -> None:
        matrices = checked_weights(weights)
        self._dtype = common_dtype(*(W.dtype for W in matrices))
        self._dims = (matrices[0].shape[1], *(W.shape[0] for W in matrices))
        self._cores = {self._dtype: _build(matrices, self._dtype)}
        self._device_cores: dict[np.dtype[Any], Any] = {}

    @classmethod
    def gaussian(
        cls,
        dims: Sequence[int],
        *,
        seed: int,
        last_layer: str = "gaussian",
        dtype: DTypeLike = np.float64,
    ) -> ReLUNetwork:
        r"""Draw a random network, a function of the seed alone.

        The entries of :math:`W_i` are :math:`N(0, 1/n_i)`, as in Theorem 2 of the paper. With
        ``last_layer="truncated"`` a row of the last layer is set to zero (not drawn again) if its
        norm exceeds :math:`3\sqrt{n_{d-1}/\ell}`.

        Parameters
        ----------
        dims : sequence of int
            ``(n, n_1, ..., ell)``, at least two sizes.
        seed : int
            At least 0. Two networks of one seed and the same sizes are the same.
        last_layer : {"gaussian", "truncated"}
        dtype : float64 or float32
            A float32 network is the float64 one, rounded.
        """
        reason = "each is the number of units of a layer"
        if isinstance(dims, str) or not isinstance(dims, Sequence | np.ndarray):
            raise TypeError(must("dims", "be a sequence of integers", reason, repr(dims)))
        sizes = [integer(size, "dims", 1, reason) for size in dims]
        if len(sizes) < 2:
            raise ValueError(must("dims", "hold two sizes or more", "a layer has two", sizes))
        if last_layer not in ("gaussian", "truncated"):
            reason = "Theorem 2 knows these two laws"
            requirement = 'be "gaussian" or "truncated"'
            kind_of_error = ValueError if isinstance(last_layer, str) else TypeError
            raise kind_of_error(must("last_layer", requirement, reason, repr(last_layer)))
        key = checked_seed(seed)
        kind = float_type(dtype)
        core = _core.Network32 if kind == np.float32 else _core.Network64
        network = cls.__new__(cls)
        network._dtype = kind
        network._dims = tuple(sizes)
        network._cores = {kind: core.gaussian(sizes, key, last_layer == "truncated")}
        network._device_cores = {}
        return network

    def _core(self, dtype: np.dtype[Any]) -> CoreNetwork:
        """Return the compiled network of this dtype, converted on first use."""
        if dtype not in self._cores:
            self._cores[dtype] = _build(self.weights, dtype)
        return self._cores[dtype]

    def _device_core(self, dtype: np.dtype[Any], cuda: Any) -> Any:
        """Return the network of this dtype on the device, copied there on first use."""
        if dtype not in self._device_cores:
            kind = cuda.Network32 if dtype == np.float32 else cuda.Network64
            self._device_cores[dtype] = kind(self._core(dtype))
        return self._device_cores[dtype]

    @property
    def weights(self) -> tuple[Array, ...]:
        """The matrices as read-only arrays on the network's own memory."""
        return tuple(self._cores[self._dtype].weights())

    @property
    def dims(self) -> tuple[int, ...]:
        """``(n, n_1, ..., ell)``."""
        return self._dims

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self._dims) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self._dtype

    def __repr__(self) -> str:
        return f"ReLUNetwork({'-'.join(map(str, self.dims))}, {self.dtype})"

    def __reduce__(self) -> tuple[type[ReLUNetwork], tuple[list[Array]]]:
        return ReLUNetwork, ([np.array(W) for W in self.weights],)

    def __call__(self, z: ArrayLike, *, threads: int | None = None, device: str = "cpu") -> Array:
        r"""Return G(z).

        Parameters
        ----------
        z : array_like, (n,) or (k, n)
        threads : int, optional
            None is what OpenMP would use. The result is the same for any number.
        device : {"cpu", "cuda"}
            See docs/cuda.md. The network keeps a copy on the device after its first use there.

        Returns
        -------
        array, (ell,) or (k, ell)

        Notes
        -----
        At most :math:`2 \sum_i n_i n_{i-1}` flops a row, about half for random networks.
        """
        single, latents = self._enter(z=(z, 0))
        out: Array = self._call("forward", latents, threads, device)
        return out[0] if single else out

    def masks(self, z: ArrayLike, *, threads: int | None = None) -> list[Array]:
        """Return, for each layer, which units are on at z: bool, (n_i,) or (k, n_i)."""
        single, latents = self._enter(z=(z, 0))
        out = self._call("masks", latents, threads)
        return [mask[0] if single else mask for mask in out]

    def linear_piece(self, z: ArrayLike, *, threads: int | None = None) -> Array:
        r"""Return the matrix that G is around z.

        .. math:: \Lambda_z = W_{d,+,z} \cdots W_{1,+,z}, \qquad G(z) = \Lambda_z z

        Shape (ell, n), or (k, ell, n) for a batch. Costs n Jacobian products.
        """
        single, latents = self._enter(z=(z, 0))
        out: Array = self._call("linear_piece", latents, threads)
        return out[0] if single else out

    def jvp(
        self, z: ArrayLike, v: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Array:
        r"""Return :math:`\Lambda_z v`, v of the shape of z: (ell,) or (k, ell)."""
        single, latents = self._enter(z=(z, 0), v=(v, 0))
        out: Array = self._call("jvp", latents, threads, device)
        return out[0] if single else out

    def vjp(
        self, z: ArrayLike, r: ArrayLike, *, threads: int | None = None, device: str = "cpu"
    ) -> Array:
        r"""Return :math:`\Lambda_z^T r`, r of shape (ell,) or (k, ell): (n,) or (k, n)."""
        single, vectors = self._enter(z=(z, 0), r=(r, -1))
        out: Array = self._call("vjp", vectors, threads, device)
        return out[0] if single else out

    def _call(self, method: str, vectors: list[Array], threads: Any, device: str = "cpu") -> Any:
        """Return what a method of the compiled network does with these rows."""
        cuda, workers, dtype = cuda_or_none(device), checked_threads(threads), vectors[0].dtype
        if cuda is None:
            return getattr(self._core(dtype), method)(*vectors, workers)
        return getattr(self._device_core(dtype, cuda), method)(*vectors)

    def _enter(self, **inputs: tuple[ArrayLike, int]) -> tuple[bool, list[Array]]:
        """Return whether the inputs are single vectors, and their rows, all of one dtype.

        Each input comes with the position in ``dims`` of the size that it must have.
        """
        arrays = {name: finite(floats(value, name), name) for name, (value, _) in inputs.items()}
        dtype = common_dtype(self._dtype, *(array.dtype for array in arrays.values()))
        dims = self.dims
        out = []
        for name, array in arrays.items():
            position = inputs[name][1]
            reason = f"the network has {dims[position]} {'outputs' if position else 'inputs'}"
            out.append(rows(array, name, dims[position], reason, dtype))
            same_batch(arrays["z"], array, "z", name)
        return arrays["z"].ndim == 1, out

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights as the arrays W1, ..., Wd of an ``.npz`` archive."""
        with replacing(checked_path(path)) as beside, open(beside, "wb") as file:
            arrays: dict[str, Any] = {f"W{i}": W for i, W in enumerate(self.weights, start=1)}
            np.savez(file, **arrays)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> ReLUNetwork:
        """Read what :meth:`save` wrote. float16 weights are read as float32.

        Nothing pickled is ever loaded. Raises OSError if the file cannot be read and ValueError
        if it is no archive of weights that fit.
        """
        return ReLUNetwork(read_weights(checked_path(path)))


def _build(weights: Sequence[Array], dtype: np.dtype[Any]) -> CoreNetwork:
    core = _core.Network32 if dtype == np.float32 else _core.Network64
    return core([np.ascontiguousarray(W, dtype=dtype) for W in weights])
