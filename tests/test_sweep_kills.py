"""Sweeps whose processes, workers and disks die: nothing is lost, nothing is there twice."""

import contextlib
import errno
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from gendemod import sweep as sweeps
from gendemod.sweep import _engines, _interrupts, _plan
from sweeping import (
    CONTEXT,
    LONG,
    PATIENCE,
    SHORT,
    SMALL,
    AtOnce,
    assert_begins_as_uninterrupted,
    assert_same_as_uninterrupted,
    done,
    in_a_process,
    run_in_small_chunks,
    stored,
    tiny,
    wait_for,
)


def test_twenty_kills_at_random_moments_lose_nothing(tmp_path):
    path = tmp_path / "killed.sweep"
    moments = np.sort(np.random.default_rng(0).integers(0, 600, 20))
    before = []
    for moment in moments:
        process = in_a_process(run_in_small_chunks, path)
        wait_for(path, moment, process)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        if done(path) > 0:
            now = stored(path, LONG)
            assert now[: len(before)] == before
            before = now
    assert_begins_as_uninterrupted(path)


def killed_within_a_write(path, limit):
    """Run until the file has so many bytes, and die amid the write of the next."""
    write = os.pwrite

    def write_and_die(file, data, offset):
        if offset + len(data) > limit:
            write(file, bytes(data)[: limit - offset], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        return write(file, data, offset)

    os.pwrite = write_and_die
    run_in_small_chunks(path, tiny(trials=50))


def test_kills_amid_a_write_lose_nothing_that_was_written_before(tmp_path):
    path = tmp_path / "torn.sweep"
    limits = np.sort(np.random.default_rng(1).integers(1, 8000, 10))
    for limit in [0, *limits]:
        before = stored(path, tiny()) if path.exists() else []
        process = in_a_process(killed_within_a_write, path, limit)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert path.stat().st_size == limit
        assert stored(path, tiny())[: len(before)] == before
    sweeps.run(tiny(trials=50), path, threads=1)
    assert_same_as_uninterrupted(path, tiny(trials=50))


def on_a_full_disk(path, limit, ending):
    """Run where no file can be larger than `limit`; tell how that ended."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        run_in_small_chunks(path, SMALL)
    except OSError as error:
        ending.send((error.errno, str(error)))


@pytest.mark.parametrize("limit", [10, 700, 1500, 20_000])
def test_a_full_disk_is_said_and_what_was_stored_is_kept(tmp_path, limit):
    path = tmp_path / "full.sweep"
    ours, theirs = CONTEXT.Pipe()
    process = in_a_process(on_a_full_disk, path, limit, theirs)
    theirs.close()
    process.join()
    number, text = ours.recv()
    assert number == errno.EFBIG
    assert "what was stored before is kept" in text
    assert str(path) in text
    assert path.stat().st_size <= limit
    if limit == 20_000:
        assert sweeps.open(path).done > 100
        assert sweeps.open(path).damage == []
    sweeps.run(SMALL, path, threads=1)
    assert_same_as_uninterrupted(path)


def interrupted(path, ending):
    results = run_in_small_chunks(path)
    ending.send((results.done, results.complete))


def test_ctrl_c_keeps_what_is_done_and_returns_it(tmp_path):
    path = tmp_path / "interrupted.sweep"
    ours, theirs = CONTEXT.Pipe()
    process = in_a_process(interrupted, path, theirs)
    theirs.close()
    wait_for(path, 50, process)
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 0
    count, complete = ours.recv()
    assert count == len(stored(path, LONG)) >= 50
    assert not complete
    assert_begins_as_uninterrupted(path)


SEARCHES = sweeps.Sweep(
    task="wdc", axes={"n": [3]}, settings={"ell": 9, "max_evaluations": 8000}, trials=10**6
)


def interrupted_in_the_main_thread(path):
    with contextlib.suppress(KeyboardInterrupt):  # which comes after a trial, or not at all
        run_in_small_chunks(path, SEARCHES, executor=AtOnce())


def test_ctrl_c_within_a_search_does_not_store_what_it_had(tmp_path):
    path = tmp_path / "search.sweep"
    process = in_a_process(interrupted_in_the_main_thread, path)
    wait_for(path, 3, process)
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 0
    records = sweeps.open(path).records
    assert 3 <= len(records) < len(SEARCHES)
    for record in records[-20:]:  # the last of which was interrupted, or followed by one that was
        assert record["lower"] == sweeps.trial(SEARCHES, int(record["index"]))["lower"]


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path):
    path = tmp_path / "locked.sweep"
    process = in_a_process(run_in_small_chunks, path)
    wait_for(path, 10, process)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(BlockingIOError, match=r"another run writes .+locked\.sweep"):
        sweeps.resume(path)
    process.kill()
    process.join()
    sweeps.resume(path, threads=1, time_limit=0)


def note_pid(path):
    Path(path).write_text(str(os.getpid()))


def run_on_a_forked_worker(path, pid_path):
    context = get_context("fork")
    with ProcessPoolExecutor(1, context, note_pid, (pid_path,)) as pool:
        run_in_small_chunks(path, executor=pool)


@pytest.mark.skipif(sys.platform == "darwin", reason="fork is not safe there")
def test_a_worker_that_outlives_its_parent_does_not_hold_the_lock(tmp_path):
    path, pid_path = tmp_path / "orphan.sweep", tmp_path / "pid"
    process = in_a_process(run_on_a_forked_worker, path, pid_path)
    wait_for(path, 10, process)
    worker = int(pid_path.read_text())
    os.kill(worker, signal.SIGSTOP)
    process.kill()
    process.join()
    try:
        sweeps.resume(path, threads=1, time_limit=0)
    finally:
        os.kill(worker, signal.SIGKILL)


def test_a_pool_whose_worker_dies_keeps_what_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(_plan, "CHUNK_SECONDS", SHORT)
    path, pid_path = tmp_path / "pool.sweep", tmp_path / "pid"

    def kill_soon():
        wait_for(path, 50, threading.main_thread())
        os.kill(int(pid_path.read_text()), signal.SIGKILL)

    with ProcessPoolExecutor(1, CONTEXT, note_pid, (pid_path,)) as pool:
        killer = threading.Thread(target=kill_soon)
        killer.start()
        with pytest.raises(RuntimeError, match="what was stored is kept"):
            sweeps.run(LONG, path, executor=pool, threads=1, time_limit=PATIENCE)
        killer.join()
    assert 50 <= sweeps.open(path).done < len(LONG)
    assert_begins_as_uninterrupted(path)


ENDLESS = sweeps.Sweep(
    task="wdc",
    axes={"n": [64]},
    settings={"ell": 1000, "max_evaluations": 2**31 - 1},
    trials=50,
    name="endless",
)


def read_until(terminal, word):
    """What a terminal shows up to a word, or to its end."""
    shown = b""
    while word not in shown:
        assert select.select([terminal], [], [], PATIENCE)[0], shown
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # nobody writes any more
            break
    return shown


def test_ctrl_c_is_answered_and_a_second_one_ends_the_command_at_once(tmp_path):
    definition, path = tmp_path / "endless.toml", tmp_path / "endless.sweep"
    definition.write_text(ENDLESS.to_toml())
    command = [sys.executable, "-m", "gendemod", "sweep", "run", definition, "-o", path]
    ours, theirs = pty.openpty()
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen([*command, "--threads", "2"], **ends) as process:
        os.close(theirs)
        read_until(ours, b"0/50")  # which is drawn once trials run
        process.send_signal(signal.SIGINT)
        read_until(ours, b"finishing the trials that run; Ctrl-C again does not wait\r\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    shown = read_until(ours, b"no such word")  # which may begin with the bar, drawn once more
    os.close(ours)
    lines = [line for line in re.split(rb"[\r\n]", shown) if line.strip()]
    assert lines[-1] == b"gendemod: interrupted"
    assert b"Traceback" not in shown
    assert sweeps.open(path).damage == []


def pressed_twice(ending):
    """Begin something on a thread that lasts until `ending` is set, and interrupt twice."""
    with _engines.engine(1, None, None) as workers, _interrupts.noticed() as pressed:
        workers.executor.submit(ending.wait)
        signal.raise_signal(signal.SIGINT)
        assert pressed()
        signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_raises_while_a_thread_still_runs():
    ending = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        pressed_twice(ending)
    assert not ending.is_set()
    ending.set()
