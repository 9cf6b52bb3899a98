"""Certificates of bounds, as files: an archive of plain arrays that names its matrix."""

from __future__ import annotations

import hashlib
import math
import os
import struct
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._archives import read_archive, read_array
from .._arrays import Array, must
from .._arrays import path as checked_path
from .._directions import matrix
from .._files import replacing

FORMAT = "gendemod wdc certificate 1"
TEXTS = ("format", "W_sha256", "digest")
NUMBERS = ("alpha", "lower", "upper")


@dataclass(frozen=True)
class Certificate:
    """A proof that lower <= supremum of the deviation (5) <= upper for one matrix.

    Attributes
    ----------
    alpha, lower, upper : float
        The claim.
    x, y : ndarray, (n,)
        The witness of lower.
    tree : bytes
        The pairs of cones that cover all pairs (x, y), in preorder; see docs/wdc.md.
    W_sha256 : str
        Names the matrix.
    """

    alpha: float
    lower: float
    upper: float
    x: Array
    y: Array
    tree: bytes
    W_sha256: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the certificate to an ``.npz`` file, which is whole or absent at any time."""
        checked_path(path)
        numbers = {name: np.array(getattr(self, name), "<f8") for name in (*NUMBERS, "x", "y")}
        claim = b"".join(number.tobytes() for number in numbers.values())
        digest = _sha256(FORMAT.encode(), self.W_sha256.encode(), claim, self.tree)
        arrays: dict[str, Any] = {"format": FORMAT, "W_sha256": self.W_sha256, "digest": digest}
        arrays |= numbers | {"tree": np.frombuffer(self.tree, np.uint8)}
        with replacing(path) as beside, open(beside, "wb") as file:
            np.savez_compressed(file, **arrays)


def digest_of(W: Array) -> str:
    """Return what names a float64 matrix: the SHA-256 of its shape and its bytes."""
    return _sha256(b"%d %d " % W.shape, W.astype("<f8").tobytes())


def read_certificate(
    path: str | os.PathLike[str], W: Array, argument: str = "certificate"
) -> Certificate:
    """Return the certificate at `path`, an argument's value, which must be one of this matrix."""
    name = checked_path(path, argument)
    refused = partial(_refusal, argument)
    arrays = read_archive(name, argument, "it is read without running code")
    keys = [*TEXTS, *NUMBERS, "x", "y", "tree"]
    if sorted(arrays) != sorted(keys):
        raise refused(f"hold the arrays {', '.join(keys)}", name, ", ".join(sorted(arrays)))
    of_matrix = digest_of(W)
    if arrays["W_sha256"].dtype.kind == "U" and str(arrays["W_sha256"]) != of_matrix:
        raise refused("be one of this `W`", name, "the SHA-256 of another matrix")
    shapes = dict.fromkeys(("x", "y"), W.shape[1:]) | {"tree": (arrays["tree"].size,)}
    for key, array in arrays.items():
        kind = "text" if key in TEXTS else "uint8" if key == "tree" else "float64"
        fits = array.dtype.kind == "U" if kind == "text" else array.dtype == _DTYPES[kind]
        shape = shapes.get(key, ())
        if not fits or array.shape != shape:
            found = f"{key} of type {array.dtype} and shape {array.shape}"
            raise refused(f"hold `{key}` as {kind} of shape {shape}", name, found)
    alpha, lower, upper = (float(arrays[key]) for key in NUMBERS)
    x, y, tree = arrays["x"], arrays["y"], arrays["tree"].tobytes()
    numbers = struct.pack("<3d", alpha, lower, upper) + x.tobytes() + y.tobytes()
    digest = _sha256(FORMAT.encode(), of_matrix.encode(), numbers, tree)
    if arrays["format"] != FORMAT:
        raise refused(f'be of the format "{FORMAT}"', name, "another")
    if arrays["digest"] != digest:
        raise refused("be whole", name, "contents that do not match its digest")
    if not (np.isfinite([lower, upper, *x, *y]).all() and 0 < alpha < math.inf):
        requirement = "hold finite numbers and an alpha greater than 0"
        raise refused(requirement, name, f"alpha {alpha}, lower {lower}, upper {upper}")
    return Certificate(alpha, lower, upper, x, y, tree, of_matrix)


def read_matrix(W: ArrayLike | str | os.PathLike[str]) -> Array:
    """Return W in float64, from an array or from a file that holds it."""
    if not isinstance(W, str | os.PathLike):
        return matrix(W, "W").astype(np.float64)
    path, reason = os.fspath(W), "a certificate is checked against it"
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".npz":
        arrays = read_archive(path, "W", reason)
        if "W" not in arrays and len(arrays) != 1:
            got = f"{path} with {', '.join(sorted(arrays)) or 'no array'}"
            raise ValueError(must("W", "hold an array W, or one array alone", reason, got))
        value = arrays["W"] if "W" in arrays else next(iter(arrays.values()))
    elif suffix == ".npy":
        value = read_array(path, "W", reason)
    else:
        raise ValueError(must("W", "be an array or end in .npy or .npz", reason, path))
    return matrix(value, "W").astype(np.float64)


_DTYPES = {"float64": np.dtype("<f8"), "uint8": np.dtype("u1")}


def _sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _refusal(argument: str, requirement: str, path: str, found: str) -> ValueError:
    reason = "a claim must be readable to be checked"
    return ValueError(must(argument, requirement, reason, f"{path} with {found}"))
