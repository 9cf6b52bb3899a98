"""What a PyTorch module must be to stand for a generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._arrays import Array, integer, must

#: The dtypes of PyTorch that NumPy and this library share.
DTYPES: dict[torch.dtype, np.dtype[Any]] = {
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
}


def checked_shape(latent_shape: object) -> tuple[int, ...]:
    name, reason = "latent_shape", "it is the shape of one latent"
    sizes = latent_shape if isinstance(latent_shape, tuple | list) else (latent_shape,)
    if not sizes:
        raise ValueError(must(name, "hold a size", reason, latent_shape))
    return tuple(integer(size, name, 1, reason) for size in sizes)


def in_training() -> ValueError:
    reason = "batch normalisation and dropout depend on the batch in training"
    return ValueError(must("module", "be in evaluation mode, module.eval(),", reason, "training"))


def example(module: nn.Module) -> Tensor:
    """Return a tensor of the module's dtype, on its device."""
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()]
    if any(t.is_meta for t in (*module.parameters(), *module.buffers())):
        reason = "it is run"
        raise ValueError(must("module", "hold numbers", reason, "tensors on the device meta"))
    like = (
        torch.empty(0, dtype=tensors[0].dtype, device=tensors[0].device)
        if tensors
        else torch.empty(0)
    )
    if like.dtype not in DTYPES:
        reason = "the solvers work in these"
        got = str(like.dtype).removeprefix("torch.")
        raise ValueError(must("module", "be of float32 or float64", reason, got))
    return like


def check_output(output: object, count: int) -> None:
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


def as_array(tensor: Tensor, dtype: np.dtype[Any]) -> Array:
    """Return the numbers of a tensor; what the dtype cannot hold becomes infinite."""
    with np.errstate(over="ignore"):
        array: Array = tensor.cpu().numpy().astype(dtype, copy=False)
    return array


def close(actual: Array, expected: Array) -> bool:
    """Whether rows agree to half of the digits of their dtype, however large or small they are."""
    largest = np.abs(expected).max(axis=1, keepdims=True).astype(np.float64)
    largest[largest == 0] = 1
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.linalg.norm(actual / largest - expected / largest, axis=1)
        bound = np.sqrt(np.finfo(expected.dtype).eps) * np.linalg.norm(expected / largest, axis=1)
    return bool((error <= bound).all())


def first_line(error: Exception) -> str:
    """What an error says, for the end of an error of this library."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
