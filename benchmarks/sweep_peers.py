"""A sweep of demodulation in batched PyTorch: all trials of a cell are solved at once.

Written as one who knows the method would: drawn in batches, no Python loop over trials, the paper's
comparison of four signs, exact scaling of the starts, and problems that are solved leave the batch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SIGNS = torch.tensor([[1, 1], [-1, 1], [1, -1], [-1, -1]])


@dataclass
class Batch:
    """Networks (b, out, in) for each layer, observations (b, ell), and truths."""

    g1: list[Tensor]
    g2: list[Tensor]
    y: Tensor
    h0: Tensor
    m0: Tensor

    def only(self, chosen: Tensor) -> Batch:
        g1, g2 = ([W[chosen] for W in weights] for weights in (self.g1, self.g2))
        return Batch(g1, g2, self.y[chosen], self.h0[chosen], self.m0[chosen])


def forward(weights: list[Tensor], z: Tensor) -> Tensor:
    """G(z) for latents (b, k, n): (b, k, ell)."""
    for W in weights:
        z = torch.relu(z @ W.transpose(1, 2))
    return z


def pieces(weights: list[Tensor], z: Tensor) -> Tensor:
    """The linear pieces at latents (b, n): (b, ell, n)."""
    piece = torch.eye(z.shape[1], dtype=z.dtype).expand(len(z), -1, -1)
    for W in weights:
        piece = W @ piece
        piece = piece * ((piece @ z[:, :, None]) > 0)
    return piece


def draw(dims: list[list[int]], trials: int, dtype: torch.dtype, rng: torch.Generator) -> Batch:
    g1, g2 = (
        [
            torch.randn(trials, rows, columns, generator=rng, dtype=dtype) / math.sqrt(rows)
            for columns, rows in itertools.pairwise(sizes)
        ]
        for sizes in dims
    )
    h0, m0 = (torch.randn(trials, sizes[0], generator=rng, dtype=dtype) for sizes in dims)
    y = (forward(g1, h0[:, None]) * forward(g2, m0[:, None]))[:, 0]
    return Batch(g1, g2, y, h0, m0)


def start(batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random latents at the best scale, of the best signs."""
    h, m = (torch.randn(z.shape, generator=rng, dtype=z.dtype) for z in (batch.h0, batch.m0))
    h, m = signed(batch, h, m)
    product = (forward(batch.g1, h[:, None]) * forward(batch.g2, m[:, None]))[:, 0]
    scale = ((batch.y * product).sum(1) / product.square().sum(1).clamp_min(1e-30)).clamp_min(1e-6)
    return h * scale.sqrt()[:, None], m * scale.sqrt()[:, None]


def signed(batch: Batch, h: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
    """Line 3 of Algorithm 1: of the four pairs of signs, that of the least objective."""
    w = forward(batch.g1, torch.stack([h, -h], 1))
    x = forward(batch.g2, torch.stack([m, -m], 1))
    residual = w[:, [0, 1, 0, 1]] * x[:, [0, 0, 1, 1]] - batch.y[:, None]
    best = SIGNS[residual.square().sum(2).argmin(1)].to(h.dtype)
    return h * best[:, :1], m * best[:, 1:]


def relative_residual(batch: Batch, h: Tensor, m: Tensor) -> Tensor:
    product = (forward(batch.g1, h[:, None]) * forward(batch.g2, m[:, None]))[:, 0]
    return (product - batch.y).norm(dim=1) / batch.y.norm(dim=1).clamp_min(1e-30)


def latent_error(batch: Batch, h: Tensor, m: Tensor) -> Tensor:
    """The distance from the truth, both balanced, over the norm of the truth."""
    parts = []
    for a, b in ((h, m), (batch.h0, batch.m0)):
        c = (a.norm(dim=1) / b.norm(dim=1).clamp_min(1e-30)).sqrt()[:, None]
        parts.append(torch.cat([a / c, b * c], 1))
    return (parts[0] - parts[1]).norm(dim=1) / parts[1].norm(dim=1)


def adam(
    batch: Batch, rng: torch.Generator, tolerance: float, rate: float = 0.05, most: int = 3000
) -> tuple[Tensor, Tensor]:
    """Adam on both latents; every 50 steps the signs are compared and solved problems leave."""
    h, m = start(batch, rng)
    rate_of_all = rate * (h.norm(dim=1).mean() + m.norm(dim=1).mean()) / 2 / math.sqrt(h.shape[1])

    def begin(part: Batch, h: Tensor, m: Tensor):
        z = [value.clone().requires_grad_() for value in (h, m)]
        energy = part.y.square().sum(1)
        return z, energy, torch.optim.Adam(z, lr=float(rate_of_all), fused=True)

    def advance(state, part: Batch, step: int):
        z, energy, optimizer = state
        for group in optimizer.param_groups:
            group["lr"] = float(rate_of_all) * 0.5 ** (step / (most / 8))
        optimizer.zero_grad()
        product = (forward(part.g1, z[0][:, None]) * forward(part.g2, z[1][:, None]))[:, 0]
        ((product - part.y).square().sum(1) / energy.clamp_min(1e-30)).sum().backward()
        optimizer.step()
        return z[0].detach(), z[1].detach()

    return _loop(batch, h, m, begin, advance, tolerance, most, 50)


def gauss_newton(
    batch: Batch, rng: torch.Generator, tolerance: float, most: int = 100
) -> tuple[Tensor, Tensor]:
    """Levenberg-Marquardt with normal equations, a damping for each problem; no autograd."""
    h, m = start(batch, rng)

    def begin(part: Batch, h: Tensor, m: Tensor):
        return [h, m, torch.full((len(h),), 1e-2, dtype=h.dtype)]

    def advance(state, part: Batch, step: int):
        h, m, damping = state
        n = h.shape[1]
        L, M = pieces(part.g1, h), pieces(part.g2, m)
        w, x = (L @ h[:, :, None])[..., 0], (M @ m[:, :, None])[..., 0]
        residual = w * x - part.y
        J = torch.cat([x[:, :, None] * L, w[:, :, None] * M], 2)
        gram = J.transpose(1, 2) @ J
        gradient = J.transpose(1, 2) @ residual[:, :, None]
        size = torch.diagonal(gram, dim1=1, dim2=2)
        ridge = damping[:, None] * size.mean(1, keepdim=True).clamp_min(1e-20)
        move, _ = torch.linalg.solve_ex(gram + torch.diag_embed(ridge.expand_as(size)), gradient)
        new = torch.cat([h, m], 1) - move[..., 0]
        before = residual.square().sum(1)
        product = (forward(part.g1, new[:, None, :n]) * forward(part.g2, new[:, None, n:]))[:, 0]
        better = (product - part.y).square().sum(1) < before
        state[0] = torch.where(better[:, None], new[:, :n], h)
        state[1] = torch.where(better[:, None], new[:, n:], m)
        state[2] = torch.where(better, damping / 5, damping * 4).clamp(1e-14, 1e8)
        return state[0], state[1]

    return _loop(batch, h, m, begin, advance, tolerance, most, 5)


def _loop(
    batch: Batch,
    h: Tensor,
    m: Tensor,
    begin: Callable,
    advance: Callable,
    tolerance: float,
    most: int,
    every: int,
) -> tuple[Tensor, Tensor]:
    """Iterate; now and then compare signs, and go on with the problems that are not solved."""
    out_h, out_m = h.clone(), m.clone()
    left = torch.arange(len(h))
    part, state = batch, begin(batch, h, m)
    for step in range(1, most + 1):
        h, m = advance(state, part, step)
        if step % every and step < most:
            continue
        flipped = signed(part, h, m)
        out_h[left], out_m[left] = flipped
        keep = (relative_residual(part, *flipped) > tolerance).nonzero()[:, 0]
        if len(keep) == 0:
            break
        turned = not (torch.equal(h, flipped[0]) and torch.equal(m, flipped[1]))
        if turned or len(keep) < 0.8 * len(left):
            left, part = left[keep], part.only(keep)
            state = begin(part, flipped[0][keep], flipped[1][keep])
    return out_h, out_m


PEERS = {"Adam": adam, "Levenberg-Marquardt": gauss_newton}
