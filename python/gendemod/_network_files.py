"""The one door through which the command line reads generators."""

from __future__ import annotations

from pathlib import Path

from ._arrays import must
from ._weights import naming, read_matrices
from .interop import load_onnx, load_safetensors
from .network import ReLUNetwork

__all__ = ["KINDS", "read_network"]

KINDS = ".npz, .safetensors or .onnx"
_PICKLE = (
    "a file of PyTorch is a pickle, which can run code: write its state dict with "
    "safetensors.torch.save_file, as docs/interop.md tells"
)


def read_network(path: Path, option: str) -> ReLUNetwork:
    """Return the network in a file; errors name the option that the file was given by.

    Files that end in ``.onnx`` or ``.safetensors`` are read as such; pickles, ``.pt`` or ``.pth``,
    are not. Any other must be an ``.npz`` archive of W1, ..., Wd, or hold one matrix, ``.npz`` or
    ``.npy``: a network of one layer.
    """
    with naming(option, path):
        match path.suffix.lower():
            case ".onnx":
                return load_onnx(path)
            case ".safetensors":
                return load_safetensors(path)
            case ".pt" | ".pth":
                raise ValueError(must(option, f"be {KINDS}", _PICKLE, path))
            case _:
                return ReLUNetwork(read_matrices(str(path)))
