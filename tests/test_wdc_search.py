"""The search for directions with a large deviation."""

import signal

import numpy as np
import pytest

import gendemod as gd
from gendemod import _slices
from instances import WDC_MATRICES


def quick(W, alpha, **options):
    return gd.wdc.search(W, alpha, seed=3, max_evaluations=4000, **options)


@pytest.mark.parametrize("name", WDC_MATRICES)
def test_a_search_beats_a_sample_and_the_cheap_bounds(name):
    W = WDC_MATRICES[name]
    n = W.shape[1]
    alpha = float(np.sum(W**2) / n) or 1.0
    found = quick(W, alpha)
    scale = np.linalg.norm(W / W.max(initial=1e-300), 2) ** 2 * W.max(initial=1e-300) ** 2 + alpha
    slack = 2e-9 * scale
    assert found.upper == np.inf
    assert gd.wdc.deviation(W, found.x, found.y, alpha) == pytest.approx(found.lower, rel=1e-6)
    assert found.lower >= gd.wdc.sample(W, alpha, pairs=500, seed=1).maximum - slack
    assert found.lower >= np.linalg.norm(W.T @ W - alpha * np.eye(n), 2) / 2 - slack
    longest = np.max(np.sum(W**2, axis=1))
    assert found.lower >= longest - 1e-6 * scale


@pytest.mark.parametrize("seed", range(5))
def test_in_the_plane_it_is_exact(seed):
    W = np.random.default_rng(seed).standard_normal((50, 2)) / 50**0.5
    found, exact = quick(W, 1.0), gd.wdc.exact(W, 1.0)
    assert (found.lower, found.upper) == (exact.lower, exact.upper)


def test_the_climbs_alone_reach_the_exact_value_in_the_plane():
    for seed in range(5):
        W = np.random.default_rng(seed).standard_normal((80, 2)) / 80**0.5
        core = gd._core.WdcSearch(W, 1.0, 0)
        while not core.run(20, 2, 0.1):
            pass
        # A point lies 1e-7 inside its cell.
        assert core.best()[0] == pytest.approx(gd.wdc.exact(W).lower, rel=1e-6)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_what_is_found(threads):
    W = WDC_MATRICES["gaussian"]
    serial, parallel = quick(W, 1.0, threads=1), quick(W, 1.0, threads=threads)
    assert serial.lower == parallel.lower
    np.testing.assert_array_equal(serial.x, parallel.x)
    np.testing.assert_array_equal(serial.y, parallel.y)


def test_more_evaluations_find_no_less():
    W = WDC_MATRICES["wide"]
    found = [gd.wdc.search(W, seed=0, max_evaluations=count).lower for count in (400, 2000, 8000)]
    assert found == sorted(found)


def test_a_time_limit_ends_a_search():
    found = gd.wdc.search(WDC_MATRICES["wide"], seed=0, time_limit=0.05)
    assert found.lower > 0


def test_an_interrupt_returns_the_best_so_far(monkeypatch):
    monkeypatch.setattr(_slices, "SLICE", 0.02)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        found = gd.wdc.search(WDC_MATRICES["wide"], seed=0, max_evaluations=2**40)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert found.lower > 0
    assert gd.wdc.deviation(WDC_MATRICES["wide"], found.x, found.y) == pytest.approx(found.lower)


def test_progress_goes_to_the_screen(capfd):
    gd.wdc.search(WDC_MATRICES["gaussian"], seed=0, max_evaluations=800, progress=True)
    assert "search" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_evaluations": 0}, "`max_evaluations` must be at least 1"),
        ({"time_limit": -1}, "`time_limit` must be at least 0"),
        ({"alpha": 0}, "`alpha` must be greater than 0"),
        ({"threads": 0}, "`threads` must be at least 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message + ".*because.*; got"):
        gd.wdc.search(WDC_MATRICES["gaussian"], **{"seed": 0, **options})
