"""A bias-free ReLU generator, trained as the decoder of an auto-encoder.

    G(z) = relu(W3 relu(W2 relu(W1 z)))

On one machine, and for one number of threads, the result is a function of the seed.
"""

import dataclasses
import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from training import Checkpoint, Say

BATCH = 128
RATE = 1e-3
# Principal components come from the first so many pictures.
MOST_COMPONENTS_FROM = 2048


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder from the latent to the last hidden layer.

    The encoder sees pictures averaged over blocks of `coarse` x `coarse` pixels.
    """

    latent: int
    first: int
    second: int
    coarse: int = 1


@dataclass(frozen=True)
class Plan:
    """How long to train and from what seed; pictures have `rows` rows, and may be moved."""

    epochs: int
    seed: int
    rows: int
    moves: bool
    rate: float = RATE


class AutoEncoder(nn.Module):
    """A free encoder before a bias-free ReLU decoder, both started from principal components.

    The first latent coordinate starts as a constant, which carries the mean picture; the others
    start as the coordinates of the leading principal components. All directions of the latent
    space have the same length in pictures, which is what makes gradient descent on it fast.
    """

    def __init__(self, pictures: Tensor, shape: Shape, rows: int) -> None:
        super().__init__()
        n, pixels = shape.latent, pictures.shape[1]
        self.rows, self.coarse = rows, shape.coarse
        self.linear = nn.Linear(pixels, n)
        self.bend = nn.Sequential(
            nn.Linear(pixels // shape.coarse**2, 2 * shape.second),
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
        some = pictures[:MOST_COMPONENTS_FROM]
        mean = some.mean(0)
        _, spread, directions = torch.linalg.svd(some - mean, full_matrices=False)
        length = spread[: n - 1].mean() / len(some) ** 0.5
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
        seen = pictures
        if self.coarse > 1:
            images = pictures.view(len(pictures), 1, self.rows, -1)
            seen = F.avg_pool2d(images, self.coarse).flatten(1)
        z = self.linear(pictures) + self.bend(seen)
        return last(F.relu(second(F.relu(first(z)))))


def moved(pictures: Tensor, rows: int) -> Tensor:
    """Return every picture, of `rows` rows, under a small random affine map of its own."""
    count, pixels = pictures.shape
    linear = torch.eye(2) + torch.empty(count, 2, 2).uniform_(-0.08, 0.08)
    shift = torch.empty(count, 2, 1).uniform_(-0.05, 0.05)
    shape = (count, 1, rows, pixels // rows)
    grid = F.affine_grid(torch.cat([linear, shift], dim=2), shape, align_corners=False)
    images = pictures.reshape(shape)
    sampled = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return sampled.reshape(count, -1)


def train(
    pictures: Tensor, shape: Shape, plan: Plan, checkpoint: Path, say: Say
) -> list[np.ndarray]:
    """Return W1, W2, W3 in float16 after `plan.epochs` passes over `pictures`.

    The file `checkpoint` is written after each epoch; if it is there, training goes on from it.
    """
    torch.manual_seed(plan.seed)
    model = AutoEncoder(pictures, shape, plan.rows)
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.rate)
    steps = plan.epochs * -(-len(pictures) // BATCH)
    # The rise takes a tenth of the steps but one, and must not take none.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.rate, total_steps=max(steps, 11), pct_start=0.1
    )
    seen = hashlib.sha256(pictures.numpy()).hexdigest()
    settings = dataclasses.asdict(shape) | dataclasses.asdict(plan) | {"pictures": seen}
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    state = Checkpoint(checkpoint, settings, parts)
    for epoch in range(state.resume(say) + 1, plan.epochs + 1):
        total = 0.0
        for chosen in torch.randperm(len(pictures)).split(BATCH):
            target = pictures[chosen]
            if plan.moves:
                target = moved(target, plan.rows)
            loss = F.mse_loss(model(target), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        if epoch == 1 or epoch % max(plan.epochs // 12, 1) == 0:
            say(f"  epoch {epoch:4d}  mean square error {total / len(pictures):.3e}")
        state.save(epoch)
    return [weight.detach().numpy().astype(np.float16) for weight in model.weights()]
