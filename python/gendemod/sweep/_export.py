"""Results in the formats of others."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import must
from .._arrays import path as checked_path
from .._files import replacing
from ._results import Results, coordinates
from ._results import open as open_results


def export(path: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Write the results in a file as ``.csv``, ``.parquet`` or ``.nc``, by the ending of `target`.

    CSV and Parquet hold a line for each trial that is done: the axes by their names, the number of
    the trial in its cell, measures, seconds and success. NetCDF holds the measures on the grid of
    named axes, last of which `trial`, with NaN where a trial is not yet done. Parquet and NetCDF
    have the definition of the sweep as the attribute `sweep`, in TOML.

    Raises
    ------
    ValueError
        For another ending, and as `open` does.
    OSError
        If a file cannot be read or written.
    ImportError
        If pyarrow, or xarray with netCDF4, is missing.
    """
    name = Path(checked_path(target, "target"))
    if name.suffix not in WRITERS:
        endings = ", ".join(WRITERS)
        reason = "its ending decides the format"
        raise ValueError(must("target", f"end in one of {endings}", reason, name.name))
    results = open_results(path)
    with replacing(name) as beside:
        WRITERS[name.suffix](results, beside)


def _csv(results: Results, target: Path) -> None:
    columns = results.columns()
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def _parquet(results: Results, target: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ImportError("Parquet needs pyarrow; install gendemod[sweep]") from None
    table = pyarrow.table(results.columns())
    parquet.write_table(table.replace_schema_metadata({"sweep": results.sweep.to_toml()}), target)


def _netcdf(results: Results, target: Path) -> None:
    try:
        import netCDF4  # noqa: F401
        import xarray
    except ImportError:
        text = "NetCDF needs xarray and netCDF4; install gendemod[sweep]"
        raise ImportError(text) from None
    sweep = results.sweep
    axes: dict[str, Any] = {name: coordinates(values) for name, values in sweep.axes.items()}
    axes["trial"] = np.arange(sweep.trials)
    grids = {name: (list(axes), results.grid(name)) for name in results.names}
    data = xarray.Dataset(grids, axes, {"sweep": sweep.to_toml()})
    data.to_netcdf(target, engine="netcdf4")


WRITERS = {".csv": _csv, ".parquet": _parquet, ".nc": _netcdf}
