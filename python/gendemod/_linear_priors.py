"""Linear subspaces of the training pictures in the place of the generators."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._comparison import Estimate, favoured
from ._pairs import Pairs, mnist_digits
from .baselines import LinearSubspaces, principal_basis
from .data import paper_bells
from .data._resize import enlarged

__all__ = ["linear_estimates"]

Array = NDArray[np.floating[Any]]

# Principal directions of digits and of bells that are tried, beside the means.
DIGIT_DIRECTIONS = (50, 100, 200)
BELL_DIRECTIONS = (3, 5)
ITERATIONS = 100

TRAINING_DIGITS = 10_000
TRAINING_BELLS = 8_100
TRAINING_SEED = 0


def linear_estimates(
    truth: Pairs, folder: Path | None, size: int, latents: tuple[int, int]
) -> list[Estimate]:
    """Return what pairs of subspaces make of the distorted pictures.

    The first has the dimensions of the generators' `latents`. The second has those with the
    highest median digit PSNR of a few, a choice in its favour.
    """
    n, p = latents
    digit_basis = principal_basis(_digits(folder, size), max(n - 1, *DIGIT_DIRECTIONS))
    bell_basis = principal_basis(_bells(size), max(p - 1, *BELL_DIRECTIONS))

    def split(name: str, k: int, p: int) -> Estimate:
        subspaces = LinearSubspaces(digit_basis[:k], bell_basis[:p])
        begun = time.perf_counter()
        found = subspaces.split(truth.y, iterations=ITERATIONS)
        seconds = (time.perf_counter() - begun) / len(truth.y)
        return Estimate(f"{name}, dimensions {k} and {p}", found.w, found.x, seconds)

    tried = [
        split("linear subspaces", 1 + digits, 1 + bells)
        for digits in DIGIT_DIRECTIONS
        for bells in BELL_DIRECTIONS
    ]
    return [split("subspaces as ours", n, p), favoured(tried, truth.digits)]


def _digits(folder: Path | None, size: int) -> Array:
    """Return training digits, evenly spaced in their file, as rows of `size` x `size` pixels."""
    images = mnist_digits(folder, "train", 28)
    some = images[:: -(-len(images) // TRAINING_DIGITS)]
    return enlarged(some.reshape(-1, 28, 28), size)


def _bells(size: int) -> Array:
    """Return bells of another seed than those of the experiment."""
    drawn = paper_bells(TRAINING_BELLS, size, reading="draws", seed=TRAINING_SEED)
    return drawn.astype(np.float32)
