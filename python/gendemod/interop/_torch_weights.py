"""Weights for modules, from files that are read without running code."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from .._arrays import must
from .._arrays import path as checked_path

NO_CODE = "a file that runs code when it is read is never loaded"


def load_weights(module: nn.Module, path: str | os.PathLike[str]) -> None:
    """Load all parameters and buffers of a module from a file of plain tensors.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place, on its device and in its dtype; as it was if the file does not fit.
    path : path
        ``.safetensors``, or a state dict as ``torch.save(module.state_dict(), path)`` writes it to
        ``.pt`` or ``.pth``.

    Raises
    ------
    OSError
        If the file cannot be read.
    TypeError, ValueError
        If it holds anything but tensors, or other names or shapes than the module has.
    ImportError
        If it is a ``.safetensors`` file and safetensors is missing.
    """
    if not isinstance(module, nn.Module):
        reason = "its weights are loaded"
        raise TypeError(must("module", "be a torch.nn.Module", reason, type(module).__name__))
    name = checked_path(path)
    readers = {".pt": _read_pickled, ".pth": _read_pickled, ".safetensors": _read_safetensors}
    suffix = Path(name).suffix.lower()
    if suffix not in readers:
        reason = "that says how it is read"
        raise ValueError(must("path", f"end in one of {', '.join(readers)}", reason, name))
    with open(name, "rb"):  # what cannot be read is an error of the system
        pass
    tensors = readers[suffix](name)
    own = module.state_dict()
    reason = "they are loaded all or none"
    if tensors.keys() != own.keys():
        names = ", ".join(sorted(tensors.keys() ^ own.keys()))
        requirement = "hold the names that the module has"
        raise ValueError(must("path", requirement, reason, f"{name}, which differs in {names}"))
    for key, tensor in tensors.items():
        if tensor.shape != own[key].shape:
            requirement = f"hold {key} of shape {tuple(own[key].shape)}"
            raise ValueError(must("path", requirement, reason, f"{tuple(tensor.shape)}"))
    module.load_state_dict(tensors)


def _read_pickled(path: str) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and PyTorch fail in ways of their own
        raise _refused(path, error) from None
    plain = isinstance(state, dict) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()
    )
    if not plain:
        got = f"{path} with a {type(state).__name__}"
        reason = "a module is made of named tensors"
        raise ValueError(must("path", "hold a state dict", reason, got))
    return dict(state)


def _read_safetensors(path: str) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise ImportError("load_weights needs safetensors; install gendemod[torch]") from None
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except Exception as error:
        raise _refused(path, error) from None
    return tensors


def _refused(path: str, error: Exception) -> ValueError:
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return ValueError(must("path", "hold plain tensors", NO_CODE, f"{path} ({line})"))
