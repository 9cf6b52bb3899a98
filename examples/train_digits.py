"""Train the two generators that `gendemod demo` uses, and write their weights and a log.

Each is the decoder of an auto-encoder, a bias-free ReLU network of three layers:

    G(z) = relu(W3 relu(W2 relu(W1 z)))

One makes digits; it sees the training part of scikit-learn's digits alone. The other makes bells,
drawn from a seed that the demo never uses. Needs gendemod[demo] and PyTorch; takes a few minutes
on two cores. On one machine, the result is a function of the seed.
"""

import argparse
from pathlib import Path

import torch
from autoencoder import BATCH, RATE, Plan, Shape, train
from training import Log, write_weights

from gendemod import data
from gendemod._pairs import FIRST_FRESH_SEED, SPLIT_SEED
from gendemod.demo import SIZE

ROOT = Path(__file__).resolve().parents[1]
# Sums depend on the number of threads in their last bits.
THREADS = 2

DIGITS = Shape(32, 128, 384)
BELLS = Shape(5, 64, 256)


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

    log = Log()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    images, _ = data.digits(SIZE)
    part, held_out = data.split(len(images), seed=SPLIT_SEED)
    log(f"seed {options.seed}, {options.epochs} epochs, batches of {BATCH}, Adam, rate {RATE:g}")
    log(f"{len(part)} digits and as many bells of {SIZE} x {SIZE}; {len(held_out)} digits unseen")
    log.versions(THREADS)
    bells = data.bells(len(part), SIZE, seed=options.seed)
    jobs = (("digits", images[part], DIGITS, True), ("bells", bells, BELLS, False))
    for name, pictures, shape, moves in jobs:
        log(f"{name}: layers {shape.latent}-{shape.first}-{shape.second}-{SIZE * SIZE}")
        rows = torch.tensor(pictures, dtype=torch.float32)
        plan = Plan(options.epochs, options.seed, SIZE, moves)
        weights = train(rows, shape, plan, options.output / f"{name}.checkpoint.pt", log)
        write_weights(options.output / f"{name}.npz", weights, log)
    log.write(options.log)


if __name__ == "__main__":
    main()
