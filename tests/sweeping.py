"""A small sweep, and processes that run it and are killed."""

import multiprocessing
import time
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gendemod import sweep as sweeps
from gendemod.sweep import _frames, _plan
from gendemod.sweep._journal import Journal

SMALL = sweeps.Sweep(
    task="demodulation",
    axes={"n": [1, 2], "ell": [3, 6]},
    settings={"restarts": 1, "max_iterations": 20},
    trials=300,
    seed=5,
)
LONG = replace(SMALL, trials=10**6)  # which begins as SMALL, and is never done
SHORT = 0.003
PATIENCE = 300  # seconds, after which nothing is waited for
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["gendemod.sweep"])


def tiny(**changes):
    parts = {
        "task": "demodulation",
        "axes": {"n": [1, 2], "ell": [3, 6]},
        "settings": {"restarts": 1, "max_iterations": 20},
        "trials": 5,
        "seed": 1,
    }
    return sweeps.Sweep(**{**parts, **changes})


class AtOnce(Executor):
    """Run what is submitted, in this thread."""

    def submit(self, function, /, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def measures(results, most=None):
    """The bytes of all that (most) trials of a sweep say, which leaves out how long they took."""
    records = results.records[:most]
    names = [name for name in records.dtype.names if name != "seconds"]
    return b"".join(records[name].tobytes() for name in names)


@lru_cache
def direct(sweep):
    """The same for all trials in a plain loop."""
    found = [sweeps.trial(sweep, i) for i in range(len(sweep))]
    measure, below = sweep.criterion
    columns = [np.arange(len(sweep), dtype="<i8")]
    columns += [
        np.array([one[k] for one in found], kind) for k, kind in sweep.kind.measures.items()
    ]
    columns.append(np.array([one[measure] < below for one in found]))
    return b"".join(column.tobytes() for column in columns)


def record_size(sweep):
    """Bytes of a trial: its measures, and the seconds that it took."""
    return np.dtype([*sweep.kind.measures.items(), ("seconds", "<f4")]).itemsize


def stored(path, sweep=SMALL):
    """The numbers of all trials in a file, by its frames."""
    size = record_size(sweep)
    with open(path, "rb") as file:
        frames = [one for one in _frames.scan(file) if isinstance(one, _frames.Frame)]
    trials = [one for one in frames if one.kind == _frames.TRIALS]
    return [one.first + i for one in trials for i in range(len(one.payload) // size)]


def assert_same_as_uninterrupted(path, sweep=SMALL):
    """No trial is lost, none is there twice, and all numbers are those of a plain loop."""
    results = sweeps.open(path)
    assert sorted(stored(path, sweep)) == list(range(len(sweep)))
    assert results.damage == []
    assert measures(results) == direct(sweep)


def assert_begins_as_uninterrupted(path):
    """Resumes of LONG reach the end of SMALL: none is lost or there twice, as in a plain loop."""
    while not set(range(len(SMALL))) <= set(stored(path, LONG)):
        sweeps.resume(path, threads=1, time_limit=0.1)
    numbers = stored(path, LONG)
    assert len(numbers) == len(set(numbers))
    results = sweeps.open(path)
    assert results.damage == []
    assert measures(results, len(SMALL)) == direct(SMALL)


def in_a_process(target, *arguments):
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process


def run_in_small_chunks(path, sweep=LONG, executor=None):
    """Run with chunks of some trials, so that there are many moments to be killed at."""
    _plan.CHUNK_SECONDS = SHORT
    return sweeps.run(sweep, path, executor=executor, threads=1, time_limit=PATIENCE)


def done(path):
    """How many trials are stored, also before there is a file."""
    try:
        return sweeps.open(path).done
    except (FileNotFoundError, ValueError):
        return 0


def wait_for(path, trials, process):
    """Wait until so many trials are stored, or the process ended."""
    end = time.monotonic() + PATIENCE
    while _alive(process) and done(path) < trials:
        assert time.monotonic() < end, f"{done(path)} of {trials} trials"
        time.sleep(0.001)


def _alive(process):
    """Whether a process of multiprocessing or of subprocess runs."""
    return process.poll() is None if hasattr(process, "poll") else process.is_alive()


def written(path, sweep, errors, seconds=0.01):
    """Results whose trials have these errors, in the order of their numbers; NaN is not stored."""
    dtype = np.dtype([*sweep.kind.measures.items(), ("seconds", "<f4")])
    records = np.zeros(len(errors), dtype)
    records[sweep.criterion[0]] = errors
    records["seconds"] = seconds
    with Journal(str(path), sweep) as journal:
        stored_trials = [(i, one.tobytes()) for i, one in enumerate(records)]
        kept = [one for one, e in zip(stored_trials, errors, strict=True) if not np.isnan(e)]
        journal.append(_frames.TRIALS, kept)
    return sweeps.open(path)


def simulated(path, sweep, chance, seed=0):
    """Results whose trials succeed with a chance that is a function of their cell."""
    rng = np.random.default_rng(seed)
    chances = np.array([chance(cell) for cell in sweep.cells])
    lucky = rng.random((sweep.trials, len(chances))) < chances
    return written(path, sweep, np.where(lucky, 0.0, 1.0).ravel())
