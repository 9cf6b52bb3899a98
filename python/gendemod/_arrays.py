"""The one door for arguments: coerce, check, name the culprit.

Messages read: `name` must (property) because (reason); got (value).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


def must(name: str, requirement: str, reason: str, got: object) -> str:
    """Return the text of every error about an argument."""
    return f"`{name}` must {requirement} because {reason}; got {got}"


def floats(value: object, name: str) -> Array:
    """Return ``value`` as an array: float32 stays float32, other real numbers become float64."""
    reason = "it enters real arithmetic"
    _of_the_host(value, name)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ValueError(must(name, "be a rectangular array", reason, error)) from None
    except RuntimeError as error:  # a tensor of PyTorch that needs gradients
        raise TypeError(must(name, "be an array that NumPy reads", reason, error)) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(must(name, "hold real numbers", reason, f"dtype {array.dtype}"))
    return array if array.dtype == np.float32 else array.astype(np.float64)


#: DLPack's numbers for memory that the host reads: its own, and what CUDA and ROCm pin or manage.
_HOST_MEMORY = {1, 3, 11, 13}


def _of_the_host(value: object, name: str) -> None:
    """Refuse an array of another device, of CuPy, JAX, Numba, PyTorch, ..., by two protocols."""
    if type(value) is np.ndarray:
        return
    try:
        elsewhere = hasattr(value, "__cuda_array_interface__") or (
            hasattr(value, "__dlpack_device__") and value.__dlpack_device__()[0] not in _HOST_MEMORY
        )
    except Exception:  # PyTorch's way to say so, for one of the device "meta"
        elsewhere = True
    if elsewhere:
        reason = 'NumPy reads no other, and device="cuda" copies what it needs'
        kind, place = type(value).__name__, getattr(value, "device", "another device")
        raise TypeError(must(name, "be an array of the host", reason, f"a {kind} of {place}"))


def finite(array: Array, name: str) -> Array:
    """Return ``array``, all of whose entries must be finite."""
    # NaN and infinity show in the extremes, which need no temporary array.
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        bad = array[~np.isfinite(array)][0]
        reason = "NaN and infinity have no place in a product"
        raise ValueError(must(name, "be finite", reason, f"an entry {bad}"))
    return array


def rows(array: Array, name: str, size: int, reason: str, dtype: np.dtype[Any]) -> Array:
    """Return ``array`` as C-ordered rows (k, size) of ``dtype``; a vector is one row."""
    if array.ndim not in (1, 2) or array.shape[-1] != size:
        got = f"shape {array.shape}"
        raise ValueError(must(name, f"have shape ({size},) or (k, {size})", reason, got))
    return np.ascontiguousarray(np.atleast_2d(array), dtype=dtype)


def same_batch(first: Array, second: Array, first_name: str, second_name: str) -> None:
    """Check that two arrays are both single or batches of one length."""
    if first.shape[:-1] != second.shape[:-1]:
        reason = "they are taken row by row"
        requirement = f"have the leading shape {first.shape[:-1]} of `{first_name}`"
        raise ValueError(must(second_name, requirement, reason, f"shape {second.shape}"))


def common_dtype(*dtypes: np.dtype[Any]) -> np.dtype[Any]:
    """Return float32 if all are float32, else float64."""
    single = all(dtype == np.float32 for dtype in dtypes)
    return np.dtype(np.float32 if single else np.float64)


def float_type(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64, given as such."""
    reason = "the core is compiled for these two"
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise TypeError(must("dtype", "be float32 or float64", reason, repr(dtype))) from None
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(must("dtype", "be float32 or float64", reason, kind))
    return kind


def integer(value: object, name: str, least: int, reason: str, most: int = 2**63 - 1) -> int:
    """Return an integer from ``least`` to ``most``, which the core can count to."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(must(name, "be an integer", reason, repr(value)))
    if value < least:
        raise ValueError(must(name, f"be at least {least}", reason, value))
    if value > most:
        raise ValueError(must(name, f"be at most {most}", "the core counts no further", value))
    return int(value)


def number(value: object, name: str, requirement: str, reason: str, low: float) -> float:
    """Return a finite float that is at least ``low``; ``requirement`` says so in words."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(must(name, "be a number", reason, repr(value)))
    if not low <= value < np.inf:
        raise ValueError(must(name, requirement, reason, value))
    return float(value)


def pair(value: object, name: str, letters: str, reason: str) -> tuple[Any, Any]:
    """Return the two parts of a pair such as (h, m)."""
    if not isinstance(value, tuple | list):
        raise TypeError(must(name, f"be a pair {letters}", reason, repr(value)))
    if len(value) != 2:
        raise ValueError(must(name, f"be a pair {letters}", reason, f"{len(value)} parts"))
    return value[0], value[1]


def flag(value: object, name: str, reason: str) -> bool:
    """Return True or False, given as such."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(must(name, "be True or False", reason, repr(value)))
    return bool(value)


def path(value: object, name: str = "path") -> str:
    """Return the text of a path; a number is not taken for a file descriptor."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(must(name, "be a path", "a file is named by it", repr(value)))
    return os.fspath(value)


def seed(value: object) -> int:
    """Return a seed, an integer of 64 bits."""
    return integer(value, "seed", 0, "it keys a counter-based generator", most=2**64 - 1)


def threads(value: object) -> int:
    """Return the core's word for a number of threads: 0 stands for None, OpenMP's default."""
    if value is None:
        return 0
    return integer(value, "threads", 1, "somebody must do the work", most=1024)
