"""Train the two generators that `gendemod demo` uses, and write their weights and a log.

Each is the decoder of an auto-encoder, a bias-free ReLU network of three layers:

    G(z) = relu(W3 relu(W2 relu(W1 z)))

One makes digits; it sees the training part of scikit-learn's digits alone. The other makes bells,
drawn from a seed that the demo never uses. Needs gendemod[demo] and PyTorch; takes a few minutes
on two cores. On one machine, the result is a function of the seed.
"""

import argparse
import hashlib
import itertools
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import gendemod
from gendemod import data
from gendemod._files import replacing
from gendemod.demo import FIRST_FRESH_SEED, SIZE, SPLIT_SEED

ROOT = Path(__file__).resolve().parents[1]
BATCH = 128
RATE = 1e-3
# Sums depend on the number of threads in their last bits.
THREADS = 2


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder from the latent to the last hidden layer."""

    latent: int
    first: int
    second: int


DIGITS = Shape(32, 128, 384)
BELLS = Shape(5, 64, 256)


class AutoEncoder(nn.Module):
    """A free encoder before a bias-free ReLU decoder, both started from principal components.

    The first latent coordinate starts as a constant, which carries the mean picture; the others
    start as the coordinates of the leading principal components. All directions of the latent
    space have the same length in pictures, which is what makes gradient descent on it fast.
    """

    def __init__(self, pictures: Tensor, shape: Shape) -> None:
        super().__init__()
        n, pixels = shape.latent, pictures.shape[1]
        self.linear = nn.Linear(pixels, n)
        self.bend = nn.Sequential(
            nn.Linear(pixels, 2 * shape.second),
            nn.ReLU(),
            nn.Linear(2 * shape.second, shape.second),
            nn.ReLU(),
            nn.Linear(shape.second, n),
        )
        sizes = (n, shape.first, shape.second, pixels)
        self.layers = nn.ModuleList(
            nn.Linear(before, after, bias=False) for before, after in itertools.pairwise(sizes)
        )
        with torch.no_grad():
            self._start_linear(pictures, n)

    def _start_linear(self, pictures: Tensor, n: int) -> None:
        """Set the weights so that decoding after encoding is nearly the linear projection.

        A latent coordinate passes a layer in two units, relu(u) - relu(-u) = u. All other units
        start at random.
        """
        mean = pictures.mean(0)
        _, spread, directions = torch.linalg.svd(pictures - mean, full_matrices=False)
        length = spread[: n - 1].mean() / len(pictures) ** 0.5
        components = directions[: n - 1]
        constant = mean.norm() / length
        self.linear.weight[0] = 0.0
        self.linear.weight[1:] = components / length
        self.linear.bias[0] = constant
        self.linear.bias[1:] = -(components @ mean) / length
        self.bend[-1].weight *= 0.1
        self.bend[-1].bias.zero_()

        first, second, last = self.weights()
        for weight in (first, second, last):
            nn.init.kaiming_normal_(weight, nonlinearity="relu")
        one = torch.eye(n)
        first[2 * n :] *= 0.5
        first[: 2 * n] = torch.cat([one, -one])
        second[: 2 * n] = 0.0
        second[: 2 * n, : 2 * n] = torch.kron(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), one)
        basis = torch.cat([mean[None] / constant, components * length]).T
        last[:, 2 * n :] *= 0.05
        last[:, : 2 * n] = torch.cat([basis, -basis], dim=1)

    def weights(self) -> list[Tensor]:
        """Return W1, W2, W3."""
        return [layer.weight for layer in self.layers]

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode and decode, without the last ReLU.

        Pictures are non-negative, so the ReLU can be applied after training. In training it would
        leave outputs that are negative on every picture without a gradient for good.
        """
        first, second, last = self.layers
        z = self.linear(pictures) + self.bend(pictures)
        return last(F.relu(second(F.relu(first(z)))))


def moved(pictures: Tensor) -> Tensor:
    """Return every picture under a small random affine map of its own."""
    count = len(pictures)
    linear = torch.eye(2) + torch.empty(count, 2, 2).uniform_(-0.08, 0.08)
    shift = torch.empty(count, 2, 1).uniform_(-0.05, 0.05)
    shape = (count, 1, SIZE, SIZE)
    grid = F.affine_grid(torch.cat([linear, shift], dim=2), shape, align_corners=False)
    images = pictures.reshape(shape)
    sampled = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return sampled.reshape(count, -1)


def train(
    pictures: Tensor,
    shape: Shape,
    epochs: int,
    vary: Callable[[Tensor], Tensor],
    say: Callable[[str], None],
) -> list[np.ndarray]:
    """Return W1, W2, W3 in float16 after `epochs` passes over varied `pictures`."""
    model = AutoEncoder(pictures, shape)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    steps = -(-len(pictures) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=epochs * steps, pct_start=0.1
    )
    for epoch in range(1, epochs + 1):
        total = 0.0
        for chosen in torch.randperm(len(pictures)).split(BATCH):
            target = vary(pictures[chosen])
            loss = F.mse_loss(model(target), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        if epoch == 1 or epoch % max(epochs // 12, 1) == 0:
            say(f"  epoch {epoch:4d}  mean square error {total / len(pictures):.3e}")
    return [weight.detach().numpy().astype(np.float16) for weight in model.weights()]


def main() -> None:
    """Train both generators."""
    parser = argparse.ArgumentParser(description="Train the generators of `gendemod demo`.")
    parser.add_argument("--seed", type=int, default=0, help="of starts, batches, bells (0)")
    parser.add_argument("--epochs", type=int, default=600, help="passes over the pictures (600)")
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "python/gendemod/weights",
        help="folder for .npz files",
    )
    parser.add_argument("--log", type=Path, default=Path(__file__).with_suffix(".log"))
    options = parser.parse_args()
    if not 0 <= options.seed < FIRST_FRESH_SEED:
        parser.error(f"--seed must lie in 0 to {FIRST_FRESH_SEED - 1}: the demo draws from there")
    if options.epochs < 1:
        parser.error("--epochs must be at least 1")
    options.output.mkdir(parents=True, exist_ok=True)

    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    begun = time.monotonic()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    images, _ = data.digits(SIZE)
    part, held_out = data.split(len(images), seed=SPLIT_SEED)
    say(f"seed {options.seed}, {options.epochs} epochs, batches of {BATCH}, Adam, rate {RATE:g}")
    say(f"{len(part)} digits and as many bells of {SIZE} x {SIZE}; {len(held_out)} digits unseen")
    say(
        f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}, "
        f"gendemod {gendemod.__version__}, {THREADS} threads"
    )
    jobs = (
        ("digits", images[part], DIGITS, moved),
        ("bells", data.bells(len(part), SIZE, seed=options.seed), BELLS, lambda batch: batch),
    )
    for name, pictures, shape, vary in jobs:
        say(f"{name}: layers {shape.latent}-{shape.first}-{shape.second}-{SIZE * SIZE}")
        torch.manual_seed(options.seed)
        rows = torch.tensor(pictures, dtype=torch.float32)
        weights = train(rows, shape, options.epochs, vary, say)
        target = options.output / f"{name}.npz"
        with replacing(target) as beside:
            np.savez(beside, **{f"W{i}": weight for i, weight in enumerate(weights, start=1)})
        written = target.read_bytes()
        say(f"  {target.name}: {len(written)} bytes, SHA-256 {hashlib.sha256(written).hexdigest()}")
    say(f"{time.monotonic() - begun:.0f} s in all")
    with replacing(options.log) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
