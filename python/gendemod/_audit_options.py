"""The options of ``gendemod audit``."""

from __future__ import annotations

import argparse
from typing import Any

from ._audit_command import audit
from ._network_files import KINDS
from ._options import count, path, running, seconds, seed

__all__ = ["add_audit"]


def add_audit(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``audit`` to a parser."""
    parser = commands.add_parser(
        "audit",
        help="check the conclusions of the theorems on given weights",
        description="Look for points without a direction of descent, for the stationary points "
        "that descent reaches, and for points with h = 0 or m = 0 that are no local maximisers.",
    )
    parser.set_defaults(run=running(audit))
    add = parser.add_argument
    add("weights", type=path, help=f"weights of the first network, {KINDS}")
    add("second", type=path, help=f"weights of the second network, {KINDS}")
    add("--latents", type=path, help="arrays h0 and m0, .npz (N(0, I), a function of the seed)")
    add("--points", type=count, default=1_000_000, help="points outside K (1000000)")
    add("--decades", type=count, default=4, help="of distance from the hyperbolas (4)")
    add("--runs", type=count, default=64, help="runs of Algorithm 1 (64)")
    add("--seed", type=seed, default=0, help="of everything (0)")
    add("--threads", type=count, help="threads (as many as OpenMP would use)")
    add("--time-limit", type=seconds, help="seconds, half of them for the runs (none)")
    add("-o", "--output", type=path, help="folder or .json file for the audit as JSON")
    add("--figures", action="store_true", help="draw audit.png into the folder of the output")
