"""The commands gendemod wdc: report, bound, check."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import gendemod as gd
from gendemod.cli import main

QUICK = ("--seconds", "0.05", "--threads", "1")


@pytest.fixture
def files(tmp_path):
    """Two networks, and the last layer of the first as a matrix of its own."""
    g1 = gd.ReLUNetwork.gaussian((2, 6, 30), seed=0)
    g1.save(tmp_path / "g1.npz")
    gd.ReLUNetwork.gaussian((3, 5, 30), seed=1).save(tmp_path / "g2.npz")
    np.save(tmp_path / "W.npy", g1.weights[0])
    np.savez(tmp_path / "W.npz", anything=g1.weights[0])
    return tmp_path


def failure(capsys, *argv):
    """The one line of a command that must fail with 2."""
    assert main([str(word) for word in argv]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("gendemod: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


# report


@pytest.mark.parametrize("word", [[], ["report"]])
def test_report_needs_no_word(files, capsys, word):
    assert main(["wdc", *word, str(files / "g1.npz"), *QUICK]) == 0
    out = capsys.readouterr().out
    assert "G1 layer 2" in out
    assert "Theorem 3 is about two networks" in out


def test_options_may_stand_before_the_file(files, capsys):
    assert main(["wdc", *QUICK, "--alpha", "1,0.5", str(files / "g1.npz")]) == 0
    assert "0.5 given" in capsys.readouterr().out


def test_report_of_two_networks_writes_what_it_prints(files, capsys):
    argv = ["wdc", str(files / "g1.npz"), "--second", str(files / "g2.npz"), *QUICK]
    assert main([*argv, "-o", str(files / "out")]) == 0
    out = capsys.readouterr().out
    report = json.loads((files / "out" / "report.json").read_text())
    assert [file.name for file in (files / "out").iterdir()] == ["report.json"]
    assert len(report["layers"]) == 4
    assert report["joint"]["epsilon"][1] == "none"
    assert report["hypothesis"]["factor"] == 1024
    assert report["settings"]["seconds"] == 0.05
    assert report["versions"]["gendemod"] == gd.__version__
    assert " ".join(report["conclusion"]) in " ".join(out.split())
    assert f"wrote {files / 'out' / 'report.json'}" in out


def test_report_goes_to_a_json_file_of_any_name(files):
    place = files / "new" / "mine.json"
    assert main(["wdc", str(files / "g1.npz"), *QUICK, "-o", str(place)]) == 0
    assert json.loads(place.read_text())["joint"] is None


@pytest.mark.parametrize("name", ["W.npy", "W.npz"])
def test_one_matrix_is_a_network_of_one_layer(files, name):
    assert main(["wdc", str(files / name), *QUICK, "-o", str(files / "r.json")]) == 0
    (layer,) = json.loads((files / "r.json").read_text())["layers"]
    W = np.load(files / "W.npy")
    exact = gd.wdc.exact(W, layer["alpha"]).lower
    assert layer["epsilon"] == [pytest.approx(exact), pytest.approx(exact)]


def test_figures_are_drawn_for_every_layer(files):
    pytest.importorskip("matplotlib")
    argv = ["wdc", str(files / "g1.npz"), *QUICK, "--figures", "-o", str(files / "out")]
    assert main(argv) == 0
    names = {file.name for file in (files / "out").iterdir()}
    assert names == {"report.json", "G1-layer-1.png", "G1-layer-2.png"}
    assert (files / "out" / "G1-layer-1.png").read_bytes().startswith(b"\x89PNG")


def test_bad_files_and_options_are_one_line(files, capsys):
    g1 = files / "g1.npz"
    assert "`weights` must be a file that can be read" in failure(capsys, "wdc", files / "no.npy")
    assert "`second` must" in failure(capsys, "wdc", g1, "--second", files / "no.npz")
    assert "weights" in failure(capsys, "wdc")
    (files / "broken.npy").write_bytes(b"\x93NUMPY and no more")
    assert "plain .npy array" in failure(capsys, "wdc", files / "broken.npy")
    np.save(files / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert "plain .npy array" in failure(capsys, "wdc", files / "object.npy")
    np.save(files / "vector.npy", np.ones(3))
    assert "non-empty matrices" in failure(capsys, "wdc", files / "vector.npy")
    assert "--alpha: must be fitted, theory, or" in failure(capsys, "wdc", g1, "--alpha", "0")
    assert "`alpha` must hold 2 numbers" in failure(capsys, "wdc", g1, "--alpha", "1")
    assert "--seconds: must be a positive" in failure(capsys, "wdc", g1, "--seconds", "0")
    assert "`output` must be a folder" in failure(capsys, "wdc", g1, "--figures")
    assert "`output` must be a folder" in failure(
        capsys, "wdc", g1, "--figures", "-o", files / "r.json"
    )
    assert "`output` must be a folder" in failure(capsys, "wdc", g1, "-o", g1)
    assert not (files / "r.json").exists()


def test_figures_without_matplotlib_name_the_extra(files, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    argv = ("wdc", files / "g1.npz", "--figures", "-o", files / "out")
    assert "gendemod[plot]" in failure(capsys, *argv)
    assert not (files / "out").exists()


# bound and check, against what gd.wdc promises


def fake_bound(lower, upper, calls):
    def bound(W, alpha, **options):
        calls.append((W, alpha, options))
        return gd.wdc.Bounds(lower, upper, W[0], W[0])

    return bound


def test_bound_passes_its_options_and_prints_the_bracket(files, capsys, monkeypatch):
    calls, place = [], files / "c.npz"
    monkeypatch.setattr(gd.wdc, "bound", fake_bound(0.25, 0.26, calls))
    argv = ["wdc", "bound", str(files / "W.npz"), "--tolerance", "0.02", "-o", str(place)]
    assert main([*argv, "--alpha", "0.75", "--time-limit", "9", "--threads", "2"]) == 0
    ((W, alpha, options),) = calls
    np.testing.assert_array_equal(W, np.load(files / "W.npy"))
    assert alpha == 0.75
    assert options == {
        "tolerance": 0.02,
        "time_limit": 9,
        "checkpoint": place,
        "threads": 2,
        "progress": False,
    }
    out = capsys.readouterr().out
    assert "epsilon in [0.25, 0.26]" in out
    assert "going on" not in out
    assert f"wrote {place}" in out


def test_bound_says_that_it_goes_on_and_that_it_stopped(files, capsys, monkeypatch):
    monkeypatch.setattr(gd.wdc, "bound", fake_bound(0.25, np.inf, []))
    place = files / "c.npz"
    place.write_bytes(b"")
    argv = ["wdc", "bound", str(files / "W.npz"), "--tolerance", "0.02", "-o", str(place)]
    assert main(argv) == 1
    out = capsys.readouterr().out
    assert f"going on from {place}" in out
    assert "epsilon in [0.25, inf]" in out
    assert "stopped before the gap was 0.02" in out


@pytest.mark.parametrize(("accepted", "code", "text"), [(True, 0, "accepted"), (False, 1, "why")])
def test_check_prints_its_verdict(files, capsys, monkeypatch, accepted, code, text):
    verdict = SimpleNamespace(accepted=accepted, reason="why", leaves=7, lower=0.2, upper=0.3)
    monkeypatch.setattr(gd.wdc, "check", lambda certificate, W: verdict)
    assert main(["wdc", "check", "c.npz", str(files / "W.npy")]) == code
    assert text in capsys.readouterr().out


def test_bound_and_check_are_about_one_matrix(files, capsys):
    assert "`weights` must hold one matrix" in failure(
        capsys, "wdc", "bound", files / "g1.npz", "--tolerance", "1", "-o", files / "c.npz"
    )
    assert "`weights` must hold one matrix" in failure(
        capsys, "wdc", "check", files / "c.npz", files / "g1.npz"
    )
    assert "--output" in failure(capsys, "wdc", "bound", files / "W.npy", "--tolerance", "1")
    assert "--tolerance" in failure(capsys, "wdc", "bound", files / "W.npy", "-o", files / "c")


def test_a_certificate_is_written_and_accepted_and_another_claim_is_rejected(files, capsys):
    W = np.random.default_rng(0).standard_normal((12, 3)) / np.sqrt(12)
    np.save(files / "W3.npy", W)
    np.save(files / "other.npy", W[::-1] * 1.5)
    place = str(files / "c.npz")
    argv = ["wdc", "bound", str(files / "W3.npy"), "--tolerance", "0.5", "-o", place]
    assert main([*argv, "--threads", "1"]) == 0
    assert main(["wdc", "check", place, str(files / "W3.npy")]) == 0
    found = gd.wdc.bound(W, 1.0, tolerance=0.5).certificate
    replace(found, lower=1.01 * found.lower).save(files / "more.npz")
    assert main(["wdc", "check", str(files / "more.npz"), str(files / "W3.npy")]) == 1
    assert "of the witness is not proven" in capsys.readouterr().out
    failure(capsys, "wdc", "check", place, files / "other.npy")
    (files / "c.npz").write_bytes(b"no archive")
    failure(capsys, "wdc", "check", place, files / "W3.npy")
    failure(capsys, "wdc", "check", files / "no.npz", files / "W3.npy")
