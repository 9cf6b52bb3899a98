"""Any PyTorch module with one input and one output as a generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from .._arrays import Array, finite, flag, floats, integer, must, rows, same_batch
from .._generators import PullBack

#: Latents, a seed, and factors c on which G(c z) = c G(z) is tried.
TRIALS, TRIAL_SEED, SCALES = 4, 0, (1e-3, 0.7, 1e3)

#: The dtypes of PyTorch that NumPy and this library share.
DTYPES: dict[torch.dtype, np.dtype[Any]] = {
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
}


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
        generators are not homogeneous. False: it is tried.

    Raises
    ------
    TypeError, ValueError
        If the module is no such module, or is in training mode, or its output is not finite.

    Notes
    -----
    On entry the module is run on 4 random latents, the first once more on its own, and scaled by
    0.001, 0.7 and 1000. It counts as homogeneous if all G(c z) are c G(z) to half of the digits of
    the dtype: a relative error of 3.5e-4 in float32 and 1.5e-8 in float64.
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
        self._module, self._shape = module, _checked_shape(latent_shape)
        if any(part.training for part in module.modules()):
            raise _training()
        self._like = _example(module)
        n = int(np.prod(self._shape))
        z = np.random.default_rng(TRIAL_SEED).standard_normal((TRIALS, n)).astype(self.dtype)
        output = self._tried(z)
        self._dims = n, output.shape[1]
        self._check_rows(z, output)
        assumed = flag(assume_homogeneous, "assume_homogeneous", "it is assumed or tried")
        self._homogeneous = assumed or all(
            _close(self(self.dtype.type(c) * z) / c, output) for c in SCALES
        )

    @property
    def dims(self) -> tuple[int, int]:
        """``(n, ell)``."""
        return self._dims

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64, that of the module's parameters."""
        kind: np.dtype[Any] = DTYPES[self._like.dtype]
        return kind

    @property
    def homogeneous(self) -> bool:
        """Whether G(c z) = c G(z) for c > 0, as far as tried, or assumed."""
        return self._homogeneous

    def __repr__(self) -> str:
        name, (n, ell) = type(self._module).__name__, self.dims
        kind = "homogeneous" if self.homogeneous else "not homogeneous"
        return f"TorchGenerator({name}, {n}-{ell}, {self.dtype}, {kind})"

    def __call__(self, z: ArrayLike) -> Array:
        """Return G(z), (ell,) or (k, ell), for z of (n,) or (k, n)."""
        single, z_rows = self._enter(z, "z", self._dims[0])
        if not len(z_rows):
            return np.empty((0, self._dims[1]), dtype=self.dtype)
        with torch.no_grad():
            output = _array(self._run(self._latents(z_rows)))
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
            r_rows = self._tensor(r).reshape(output.shape)
            (gradient,) = torch.autograd.grad(output, latents, r_rows, retain_graph=True)
            pulled = _array(gradient.flatten(1))
            return pulled[0] if single else pulled

        value = _array(output.detach())
        return (value[0] if single else value), pull

    def _enter(self, value: ArrayLike, name: str, size: int) -> tuple[bool, Array]:
        array = finite(floats(value, name), name)
        return array.ndim == 1, rows(array, name, size, "the module's sizes say so", self.dtype)

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, dtype=self._like.dtype, device=self._like.device)

    def _latents(self, z_rows: Array) -> Tensor:
        return self._tensor(z_rows).reshape(len(z_rows), *self._shape)

    def _run(self, latents: Tensor) -> Tensor:
        if self._module.training:
            raise _training()
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
            line = f"{type(error).__name__}: {error}".splitlines()[0]
            reason = "latents come as such a tensor and as nothing else"
            raise ValueError(must("module", f"take one tensor {shape}", reason, line)) from error
        _check_output(output, len(z))
        try:
            torch.autograd.grad(output, latents, torch.ones_like(output))
        except RuntimeError as error:
            reason = "solvers follow its gradient"
            got = str(error).splitlines()[0]
            raise ValueError(must("module", "be differentiable", reason, got)) from None
        return finite(_array(output.detach().flatten(1)), "module")

    def _check_rows(self, z: Array, output: Array) -> None:
        if not _close(self(z[:1]), output[:1]):
            reason = "many starts are run at once (batch statistics and random layers forbid that)"
            requirement = "give a latent the same output in any batch"
            raise ValueError(must("module", requirement, reason, "different outputs"))


def _checked_shape(latent_shape: object) -> tuple[int, ...]:
    name, reason = "latent_shape", "it is the shape of one latent"
    sizes = latent_shape if isinstance(latent_shape, tuple | list) else (latent_shape,)
    if not sizes:
        raise ValueError(must(name, "hold a size", reason, latent_shape))
    return tuple(integer(size, name, 1, reason) for size in sizes)


def _training() -> ValueError:
    reason = "batch normalisation and dropout depend on the batch in training"
    return ValueError(must("module", "be in evaluation mode, module.eval(),", reason, "training"))


def _example(module: nn.Module) -> Tensor:
    """Return a tensor of the module's dtype, on its device."""
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()]
    example = (
        torch.empty(0, dtype=tensors[0].dtype, device=tensors[0].device)
        if tensors
        else torch.empty(0)
    )
    if example.dtype not in DTYPES:
        reason = "the solvers work in these"
        got = str(example.dtype).removeprefix("torch.")
        raise ValueError(must("module", "be of float32 or float64", reason, got))
    return example


def _check_output(output: object, count: int) -> None:
    if not isinstance(output, Tensor):
        reason = "its output is one factor of the product"
        raise TypeError(must("module", "return one tensor", reason, type(output).__name__))
    if output.dtype not in DTYPES:
        reason = "its output is multiplied and differentiated"
        got = str(output.dtype).removeprefix("torch.")
        raise TypeError(must("module", "return float32 or float64", reason, got))
    if output.ndim < 2 or output.shape[0] != count or output.numel() == 0:
        reason = "every latent has its own output"
        got = f"shape {tuple(output.shape)}"
        raise ValueError(must("module", f"return a tensor ({count}, ...)", reason, got))


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.cpu().numpy()
    return array


def _close(actual: Array, expected: Array) -> bool:
    """Whether rows agree to half of the digits."""
    error = np.linalg.norm(actual - expected, axis=1)
    bound = np.sqrt(np.finfo(expected.dtype).eps) * np.linalg.norm(expected, axis=1)
    return bool((error <= bound).all())
