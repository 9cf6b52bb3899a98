"""How far a sweep is, what it costs, and who ran it, as text."""

from __future__ import annotations

import math

import numpy as np

from ._arrays import Array
from .sweep import Results

__all__ = ["status_text"]


def status_text(results: Results) -> str:
    """Return how far a sweep is, what it costs, and who ran it."""
    sweep, records = results.sweep, results.records
    size = math.prod(sweep.shape)
    cell = records["index"] % size
    tried = np.bincount(cell, minlength=size)
    measure, below = sweep.criterion
    axes = ", ".join(f"{name} ({len(values)})" for name, values in sweep.axes.items())
    lines = [
        f"sweep      {sweep.name or '(no name)'}: {sweep.task} over {axes or 'one cell'}",
        f"trials     {results.done} of {len(sweep)} ({results.done / len(sweep):.1%}); "
        f"{(tried == sweep.trials).sum()} of {size} cells done, "
        f"{tried.min()} to {tried.max()} of {sweep.trials} in each",
    ]
    if results.done:
        spent = np.bincount(cell, records["seconds"], minlength=size)
        rate = results.done / max(spent.sum(), 1e-9)
        lines += [
            f"success    {records['success'].sum()} of {results.done}, {measure} < {below:g}",
            f"cost       {_clock(spent.sum())} of one thread, {rate:.3g} trials a "
            "second and thread",
        ]
    if results.done and not results.complete:
        lines.append(f"left       {_left(results, spent, tried)}")
    lines += [
        f"session    {one['started']}, gendemod {one['gendemod']}, numpy {one['numpy']}, "
        f"{one['engine']} x {one['threads']}, {one['machine']}"
        for one in results.sessions
    ]
    lines += [
        f"damage     {gap.length} bytes from byte {gap.offset} on: see gendemod sweep salvage"
        for gap in results.damage
    ]
    return "\n".join(lines)


def _left(results: Results, spent: Array, tried: Array) -> str:
    """Return the time that the rest takes, from the seconds and the number of trials of each cell.

    Cells cost what theirs did until now. Where some were not tried at all, this is a lower bound.
    """
    known = tried > 0
    rest = results.sweep.trials - tried[known]
    seconds = float((spent[known] / tried[known] * rest).sum())
    threads = results.sessions[-1]["threads"] if results.sessions else 1
    clocks = f"{_clock(seconds)} of one thread"
    if threads > 1:
        clocks += f", {_clock(seconds / threads)} of {threads}"
    if known.all():
        return f"about {clocks}"
    return f"more than {clocks}; cells not tried yet: {(~known).sum()} of {len(tried)}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
