"""Branch and bound: proofs from above, their certificates, and what an interrupt leaves."""

import itertools
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

import gendemod as gd
from certificates import halves, leaf_bound
from gendemod import _slices
from gendemod.wdc import _bound, _search
from instances import WDC_MATRICES


def gaussian(ell, n, seed=0):
    return np.random.default_rng(seed).standard_normal((ell, n)) / np.sqrt(ell)


def cells(tree, n):
    """The pairs of cones of a tree, each with its code: 0 for a leaf."""
    edges = list(itertools.combinations(range(n), 2))
    signs = [[-1.0 if a >> i & 1 else 1.0 for i in range(n)] for a in range(2**n)]
    orthants = [np.diag(s) for s in signs]
    stack = [(X, orthants[b]) for a, X in enumerate(orthants) for b in range(a, 2**n)][::-1]
    for code in tree[1:]:
        X, Y = stack.pop()
        yield X, Y, code
        if code == 0:
            continue
        edge = edges[(code - 1) % len(edges)]
        if X is Y:
            first, second = halves(X, edge)
            children = [(first, first), (first, second), (second, second)]
        elif code <= len(edges):
            children = [(half, Y) for half in halves(X, edge)]
        else:
            children = [(X, half) for half in halves(Y, edge)]
        stack.extend(children[::-1])
    assert not stack


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 2])
def test_it_encloses_the_exact_value(n, seed):
    W = gaussian(40, n, seed)
    found, exact = gd.wdc.bound(W, 0.8, tolerance=1e-3), gd.wdc.exact(W, 0.8)
    assert found.lower <= exact.lower <= found.upper
    assert found.upper - found.lower <= 1e-3 * (1 + 1e-9)
    assert found.lower == pytest.approx(exact.lower, rel=1e-6)


@pytest.mark.parametrize(
    ("ell", "n", "tolerance"), [(20, 3, 0.05), (100, 3, 0.03), (30, 4, 0.5), (8, 5, 0.7)]
)
def test_no_direction_is_above_it(ell, n, tolerance):
    W = gaussian(ell, n)
    found = gd.wdc.bound(W, tolerance=tolerance)
    assert found.upper - found.lower <= tolerance * (1 + 1e-9)
    assert gd.wdc.deviation(W, found.x, found.y) == pytest.approx(found.lower, rel=1e-6)
    assert gd.wdc.sample(W, pairs=20_000, seed=1).maximum <= found.upper
    assert gd.wdc.search(W, seed=9).lower <= found.upper


@pytest.mark.parametrize(("ell", "n", "tolerance"), [(12, 2, 0.05), (25, 3, 0.2), (40, 4, 0.6)])
def test_pairs_are_split_where_their_bound_asks_for_it_and_nowhere_else(ell, n, tolerance):
    W = gaussian(ell, n, seed=2)
    found = gd.wdc.bound(W, tolerance=tolerance, max_pairs=3000)
    begun = gd.wdc.search(W, seed=0, max_evaluations=4000).lower
    everywhere, seen = np.linalg.norm(W, 2) ** 2, set()
    for X, Y, code in cells(found.certificate.tree, n):
        of_pair = leaf_bound(W, X, Y, 1.0)
        seen.add(bool(code))
        if code == 0:
            assert min(of_pair, everywhere) <= found.upper * (1 + 1e-12)
        else:
            assert of_pair >= (begun + tolerance) * (1 - 1e-6)
    assert seen == {False, True}


@pytest.mark.parametrize("name", WDC_MATRICES)
def test_every_certificate_is_accepted_and_none_that_claims_more(name, tmp_path):
    pytest.importorskip("flint")
    W = WDC_MATRICES[name]
    alpha = float(np.sum(W**2) / W.shape[1]) or 1.0
    scale = np.linalg.norm(W / (W.max() or 1), 2) ** 2 * (W.max() or 1) ** 2
    found = gd.wdc.bound(W, alpha, tolerance=0.2 * max(scale, alpha), max_pairs=3000)
    assert gd.wdc.search(W, alpha, seed=4, max_evaluations=800).lower <= found.upper
    path = tmp_path / "certificate.npz"
    found.certificate.save(path)
    verdict = gd.wdc.check(path, W)
    assert verdict.accepted, verdict.reason
    assert (verdict.lower, verdict.upper) == (found.lower, found.upper)
    claims = [replace(found.certificate, lower=found.lower * 1.0001 + 1e-9 * scale)]
    if found.lower > 0:
        claims.append(replace(found.certificate, upper=found.lower * 0.999))
    for claim in claims:
        claim.save(path)
        assert not gd.wdc.check(path, W).accepted


def test_a_leaf_has_no_room_that_is_not_proven(tmp_path):
    pytest.importorskip("flint")
    W = gaussian(20, 3)
    found = gd.wdc.bound(W, tolerance=0.1)
    tree = found.certificate.tree
    largest = max(leaf_bound(W, X, Y, 1.0) for X, Y, code in cells(tree, 3) if code == 0)
    path = tmp_path / "certificate.npz"
    for upper, accepted in ((largest * (1 + 1e-12), True), (largest * (1 - 1e-12), False)):
        replace(found.certificate, upper=upper).save(path)
        assert gd.wdc.check(path, W).accepted == accepted


def random_structured(seed):
    """A small matrix with many ties: integers, repeated and opposite rows, rank one, scaled."""
    rng = np.random.default_rng(seed)
    ell, n = rng.integers(1, 13), rng.integers(1, 5)
    W = rng.integers(-3, 4, (ell, n)).astype(float)
    if seed % 5 == 1:
        W = np.vstack([W, -W[: ell // 2 + 1], W[:1]])
    if seed % 5 == 2:
        W = np.outer(W[:, 0], rng.standard_normal(n))
    if seed % 5 == 3:
        W = np.linalg.qr(rng.standard_normal((4, 4)))[0][:, :n]
    return W * (1.0, 1e-100, 2.0**40)[seed % 3]


@pytest.mark.parametrize("first", range(0, 300, 30))
def test_samples_are_below_searches_and_searches_below_bounds(first):
    for seed in range(first, first + 30):
        W = random_structured(seed)
        alpha = (float(np.sum(W**2)) or 1.0) * (0.02, 0.3, 2.0)[seed % 4 % 3]
        sampled = gd.wdc.sample(W, alpha, pairs=200, seed=0).maximum
        searched = gd.wdc.search(W, alpha, seed=0).lower
        found = gd.wdc.bound(W, alpha, tolerance=0.1 * alpha, max_pairs=500)
        slack = 1e-8 * (np.sum(W**2) + alpha)
        assert sampled <= searched + slack, seed
        assert searched <= found.upper + slack, seed
        assert found.lower <= found.upper, seed
        if W.shape[1] <= 2:
            exact = gd.wdc.exact(W, alpha).lower
            assert found.lower - slack <= exact <= found.upper + slack, seed


def test_it_is_the_same_for_any_number_of_threads():
    W = gaussian(60, 3)
    one, two = (gd.wdc.bound(W, tolerance=0.02, threads=t).certificate for t in (1, 2))
    assert one.tree == two.tree
    assert (one.lower, one.upper) == (two.lower, two.upper)


def test_scaling_scales_it():
    W = gaussian(30, 3)
    one = gd.wdc.bound(W, 1.0, tolerance=0.1)
    other = gd.wdc.bound(2.0**60 * W, 2.0**120, tolerance=0.1 * 2.0**120)
    assert other.certificate.tree == one.certificate.tree
    assert other.upper == 2.0**120 * one.upper


def test_more_than_six_columns_get_the_trivial_bound(tmp_path):
    pytest.importorskip("flint")
    W = gaussian(50, 7)
    found = gd.wdc.bound(W, tolerance=0.1)
    assert found.upper == pytest.approx(np.linalg.norm(W, 2) ** 2, rel=1e-9)
    assert found.upper > np.linalg.norm(W, 2) ** 2
    found.certificate.save(tmp_path / "certificate.npz")
    assert gd.wdc.check(tmp_path / "certificate.npz", W).accepted


def grows_from(tree, earlier, n):
    """Whether every pair that the earlier tree splits is split in the same way."""
    later = iter(cells(tree, n))
    splits = {(X.tobytes(), Y.tobytes()): code for X, Y, code in later}
    return all(splits[X.tobytes(), Y.tobytes()] == code for X, Y, code in cells(earlier, n) if code)


def test_a_checkpoint_goes_on_where_it_was(tmp_path):
    W, path = gaussian(60, 3), tmp_path / "bound.npz"
    part = gd.wdc.bound(W, tolerance=0.05, checkpoint=path, max_pairs=5000)
    assert part.upper > part.lower + 0.05
    whole = gd.wdc.bound(W, tolerance=0.05, checkpoint=path)
    assert whole.upper <= whole.lower + 0.05 * (1 + 1e-9)
    assert grows_from(whole.certificate.tree, part.certificate.tree, 3)
    again = gd.wdc.bound(W, tolerance=0.05, checkpoint=path)
    assert again.certificate.tree == whole.certificate.tree
    sharper = gd.wdc.bound(W, tolerance=0.02, checkpoint=path)
    assert grows_from(sharper.certificate.tree, whole.certificate.tree, 3)
    assert sharper.upper < whole.upper


def interrupted_in_slice(monkeypatch, label, number):
    """Ctrl-C at the end of a slice of the work with this label."""
    run_in_slices = _slices.run_in_slices

    def interrupted(run, done, total, what, **options):
        slices = itertools.count(1)

        def run_until(seconds):
            ended = run(seconds)
            if what == label and next(slices) == number:
                signal.raise_signal(signal.SIGINT)
            return ended

        return run_in_slices(run_until, done, total, what, **options)

    for module in (_bound, _search):
        monkeypatch.setattr(module, "run_in_slices", interrupted)


@pytest.mark.parametrize(("label", "number"), [("search", 1), ("gap", 1), ("gap", 3)])
def test_an_interrupt_returns_what_is_proven_and_keeps_it(tmp_path, monkeypatch, label, number):
    W, path = gaussian(100, 4), tmp_path / "bound.npz"
    interrupted_in_slice(monkeypatch, label, number)
    found = gd.wdc.bound(W, tolerance=1e-3, checkpoint=path, time_limit=20)
    monkeypatch.undo()
    assert gd.wdc.search(W, seed=1, max_evaluations=4000).lower <= found.upper
    assert path.exists()
    later = gd.wdc.bound(W, tolerance=1e-3, checkpoint=path, time_limit=0.3)
    assert later.upper <= found.upper
    assert later.lower >= found.lower


def test_a_time_limit_of_nothing_still_proves_something():
    W = gaussian(50, 4)
    found = gd.wdc.bound(W, tolerance=0.01, time_limit=0)
    assert found.lower <= found.upper < np.inf


def test_a_gap_that_is_reached_is_not_larger_than_the_tolerance():
    for tolerance in (1e-3, 1e-7, 1e-10, 1e-11):
        found = gd.wdc.bound([[1.0]], 0.6666666666, tolerance=tolerance)
        assert 0 < found.upper - found.lower <= tolerance


def test_a_kill_leaves_a_whole_checkpoint(tmp_path):
    path = tmp_path / "bound.npz"
    np.save(tmp_path / "W.npy", gaussian(200, 4))
    code = (
        "import numpy as np, gendemod as gd;"
        f"W = np.load({str(tmp_path / 'W.npy')!r});"
        f"gd.wdc.bound(W, tolerance=1e-3, checkpoint={str(path)!r}, threads=1)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            deadline = time.monotonic() + 300
            while not path.exists():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            process.kill()
    left = gd.wdc.bound(gaussian(200, 4), tolerance=1e-3, checkpoint=path, time_limit=0)
    assert len(left.certificate.tree) > 1


def test_progress_is_shown_on_request(capfd):
    gd.wdc.bound(gaussian(20, 3), tolerance=0.1, progress=True)
    assert "gap" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W": np.zeros((0, 2))}, "`W` must be a matrix with rows and columns"),
        ({"W": [[np.nan]]}, "`W` must be finite"),
        ({"alpha": 0}, "`alpha` must be greater than 0"),
        ({"tolerance": 0}, "`tolerance` must be greater than 0"),
        ({"tolerance": np.nan}, "`tolerance` must be greater than 0"),
        ({"max_pairs": 0}, "`max_pairs` must be at least 1"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"time_limit": -1}, "`time_limit` must be at least 0"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {"W": np.eye(2), "alpha": 1.0, "tolerance": 0.1} | change
    with pytest.raises(ValueError, match=message):
        gd.wdc.bound(**arguments)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "bound.npz"
    gd.wdc.bound(np.eye(2), tolerance=0.1, checkpoint=path)
    with pytest.raises(ValueError, match="`checkpoint` must be one of this `W`"):
        gd.wdc.bound(np.ones((2, 2)), tolerance=0.1, checkpoint=path)
    with pytest.raises(ValueError, match=r"`alpha` must be 1\.0"):
        gd.wdc.bound(np.eye(2), 2.0, tolerance=0.1, checkpoint=path)
    known = gd.wdc.bound(np.eye(2), tolerance=0.1).certificate
    replace(known, tree=b"\1" + known.tree[2:]).save(path)
    with pytest.raises(ValueError, match="`checkpoint` must hold a whole tree because"):
        gd.wdc.bound(np.eye(2), tolerance=0.1, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="`checkpoint` must be"):
        gd.wdc.bound(np.eye(2), tolerance=0.1, checkpoint=path)
    with pytest.raises(TypeError, match="`checkpoint` must be a path"):
        gd.wdc.bound(np.eye(2), tolerance=0.1, checkpoint=3)
