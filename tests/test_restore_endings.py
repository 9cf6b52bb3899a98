"""`gendemod solve` when some of it goes wrong: what is done stays, and the rest is said."""

import errno

import numpy as np
import pytest

from gendemod import restore as restore_module
from gendemod.pictures import read_picture, write_picture
from solving import SIDE, assert_refused, command_in, factors, report_of, single_precision


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


def test_a_bad_picture_in_a_folder_is_reported_and_the_rest_is_done(tmp_path, solve):
    (tmp_path / "in").mkdir()
    for name, seed in (("a", 3), ("c", 4)):
        write_picture(tmp_path / "in" / f"{name}.npy", np.prod(factors(seed), axis=0))
    np.save(tmp_path / "in" / "b.npy", np.ones((3, 3)))
    (tmp_path / "in" / "d.png").touch()
    code, out, err = solve(tmp_path / "in")
    assert code == 2
    assert err.count("gendemod: error: ") == err.count("\n") == 2
    assert "b.npy" in err
    assert "d.png" in err
    assert "2 of 4 pictures converged" in out
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [
        *(f"{n}{e}" for n in "ac" for e in ("-w.png", "-x.png", ".npz")),
        "report.json",
    ]
    entries = report_of(tmp_path / "out")["pictures"]
    statuses = [entry["status"] for entry in entries]
    assert statuses == ["converged", "refused", "converged", "refused"]
    assert "9 pixels" in entries[1]["message"]


def test_a_picture_beyond_the_type_of_the_generators_is_refused_alone(tmp_path, solve):
    single = single_precision(tmp_path)
    (tmp_path / "in").mkdir()
    picture = np.prod(factors(3), axis=0)
    np.save(tmp_path / "in" / "a.npy", 1e300 * picture)
    code, _, err = solve(tmp_path / "in", *single)
    assert_refused(tmp_path, code, err, "`input` must be finite in the float32", "a.npy")
    np.save(tmp_path / "in" / "b.npy", picture)
    code, _, _ = solve(tmp_path / "in", *single)
    assert code == 2
    refused, restored = report_of(tmp_path / "out")["pictures"]
    assert (refused["status"], restored["status"]) == ("refused", "converged")
    assert "a.npy" in refused["message"]


def test_a_picture_that_does_not_converge_is_written_and_gives_one(tmp_path, solve):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    code, out, err = solve(tmp_path / "p.npy", "--max-iterations", "2", "--restarts", "1")
    assert (code, err) == (1, "")
    assert "0 of 1 pictures converged" in out
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert picture["status"] != "converged"
    assert picture["iterations"] == 2
    assert (tmp_path / "out" / "p-w.png").exists()


def test_a_black_picture_is_hopeless_and_no_error(tmp_path, solve):
    np.save(tmp_path / "p.npy", np.zeros((SIDE, SIDE)))
    code, _, err = solve(tmp_path / "p.npy")
    assert code == 1
    assert err.startswith("gendemod: warning: p.npy: it is constant")
    assert read_picture(tmp_path / "out" / "p-w.png").max() == 0
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert "hopeless" in picture["status"]


def test_pictures_after_the_time_limit_are_said_to_be_unsolved(tmp_path, solve, monkeypatch):
    monkeypatch.setattr(restore_module, "_SLICE", 1)
    (tmp_path / "in").mkdir()
    for place in range(3):
        write_picture(tmp_path / "in" / f"p{place}.npy", np.prod(factors(place), axis=0))
    code, _, _ = solve(tmp_path / "in", "--time-limit", "1e-6")
    assert code == 1
    entries = report_of(tmp_path / "out")["pictures"]
    assert entries[-1]["status"] == "not solved"
    assert "the time was up" in entries[-1]["message"]
    assert "converged" not in [entry["status"] for entry in entries]


def test_an_interrupt_keeps_what_is_written(tmp_path, solve, monkeypatch):
    monkeypatch.setattr(restore_module, "_SLICE", 1)
    (tmp_path / "in").mkdir()
    for place in range(3):
        write_picture(tmp_path / "in" / f"p{place}.npy", np.prod(factors(70 + place), axis=0))
    real = restore_module.solve_jobs

    def interrupted(jobs, *rest):
        if jobs[0].path.stem == "p1":
            raise KeyboardInterrupt
        return real(jobs, *rest)

    monkeypatch.setattr(restore_module, "solve_jobs", interrupted)
    code, _, err = solve(tmp_path / "in")
    assert (code, err) == (130, "gendemod: interrupted\n")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["p0-w.png", "p0-x.png", "p0.npz", "report.json"]
    entries = report_of(tmp_path / "out")["pictures"]
    assert [entry["status"] for entry in entries] == ["converged", "not solved", "not solved"]
    assert entries[1]["message"].endswith("solved: KeyboardInterrupt")


def test_a_full_disk_leaves_no_torn_file(tmp_path, solve, monkeypatch):
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))

    def full(file, **_arrays):
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    code, _, err = solve(tmp_path / "p.npy")
    assert code == 2
    assert "No space left on device" in err
    assert str(tmp_path / "out" / "p.npz") in err
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["p-w.png", "p-x.png", "report.json"]
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert picture["message"].endswith(err.removeprefix("gendemod: error: ").strip())
