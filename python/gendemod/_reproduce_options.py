"""The options of ``gendemod reproduce``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ._figure2_command import figure2
from ._options import count, path, running, seed
from ._priors_command import priors

__all__ = ["add_reproduce"]


def add_reproduce(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``reproduce`` and its experiments to a parser."""
    parser = commands.add_parser(
        "reproduce",
        help="repeat the paper's experiment on MNIST, and compare with classical priors",
        description="Free unseen MNIST digits from unseen distortions, as in Section 4 of the "
        "paper.",
    )
    experiments = parser.add_subparsers(title="experiments", required=True, metavar="experiment")
    _add_figure2(experiments)
    _add_priors(experiments)


def _add_figure2(experiments: argparse._SubParsersAction[Any]) -> None:
    command = experiments.add_parser(
        "figure2",
        help="Figure 2, and a table of several ways to solve",
        description="Restore test digits by the authors' recipe on DCGANs, and by this library's "
        "solvers on the bias-free pair. Pictures that are solved are not solved again when the "
        "same command is given again.",
    )
    command.set_defaults(run=running(figure2))
    _add_common(command, Path("figure2"))
    add = command.add_argument
    add("--dcgan", type=path, help="folder of the DCGANs that examples/train_dcgan.py wrote")


def _add_priors(experiments: argparse._SubParsersAction[Any]) -> None:
    command = experiments.add_parser(
        "priors",
        help="generators against classical priors on the same pictures",
        description="Split unseen MNIST test digits under unseen distortions with classical "
        "methods, with linear subspaces of the training pictures and with trained generators.",
    )
    command.set_defaults(run=running(priors))
    _add_common(command, Path("priors"))
    command.add_argument("--restarts", type=count, default=8, help="random starts of each (8)")


def _add_common(command: argparse.ArgumentParser, output: Path) -> None:
    """Add what both experiments have."""
    add = command.add_argument
    add("--mnist", type=path, help="folder of MNIST's files (GENDEMOD_MNIST, or downloaded)")
    add("--weights", type=path, default=Path("examples/weights"), help="folder of the trained pair")
    add("-o", "--output", type=path, default=output, help=f"folder to write to ({output}/)")
    add("--pairs", type=count, default=500, help="pictures to restore (500)")
    add("--seed", type=seed, default=0, help="of digits, distortions and starts (0)")
    add("--threads", type=count, help="threads (as many as OpenMP would use)")
