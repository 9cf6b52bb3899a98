"""Train the bias-free pair of `gendemod reproduce figure2`: MNIST digits and the paper's bells.

    python examples/train_mnist.py --mnist FOLDER

Both are ReLU networks of three layers without biases, the architecture of the theory, for pictures
of 64 x 64. The digits' network sees the 60,000 training images alone; the bells' network sees
independent draws with a seed that the experiment never uses. Writes mnist.npz, bells.npz and a log
to examples/weights. Needs gendemod[demo] and PyTorch; takes about half an hour on one core.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from autoencoder import BATCH, Plan, Shape, train
from training import Log, write_weights

from gendemod import data

SIZE = 64
DIGITS = Shape(64, 384, 1280, coarse=2)
BELLS = Shape(10, 64, 256, coarse=4)
BELLS_DRAWN = 8100
RATE = 3e-4
# Sums depend on the number of threads in their last bits.
THREADS = 1


def main() -> None:
    """Train both generators."""
    parser = argparse.ArgumentParser(description="Train the pair of `gendemod reproduce figure2`.")
    parser.add_argument("--mnist", type=Path, help="folder of the IDX files (download them)")
    parser.add_argument("--seed", type=int, default=0, help="of starts, batches and bells (0)")
    parser.add_argument("--epochs", type=int, default=18, help="passes over the digits (18)")
    parser.add_argument("--bell-epochs", type=int, default=150, help="passes over the bells (150)")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "weights", help="folder of .npz"
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    log = Log()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    digits, _ = data.mnist(options.mnist, part="train", size=SIZE)
    bells = data.paper_bells(BELLS_DRAWN, SIZE, reading="draws", seed=options.seed)
    log(f"seed {options.seed}, batches of {BATCH}, Adam")
    log(f"{len(digits)} digits and {len(bells)} bells of {SIZE} x {SIZE}")
    log.versions(THREADS)
    jobs = (
        ("bells", bells, BELLS, Plan(options.bell_epochs, options.seed, SIZE, moves=False)),
        ("mnist", digits, DIGITS, Plan(options.epochs, options.seed, SIZE, moves=True, rate=RATE)),
    )
    for name, pictures, shape, plan in jobs:
        log(
            f"{name}: {shape.latent}-{shape.first}-{shape.second}-{SIZE**2}, {plan.epochs} epochs, "
            f"rate {plan.rate:g}"
        )
        rows = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32))
        weights = train(rows, shape, plan, options.output / f"{name}.checkpoint.pt", log)
        write_weights(options.output / f"{name}.npz", weights, log)
    log.write(options.output / "train_mnist.log")


if __name__ == "__main__":
    main()
