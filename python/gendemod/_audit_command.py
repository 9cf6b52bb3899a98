"""The conclusions of the theorems on weights in files: ``gendemod audit``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from ._archives import read_archive
from ._arrays import Array, must
from ._files import replacing
from ._network_files import read_network
from ._output import output_folder, versions, write_json
from ._weights import naming
from .landscape import Audit
from .landscape import audit as audited
from .network import ReLUNetwork

__all__ = ["audit"]


def audit(
    weights: Path,
    second: Path,
    latents: Path | None,
    points: int,
    decades: int,
    runs: int,
    seed: int,
    threads: int | None,
    time_limit: float | None,
    output: Path | None,
    figures: bool,
) -> int:
    """Print what an audit of two networks finds; write it as JSON, and a figure, where asked to.

    Returns
    -------
    int
        0; 1 if the time was up before all points were evaluated; 130 if it was interrupted.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        For files that cannot be read or written, and options that do not fit them.
    """
    begun = time.monotonic()
    g1, g2 = read_network(weights, "weights"), read_network(second, "second")
    h0, m0 = _truth(latents, g1, g2, seed)
    if figures:
        _check_figures(output)
    place = _place(output)
    found = audited(
        g1,
        g2,
        h0,
        m0,
        points=points,
        decades=decades,
        runs=runs,
        seed=seed,
        threads=threads,
        time_limit=time_limit,
        progress=sys.stderr.isatty(),
    )
    print(found.table())
    if place is not None:
        settings = {
            "weights": str(weights),
            "second": str(second),
            "latents": None if latents is None else str(latents),
            "points": points,
            "decades": decades,
            "runs": runs,
            "seed": seed,
            "threads": threads,
            "time_limit": time_limit,
        }
        content = {"versions": versions(), "settings": settings}
        content |= {"seconds": time.monotonic() - begun, "h0": h0.tolist(), "m0": m0.tolist()}
        write_json(place, {**content, **found.to_dict()})
        print(f"wrote {place}")
    if figures and place is not None:
        print(f"wrote {_draw(found, place.parent)}")
    endings = {found.descent.ending, found.stationary.ending}
    return 130 if "interrupted" in endings else int("time" in endings)


def _truth(
    latents: Path | None, g1: ReLUNetwork, g2: ReLUNetwork, seed: int
) -> tuple[Array, Array]:
    """Return h0 and m0 of a file, or drawn from N(0, I)."""
    if latents is None:
        rng = np.random.default_rng([seed, 0])
        return rng.standard_normal(g1.dims[0]), rng.standard_normal(g2.dims[0])
    with naming("latents", latents):
        arrays = read_archive(str(latents), "path", "the audit is about this truth")
        if not {"h0", "m0"} <= set(arrays):
            got = f"{latents} with {sorted(arrays)}"
            reason = "the audit is about this truth"
            raise ValueError(must("path", "hold the arrays h0 and m0", reason, got))
    return arrays["h0"], arrays["m0"]


def _place(output: Path | None) -> Path | None:
    """Return the file of the audit, in a folder that is there and can be written."""
    if output is None or output.suffix == ".json":
        return output and output_folder(output.parent) / output.name
    return output_folder(output) / "audit.json"


def _check_figures(output: Path | None) -> None:
    if output is None or output.suffix == ".json":
        requirement, reason = "be a folder with --figures", "the figure has a file of its own"
        raise ValueError(must("output", requirement, reason, output))
    try:
        import matplotlib as _matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("--figures needs matplotlib; install gendemod[plot]") from None


def _draw(found: Audit, folder: Path) -> Path:
    from matplotlib.figure import Figure

    from . import plot

    figure = Figure(figsize=(5.0, 3.2), layout="constrained")
    plot.audit(found, ax=figure.subplots())
    path = folder / "audit.png"
    with replacing(path) as beside:
        figure.savefig(beside, dpi=200)
    return path
