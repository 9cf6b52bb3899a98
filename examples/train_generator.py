"""Train a bias-free ReLU generator on pictures of your own.

    python examples/train_generator.py pictures/ -o scene.npz --latent 32 --layers 256 1024

Pictures are the grey PNG, TIFF or NPY files of a folder, all of one size, or one .npy file of shape
(count, pixels) or (count, rows, columns). A share of them is held out, and in the end the generator
is fitted to pictures of both parts. Writes scene.npz for `gendemod solve`, scene.log beside it, and
scene.checkpoint.pt after each pass: a run that was stopped goes on from there when it is started
again, and removes it in the end. Needs gendemod[images,torch]; docs/guide.md is the guide.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from autoencoder import BATCH, MOST_COMPONENTS_FROM, RATE, Plan, Shape, train
from numpy.typing import NDArray
from training import Log, write_weights

import gendemod as gd
from gendemod import _arrays, data
from gendemod._options import at_least_two, count, seed
from gendemod.pictures import list_pictures, read_picture

Pictures = NDArray[Any]
# The encoder sees pictures averaged to at most so many pixels where their sides allow it.
MOST_SEEN = 32 * 32
# The generator is fitted to so many pictures of each part.
MOST_FITTED = 100


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def read_pictures(path: Path) -> Pictures:
    """Return the pictures of a folder or an .npy file as (count, rows, columns), brightest 1."""
    stack = _stack(path) if path.suffix.lower() == ".npy" and path.is_file() else _folder(path)
    lowest, brightest = stack.min(), stack.max()
    if lowest < 0 or brightest == 0:
        requirement = "be at least 0 everywhere and positive somewhere"
        got = f"values from {lowest} to {brightest} in {path}"
        raise ValueError(_must(requirement, "a ReLU generator makes nothing else", got))
    return np.asarray(stack / brightest, dtype=np.float32)


def _stack(path: Path) -> Pictures:
    try:
        raw = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            _must("be a readable NPY file", "they are read", f"{path} ({error})")
        ) from error
    stack = _arrays.finite(_arrays.floats(raw, "pictures"), "pictures")
    if stack.ndim not in (2, 3) or stack.size == 0:
        requirement = "have shape (count, pixels) or (count, rows, columns)"
        raise ValueError(_must(requirement, "all are of one size", f"{stack.shape} in {path}"))
    if stack.ndim == 3:
        return stack
    # Rows of pixels are taken for square pictures where they can be, else for lines.
    side = round(stack.shape[1] ** 0.5)
    return stack.reshape(len(stack), side if side**2 == stack.shape[1] else 1, -1)


def _folder(path: Path) -> Pictures:
    files = list_pictures(path)
    if path.is_file():
        requirement = "be a folder or one .npy file"
        raise ValueError(_must(requirement, "one picture says nothing of others", path))
    pictures = [read_picture(file) for file in files]
    for file, picture in zip(files, pictures, strict=True):
        if picture.ndim != 2:
            reason = "a generator makes one channel: train it on the channels as grey pictures"
            raise ValueError(_must("be grey", reason, f"{file}, of shape {picture.shape}"))
        if picture.shape != pictures[0].shape:
            got = f"{picture.shape} in {file} and {pictures[0].shape} in {files[0]}"
            raise ValueError(_must("be of one size", "they are the outputs of one network", got))
    return np.stack(pictures)


def _must(requirement: str, reason: str, got: object) -> str:
    return _arrays.must("pictures", requirement, reason, got)


def divided(pictures: Pictures, held_out: float, seed: int) -> tuple[Pictures, Pictures]:
    """Return the flattened pictures to train on and those that are held out."""
    flat = pictures.reshape(len(pictures), -1)
    if held_out == 0:
        return flat, flat[:0]
    part, rest = data.split(len(flat), held_out=held_out, seed=seed)
    return flat[part], flat[rest]


def checked_shape(
    latent: int, layers: Sequence[int], rows: Pictures, picture: tuple[int, int]
) -> Shape:
    """Return the sizes of the generator, which the pictures must allow."""
    most = min(*rows.shape, MOST_COMPONENTS_FROM)
    if latent > most:
        reason = "it starts from principal components of the pictures that it is trained on"
        raise ValueError(_arrays.must("--latent", f"be at most {most}", reason, latent))
    if min(layers) < 2 * latent:
        reason = "a coordinate of the latent starts as two units of every layer"
        requirement = f"be at least {2 * latent}, twice the latent size"
        raise ValueError(_arrays.must("--layers", requirement, reason, min(layers)))
    if not np.ptp(rows, axis=0).any():
        raise ValueError(_must("differ", "there is nothing to learn otherwise", "equal ones"))
    coarse = 1
    while rows.shape[1] > MOST_SEEN * coarse**2 and not any(
        side % (2 * coarse) for side in picture
    ):
        coarse *= 2
    return Shape(latent, *layers, coarse)


def fit_error(network: gd.ReLUNetwork, rows: Pictures) -> float:
    """Return the mean-square error of the closest pictures that the network makes.

    They are those of `demodulate` with a second factor that is 1 everywhere.
    """
    some = rows[:MOST_FITTED]
    found = gd.demodulate(some, network, None, x=np.ones_like(some[0]), restarts=4, seed=0)
    return float(np.mean((found.w - some) ** 2))


def say_errors(target: Path, part: Pictures, rest: Pictures, log: Log) -> None:
    """Say how close the written generator comes to pictures of both parts."""
    networks = {
        "the generator": gd.ReLUNetwork.load(target),
        "multiples of the mean picture": gd.ReLUNetwork([part.mean(axis=0)[:, None]]),
    }
    log("mean square error of the closest pictures; the brightest pixel of all is 1")
    for name, network in networks.items():
        errors = [f"{fit_error(network, part):.2e} on pictures of the training"]
        if len(rest):
            errors.append(f"{fit_error(network, rest):.2e} on pictures held out")
        log(f"  {name}: {', '.join(errors)}")


def run(options: argparse.Namespace) -> None:
    """Train a generator and write its weights and its log."""
    target: Path = options.output
    if target.suffix != ".npz":
        raise ValueError(_arrays.must("--output", "end in .npz", "weights are written", target))
    if not 0 <= options.held_out < 1:
        reason = "it is the share that is not trained on"
        raise ValueError(_arrays.must("--held-out", "lie in [0, 1)", reason, options.held_out))
    pictures = read_pictures(options.pictures)
    part, rest = divided(pictures, options.held_out, options.seed)
    shape = checked_shape(options.latent, options.layers, part, pictures.shape[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    log = Log()
    sizes = "-".join(str(n) for n in (shape.latent, shape.first, shape.second, part.shape[1]))
    size = " x ".join(str(side) for side in pictures.shape[1:])
    log(f"{len(part)} pictures of {size}, {len(rest)} held out; layers {sizes}")
    log(f"seed {options.seed}, {options.epochs} epochs, batches of {BATCH}, Adam, rate {RATE:g}")
    log.versions(options.threads)
    plan = Plan(options.epochs, options.seed, pictures.shape[1], options.moves)
    checkpoint = target.with_suffix(".checkpoint.pt")
    write_weights(target, train(torch.from_numpy(part), shape, plan, checkpoint, log), log)
    say_errors(target, part, rest, log)
    log.write(target.with_suffix(".log"))
    checkpoint.unlink()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 2 bad input, 130 interrupted."""
    parser = Parser(description="Train a bias-free ReLU generator on pictures.")
    add = parser.add_argument
    add("pictures", type=Path, help="folder of grey pictures of one size, or an .npy file")
    add("-o", "--output", type=Path, required=True, help="weights to write, .npz")
    add("--latent", type=at_least_two, required=True, help="size of the latent")
    add("--layers", type=count, nargs=2, required=True, help="sizes of the two hidden layers")
    add("--epochs", type=count, default=200, help="passes over the pictures (200)")
    add("--seed", type=seed, default=0, help="of the start, the batches, what is held out (0)")
    add("--held-out", type=float, default=0.1, help="share that is not trained on (0.1)")
    add("--moves", action="store_true", help="move, turn and stretch each picture a little")
    add("--threads", type=count, default=1, help="of PyTorch (1)")
    try:
        run(parser.parse_args(argv))
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"train_generator: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train_generator: interrupted; start it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
