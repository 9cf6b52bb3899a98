"""PyTorch modules as generators, and networks to and from ``nn.Sequential`` (extra ``torch``)."""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise ImportError("gendemod.interop.torch needs PyTorch; install gendemod[torch]") from None

from ._torch_generator import TorchGenerator
from ._torch_sequential import from_sequential, to_sequential
from ._torch_weights import load_weights

__all__ = ["TorchGenerator", "from_sequential", "load_weights", "to_sequential"]
