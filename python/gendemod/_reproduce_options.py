"""The options of ``gendemod reproduce``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ._figure2_command import figure2
from ._options import count, running, seed

__all__ = ["add_reproduce"]


def add_reproduce(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``reproduce`` to a parser."""
    parser = commands.add_parser(
        "reproduce",
        help="repeat the paper's experiment on MNIST",
        description="Free unseen MNIST digits from unseen distortions, as in Section 4 of the "
        "paper.",
    )
    experiments = parser.add_subparsers(title="experiments", required=True, metavar="experiment")
    _add_figure2(experiments)


def _add_figure2(experiments: argparse._SubParsersAction[Any]) -> None:
    command = experiments.add_parser(
        "figure2",
        help="Figure 2, and a table of several ways to solve",
        description="Restore test digits by the authors' recipe on DCGANs, and by this library's "
        "solvers on the bias-free pair. Pictures that are solved are not solved again when the "
        "same command is given again.",
    )
    command.set_defaults(run=running(figure2))
    add = _add_common(command)
    add("--dcgan", type=Path, help="folder of the DCGANs that examples/train_dcgan.py wrote")
    add("--pairs", type=count, default=500, help="pictures to restore (500)")


def _add_common(command: argparse.ArgumentParser) -> Any:
    """Add what every experiment has, and return the function that adds more."""
    add = command.add_argument
    add("--mnist", type=Path, help="folder of the IDX files (GENDEMOD_MNIST, or downloaded)")
    add("--weights", type=Path, default=Path("examples/weights"), help="folder of the trained pair")
    add("-o", "--output", type=Path, default=Path("out"), help="folder to write to (out/)")
    add("--seed", type=seed, default=0, help="of digits, distortions and starts (0)")
    add("--threads", type=count, help="threads (as many as OpenMP would use)")
    return add
