"""The DCGANs of the paper's experiment, for pictures of 64 x 64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._arrays import must

__all__ = ["LATENTS", "dcgan_generator", "dcgans"]

# Of the digits and of the distortions, as in the paper.
LATENTS = {"digits": 100, "bells": 50}


def dcgan_generator(latent: int, width: int) -> Any:
    """Return the generator that maps (batch, latent, 1, 1) to (batch, 1, 64, 64).

    Transposed convolutions of 4 x 4 with 8, 4, 2 and 1 times `width` channels, each with batch
    normalisation and ReLU, and a last one with tanh, shifted to [0, 1]. The paper's has width 128.
    """
    try:
        from torch import nn
    except ImportError:
        raise ImportError("a DCGAN needs PyTorch; install gendemod[torch]") from None

    # tanh, shifted from [-1, 1] to [0, 1].
    shifted = type("Shifted", (nn.Module,), {"forward": lambda _, z: (z.tanh() + 1) / 2})
    channels = (latent, 8 * width, 4 * width, 2 * width, width)
    layers: list[nn.Module] = []
    for i in range(4):
        # From 1 x 1 to 4 x 4, and then twice as large each time.
        stride, padding = (1, 0) if i == 0 else (2, 1)
        layers += [
            nn.ConvTranspose2d(channels[i], channels[i + 1], 4, stride, padding, bias=False),
            nn.BatchNorm2d(channels[i + 1]),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, 1, 4, 2, 1), shifted())


def dcgans(folder: Path) -> tuple[Any, Any]:
    """Return the trained generators of digits and of distortions in `folder`.

    They are not positively homogeneous; as in the paper, line 5 of Algorithm 1 is done all the
    same.
    """
    from .interop.torch import TorchGenerator, load_weights

    both = []
    for name, latent in LATENTS.items():
        path = folder / f"{name}.safetensors"
        module = dcgan_generator(latent, _width(path)).eval()
        load_weights(module, path)
        both.append(TorchGenerator(module, (latent, 1, 1), assume_homogeneous=True))
    return both[0], both[1]


def _width(path: Path) -> int:
    """Return the base channels of the generator whose weights are in `path`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return int(file.get_slice("0.weight").get_shape()[1]) // 8
    except (OSError, SafetensorError, IndexError) as error:
        reason = "the experiment needs its generator"
        got = f"{path} ({error})"
        raise ValueError(must("dcgan", "hold weights of a DCGAN", reason, got)) from None
