"""Running a sweep: chunks out, records in, until it is done or stopped."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from .. import _core
from .._arrays import flag, must
from .._arrays import path as checked_path
from .._output import versions
from .._progress import Progress
from .._slices import seconds_allowed
from ._engines import Engine, engine
from ._frames import SESSION, TRIALS
from ._interrupts import noticed
from ._journal import Journal
from ._plan import Plan
from ._results import Results
from ._results import open as open_results
from ._sweep import Sweep
from ._trial import run_chunk, versions_here

GLANCE = 0.1  # seconds between looks at the clock and at Ctrl-C
AHEAD = 2  # chunks for each worker, one of which waits
FINISHING = "finishing the trials that run; Ctrl-C again does not wait"


def run(
    sweep: Sweep,
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Results:
    """Run the trials of a sweep that a file does not have yet, and append them to it.

    Parameters
    ----------
    sweep : Sweep
    path : path
        A new file, or one that a run of the same sweep began.
    threads : int, optional
        How many trials run at a time, each on one thread. None is what OpenMP would use. For a
        local cluster it is the number of workers, and for an `executor` it says how many tasks
        that runs at a time.
    executor : concurrent.futures.Executor, optional
        Runs the trials instead of a pool of threads. If they run in other processes, these must be
        able to import gendemod.
    scheduler : str, optional
        The address of a dask.distributed scheduler, which runs the trials on its workers; "local"
        begins a cluster of single-threaded processes on this machine.
    progress : bool
        Show a progress bar on standard error.
    time_limit : float, optional
        Seconds, after which no trial is begun.

    Returns
    -------
    Results
        After Ctrl-C, too, with what is done; the trials that were running are waited for.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind or value, a file that holds another sweep (what differs is
        said), or no sweep at all, or is damaged.
    OSError
        If the file cannot be written, as on a full disk, or another run writes it, or the scheduler
        cannot be reached.
    RuntimeError
        If a trial fails, or the workers do.
    ImportError
        If dask.distributed is needed and missing.
    KeyboardInterrupt
        On a second Ctrl-C, at once. Trials on threads run on until they end, and the interpreter
        does not exit before; what they find is not stored.

    Notes
    -----
    What was stored stays stored, whatever happens: see docs/sweep.md. The records do not depend on
    who ran them, in which order or how often the run was resumed, but for `seconds`. Chunks are of
    half a second. Memory does not grow with the number of trials until records are asked for.
    """
    shown = flag(progress, "progress", "the bar is shown or not")
    who = engine(threads, executor, scheduler)
    return carry_out(sweep, path, who, shown, seconds_allowed(time_limit), told=shown)


def resume(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: bool = False,
    time_limit: float | None = None,
) -> Results:
    """Run what is left of the sweep that a file holds: `run` with the file's own definition."""
    return run(
        open_results(path).sweep,
        path,
        threads=threads,
        executor=executor,
        scheduler=scheduler,
        progress=progress,
        time_limit=time_limit,
    )


def carry_out(
    sweep: Sweep,
    path: str | os.PathLike[str],
    who: AbstractContextManager[Engine],
    shown: bool,
    limit: float,
    *,
    told: bool,
) -> Results:
    """Do what `run` does; say on standard error what Ctrl-C does if `told`."""
    if not isinstance(sweep, Sweep):
        raise TypeError(must("sweep", "be a Sweep", "it is run", type(sweep).__name__))
    name = checked_path(path)
    with who as workers, Journal(name, sweep) as journal:
        plan = Plan(journal.contents.missing)
        if plan.left:
            bar = Progress(len(sweep), sweep.name or "trials", shown, len(sweep) - plan.left)
            with bar, noticed() as pressed:
                journal.append(SESSION, [(0, _session(workers))])
                work = _Work(sweep.to_toml(), journal, plan, workers)
                _work(work, bar, pressed, time.monotonic() + limit, FINISHING if told else "")
    return open_results(name)


@dataclass
class _Work:
    """Chunks that are out: `pending` says which trials (first, count) a future runs."""

    text: str
    journal: Journal
    plan: Plan
    engine: Engine
    pending: dict[Future[bytes], tuple[int, int]] = field(default_factory=dict)

    def submit(self) -> Exception | None:
        """Hand out chunks until each worker has one that waits; return what goes wrong."""
        try:
            width = self.engine.width()
            while len(self.pending) < AHEAD * width and (chunk := self.plan.next(width)):
                future = self.engine.executor.submit(run_chunk, self.text, *chunk, versions_here())
                self.pending[future] = chunk[:2]
        except Exception as error:
            return error
        return None

    def cancel(self) -> None:
        """Call back what has not begun."""
        for future in [future for future in self.pending if future.cancel()]:
            del self.pending[future]

    def collect(self) -> BaseException | None:
        """Store what has come back, all of it together; return what went wrong, if anything did."""
        ready, _ = wait(self.pending, timeout=GLANCE, return_when=FIRST_COMPLETED)
        done = sorted(ready, key=self.pending.__getitem__)
        chunks = {future: self.pending.pop(future) for future in done}
        dtype = self.journal.contents.dtype
        errors = {one: _error(one, chunks[one][1], dtype.itemsize) for one in done}
        whole = [(*chunks[one], one.result()) for one in done if errors[one] is None]
        if whole:
            self.journal.append(TRIALS, [(first, records) for first, _, records in whole])
        for first, count, records in whole:
            seconds = np.frombuffer(records, dtype)["seconds"]
            self.plan.learn(first, count, len(seconds), float(seconds.sum()))
        return next((error for error in errors.values() if error is not None), None)


def _work(work: _Work, bar: Progress, pressed: Callable[[], bool], end: float, notice: str) -> None:
    """Keep the workers busy until all is done, the time is up, or something goes wrong."""
    failure: BaseException | None = None
    while True:
        if notice and work.pending and pressed():
            bar.note(notice)
            notice = ""
        if failure is None and not pressed() and time.monotonic() < end:
            failure = work.submit()
        else:
            work.cancel()
        if not work.pending:
            break
        error = work.collect()
        failure = failure or error
        bar.update(bar.total - work.plan.left)
    # On Ctrl-C the workers of some executors get the signal, too, and die of it.
    if failure is not None and not pressed():
        raise RuntimeError(f"{failure}; what was stored is kept") from failure


def _error(future: Future[bytes], count: int, size: int) -> BaseException | None:
    """Return why a future has no records, of so many bytes each, of 1 to `count` trials."""
    if future.cancelled():
        return CancelledError("the executor gave up a chunk of trials")
    if (error := future.exception()) is not None:
        return error
    length = len(future.result())
    if length % size == 0 and 0 < length <= count * size:
        return None
    wanted = f"{size} for each of 1 to {count} trials"
    return RuntimeError(f"a worker returned {length} bytes where records are {wanted}")


def _session(workers: Engine) -> bytes:
    """Return what is known of this run, as JSON."""
    build = _core.build_info()
    session = {
        **versions(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "processor": platform.machine(),
        "vectors": build["simd"],
        "compiler": build["compiler"],
        "engine": workers.name,
        "threads": workers.width(),
    }
    return json.dumps(session).encode()
