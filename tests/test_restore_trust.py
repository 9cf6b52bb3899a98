"""`gendemod solve` with a reference: made, compared with, reported, or refused."""

import numpy as np
import pytest

from gendemod import restore as restore_module
from gendemod.trust import LEVEL, Reference
from solving import G1, G2, SIDE, assert_refused, command_in, report_of

RESTARTS = ("--restarts", "8")


def noisy(seed, count):
    """Pictures in the range of the generators, with one per cent of noise."""
    rng = np.random.default_rng(seed)
    y = G1(rng.normal(size=(count, 5))) * G2(rng.normal(size=(count, 4)))
    y += 0.01 * np.sqrt(np.mean(y**2, axis=1, keepdims=True)) * rng.normal(size=y.shape)
    return y.reshape(count, SIDE, SIDE)


def save_all(folder, pictures):
    folder.mkdir()
    for place, picture in enumerate(pictures):
        np.save(folder / f"p{place:03d}.npy", picture)
    return folder


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


def make_reference(tmp_path, solve):
    kind = save_all(tmp_path / "kind", noisy(1, 99))
    reference = tmp_path / "made" / "r.npz"
    made = solve(kind, *RESTARTS, "--write-reference", str(reference), output="made")
    reference.rename(tmp_path / "r.npz")
    return made


def test_a_reference_is_made_and_tells_strange_pictures_from_others(tmp_path, solve):
    code, out, _ = make_reference(tmp_path, solve)
    assert code == 0
    reference = Reference.load(tmp_path / "r.npz")
    pictures = report_of(tmp_path / "made")["pictures"]
    residuals = sorted(picture["relative_residual"] for picture in pictures)
    np.testing.assert_array_equal(reference.residuals, residuals)
    assert f"above {reference.threshold():.3g}; wrote {tmp_path / 'made' / 'r.npz'}" in out

    strange = np.random.default_rng(0).random((SIDE, SIDE))
    black = np.zeros((SIDE, SIDE))
    new = save_all(tmp_path / "new", [*noisy(2, 3), strange, black])
    _, out, _ = solve(new, *RESTARTS, "--reference", str(tmp_path / "r.npz"))
    entries = report_of(tmp_path / "out")["pictures"]
    flags = [entry["trust"]["out_of_range"] for entry in entries]
    assert flags == [False, False, False, True, True]
    trust = entries[-2]["trust"]
    assert trust["p"] == 0.01
    assert trust["level"] == LEVEL
    ratio = entries[-2]["relative_residual"] / np.median(reference.residuals)
    assert trust["ratio"] == pytest.approx(ratio)
    told, black_told = [line for line in out.splitlines() if "OUT OF RANGE" in line]
    assert told == (
        f"p003.npy: {entries[-2]['status']}  "
        f"relative residual {entries[-2]['relative_residual']:.3g}  "
        f"OUT OF RANGE: {ratio:.3g} x the median, p = 0.01"
    )
    assert black_told.startswith("p004.npy: hopeless")

    # Less effort, colour (three chances with 99 residuals) and other generators are refused.
    use = ("--reference", str(tmp_path / "r.npz"))
    code, _, err = solve(new, *use, output="no")
    assert_refused(tmp_path / "no", code, err, "`restarts`", "auto", "8")
    code, _, err = solve(new, *RESTARTS, "--max-iterations", "9", *use, output="no")
    assert_refused(tmp_path / "no", code, err, "`solver`", "max_iterations=9")
    np.save(tmp_path / "colour.npy", np.stack(noisy(4, 3), axis=-1))
    code, _, err = solve(tmp_path / "colour.npy", *RESTARTS, *use, output="no")
    assert_refused(tmp_path / "no", code, err, "`reference`", "at least 299")
    G1.save(tmp_path / "g1.npz")
    G1.save(tmp_path / "g2.npz")
    options = ("--g2", str(tmp_path / "g1.npz"))
    code, _, err = solve(new, *RESTARTS, *use, *options, output="no")
    assert_refused(tmp_path / "no", code, err, "`reference`", "this `g2`")


@pytest.mark.parametrize(
    ("options", "culprits"),
    [
        (("--write-reference", "{}/r.npz"), ("`input`", "at least 99", "got 1")),
        (("--write-reference", "{}/nowhere/r.npz"), ("`write_reference`", "nowhere")),
        (("--write-reference", "{}"), ("`write_reference` must be a file",)),
        (("--write-reference", "{}/p.npy/r.npz"), ("`write_reference`", "Not a directory")),
        (("--write-reference", "{}/r.npz", "--shared-distortion"), ("`shared_distortion`",)),
        (("--reference", "{}/missing.npz"), ("`reference`", "missing.npz")),
        (("--reference", "{}/g1.npz"), ("`reference`", "hold a reference", "g1.npz")),
        (("--reference", "{}/p.npy"), ("`reference`", "archive", "p.npy")),
        (("--reference", "{}/deep.npz"), ("`reference`", "hold a reference", "RecursionError")),
    ],
)
def test_what_cannot_work_is_refused_before_solving(tmp_path, solve, options, culprits):
    np.save(tmp_path / "p.npy", noisy(1, 1)[0])
    few = np.ones(99)
    np.savez(tmp_path / "deep.npz", residuals=few, grounds=few, origin=np.array("[" * 100_000))
    code, _, err = solve(tmp_path / "p.npy", *(o.format(tmp_path) for o in options))
    assert_refused(tmp_path, code, err, *culprits)
    assert not (tmp_path / "r.npz").exists()


def test_no_reference_is_begun_without_all_pictures(tmp_path, solve):
    kind = save_all(tmp_path / "kind", noisy(1, 99))
    np.save(kind / "broken.npy", np.ones((3, 3)))
    code, _, err = solve(kind, "--write-reference", str(tmp_path / "r.npz"))
    assert code == 2
    assert "`input` must be restored to the last picture because" in err
    assert "broken.npy and 0 more" in err
    assert not (tmp_path / "out").exists()


def test_no_reference_is_made_of_a_part_of_the_pictures(tmp_path, solve, monkeypatch):
    monkeypatch.setattr(restore_module, "_SLICE", 1)
    kind = save_all(tmp_path / "kind", noisy(1, 99))
    options = ("--write-reference", str(tmp_path / "r.npz"), "--time-limit", "1e-9")
    code, _, err = solve(kind, *options)
    assert code == 2
    assert "`input` must be restored to the last picture because" in err
    assert not (tmp_path / "r.npz").exists()
    assert len(report_of(tmp_path / "out")["pictures"]) == 99
