"""What demodulate asks of a generator that is no ReLUNetwork, and both kinds behind one face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ._arrays import Array, flag, floats, integer, must
from .network import ReLUNetwork

PullBack = Callable[[Array], Array]


@runtime_checkable
class Generator(Protocol):
    """A differentiable map G from latents to outputs, known by its values and their derivatives.

    A generator may also have ``pull_back(z)``, which returns ``G(z)`` and the function
    ``r -> vjp(z, r)`` of one pass: solvers then save the second. And it may have
    ``assumed_homogeneous``, True if ``homogeneous`` is no more than an assumption: nothing but
    line 5 of Algorithm 1 and the length of random starts then rests on it.

    Attributes
    ----------
    dims : (n, ..., ell)
        The first and the last number count inputs and outputs.
    dtype : float32 or float64
        The precision of the values.
    homogeneous : bool
        Whether G(c z) = c G(z) for all c > 0.
    """

    @property
    def dims(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def homogeneous(self) -> bool: ...
    def __call__(self, z: Array) -> Array:
        """Return G(z), (k, n) to (k, ell)."""

    def vjp(self, z: Array, r: Array) -> Array:
        """Return the rows J(z)^T r, (k, n), for z of (k, n) and r of (k, ell)."""


def check_generator(value: object, name: str) -> Generator:
    """Return a value that is a ReLUNetwork or has what a Generator has."""
    if isinstance(value, ReLUNetwork):
        return value
    if isinstance(value, type) or not isinstance(value, Generator):
        requirement = "be a ReLUNetwork, a TorchGenerator, or alike"
        reason = "solvers need its dims, values and vector-Jacobian products"
        got = value.__name__ if isinstance(value, type) else type(value).__name__
        raise TypeError(must(name, requirement, reason, got))
    _check_attributes(value, name)
    return value


def _check_attributes(generator: Generator, name: str) -> None:
    dims: object = generator.dims
    if not isinstance(dims, tuple | list) or len(dims) < 2:
        reason = "the first counts inputs, the last outputs"
        raise TypeError(must(name, "have dims (n, ..., ell)", reason, repr(dims)))
    for size in dims:
        integer(size, f"{name}.dims", 1, "they count inputs and outputs")
    if generator.dtype not in (np.float32, np.float64):
        reason = "the solvers work in these"
        got = repr(generator.dtype)
        raise ValueError(must(f"{name}.dtype", "be float32 or float64", reason, got))
    reason = "norms are balanced or not"
    flag(generator.homogeneous, f"{name}.homogeneous", reason)
    flag(getattr(generator, "assumed_homogeneous", False), f"{name}.assumed_homogeneous", reason)


def known_homogeneous(generator: Generator) -> bool:
    """Whether G(c z) = c G(z) is a fact, and not assumed."""
    return bool(generator.homogeneous) and not getattr(generator, "assumed_homogeneous", False)


class GenericNetwork:
    """A generator behind the face of the core's networks: rows of one dtype in and out."""

    def __init__(self, generator: Generator, dtype: np.dtype[Any]) -> None:
        self._generator, self.dtype = generator, dtype
        self.dims, self.homogeneous = generator.dims, generator.homogeneous
        self.scale_free = known_homogeneous(generator)
        self.eps = float(max(np.finfo(kind).eps for kind in (dtype, np.dtype(generator.dtype))))

    def _core(self, dtype: np.dtype[Any]) -> GenericNetwork:
        return GenericNetwork(self._generator, dtype)

    def forward(self, z: Array, threads: int) -> Array:
        """Return G(z), (k, ell)."""
        if isinstance(self._generator, ReLUNetwork):
            return self._generator._core(self.dtype).forward(z, threads)
        inside, z = self._inside(z)
        return self._rows(self._generator(z), (len(z), self.dims[-1]), inside)

    def pull_back(self, z: Array, threads: int) -> tuple[Array, PullBack]:
        """Return G(z) and the function r -> J(z)^T r."""
        generator = self._generator
        if isinstance(generator, ReLUNetwork):
            core = generator._core(self.dtype)
            return core.forward(z, threads), lambda r: core.vjp(z, r, threads)
        inside, z = self._inside(z)
        if hasattr(generator, "pull_back"):
            output, vjp = generator.pull_back(z)
        else:
            output, vjp = generator(z), lambda r: generator.vjp(z, r)
        value = self._rows(output, (len(z), self.dims[-1]), inside)
        return value, lambda r: self._rows(vjp(r), z.shape, inside)

    def _inside(self, z: Array) -> tuple[Array, Array]:
        """Which latents the generator's dtype can hold, and the latents, 0 for the others."""
        inside = (np.abs(z) <= np.finfo(self._generator.dtype).max).all(axis=1, keepdims=True)
        return inside, z if inside.all() else np.where(inside, z, 0)

    def _rows(self, value: Array, shape: tuple[int, ...], inside: Array) -> Array:
        """Return what a generator returns, checked, and NaN for latents beyond its range."""
        rows = np.ascontiguousarray(floats(value, "generator"), dtype=self.dtype)
        if rows.shape != shape:
            got = f"shape {rows.shape}"
            raise ValueError(must("generator", f"return rows {shape}", "its `dims` say so", got))
        return rows if inside.all() else np.where(inside, rows, np.nan).astype(self.dtype)
