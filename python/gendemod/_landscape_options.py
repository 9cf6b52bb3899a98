"""The options of ``gendemod landscape``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ._landscape_command import draw
from ._network_files import KINDS
from ._options import at_least_two, path, running, seed

__all__ = ["add_landscape"]


def add_landscape(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``landscape`` to a parser."""
    landscape = commands.add_parser(
        "landscape",
        help="draw the objective of two networks in the plane of the truth",
        description="The objective in the plane of the points (s h0, t m0), its four hyperbolas "
        "with their neighbourhoods, and its mean over wide random networks, as pictures, as a page "
        "that can be turned, and as data. Either Figure 1 of the paper, or two networks.",
    )
    landscape.set_defaults(run=running(draw))
    add = landscape.add_argument
    weights = f"weights of G1 and of G2, {KINDS}"
    add("networks", type=path, nargs="*", metavar="NETWORK", help=weights)
    add("--figure1", action="store_true", help="Figure 1 of the paper: h0 = m0 = 1, d = s = 2")
    add("-o", "--output", type=path, default=Path("landscape"), help="folder (landscape/)")
    add("--seed", type=seed, default=0, help="of the weights of Figure 1; else of h0 and m0 (0)")
    add("--size", type=at_least_two, default=401, help="points along each axis (401)")
