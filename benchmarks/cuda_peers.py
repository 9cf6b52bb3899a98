"""Algorithm 1 with a fixed step in PyTorch on a device, as someone who knows it would write it.

Gradients by hand, no pass made twice, a latent and its negative in one product, and nothing waits
for the host. Weights are buffers, so that a compiled iteration does not copy them.
"""

from __future__ import annotations

import numpy as np
import torch
from peers import SIGNS, Work

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Iteration(torch.nn.Module):
    """(h, m) -> (h, m), rows (k, n) and (k, p)."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.depths = len(work.weights1), len(work.weights2)
        for name, weights in (("W", work.weights1), ("V", work.weights2)):
            for i, matrix in enumerate(weights):
                self.register_buffer(f"{name}{i}", torch.from_numpy(matrix))
        self.register_buffer("y", torch.from_numpy(np.atleast_2d(work.y)))
        self.register_buffer("signs", torch.tensor(SIGNS, dtype=self.y.dtype))
        self.step = work.step
        self.to(DEVICE)

    def weights(self, name: str) -> list[torch.Tensor]:
        return [getattr(self, f"{name}{i}") for i in range(self.depths[name == "V"])]

    def onward(self, name: str, z: torch.Tensor) -> list[torch.Tensor]:
        values = [z]
        for W in self.weights(name):
            values.append(torch.relu(torch.nn.functional.linear(values[-1], W)))
        return values[1:]

    def pull(self, name: str, values: list[torch.Tensor], r: torch.Tensor) -> torch.Tensor:
        for W, value in zip(self.weights(name)[::-1], values[::-1], strict=True):
            r = (r * (value > 0)) @ W
        return r

    def forward(self, h: torch.Tensor, m: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        both_w = [value.chunk(2) for value in self.onward("W", torch.cat([h, -h]))]
        both_x = [value.chunk(2) for value in self.onward("V", torch.cat([m, -m]))]
        sums = torch.stack(
            [((both_w[-1][a < 0] * both_x[-1][b < 0] - self.y) ** 2).sum(1) for a, b in SIGNS]
        )
        s, t = self.signs[sums.argmin(0)].T[..., None]
        w = [torch.where(s > 0, *value) for value in both_w]
        x = [torch.where(t > 0, *value) for value in both_x]
        h = h * s - self.step * self.pull("W", w, x[-1] * (w[-1] * x[-1] - self.y))
        moved = self.onward("W", h)[-1]
        m = m * t - self.step * self.pull("V", x, moved * (moved * x[-1] - self.y))
        c = torch.sqrt(h.norm(dim=1, keepdim=True) / m.norm(dim=1, keepdim=True))
        return h / c, m * c


def make(work: Work, *, compiled: bool) -> torch.nn.Module:
    """Return an iteration on the device, which a first call compiles."""
    iteration = Iteration(work)
    return torch.compile(iteration, mode="reduce-overhead") if compiled else iteration


def run(iteration: torch.nn.Module, work: Work, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents after some iterations, float32."""
    h, m = (torch.from_numpy(np.atleast_2d(z)).to(DEVICE) for z in (work.h, work.m))
    with torch.inference_mode():
        for _ in range(iterations):
            h, m = (z.clone() for z in iteration(h, m))  # a replayed graph overwrites its outputs
    h, m = h.cpu().numpy(), m.cpu().numpy()
    return (h, m) if work.y.ndim == 2 else (h[0], m[0])
