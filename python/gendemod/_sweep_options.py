"""The options of ``gendemod sweep``."""

from __future__ import annotations

import argparse
from typing import Any

from . import _sweep_command
from ._options import count, path, running, seconds

__all__ = ["add_sweep"]


def add_sweep(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command ``sweep`` and its own six to a parser."""
    sweep = commands.add_parser(
        "sweep",
        help="try a task on a grid of settings, thousands of times, and lose nothing",
        description="Phase transitions: a task on a grid of settings, each cell tried some times. "
        "Results are appended to one file, from which a killed run goes on.",
    )
    words = sweep.add_subparsers(title="commands", required=True, metavar="command")
    _add_run(words)
    _add_resume(words)
    _add_status(words)
    _add_export(words)
    _add_salvage(words)
    _add_plot(words)


def _add_run(words: argparse._SubParsersAction[Any]) -> None:
    run = words.add_parser(
        "run",
        help="run a sweep, or go on with it",
        description="Run the trials of a sweep that its file of results does not have yet.",
    )
    run.set_defaults(run=running(_sweep_command.run))
    run.add_argument("definition", type=path, nargs="?", help="the sweep, .toml")
    run.add_argument("--preset", metavar="NAME", help="a sweep that comes with gendemod")
    run.add_argument("-o", "--output", type=path, required=True, help="the file of results")
    _add_workers(run)


def _add_resume(words: argparse._SubParsersAction[Any]) -> None:
    resume = words.add_parser(
        "resume",
        help="go on with the sweep that a file of results holds",
        description="Run what is left of the sweep that a file of results holds.",
    )
    resume.set_defaults(run=running(_sweep_command.resume))
    resume.add_argument("results", type=path, help="the file of results")
    _add_workers(resume)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--threads", type=count, help="trials at a time (as many as OpenMP has threads)")
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the workers of this dask.distributed scheduler; local: on processes here",
    )
    add("--time-limit", type=seconds, help="seconds, after which no trial is begun (none)")


def _add_status(words: argparse._SubParsersAction[Any]) -> None:
    status = words.add_parser(
        "status",
        help="say how far a sweep is, also while it runs",
        description="Print how much is done, what it costs, how long the rest takes, who ran it, "
        "and where the file is damaged.",
    )
    status.set_defaults(run=running(_sweep_command.status))
    status.add_argument("results", type=path, help="the file of results")


def _add_export(words: argparse._SubParsersAction[Any]) -> None:
    export = words.add_parser(
        "export",
        help="write the results in a format of others",
        description="Write a line for each trial (.csv, .parquet), or the grid (.nc).",
    )
    export.set_defaults(run=running(_sweep_command.export))
    export.add_argument("results", type=path, help="the file of results")
    export.add_argument("target", type=path, help="what to write; its ending decides the format")


def _add_salvage(words: argparse._SubParsersAction[Any]) -> None:
    salvage = words.add_parser(
        "salvage",
        help="copy what is whole in a damaged file of results",
        description="Copy what is whole in a damaged file of results to another, which resume "
        "takes; the damaged one is left as it is.",
    )
    salvage.set_defaults(run=running(_sweep_command.salvage))
    salvage.add_argument("results", type=path, help="the damaged file of results")
    salvage.add_argument("target", type=path, help="the new file to write")


def _add_plot(words: argparse._SubParsersAction[Any]) -> None:
    plot = words.add_parser(
        "plot",
        help="fit the transitions; draw them, the rates and the medians",
        description="Print where success passes 50 %, and the power laws of that; write both as "
        "transitions.txt and transitions.json, and figures.",
    )
    plot.set_defaults(run=running(_sweep_command.plot))
    add = plot.add_argument
    add("results", type=path, help="the file of results")
    add("-o", "--output", type=path, required=True, help="folder to write to")
    add("--along", metavar="AXIS", help="the axis of the transition (ell, or else n)")
    add("--against", metavar="AXIS", help="the size of the power laws (n, or else another axis)")
    add(
        "--success",
        nargs=2,
        metavar=("MEASURE", "BELOW"),
        help="another criterion for the trials that are there (that of the sweep)",
    )
