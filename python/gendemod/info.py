"""What this installation of gendemod is made of: the command ``gendemod info``."""

from __future__ import annotations

from . import _core

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
        "devices": "cpu only: built without CUDA",
    }
    return "\n".join(f"{name:<10}{value}" for name, value in lines.items())
