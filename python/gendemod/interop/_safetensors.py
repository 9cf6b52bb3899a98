"""Weights in safetensors files: a header of names and shapes, then plain numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from .._arrays import Array, must
from .._arrays import path as checked_path
from .._files import replacing
from .._weights import REASON, network_layers
from ..network import ReLUNetwork

_FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_OURS = re.compile(r"()W([1-9][0-9]{0,8})")
_TORCH = re.compile(r"((?:.*\.)?)(0|[1-9][0-9]{0,8})\.weight")
_FOREIGN = {  # endings of the names of a state dict that G has no place for
    "running_mean": "batch normalisation",
    "running_var": "batch normalisation",
    "num_batches_tracked": "batch normalisation",
    "bias": "bias",
}


def load_safetensors(path: str | os.PathLike[str]) -> ReLUNetwork:
    r"""Return the network whose weights are in a safetensors file.

    .. math:: G(z) = \mathrm{relu}(W_d \cdots \mathrm{relu}(W_1 z))

    Parameters
    ----------
    path : str or path
        Arrays named W1, ..., Wd, as :func:`save_safetensors` writes them; or the state dict of a
        bias-free ``nn.Sequential`` of PyTorch, ``0.weight``, ``2.weight``, ..., in the order of
        the numbers. Before the number may stand the name of the module, the same for all.

    Raises
    ------
    ValueError
        If the file is damaged, holds anything but such float16, float32 or float64 arrays, or the
        matrices do not fit one after the other.
    OSError
        If it cannot be read.
    ImportError
        Without the extra ``safetensors``.

    Notes
    -----
    float16 becomes float32. The file says nothing of what stands between the matrices: it is taken
    to be a ReLU after each, the last one included.
    """
    text = checked_path(path)
    library = _library()
    with open(text, "rb") as file:
        content = file.read()
    try:
        entries: dict[str, dict[str, Any]] = dict(library.deserialize(content))
    except library.SafetensorError as error:
        got = f"{text} ({error})"
        raise ValueError(must("path", "be a safetensors file", REASON, got)) from None
    names = _in_order(text, entries)
    return ReLUNetwork(network_layers(text, [_array(text, name, entries[name]) for name in names]))


def save_safetensors(network: ReLUNetwork, path: str | os.PathLike[str]) -> None:
    """Write the weights of a network as the arrays W1, ..., Wd of a safetensors file.

    Parameters
    ----------
    network : ReLUNetwork
    path : str or path
        A file there is replaced once the new one is whole.

    Raises
    ------
    TypeError
        If `network` is no ReLUNetwork.
    OSError
        If the file cannot be written.
    ImportError
        Without the extra ``safetensors``.
    """
    if not isinstance(network, ReLUNetwork):
        reason = "its matrices are written"
        raise TypeError(must("network", "be a ReLUNetwork", reason, type(network).__name__))
    text = checked_path(path)
    _library()
    from safetensors.numpy import save_file

    # The library writes the memory as it lies, so the rows must lie one after the other.
    arrays = {f"W{i}": np.ascontiguousarray(W) for i, W in enumerate(network.weights, start=1)}
    with replacing(text) as beside:
        save_file(arrays, beside)


def _library() -> ModuleType:
    try:
        import safetensors
    except ImportError:
        message = "safetensors files need safetensors; install gendemod[safetensors]"
        raise ImportError(message) from None
    return safetensors


def _in_order(path: str, names: Iterable[str]) -> list[str]:
    """Return the names in the order of the layers."""
    names = sorted(names)
    for ending, foreign in _FOREIGN.items():
        for name in names:
            if name.rpartition(".")[2] == ending:
                reason = "G(z) = relu(W_d ... relu(W_1 z)) has no place for it"
                raise ValueError(must("path", f"hold no {foreign}", reason, f"{path} with {name}"))
    for pattern in (_OURS, _TORCH):
        found = [match for match in map(pattern.fullmatch, names) if match]
        places = sorted(int(match[2]) for match in found)
        one_module = len({match[1] for match in found}) == 1
        whole = pattern is _TORCH or places == list(range(1, len(places) + 1))
        if len(found) == len(names) and one_module and whole:
            return [match[0] for match in sorted(found, key=lambda match: int(match[2]))]
    requirement = "hold the arrays W1, ..., Wd or 0.weight, 2.weight, ... of one nn.Sequential"
    reason = "these are the layers of a network"
    raise ValueError(must("path", requirement, reason, f"{path} with {names or 'no array'}"))


def _array(path: str, name: str, entry: dict[str, Any]) -> Array:
    """Return an array of the file: a copy of its little-endian numbers, row after row."""
    kind = entry["dtype"]
    if kind not in _FLOATS:
        requirement, reason = "hold float16, float32 or float64", "others are no real arithmetic"
        raise ValueError(must("path", requirement, reason, f"{path} with {kind} in {name}"))
    numbers = np.frombuffer(entry["data"], dtype=_FLOATS[kind])
    return numbers.reshape(entry["shape"])
