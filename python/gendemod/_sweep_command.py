"""Phase transitions from the shell: ``gendemod sweep run | resume | status | ...``."""

from __future__ import annotations

import itertools
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import sweep as sweeps
from ._arrays import must
from ._files import replacing
from ._output import output_folder, write_json, write_text
from ._sweep_report import Analysis, analysis, file_word
from ._sweep_status import status_text
from .sweep._engines import engine
from .sweep._run import carry_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["export", "plot", "resume", "run", "salvage", "status"]

_ROWS = 5  # lines in a figure of bars
_LINES = 6  # lines in a figure of transitions
_HEIGHT = 2.9  # inches of a figure below its legend


def run(
    definition: Path | None,
    preset: str | None,
    output: Path,
    threads: int | None,
    scheduler: str | None,
    time_limit: float | None,
) -> int:
    """Run a sweep that a file defines, or a preset.

    Returns
    -------
    int
        0; 1 if the time was up before all trials were done, or a trial failed; 130 if it was
        interrupted.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        For files that cannot be read or written, definitions that are none, results of another
        sweep, and schedulers that cannot be reached.
    """
    if (definition is None) == (preset is None):
        got = "neither" if definition is None else "both"
        requirement = "be a file, or else --preset be given"
        raise ValueError(must("definition", requirement, "it says what is tried", got))
    chosen = sweeps.Sweep.from_toml(str(definition)) if preset is None else sweeps.preset(preset)
    return _run(chosen, output, threads, scheduler, time_limit)


def resume(
    results: Path, threads: int | None, scheduler: str | None, time_limit: float | None
) -> int:
    """Go on with the sweep that a file of results holds; return and raise as `run` does."""
    return _run(sweeps.open(results).sweep, results, threads, scheduler, time_limit)


def _run(
    sweep: sweeps.Sweep,
    path: Path,
    threads: int | None,
    scheduler: str | None,
    time_limit: float | None,
) -> int:
    begun = time.monotonic()
    try:
        found = carry_out(
            sweep,
            path,
            engine(threads, None, scheduler),
            sys.stderr.isatty(),
            math.inf if time_limit is None else time_limit,
            told=True,
        )
    except KeyboardInterrupt:
        _leave()
    except RuntimeError as error:
        print(f"gendemod: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    print(status_text(found))
    if found.complete:
        return 0
    return 1 if time_limit is not None and time.monotonic() - begun >= time_limit else 130


def _leave() -> NoReturn:
    """End the process at once: the interpreter's own end would wait for trials that run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("gendemod: interrupted", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)


def status(results: Path) -> int:
    """Print how far a sweep is; return 1 if its file is damaged, else 0."""
    found = sweeps.open(results)
    print(status_text(found))
    return int(bool(found.damage))


def export(results: Path, target: Path) -> int:
    """Write results as `target`, by its ending, and say what they lack; return 0."""
    found = sweeps.open(results)
    sweeps.export(results, target)
    if not found.complete:
        missing = len(found.sweep) - found.done
        _warn(f"{missing} of {len(found.sweep)} trials are missing")
    if found.damage:
        _warn(f"{results} is damaged: `gendemod sweep salvage` and `resume` do what is lost again")
    print(f"wrote {target}")
    return 0


def salvage(results: Path, target: Path) -> int:
    """Copy what is whole in a damaged file to `target`; return 0."""
    print(status_text(sweeps.salvage(results, target)))
    print(f"wrote {target}")
    return 0


def _warn(text: str) -> None:
    print(f"gendemod: warning: {text}", file=sys.stderr)


def plot(
    results: Path,
    output: Path,
    along: str | None,
    against: str | None,
    success: tuple[str, str] | None,
) -> int:
    """Print transitions and power laws; write them and figures into a folder; return 0."""
    try:
        import matplotlib as _matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("figures need matplotlib; install gendemod[plot]") from None
    criterion = None if success is None else (success[0], _below(success[1]))
    found = analysis(sweeps.open(results), along, against, criterion)
    folder = output_folder(output)
    print(found.text())
    write_text(folder / "transitions.txt", found.text())
    write_json(folder / "transitions.json", found.to_dict())
    names = ["transitions.txt", "transitions.json"]
    for name, draw in _figures(found):
        _write(draw, folder / name)
        names.append(name)
    print("\n".join(f"wrote {folder / name}" for name in names))
    return 0


def _below(text: str) -> float:
    """Return the number of a criterion."""
    try:
        return float(text)
    except ValueError:
        reason = "a trial succeeds if the measure is below"
        raise ValueError(must("success", "end in a number", reason, repr(text))) from None


def _figures(found: Analysis) -> Iterator[tuple[str, Callable[..., Axes]]]:
    """Yield the names of figures, and what draws them on `ax`."""
    from . import plot as plots

    axes, axis, against = found.results.sweep.axes, found.axis, found.against
    some: dict[str, Any] = {}
    if against is not None:
        some[against] = list(axes[against][:: -(-len(axes[against]) // _ROWS)])
    shown = None
    if found.found is not None:
        shown = sweeps.transitions(found.results, axis, success=found.rates.sweep.criterion)
        if against is not None:
            draw = partial(plots.transition_curves, found.found, found.laws, against)
            for at in _parts(axes, [name for name in found.found.others if name != against]):
                yield f"transitions{file_word(at)}.png", partial(draw, at=at)
    fixed = [name for name in axes if name not in (axis, against)]
    for values in itertools.product(*(axes[name] for name in fixed)):
        at = dict(zip(fixed, values, strict=True))
        word = file_word({name: one for name, one in at.items() if len(axes[name]) > 1})
        rows = {**at, **some}
        if against is not None:
            draw = partial(plots.success_map, found.rates, against, axis, at=at)
            yield f"success{word}.png", partial(draw, transitions=shown)
        yield f"rates{word}.png", partial(plots.success_rates, found.rates, axis, at=rows)
        yield f"medians{word}.png", partial(plots.measured, found.medians, axis, at=rows)


def _parts(axes: Mapping[str, Sequence[Any]], names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield values of some of these axes, a figure each: as few as leave few lines in each."""
    lines = math.prod(len(axes[name]) for name in names)
    subsets = (one for k in range(len(names) + 1) for one in itertools.combinations(names, k))
    figures = {one: math.prod(len(axes[name]) for name in one) for one in subsets}
    split = min((one for one in figures if lines / figures[one] <= _LINES), key=figures.__getitem__)
    for values in itertools.product(*(axes[name] for name in split)):
        yield dict(zip(split, values, strict=True))


def _write(draw: Callable[..., Axes], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, _HEIGHT), layout="constrained")
    legend = draw(ax=figure.subplots()).get_legend()
    if legend is not None:
        figure.draw_without_rendering()
        figure.set_figheight(_HEIGHT + legend.get_window_extent().height / figure.dpi)
    with replacing(path) as beside:
        figure.savefig(beside, dpi=200)
