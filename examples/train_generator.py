"""Train a bias-free ReLU generator on pictures, and write its weights and a log.

    python examples/train_generator.py pictures/ -o scene.npz --latent 32 --layers 256 1024

The generator is the decoder of an auto-encoder, G(z) = relu(W3 relu(W2 relu(W1 z))). Pictures are
the PNG, TIFF or NPY files of a folder, all of one size, or the rows of one .npy file. Needs
gendemod[images] and PyTorch. On one machine, and for one number of threads, the result is a
function of the seed; a run that was stopped goes on from its last epoch when it is started again.
"""

import dataclasses
import hashlib
import itertools
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import gendemod
from gendemod._files import replacing

Say = Callable[[str], None]
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
    """How long to train and from what seed; pictures have `side` rows, and may be moved."""

    epochs: int
    seed: int
    side: int
    moves: bool
    rate: float = RATE


class AutoEncoder(nn.Module):
    """A free encoder before a bias-free ReLU decoder, both started from principal components.

    The first latent coordinate starts as a constant, which carries the mean picture; the others
    start as the coordinates of the leading principal components. All directions of the latent
    space have the same length in pictures, which is what makes gradient descent on it fast.
    """

    def __init__(self, pictures: Tensor, shape: Shape, side: int) -> None:
        super().__init__()
        n, pixels = shape.latent, pictures.shape[1]
        self.side, self.coarse = side, shape.coarse
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
            seen = F.avg_pool2d(pictures.view(-1, 1, self.side, self.side), self.coarse).flatten(1)
        z = self.linear(pictures) + self.bend(seen)
        return last(F.relu(second(F.relu(first(z)))))


def moved(pictures: Tensor, side: int) -> Tensor:
    """Return every picture under a small random affine map of its own."""
    count = len(pictures)
    linear = torch.eye(2) + torch.empty(count, 2, 2).uniform_(-0.08, 0.08)
    shift = torch.empty(count, 2, 1).uniform_(-0.05, 0.05)
    shape = (count, 1, side, side)
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
    model = AutoEncoder(pictures, shape, plan.side)
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.rate)
    steps = -(-len(pictures) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.rate, total_steps=plan.epochs * steps, pct_start=0.1
    )
    settings = dataclasses.asdict(shape) | dataclasses.asdict(plan)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    state = Checkpoint(checkpoint, settings, parts)
    for epoch in range(state.resume(say) + 1, plan.epochs + 1):
        total = 0.0
        for chosen in torch.randperm(len(pictures)).split(BATCH):
            target = pictures[chosen]
            if plan.moves:
                target = moved(target, plan.side)
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


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds all that training goes on from: its parts, and the random numbers."""

    path: Path
    settings: dict[str, float]
    parts: dict[str, Any]

    def save(self, epoch: int) -> None:
        """Write the state after `epoch`."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        about = {"settings": self.settings, "epoch": epoch, "random": torch.get_rng_state()}
        with replacing(self.path) as beside:
            torch.save({**about, "parts": state}, beside)

    def resume(self, say: Say) -> int:
        """Take the state from the file, if it is there, and return its epoch."""
        if not self.path.exists():
            return 0
        state = torch.load(self.path, weights_only=True)
        if state["settings"] != self.settings:
            raise ValueError(
                f"`checkpoint` must come from the same settings because training goes on from it; "
                f"got {state['settings']} instead of {self.settings} in {self.path}; remove it to "
                "start anew"
            )
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        torch.set_rng_state(state["random"])
        say(f"  goes on after epoch {state['epoch']}")
        return int(state["epoch"])


def write_weights(target: Path, weights: list[np.ndarray], say: Say) -> None:
    """Write an archive that `ReLUNetwork.load` reads, and say its checksum."""
    with replacing(target) as beside:
        np.savez(beside, **{f"W{i}": weight for i, weight in enumerate(weights, start=1)})
    written = target.read_bytes()
    say(f"  {target.name}: {len(written)} bytes, SHA-256 {hashlib.sha256(written).hexdigest()}")


class Log:
    """Lines that are printed at once and written to a file in the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun = time.monotonic()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)

    def versions(self, threads: int) -> None:
        """Say what computes."""
        self(
            f"Python {platform.python_version()}, NumPy {np.__version__}, "
            f"PyTorch {torch.__version__}, gendemod {gendemod.__version__}, threads: {threads}"
        )

    def write(self, path: Path) -> None:
        """Say how long it took, and write all lines."""
        self(f"{time.monotonic() - self.begun:.0f} s in all")
        with replacing(path) as beside:
            beside.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
