"""Sweeps on dask.distributed."""

import _thread
import os
import signal
import threading
import time

import pytest

from gendemod import sweep as sweeps
from gendemod.sweep import _engines, _plan
from sweeping import (
    LONG,
    PATIENCE,
    assert_begins_as_uninterrupted,
    direct,
    done,
    measures,
    tiny,
    wait_for,
)

distributed = pytest.importorskip("distributed")


def test_a_local_cluster_gives_the_same_bits(tmp_path):
    results = sweeps.run(tiny(), tmp_path / "local.sweep", scheduler="local", threads=1)
    assert measures(results) == direct(tiny())
    assert results.sessions[0]["engine"] == "dask"
    assert results.sessions[0]["threads"] == 1


def test_killed_workers_of_a_cluster_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(_plan, "CHUNK_SECONDS", 0.02)
    path = tmp_path / "cluster.sweep"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=_engines.ANY_PORT
    ) as cluster:
        workers = [worker.pid for worker in cluster.workers.values()]
        killed_at = []

        def kill_both():
            for pid, moment in zip(workers, (50, 200), strict=True):
                wait_for(path, moment, threading.main_thread())
                os.kill(pid, signal.SIGKILL)
                killed_at.append(done(path))
            wait_for(path, killed_at[-1] + 200, threading.main_thread())
            _thread.interrupt_main()

        killer = threading.Thread(target=kill_both)
        killer.start()
        sweeps.run(LONG, path, scheduler=cluster.scheduler_address, time_limit=PATIENCE)
        killer.join()
    assert 50 <= killed_at[0] <= killed_at[1] <= done(path) - 200 < len(LONG)
    assert_begins_as_uninterrupted(path)


def test_a_second_ctrl_c_does_not_wait_for_what_runs():
    running = []

    def interrupted(address):
        with _engines.engine(None, None, address) as workers:
            running.append(workers.executor.submit(time.sleep, 3))
            raise KeyboardInterrupt

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=_engines.ANY_PORT
    ) as cluster:
        with pytest.raises(KeyboardInterrupt):
            interrupted(cluster.scheduler_address)
        assert running[0].cancelled() or not running[0].done()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "tcp://nowhere.invalid:1"])
def test_a_scheduler_that_cannot_be_reached_is_named(tmp_path, monkeypatch, address):
    monkeypatch.setattr(_engines, "CONNECT_SECONDS", 1)
    path = tmp_path / "none.sweep"
    with pytest.raises(ConnectionError, match=rf"^`scheduler` must .+ because .+; got '{address}'"):
        sweeps.run(tiny(), path, scheduler=address)
    assert not path.exists()


def test_a_cluster_has_its_own_number_of_threads(tmp_path):
    with pytest.raises(ValueError, match=r"^`threads` must be None .+; got 3"):
        sweeps.run(tiny(), tmp_path / "none.sweep", scheduler="tcp://127.0.0.1:9", threads=3)


def test_a_scheduler_is_an_address(tmp_path):
    with pytest.raises(TypeError, match=r"^`scheduler` must be an address or .+; got 7"):
        sweeps.run(tiny(), tmp_path / "none.sweep", scheduler=7)
