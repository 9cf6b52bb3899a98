"""What this installation of gendemod is made of: the command ``gendemod info``."""

from __future__ import annotations

from . import _core
from ._device import cuda_or_none, why_no_cuda

__all__ = ["describe"]


def describe() -> str:
    """Return version, compiler, flags, threads and devices, one a line."""
    build = _core.build_info()
    threads = f"{build['threads']} (OpenMP)" if build["openmp"] else "1 (serial: built without it)"
    lines = {
        "gendemod": build["version"],
        "compiler": build["compiler"],
        "flags": build["flags"],
        "eigen": build["eigen"],
        "vectors": build["simd"],
        "threads": threads,
        "devices": _devices(),
    }
    return "\n".join(f"{name:<10}{value}" for name, value in lines.items())


def _devices() -> str:
    """Return the words that `device` can be, and what "cuda" is, or why it cannot be had."""
    if why_no_cuda():
        built = hasattr(_core, "cuda")
        return f"cpu only: {why_no_cuda() if built else 'built without CUDA'}"
    cuda = cuda_or_none("cuda")
    device = cuda.device()
    words = [f"cpu, cuda: {device['name']}"]
    if cuda.build == "ON":
        major, minor = divmod(device["compute_capability"], 10)
        words += [f"compute capability {major}.{minor}", f"driver for CUDA {device['driver']}"]
    free, total = device["free_bytes"] / 2**30, device["total_bytes"] / 2**30
    return ", ".join([*words, f"{free:.2f} of {total:.2f} GiB free"])
