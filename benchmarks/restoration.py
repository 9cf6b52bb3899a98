"""Time the restoration of one MNIST picture against the authors' recipe, on one core.

    python benchmarks/restoration.py --mnist FOLDER

The recipe is written as in the authors' code: DCGANs of 128 base channels, 500 joint steps of SGD
with momentum 0.9 on the mean of squares, the four signs compared and the norms balanced every 100,
batch normalisation by the statistics of the one picture. In its favour the gradients of the weights
are not computed, which the authors' code does not use, and denormal numbers are flushed to 0. Its
weights are random, since its time does not depend on them. Ours is the default solver with one
start on the bias-free pair in examples/weights; before anything is timed its residual is compared
with the one that the authors' log ends at. Runs alternate; medians.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import gendemod as gd
from gendemod._dcgan import LATENTS, dcgan_generator
from gendemod._pairs import mnist_pairs

SIZE = 64
WIDTH = 128
ITERATIONS = 500
PICTURES = 20  # ours, in every round: they differ
LOGGED = 0.0043  # mean-square residual at the end of the authors' log, one picture


def recipe(y: Tensor, g1: nn.Module, g2: nn.Module) -> float:
    """Run the authors' recipe on one picture and return the mean-square residual."""
    h, m = (torch.randn(1, latent, 1, 1, requires_grad=True) for latent in LATENTS.values())
    optimizer = torch.optim.SGD([h, m], lr=1.0, momentum=0.9)
    for iteration in range(ITERATIONS):
        if iteration % 100 == 0:
            with torch.no_grad():
                signs = itertools.product((1, -1), (1, -1))
                best = min(signs, key=lambda s: ((g1(s[0] * h) * g2(s[1] * m) - y) ** 2).mean())
                c = (h.norm() / m.norm()).sqrt()
                h.mul_(best[0] / c)
                m.mul_(best[1] * c)
        loss = ((g1(h) * g2(m) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def main() -> None:
    """Time both by turns."""
    parser = argparse.ArgumentParser(description="Restoration against the authors' recipe.")
    parser.add_argument("--mnist", type=Path, help="folder of the IDX files")
    parser.add_argument("--weights", type=Path, default=Path("examples/weights"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {0})
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    truth = mnist_pairs(options.mnist, PICTURES, SIZE, 0)
    pair = [gd.ReLUNetwork.load(options.weights / f"{name}.npz") for name in ("mnist", "bells")]
    module1, module2 = (dcgan_generator(latent, WIDTH) for latent in LATENTS.values())
    for weights in itertools.chain(module1.parameters(), module2.parameters()):
        weights.requires_grad_(False)
    picture = torch.from_numpy(truth.y[0]).view(1, 1, SIZE, SIZE)

    found = [gd.demodulate(y, *pair, restarts=1, seed=0, threads=1) for y in truth.y]
    residuals = [np.mean((one.w * one.x - y) ** 2) for one, y in zip(found, truth.y, strict=True)]
    if not np.median(residuals) < LOGGED:
        raise SystemExit(f"the median residual is {np.median(residuals):.4f}, above {LOGGED}")
    ours, theirs = [], []
    for _ in range(options.rounds):
        for y in truth.y:
            begun = time.perf_counter()
            gd.demodulate(y, *pair, restarts=1, seed=0, threads=1)
            ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        recipe(picture, module1, module2)
        theirs.append(time.perf_counter() - begun)
    print(
        "| authors' recipe, s a picture | ours | ratio | our median residual |\n|---|---|---|---|\n"
        f"| {np.median(theirs):.1f} | {np.median(ours):.3f} "
        f"| {np.median(theirs) / np.median(ours):.0f} | {np.median(residuals):.5f} |"
    )


if __name__ == "__main__":
    main()
