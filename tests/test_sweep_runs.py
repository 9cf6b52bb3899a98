"""Running sweeps: the same bits whoever runs them, and how runs end."""

import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from gendemod import sweep as sweeps
from gendemod.sweep import _plan
from gendemod.sweep._trial import run_chunk, versions_here
from sweeping import (
    CONTEXT,
    LONG,
    SHORT,
    AtOnce,
    assert_begins_as_uninterrupted,
    assert_same_as_uninterrupted,
    direct,
    measures,
    record_size,
    stored,
    tiny,
    written,
)


def test_any_executor_gives_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr(_plan, "CHUNK_SECONDS", SHORT)
    sweep = tiny(trials=40)
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2, CONTEXT) as processes:
        ways = [
            {"threads": 1},
            {"threads": 3},
            {"executor": threads, "threads": 3},
            {"executor": processes, "threads": 2},
            {"executor": AtOnce(), "threads": 1},
        ]
        for i, way in enumerate(ways):
            results = sweeps.run(sweep, tmp_path / f"{i}.sweep", **way)
            assert results.complete
            assert measures(results) == direct(sweep)


def test_trials_in_any_order_are_the_same():
    sweep = tiny()
    found = {int(i): sweeps.trial(sweep, int(i)) for i in np.random.default_rng(0).permutation(20)}
    in_order = [sweeps.trial(sweep, i) for i in range(20)]
    np.testing.assert_equal([found[i] for i in range(20)], in_order)


def test_chunks_are_cut_by_time_after_one_trial_and_lose_nothing():
    sweep = tiny()
    one = run_chunk(sweep.to_toml(), 3, 10, 0.0, versions_here())
    ten = run_chunk(sweep.to_toml(), 3, 10, 60.0, versions_here())
    size = len(one)
    assert len(ten) == 10 * size
    assert one[: size - 4] == ten[: size - 4]


def test_a_plan_hands_out_every_trial_once():
    plan = _plan.Plan([(0, 50), (60, 100)])
    rng = np.random.default_rng(0)
    seen = []
    while (chunk := plan.next(2)) is not None:
        first, count, seconds = chunk
        assert 0 < seconds <= _plan.CHUNK_SECONDS
        done = int(rng.integers(1, count + 1))
        seen += range(first, first + done)
        plan.learn(first, count, done, 0.03 * done)
    assert sorted(seen) == [*range(50), *range(60, 100)]
    assert plan.left == 0


def test_chunks_take_half_a_second_whatever_a_trial_costs():
    for cost in (1e-4, 1e-2, 3.0):
        plan = _plan.Plan([(0, 10**7)])
        for _ in range(20):
            first, count, _ = plan.next(1)
            plan.learn(first, count, count, cost * count)
        assert count == pytest.approx(max(1, 0.5 / cost), rel=0.01)


def test_a_time_limit_ends_a_run_and_a_resume_goes_on(tmp_path):
    path = tmp_path / "limited.sweep"
    results = sweeps.run(LONG, path, threads=1, time_limit=0.05)
    assert not results.complete
    assert np.isnan(results.grid("error")).any()
    resumed = sweeps.resume(path, threads=2, time_limit=0.05)
    assert resumed.done >= results.done
    assert len(resumed.sessions) == 2
    assert_begins_as_uninterrupted(path)


def test_a_finished_sweep_is_not_run_again(tmp_path):
    path = tmp_path / "done.sweep"
    first = sweeps.run(tiny(), path, threads=1)
    before = path.read_bytes()
    again = sweeps.run(tiny(), path, threads=1)
    assert path.read_bytes() == before
    assert again.records.tobytes() == first.records.tobytes()


TOO_LARGE = tiny(axes={"n": [1, 2, 2**28]}, settings={"ell_per_unknown": 0.5}, trials=2)


def test_a_failing_trial_is_named_and_the_others_are_kept(tmp_path):
    path = tmp_path / "failing.sweep"
    text = rf"trial 2 at \{{'n': {2**28}\}} failed: .*MemoryError.+kept"
    for _ in range(2):
        with pytest.raises(RuntimeError, match=text):
            sweeps.run(TOO_LARGE, path, threads=1)
    assert set(stored(path, TOO_LARGE)) >= {0, 1}
    assert set(stored(path, TOO_LARGE)) <= {0, 1, 3, 4}


def test_a_chunk_ends_before_a_trial_that_fails_and_fails_only_at_its_beginning():
    text = TOO_LARGE.to_toml()
    assert len(run_chunk(text, 0, 6, 60.0, versions_here())) == 2 * record_size(TOO_LARGE)
    with pytest.raises(RuntimeError, match="trial 2 at "):
        run_chunk(text, 2, 4, 60.0, versions_here())


class Altering(AtOnce):
    """Run what is submitted, and change what comes back."""

    def __init__(self, change):
        self.change = change

    def submit(self, function, /, *arguments):
        future = Future()
        future.set_result(self.change(function(*arguments)))
        return future


@pytest.mark.parametrize(
    "change", [lambda r: r[:-1], lambda r: b"", lambda r: r * 1000], ids=["cut", "none", "more"]
)
def test_bytes_that_are_no_records_are_refused_and_not_stored(tmp_path, change):
    path = tmp_path / "altered.sweep"
    with pytest.raises(RuntimeError, match=r"a worker returned \d+ bytes .+ 1 to 1 trials.+kept"):
        sweeps.run(tiny(), path, executor=Altering(change), threads=1)
    assert stored(path, tiny()) == []
    assert sweeps.run(tiny(), path, threads=1).complete
    assert_same_as_uninterrupted(path, tiny())


def test_workers_of_other_versions_are_refused(tmp_path):
    ours, numpy = versions_here()
    with pytest.raises(
        RuntimeError, match=rf"worker has gendemod {ours} .+ and the run gendemod 9"
    ):
        run_chunk(tiny().to_toml(), 0, 1, 1.0, ("9", numpy))
    with pytest.raises(RuntimeError, match=r"NumPy 0\.1: their trials would not be"):
        run_chunk(tiny().to_toml(), 0, 1, 1.0, (ours, "0.1"))


def test_progress_says_how_much_is_done(tmp_path, capfd):
    sweeps.run(tiny(name="transition"), tmp_path / "shown.sweep", threads=1, progress=True)
    shown = capfd.readouterr()
    assert "transition [########################] 20/20" in shown.err
    assert shown.out == ""
    part = tmp_path / "part.sweep"
    written(part, tiny(), np.array([*[0.0] * 7, *[np.nan] * 13]))
    sweeps.resume(part, threads=1, progress=True)
    assert "20/20" in capfd.readouterr().err
    sweeps.run(tiny(), tmp_path / "silent.sweep", threads=1)
    assert capfd.readouterr() == ("", "")


def test_a_session_says_what_ran(tmp_path):
    (session,) = sweeps.run(tiny(), tmp_path / "a.sweep", threads=2).sessions
    assert session["engine"] == "threads"
    assert session["threads"] == 2
    assert session["numpy"] == np.__version__
    assert session["python"].startswith(f"{sys.version_info.major}.")
    assert abs(time.time() - np.datetime64(session["started"][:19]).astype(int)) < 3600


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"threads": 0}, ValueError, r"^`threads` must be at least 1"),
        ({"executor": 3}, TypeError, r"^`executor` must be a concurrent.futures.Executor"),
        ({"executor": AtOnce(), "scheduler": "local"}, ValueError, "not be given with"),
        ({"time_limit": -1}, ValueError, r"^`time_limit` must be at least 0"),
        ({"progress": 1}, TypeError, r"^`progress` must be True or False"),
    ],
)
def test_bad_options_are_refused_before_there_is_a_file(tmp_path, options, kind, text):
    path = tmp_path / "none.sweep"
    with pytest.raises(kind, match=text):
        sweeps.run(tiny(), path, **options)
    assert not path.exists()


def test_only_sweeps_are_run(tmp_path):
    with pytest.raises(TypeError, match=r"^`sweep` must be a Sweep"):
        sweeps.run({"task": "wdc"}, tmp_path / "none.sweep")
    with pytest.raises(TypeError, match=r"^`path` must be a path"):
        sweeps.run(tiny(), 3)
