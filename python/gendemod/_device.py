"""The word `device`: where a computation runs."""

from __future__ import annotations

from typing import Any

from . import _core
from ._arrays import must

#: The kernels of a CUDA build; None in one without.
_CUDA = getattr(_core, "cuda", None)


def cuda_or_none(device: object) -> Any:
    """Return None for "cpu", and for "cuda" the module of the device's kernels.

    Raises
    ------
    TypeError, ValueError
        For another word.
    RuntimeError
        Where "cuda" cannot be had: not built, or no driver, or no device. There is no fallback.
    """
    if not isinstance(device, str):
        raise TypeError(must("device", 'be "cpu" or "cuda"', "it is a word", repr(device)))
    if device == "cpu":
        return None
    if device != "cuda":
        reason = "these two are known, and CUDA_VISIBLE_DEVICES says which device that is"
        raise ValueError(must("device", 'be "cpu" or "cuda"', reason, repr(device)))
    reason = why_no_cuda()
    if reason:
        raise RuntimeError(must("device", 'be "cpu" here', reason, repr(device)))
    return _CUDA


def why_no_cuda() -> str:
    """Return why "cuda" cannot be had, or nothing if it can."""
    if _CUDA is None:
        return (
            "this gendemod was built without CUDA (in its sources, "
            "pip install . -C cmake.define.GENDEMOD_CUDA=ON builds it with)"
        )
    return str(_CUDA.why_no_device())
