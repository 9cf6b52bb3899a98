"""What is known of the weight distribution condition of weights in files: ``gendemod wdc``."""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from . import wdc
from ._arrays import Array, must
from ._files import replacing
from ._network_files import read_network
from ._output import output_folder, versions, write_json
from .network import ReLUNetwork
from .wdc._alpha import Alpha
from .wdc._alpha import alphas as checked_alphas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bound", "check", "report"]

INTERRUPTED = 130
_PAIRS = 500  # random pairs in the figure of a layer


def report(
    weights: Path,
    second: Path | None,
    alpha: Alpha,
    seconds: float,
    seed: int,
    threads: int | None,
    output: Path | None,
    figures: bool,
) -> int:
    """Print the report of one network or two; write it as JSON, and figures, where asked to.

    Returns
    -------
    int
        0; 130 after Ctrl-C, which ends the search in the layer at hand.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        For files that cannot be read or written, and options that do not fit them.
    """
    begun = time.monotonic()
    networks = [read_network(weights, "weights")]
    if second is not None:
        networks.append(read_network(second, "second"))
    figure = _figure_class(output) if figures else None
    place = _place(output)
    with _interrupts() as interrupts:
        found = wdc.report(
            *networks,
            alpha=alpha,
            seed=seed,
            time_limit=seconds,
            threads=threads,
            progress=sys.stderr.isatty(),
        )
    print(found.table())
    if interrupts:
        print(f"interrupted: {len(interrupts)} of the conditions had less than {seconds:g} seconds")
    code = INTERRUPTED if interrupts else 0
    if place is None:
        return code
    settings = {
        "weights": str(weights),
        "second": None if second is None else str(second),
        "alpha": alpha,
        "seconds": seconds,
        "seed": seed,
        "threads": threads,
    }
    content = {"versions": versions(), "settings": settings, "seconds": time.monotonic() - begun}
    write_json(place, {**content, **found.to_dict()})
    print(f"wrote {place}")
    if figure is not None:
        for path in _draw_layers(figure, networks, found, seed, threads, place.parent):
            print(f"wrote {path}")
    return code


def bound(
    weights: Path,
    tolerance: float,
    alpha: Alpha,
    time_limit: float | None,
    threads: int | None,
    output: Path,
) -> int:
    """Bracket the least epsilon of one matrix and write the proof; print the bracket.

    Returns
    -------
    int
        0 if the gap is at most the tolerance, 1 if the time was up before, 130 after Ctrl-C.

    Raises
    ------
    ValueError, TypeError, OSError
        For files that cannot be read or written, and options that do not fit them.
    """
    W = _matrix(weights)
    ((level, chosen),) = checked_alphas([[W]], alpha)
    if output.exists():
        print(f"going on from {output}")
    with _interrupts() as interrupts:
        bounds = wdc.bound(
            W,
            level,
            tolerance=tolerance,
            time_limit=time_limit,
            checkpoint=output,
            threads=threads,
            progress=sys.stderr.isatty(),
        )
    print(f"alpha = {level!r} ({chosen}); epsilon in [{bounds.lower!r}, {bounds.upper!r}]")
    if interrupts:
        print(f"interrupted; the same command goes on from {output}")
        return INTERRUPTED
    if bounds.upper - bounds.lower <= tolerance:
        print(f"the gap is at most {tolerance:g}; wrote {output}")
        return 0
    print(f"stopped before the gap was {tolerance:g}; the same command goes on from {output}")
    return 1


def check(certificate: Path, weights: Path) -> int:
    """Check a certificate against its matrix, and print the verdict.

    Returns
    -------
    int
        0 if it is accepted, 1 if it is rejected.

    Raises
    ------
    ValueError, OSError
        If a file cannot be read.
    """
    W = _matrix(weights)
    verdict = wdc.check(certificate, W)
    if not verdict.accepted:
        print(f"rejected: {verdict.reason}")
        return 1
    print(
        f"accepted: epsilon in [{verdict.lower!r}, {verdict.upper!r}], "
        f"proven by {verdict.leaves} leaves"
    )
    return 0


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Yield a list that every Ctrl-C meanwhile is noted in; work may answer it with what it has."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _matrix(path: Path) -> Array:
    layers: Sequence[Array] = read_network(path, "weights").weights
    if len(layers) > 1:
        got = f"{path} with {len(layers)} layers"
        raise ValueError(must("weights", "hold one matrix", "a certificate is about one", got))
    return layers[0].astype("f8")


def _place(output: Path | None) -> Path | None:
    """Return the file of the report, in a folder that is there and can be written."""
    if output is None or output.suffix == ".json":
        return output and output_folder(output.parent) / output.name
    return output_folder(output) / "report.json"


def _figure_class(output: Path | None) -> type[Figure]:
    if output is None or output.suffix == ".json":
        requirement, reason = "be a folder with --figures", "each layer has a figure of its own"
        raise ValueError(must("output", requirement, reason, output))
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("--figures needs matplotlib; install gendemod[plot]") from None
    return Figure


def _draw_layers(
    figure: type[Figure],
    networks: list[ReLUNetwork],
    found: wdc.Report,
    seed: int,
    threads: int | None,
    folder: Path,
) -> Iterator[Path]:
    """Draw random pairs of every layer and its witness; yield the files."""
    for layer in found.layers:
        W = networks[layer.network - 1].weights[layer.layer - 1]
        sample = wdc.sample(W, layer.alpha, pairs=_PAIRS, seed=seed, threads=threads)
        path = folder / f"G{layer.network}-layer-{layer.layer}.png"
        _draw(figure(figsize=(6.6, 2.6), layout="constrained"), layer, sample, path)
        yield path


def _draw(figure: Figure, layer: wdc.LayerReport, sample: wdc.Sample, path: Path) -> None:
    """Draw the pairs and the witness against the angle, and as a histogram."""
    from . import plot

    bounds = wdc.Bounds(layer.found, math.inf, layer.x, layer.y)
    left, right = figure.subplots(1, 2)
    plot.angles(sample, bounds, ax=left)
    plot.histogram(sample, bounds, ax=right)
    figure.suptitle(f"{layer.name}, {layer.ell} x {layer.n}, α = {layer.alpha:.3g}", fontsize=8)
    with replacing(path) as beside:
        figure.savefig(beside, dpi=200)
