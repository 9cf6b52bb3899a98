"""One trial, a function of (sweep, index), and a chunk of them."""

from __future__ import annotations

import hashlib
import json
import math
import time
from functools import lru_cache

import numpy as np

from .._arrays import Array, integer, must
from .._output import versions
from ._interrupts import held_back
from ._sweep import Sweep, parse
from ._task import Cell, Measures, Task

SECONDS = ("seconds", "<f4")


def trial(sweep: Sweep, index: int) -> Measures:
    """Return what trial `index` of a sweep measures, on one thread.

    Its random numbers are those of NumPy's Philox with key (seed, d) and counter (0, 0, 0, r),
    where r = index // cells is the round, and d a digest of what is drawn: for the task
    "demodulation" the sizes of the layers and their law, and neither noise nor solver. So a trial
    depends on no other cell of the grid, and settings of what is done are compared on the same
    random objects.
    """
    reason = f"the sweep has {len(sweep)} trials"
    number = integer(index, "index", 0, reason)
    if number >= len(sweep):
        raise ValueError(must("index", f"be at most {len(sweep) - 1}", reason, number))
    return _measured(sweep, number)


def fields(task: Task) -> list[tuple[str, str]]:
    """Return the dtype of the record of a trial: its measures, and the seconds that it took."""
    return [*task.measures.items(), SECONDS]


def versions_here() -> tuple[str, str]:
    """Return the versions of gendemod and of NumPy, which a trial depends on."""
    here = versions()
    return here["gendemod"], here["numpy"]


def run_chunk(
    text: str, first: int, count: int, seconds: float, expected: tuple[str, str]
) -> bytes:
    """Run trials from `first` on, at most `count` of them and, after one, for `seconds`.

    `text` is the sweep as TOML, `expected` what `versions_here` must be: this is run by workers,
    on other machines perhaps. Return the records of those that were run: where a trial fails,
    those before it, or RuntimeError if it is the first.
    """
    if (here := versions_here()) != expected:
        theirs, ours = (f"gendemod {one[0]} with NumPy {one[1]}" for one in (here, expected))
        text = f"a worker has {theirs}, and the run {ours}: their trials would not be the same"
        raise RuntimeError(text)
    sweep = parse(text)
    names = list(sweep.kind.measures)
    rows: list[tuple[float, ...]] = []
    with held_back():
        begun = now = time.perf_counter()
        for index in range(first, first + count):
            try:
                measures = _measured(sweep, index)
            except Exception as error:
                if rows:
                    break
                cell = sweep.cells[index % math.prod(sweep.shape)]
                what = f"trial {index} at {cell} failed: {type(error).__name__}: {error}"
                raise RuntimeError(what) from error
            before, now = now, time.perf_counter()
            rows.append((*(measures[name] for name in names), now - before))
            if now - begun >= seconds:
                break
    return np.array(rows, dtype=fields(sweep.kind)).tobytes()


def _measured(sweep: Sweep, index: int) -> Measures:
    cell, rng = cell_and_numbers(sweep, index)
    return cell(rng)


def cell_and_numbers(sweep: Sweep, index: int) -> tuple[Cell, np.random.Generator]:
    """Return what a trial is, and the random numbers that it is a function of."""
    round_of_trial, number_of_cell = divmod(index, math.prod(sweep.shape))
    cell, key = _cell(sweep, number_of_cell)
    return cell, np.random.Generator(np.random.Philox(key, counter=round_of_trial << 192))


@lru_cache(maxsize=4096)
def _cell(sweep: Sweep, number_of_cell: int) -> tuple[Cell, _Key]:
    """Return a cell, and the key of its trials."""
    cell = sweep.cell(number_of_cell)
    text = json.dumps([sweep.task, cell.drawn])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return cell, _Key(sweep.seed, int.from_bytes(digest, "little"))


class _Key(np.random.SeedSequence):
    """Two words of 64 bits that Philox takes as its key.

    Given as its argument `key` they cost it a seed from the system's randomness first, for nothing.
    """

    def __init__(self, *words: int) -> None:
        super().__init__(0)
        self._words = np.array(words, dtype=np.uint64)

    def generate_state(self, n_words: int, dtype: object = np.uint64) -> Array:
        return self._words
