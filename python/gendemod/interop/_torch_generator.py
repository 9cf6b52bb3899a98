"""Any PyTorch module with one input and one output as a generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from .._arrays import Array, finite, flag, floats, must, rows, same_batch
from .._generators import PullBack
from ._torch_entry import (
    DTYPES,
    as_array,
    check_output,
    checked_shape,
    close,
    example,
    first_line,
    in_training,
)

#: Latents, a seed, and factors c on which G(c z) = c G(z) is tried.
TRIALS, TRIAL_SEED, SCALES = 4, 0, (1e-3, 0.7, 1e3)


class TorchGenerator:
    r"""A module as G1 or G2 of :func:`gendemod.demodulate`, with its values and products alone.

    .. math:: G(z) = \mathrm{flatten}(\mathrm{module}(z))

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, with one input tensor of shape (k, \*latent_shape) and one output tensor
        of shape (k, ...), whose rows are functions of the rows of the input. It is used where it
        is, on its device and in its dtype, and not copied: what happens to it later happens to the
        generator. Its gradients and their switches are left alone.
    latent_shape : int or tuple of int
        Of one latent, such as 50 or (100, 1, 1); n is the product.
    assume_homogeneous : bool
        Take G(c z) = c G(z) for granted, so that norms are balanced as in the authors' code, whose
        generators are not homogeneous: where the trials find it untrue, norms are balanced and
        random starts scaled all the same, and the result says so.

    Raises
    ------
    TypeError, ValueError
        If the module is no such module, or is in training mode, or its output is not finite.

    Notes
    -----
    On entry the module is run on 4 random latents, twice together and each on its own, and on
    0.001, 0.7 and 1000 times them. It counts as homogeneous if all G(c z) are c G(z) to half of
    the digits of the dtype: a relative error of 3.5e-4 in float32 and 1.5e-8 in float64.
    """

    def __init__(
        self,
        module: nn.Module,
        latent_shape: int | tuple[int, ...],
        *,
        assume_homogeneous: bool = False,
    ) -> None:
        if not isinstance(module, nn.Module):
            reason = "it is run and differentiated by PyTorch"
            got = type(module).__name__
            raise TypeError(must("module", "be a torch.nn.Module", reason, got))
        self._module, self._shape = module, checked_shape(latent_shape)
        if any(part.training for part in module.modules()):
            raise in_training()
        self._like = example(module)
        n = int(np.prod(self._shape))
        self._dtype = DTYPES[self._like.dtype]
        z = np.random.default_rng(TRIAL_SEED).standard_normal((TRIALS, n)).astype(self.dtype)
        output = self._tried(z)
        self._dims = n, output.shape[1]
        self._check_rows(z, output)
        assumed = flag(assume_homogeneous, "assume_homogeneous", "it is assumed or tried")
        with np.errstate(over="ignore"):
            found = all(close(self(self.dtype.type(c) * z) / c, output) for c in SCALES)
        self._homogeneous, self._assumed = found or assumed, assumed and not found

    @property
    def dims(self) -> tuple[int, int]:
        """``(n, ell)``."""
        return self._dims

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64, the coarser of the module's parameters and its output."""
        return self._dtype

    @property
    def homogeneous(self) -> bool:
        """Whether G(c z) = c G(z) for c > 0, as far as tried, or assumed."""
        return self._homogeneous

    @property
    def assumed_homogeneous(self) -> bool:
        """Whether that is assumed although the trials say otherwise."""
        return self._assumed

    def __repr__(self) -> str:
        name, (n, ell) = type(self._module).__name__, self.dims
        kind = "homogeneous" if self.homogeneous else "not homogeneous"
        kind = "assumed homogeneous" if self.assumed_homogeneous else kind
        return f"TorchGenerator({name}, {n}-{ell}, {self.dtype}, {kind})"

    def __call__(self, z: ArrayLike) -> Array:
        """Return G(z), (ell,) or (k, ell), for z of (n,) or (k, n)."""
        single, z_rows = self._enter(z, "z", self._dims[0])
        if not len(z_rows):
            return np.empty((0, self._dims[1]), dtype=self.dtype)
        with torch.no_grad():
            output = as_array(self._run(self._latents(z_rows)), self.dtype)
        return output[0] if single else output

    def vjp(self, z: ArrayLike, r: ArrayLike) -> Array:
        r"""Return :math:`J_G(z)^T r`, (n,) or (k, n), for r of (ell,) or (k, ell)."""
        _, r_rows = self._enter(r, "r", self._dims[1])
        same_batch(np.asarray(z), np.asarray(r), "z", "r")
        return self.pull_back(z)[1](r_rows)

    def pull_back(self, z: ArrayLike) -> tuple[Array, PullBack]:
        """Return G(z) and the function r -> vjp(z, r), which needs no second pass."""
        single, z_rows = self._enter(z, "z", self._dims[0])
        if not len(z_rows):
            return self(z), lambda r: np.empty_like(z_rows)
        with torch.inference_mode(False), torch.enable_grad():
            latents = self._latents(z_rows).requires_grad_()
            output = self._run(latents)

        def pull(r: Array) -> Array:
            r_rows = self._tensor(r).to(output.dtype).reshape(output.shape)
            (gradient,) = torch.autograd.grad(output, latents, r_rows, retain_graph=True)
            pulled = as_array(gradient.flatten(1), self.dtype)
            return pulled[0] if single else pulled

        value = as_array(output.detach(), self.dtype)
        return (value[0] if single else value), pull

    def _enter(self, value: ArrayLike, name: str, size: int) -> tuple[bool, Array]:
        array = finite(floats(value, name), name)
        largest = np.abs(array).max(initial=0)
        if largest > np.finfo(self.dtype).max:
            requirement = f"be within the range of {self.dtype}"
            raise ValueError(must(name, requirement, "the module computes in it", largest))
        return array.ndim == 1, rows(array, name, size, "the module's sizes say so", self.dtype)

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, dtype=self._like.dtype, device=self._like.device)

    def _latents(self, z_rows: Array) -> Tensor:
        return self._tensor(z_rows).reshape(len(z_rows), *self._shape)

    def _run(self, latents: Tensor) -> Tensor:
        if self._module.training:
            raise in_training()
        output: Tensor = self._module(latents).flatten(1)
        return output

    def _tried(self, z: Array) -> Array:
        """Run the module for the first time, and once backwards; return its outputs."""
        shape = (len(z), *self._shape)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                latents = self._latents(z).requires_grad_()
                output = self._module(latents)
        except Exception as error:  # whatever a module may raise at a tensor that it does not fit
            got, reason = first_line(error), "latents come as such a tensor and as nothing else"
            raise ValueError(must("module", f"take one tensor {shape}", reason, got)) from error
        check_output(output, len(z))
        try:
            torch.autograd.grad(output, latents, torch.ones_like(output))
        except RuntimeError as error:
            reason = "solvers follow its gradient"
            got = str(error).splitlines()[0]
            raise ValueError(must("module", "be differentiable", reason, got)) from None
        self._dtype = min(self._dtype, DTYPES[output.dtype], key=lambda dtype: dtype.itemsize)
        return finite(as_array(output.detach().flatten(1), self.dtype), "module")

    def _check_rows(self, z: Array, output: Array) -> None:
        """Run all latents once more together, and each on its own."""
        reason = "many starts are run at once"
        try:
            alone = np.concatenate([self(row[None]) for row in z])
        except Exception as error:
            requirement = "take any number of latents"
            raise ValueError(must("module", requirement, reason, first_line(error))) from error
        if not (close(self(z), output) and close(alone, output)):
            reason += " (batch statistics and random layers forbid that)"
            requirement = "give a latent the same output in any batch"
            raise ValueError(must("module", requirement, reason, "different outputs"))
