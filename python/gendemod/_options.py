"""What the options of the command line may be: types for argparse."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ._device import why_no_cuda

__all__ = [
    "alphas",
    "at_least_two",
    "count",
    "device",
    "path",
    "positive",
    "restarts",
    "running",
    "seconds",
    "seed",
]


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    return _whole(text, 1)


def at_least_two(text: str) -> int:
    """Return a whole number of at least 2."""
    return _whole(text, 2)


def seed(text: str) -> int:
    """Return a whole number of at least 0."""
    return _whole(text, 0)


def restarts(text: str) -> int | Literal["auto"]:
    """Return a number of restarts, or "auto"."""
    return "auto" if text == "auto" else count(text)


def device(text: str) -> str:
    """Return "cpu", or "cuda" where that can be had."""
    if text not in ("cpu", "cuda"):
        raise argparse.ArgumentTypeError(f"must be cpu or cuda; got {text}")
    if text == "cuda" and why_no_cuda():
        raise argparse.ArgumentTypeError(f"must be cpu because {why_no_cuda()}; got cuda")
    return text


def path(text: str) -> Path:
    """Return a path; of no letters it would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path; got nothing")
    return Path(text)


def seconds(text: str) -> float:
    """Return a positive number of seconds."""
    return _positive(text, "a positive number of seconds")


def positive(text: str) -> float:
    """Return a positive number."""
    return _positive(text, "a positive number")


def alphas(text: str) -> str | list[float]:
    """Return "fitted", "theory", or numbers between commas."""
    if text in ("fitted", "theory"):
        return text
    return [
        _positive(part, "fitted, theory, or positive numbers between commas")
        for part in text.split(",")
    ]


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}; got {text}")
    return int(text)


def _positive(text: str, requirement: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be {requirement}; got {text}")
    return value


def running(command: Callable[..., int]) -> Callable[[argparse.Namespace], int]:
    """Return a function that passes all options but itself to the command, by their names."""

    def run(arguments: argparse.Namespace) -> int:
        return command(**{name: value for name, value in vars(arguments).items() if name != "run"})

    return run
