"""The command line: ``gendemod COMMAND``, with a module of options for each command."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ._audit_options import add_audit
from ._landscape_options import add_landscape
from ._network_files import KINDS
from ._options import count, device, path, restarts, running, seconds, seed
from ._reproduce_options import add_reproduce
from ._sweep_options import add_sweep
from ._wdc_options import add_wdc, with_report
from .demo import demo
from .info import describe
from .restore import SOLVERS, Settings, restore

__all__ = ["main"]

_EPILOG = """exit codes: 0 done, 1 not converged or below what was promised, 2 bad input,
130 interrupted (what is written by then stays)"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        0 done; 1 not converged, or below what was promised; 2 bad input, said in one line on
        stderr; 130 interrupted; 141 if whoever reads the output has closed it.
    """
    # tifffile logs what it also raises; one line on stderr is enough.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    try:
        arguments = _parser().parse_args(with_report(sys.argv[1:] if argv is None else argv))
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read, such as head, has enough; the interpreter flushes what is left at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"gendemod: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"gendemod: error: out of memory: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gendemod: interrupted", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser() -> _Parser:
    parser = _Parser(
        prog="gendemod",
        description="Blind demodulation with generative priors: y = w * x, both factors unknown.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="command")
    _add_demo(commands)
    _add_solve(commands)
    add_wdc(commands)
    add_landscape(commands)
    add_audit(commands)
    add_sweep(commands)
    add_reproduce(commands)
    info = commands.add_parser("info", help="say what this installation is made of")
    info.set_defaults(run=_info)
    return parser


def _add_demo(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser(
        "demo",
        help="restore handwritten digits under random distortions",
        description="Multiply handwritten digits, none of which the shipped generators were "
        "trained on, by random bells; restore both factors; compare with classical methods.",
    )
    command.set_defaults(run=running(demo))
    command.add_argument("-o", "--output", type=path, default=Path("demo"), help="folder (demo/)")
    command.add_argument("--pairs", type=count, default=200, help="pictures to restore (200)")
    command.add_argument("--restarts", type=count, default=8, help="random starts of each (8)")
    command.add_argument("--seed", type=seed, default=0, help="of digits, bells and starts (0)")
    command.add_argument("--threads", type=count, help="threads (as many as OpenMP would use)")


def _add_solve(commands: argparse._SubParsersAction[_Parser]) -> None:
    solve = commands.add_parser(
        "solve",
        help="restore your own pictures",
        description="Split pictures into two factors, y = w * x with w = G1(h) and x = G2(m). "
        "Writes <name>-w.png, <name>-x.png and <name>.npz for each, and report.json.",
    )
    solve.set_defaults(run=running(_solve))
    add = solve.add_argument
    add("input", type=path, help="a picture (PNG, TIFF, NPY; grey or colour) or a folder of them")
    add("--g1", type=path, required=True, help=f"weights of the generator of w, {KINDS}")
    second = solve.add_mutually_exclusive_group(required=True)
    second.add_argument("--g2", type=path, help=f"weights of the generator of x, {KINDS}")
    second.add_argument(
        "--known-x",
        type=path,
        metavar="X",
        help="a grey picture or .npy that is x itself, such as a measured flat field",
    )
    add("-o", "--output", type=path, required=True, help="folder to write to")
    add(
        "--solver",
        choices=sorted(SOLVERS),
        default="levenberg-marquardt",
        help="method (levenberg-marquardt)",
    )
    add("--restarts", type=restarts, default="auto", help="random starts, or auto (auto)")
    add("--seed", type=seed, default=0, help="of the random starts (0)")
    add("--threads", type=count, help="threads (as many as OpenMP would use)")
    add("--device", type=device, default="cpu", help="cpu, or cuda (cpu)")
    add("--time-limit", type=seconds, help="seconds for all solving (none)")
    add("--max-iterations", type=count, help="of every start (the solver's default)")
    add(
        "--shared-distortion",
        action="store_true",
        help="one x for the three channels of a colour picture: they are solved one by one, and "
        "then jointly from there as one least-squares problem; without it, each has its own x",
    )
    add(
        "--frames",
        action="store_true",
        help="the pictures are frames of one camera: one x for all of them, solved in the same "
        "way; of colour, one for each channel, or one for everything with --shared-distortion",
    )
    add("--mask", type=path, help="a grey picture that weighs the pixels; 0 where one is missing")
    add("--reference", type=path, help="residuals of pictures of the right kind, to compare with")
    add("--write-reference", type=path, help="make such a file of these pictures, 99 or more")


def _solve(**options: Any) -> int:
    return restore(Settings(**options))


def _info(_arguments: argparse.Namespace) -> int:
    print(describe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
