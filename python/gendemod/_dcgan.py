"""The generator of a DCGAN for pictures of 64 x 64, as in the paper's experiment."""

from __future__ import annotations

from typing import Any


def dcgan_generator(latent: int, width: int) -> Any:
    """Return the generator that maps (batch, latent, 1, 1) to (batch, 1, 64, 64).

    Transposed convolutions of 4 x 4 with 8, 4, 2 and 1 times `width` channels, each with batch
    normalisation and ReLU, and a last one with tanh, shifted to [0, 1]. The paper's has width 128.
    """
    try:
        from torch import nn
    except ImportError:
        raise ImportError("a DCGAN needs PyTorch; install gendemod[torch]") from None

    class Shifted(nn.Module):
        """tanh, shifted from [-1, 1] to [0, 1]."""

        def forward(self, z: Any) -> Any:
            return (z.tanh() + 1) / 2

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
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, 1, 4, 2, 1), Shifted())
