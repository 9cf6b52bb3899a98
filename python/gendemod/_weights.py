"""The weights of a network: the checks that they pass, and the arrays that they come from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.format import MAGIC_PREFIX
from numpy.typing import ArrayLike

from ._archives import read_archive, read_array
from ._arrays import Array, finite, floats, must

REASON = "weights are read without running code"


def checked_weights(weights: Sequence[ArrayLike]) -> list[Array]:
    """Return the weights as finite matrices that fit one after the other."""
    name, chain = "weights", "each layer feeds the next"
    if not isinstance(weights, Sequence | np.ndarray) or isinstance(weights, str):
        raise TypeError(must(name, "be a sequence of matrices", chain, repr(weights)))
    matrices = [finite(floats(W, name), name) for W in weights]
    if not matrices:
        raise ValueError(must(name, "hold at least one matrix", "a network has a layer", "none"))
    for i, W in enumerate(matrices):
        if W.ndim != 2 or W.size == 0:
            got = f"shape {W.shape} at position {i}"
            raise ValueError(must(name, "be non-empty matrices", chain, got))
        if i > 0 and W.shape[1] != matrices[i - 1].shape[0]:
            requirement = f"have {matrices[i - 1].shape[0]} columns at position {i}"
            raise ValueError(must(name, requirement, chain, f"shape {W.shape}"))
    return matrices


def read_weights(path: str) -> list[Array]:
    """Return the arrays W1, ..., Wd of an archive that fit; float16 becomes float32."""
    return _layers(path, read_archive(path, "path", REASON))


def read_matrices(path: str) -> list[Array]:
    """Return the same, or the one matrix of an ``.npy`` or ``.npz`` file under any name."""
    with open(path, "rb") as file:
        alone = file.read(len(MAGIC_PREFIX)) == MAGIC_PREFIX
    if alone:
        return network_layers(path, [read_array(path, "path", REASON)])
    arrays = read_archive(path, "path", REASON)
    return (
        network_layers(path, list(arrays.values())) if len(arrays) == 1 else _layers(path, arrays)
    )


def _layers(path: str, arrays: dict[str, Array]) -> list[Array]:
    names = [f"W{i}" for i in range(1, len(arrays) + 1)]
    if not arrays or sorted(arrays) != sorted(names):
        got = f"{path} with {sorted(arrays) or 'no array'}"
        reason = "these are the layers of a network"
        raise ValueError(must("path", "hold the arrays W1, ..., Wd", reason, got))
    return network_layers(path, [arrays[name] for name in names])


def network_layers(path: str, weights: Sequence[Array]) -> list[Array]:
    """Return the weights from the file at `path` once they fit; float16 becomes float32."""
    halves = np.dtype(np.float16)
    try:
        return checked_weights([W.astype("f4") if W.dtype == halves else W for W in weights])
    except (TypeError, ValueError) as error:
        requirement = "hold the weights of a network"
        got = f"{path} ({error})"
        raise ValueError(must("path", requirement, "they are used as they are", got)) from None


@contextlib.contextmanager
def naming(
    name: str, path: os.PathLike[str], reason: str = "it holds the weights of a generator"
) -> Iterator[None]:
    """Let the errors of reading the file `path` name the option `name` that it came from."""
    try:
        yield
    except ValueError as error:
        raise ValueError(str(error).replace("`path`", f"`{name}`", 1)) from error
    except OSError as error:
        got = f"{path} ({error.strerror})"
        raise ValueError(must(name, "be a file that can be read", reason, got)) from error
