"""Pictures that the generators never saw, under distortions that they never saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import seed as checked_seed
from .data import bells, digits, mnist, paper_bells, split

__all__ = ["FIRST_FRESH_SEED", "SPLIT_SEED", "Pairs", "demo_pairs", "mnist_digits", "mnist_pairs"]

Array = NDArray[np.floating[Any]]

# The division of scikit-learn's digits, and the first seed of bells, that no shipped generator saw.
SPLIT_SEED = 0
FIRST_FRESH_SEED = 1_000_000


@dataclass(frozen=True)
class Pairs:
    """Held-out digits and fresh bells, a row each."""

    digits: Array
    bells: Array

    @property
    def y(self) -> Array:
        """The distorted pictures."""
        return self.digits * self.bells

    def first(self, count: int) -> Pairs:
        """Return the first `count` of them."""
        return Pairs(self.digits[:count], self.bells[:count])


def demo_pairs(count: int, size: int, seed: int) -> Pairs:
    """Return `count` of scikit-learn's held-out digits in a random order, under fresh bells.

    Beyond the number of held-out digits, these come again under new bells.
    """
    images, _ = digits(size)
    _, held_out = split(len(images), seed=SPLIT_SEED)
    chosen = held_out[_order(len(held_out), count, seed)]
    return Pairs(images[chosen], bells(count, size, seed=_fresh(seed)))


def mnist_pairs(folder: str | Path | None, count: int, size: int, seed: int) -> Pairs:
    """Return `count` of MNIST's test digits in a random order, under fresh bells of the paper."""
    images = mnist_digits(folder, "test", size)
    fresh = paper_bells(count, size, reading="draws", seed=_fresh(seed))
    return Pairs(images[_order(len(images), count, seed)], fresh.astype(images.dtype))


def mnist_digits(folder: str | Path | None, part: str, size: int) -> NDArray[np.float32]:
    """Return the digits of a part of MNIST; errors name the option ``mnist`` of commands."""
    try:
        return mnist(folder, part=part, size=size)[0]
    except (ValueError, OSError) as error:
        raise type(error)(str(error).replace("`folder`", "`mnist`", 1)) from error


def _order(held_out: int, count: int, seed: int) -> NDArray[np.int64]:
    """Return the first `count` of a random order of the held-out pictures, again from its end."""
    drawn = np.random.Generator(np.random.Philox(checked_seed(seed))).random(held_out)
    return np.resize(np.argsort(drawn), count)


def _fresh(seed: int) -> int:
    return (seed + FIRST_FRESH_SEED) % 2**64
