"""Weights for modules, from files that are read without running code."""

from __future__ import annotations

import os
import pickle
import pickletools
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from .._arrays import must
from .._arrays import path as checked_path

ALL = "weights are loaded all or none, as they stand in the file"


def load_weights(module: nn.Module, path: str | os.PathLike[str]) -> None:
    """Load all parameters and buffers of a module from a file of plain tensors.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place, on its device and in its dtypes; as it was if the file does not fit. Its
        tensors must be dense and hold numbers: a lazy module must have been run once.
    path : path
        ``.safetensors``, or a state dict as ``torch.save(module.state_dict(), path)`` writes it to
        ``.pt`` or ``.pth``.

    Raises
    ------
    OSError
        If the file cannot be read.
    TypeError, ValueError
        If it holds anything but dense tensors of finite numbers, or other names, shapes or kinds of
        numbers than the module has. Floating point may be of another precision.
    ImportError
        If it is a ``.safetensors`` file and safetensors is missing.
    """
    if not isinstance(module, nn.Module):
        got = type(module).__name__
        raise TypeError(must("module", "be a torch.nn.Module", "its weights are loaded", got))
    name = checked_path(path)
    readers = {".pt": _read_pickled, ".pth": _read_pickled, ".safetensors": _read_safetensors}
    suffix = Path(name).suffix.lower()
    if suffix not in readers:
        reason = "that says how it is read"
        raise ValueError(must("path", f"end in one of {', '.join(readers)}", reason, name))
    with open(name, "rb"):  # what cannot be read is an error of the system
        pass
    tensors = readers[suffix](name)
    own = _own_tensors(module)
    if tensors.keys() != own.keys():
        got = f"{name}, which differs in {', '.join(sorted(tensors.keys() ^ own.keys()))}"
        raise ValueError(must("path", "hold the names that the module has", ALL, got))
    for key, tensor in tensors.items():
        _check_fit(key, tensor, own[key])
    module.load_state_dict(tensors)


def _own_tensors(module: nn.Module) -> dict[str, Tensor]:
    own: dict[str, Tensor] = module.state_dict()
    for key, tensor in own.items():
        if (what := _peculiar(tensor)) or tensor.is_inference():
            requirement = "be made of dense tensors that hold numbers"
            got = f"{key}, {what or 'a tensor of inference mode'}"
            raise ValueError(must("module", requirement, "weights are copied into them", got))
    return own


def _check_fit(key: str, tensor: Tensor, own: Tensor) -> None:
    """Check that a tensor can be copied into one of the module without loss of more than digits."""
    if what := _peculiar(tensor):
        raise ValueError(must("path", f"hold {key} as a dense tensor", ALL, what))
    if tensor.shape != own.shape:
        requirement = f"hold {key} of shape {tuple(own.shape)}"
        raise ValueError(must("path", requirement, ALL, f"{tuple(tensor.shape)}"))
    if tensor.dtype != own.dtype and not (tensor.is_floating_point() and own.is_floating_point()):
        kind = "floating point" if own.is_floating_point() else _name(own.dtype)
        raise ValueError(must("path", f"hold {key} of {kind}", ALL, _name(tensor.dtype)))
    if own.is_floating_point() and not tensor.to(own.dtype).double().isfinite().all():
        requirement = f"hold {key} of numbers finite in {_name(own.dtype)}"
        raise ValueError(must("path", requirement, ALL, "NaN or infinity"))


def _peculiar(tensor: object) -> str:
    """What keeps a part of a state dict from being a dense tensor of numbers; "" if nothing."""
    if not isinstance(tensor, Tensor):
        return f"a {type(tensor).__name__}"
    kinds = {
        "an uninitialised tensor": is_lazy(tensor),
        "a nested tensor": tensor.is_nested,
        "a quantised tensor": tensor.is_quantized,
        "a tensor without numbers (device meta)": tensor.is_meta,
        "a sparse tensor": tensor.layout != torch.strided,
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _read_pickled(path: str) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings(action="ignore"):  # of versions of pickle
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and PyTorch fail in ways of their own
        if isinstance(error, pickle.UnpicklingError) and _is_pickle(path):
            reason = "a file that runs code when it is read is never loaded"
            got = f"{path} with other objects"
            raise ValueError(must("path", "hold plain tensors", reason, got)) from None
        raise _damaged(path) from None
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
    except Exception:  # whatever the reader meets in a damaged file
        raise _damaged(path) from None
    return tensors


def _is_pickle(path: str) -> bool:
    """Whether a file, or the part of an archive that PyTorch unpickles, is a pickle to its end.

    Its instructions are listed, and not followed.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                (name,) = (part for part in archive.namelist() if part.endswith("data.pkl"))
                list(pickletools.genops(archive.read(name)))
        else:
            with open(path, "rb") as file:
                list(pickletools.genops(file))
    except Exception:  # pickletools and zipfile fail in ways of their own
        return False
    return True


def _damaged(path: str) -> ValueError:
    got = f"{path}, which is damaged, cut short, or of another kind"
    return ValueError(must("path", "hold plain tensors", "a module is made of them", got))
