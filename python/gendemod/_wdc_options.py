"""The options of ``gendemod wdc``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from . import _wdc_command
from ._network_files import KINDS
from ._options import alphas, count, path, positive, running, seconds, seed

__all__ = ["add_wdc", "with_report"]

_WORDS = ("report", "bound", "check")
_THREADS = "threads (as many as OpenMP would use)"
_ALPHA = (
    "fitted: tr(W^T W) / n of each layer; theory: that of Theorem 2; or a number for each layer, "
    "between commas (fitted)"
)


def with_report(argv: Sequence[str]) -> list[str]:
    """Return the arguments with the word "report" where ``wdc`` stands without one of its words."""
    words = list(argv)
    if words[:1] == ["wdc"] and (not words[1:] or words[1] not in (*_WORDS, "-h", "--help")):
        words.insert(1, "report")
    return words


def add_wdc(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``wdc`` and its own three to a parser."""
    wdc = commands.add_parser(
        "wdc",
        help="say what is known of the weight distribution condition of given weights",
        description="What is known of the weight distribution condition (WDC) of given weights. "
        "`gendemod wdc FILE` is short for `gendemod wdc report FILE`.",
    )
    words = wdc.add_subparsers(title="commands", required=True, metavar="command")
    _add_report(words)
    _add_bound(words)
    _add_check(words)


def _add_report(words: argparse._SubParsersAction[Any]) -> None:
    report = words.add_parser(
        "report",
        help="every layer of a network, and the joint condition of two (needs no word)",
        description="Print what is known of every layer, of the two last layers of two networks, "
        "and of the hypothesis of Theorem 3.",
    )
    report.set_defaults(run=running(_wdc_command.report))
    add = report.add_argument
    add("weights", type=path, help=f"weights of a network, {KINDS}; or one matrix, .npz or .npy")
    add("--second", type=path, help="weights of the second network, for the joint condition")
    add("--alpha", type=alphas, default="fitted", help=_ALPHA)
    add("--seconds", type=seconds, default=2.0, help="of the search in each layer (2)")
    add("--seed", type=seed, default=0, help="of the searches (0)")
    add("--threads", type=count, help=_THREADS)
    add("-o", "--output", type=path, help="folder or .json file for the report as JSON")
    add(
        "--figures",
        action="store_true",
        help="draw random pairs and the witness of every layer into the folder of the output",
    )


def _add_bound(words: argparse._SubParsersAction[Any]) -> None:
    bound = words.add_parser(
        "bound",
        help="prove an upper bound for one matrix of few columns",
        description="Bracket the least epsilon of one matrix by branch and bound, and write the "
        "proof. A run that was cut short goes on from the file that it left.",
    )
    bound.set_defaults(run=running(_wdc_command.bound))
    add = bound.add_argument
    add("weights", type=path, help="one matrix, .npz or .npy")
    add("--tolerance", type=positive, required=True, help="the gap to reach")
    add("--alpha", type=alphas, default="fitted", help="fitted, theory or a number (fitted)")
    add("--time-limit", type=seconds, help="seconds (none)")
    add("--threads", type=count, help=_THREADS)
    add("-o", "--output", type=path, required=True, help="the certificate, .npz")


def _add_check(words: argparse._SubParsersAction[Any]) -> None:
    check = words.add_parser(
        "check",
        help="check a certificate of an upper bound",
        description="Check the proof that `gendemod wdc bound` wrote. "
        "Exit code 0: accepted; 1: rejected; 2: it cannot be read.",
    )
    check.set_defaults(run=running(_wdc_command.check))
    check.add_argument("certificate", type=path, help="what `gendemod wdc bound` wrote")
    check.add_argument("weights", type=path, help="the matrix that it is about, .npz or .npy")
