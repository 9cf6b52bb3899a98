"""``gendemod audit``."""

import json

import numpy as np
import pytest

import gendemod as gd
from gendemod import _audit_command, landscape
from gendemod.cli import main


@pytest.fixture
def files(tmp_path):
    paths = []
    for seed in (1, 2):
        network = gd.ReLUNetwork.gaussian((2, 30, 60), seed=seed, last_layer="truncated")
        paths.append(tmp_path / f"g{seed}.npz")
        network.save(paths[-1])
    return [str(path) for path in paths]


FEW = ["--points", "2000", "--runs", "4", "--decades", "2"]


def test_it_prints_and_writes_what_the_library_finds(files, tmp_path, capsys):
    h0, m0 = [0.5, 1.0], [1.0, -2.0]
    np.savez(tmp_path / "truth.npz", h0=h0, m0=m0)
    latents, out = str(tmp_path / "truth.npz"), tmp_path / "out"
    assert main(["audit", *files, *FEW, "--latents", latents, "-o", str(out), "--seed", "3"]) == 0
    g1, g2 = (gd.ReLUNetwork.load(path) for path in files)
    found = landscape.audit(g1, g2, h0, m0, points=2000, runs=4, decades=2, seed=3)
    printed = capsys.readouterr().out
    assert found.table() in printed
    assert f"wrote {out / 'audit.json'}" in printed
    report = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert report["descent"]["tested"] == found.descent.tested.tolist()
    assert report["epsilon"] == found.epsilon.tolist()
    assert report["maxima"]["falls"] == found.maxima.falls.tolist()
    assert report["stationary"]["objective"] == found.stationary.objective.tolist()
    assert (report["h0"], report["m0"]) == (h0, m0)
    assert report["settings"]["points"] == 2000
    assert {"versions", "seconds"} <= set(report)


def test_the_truth_is_a_function_of_the_seed(files, tmp_path):
    for name in ("a", "b"):
        assert main(["audit", *files, *FEW, "-o", str(tmp_path / f"{name}.json")]) == 0
    a, b = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("a", "b"))
    assert {**a, "seconds": 0} == {**b, "seconds": 0}


def test_a_figure_is_drawn(files, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["audit", *files, *FEW, "-o", str(tmp_path / "out"), "--figures"]) == 0
    assert (tmp_path / "out" / "audit.png").read_bytes().startswith(b"\x89PNG")
    assert "audit.png" in capsys.readouterr().out


def test_endings_have_exit_codes(files, tmp_path, capsys, monkeypatch):
    limited = ["audit", *files, "--points", "100000000", "--runs", "1", "--time-limit", "0.2"]
    assert main([*limited, "-o", str(tmp_path / "some.json")]) == 1
    assert json.loads((tmp_path / "some.json").read_text())["descent"]["ending"] == "time"

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(landscape._descent, "_block", interrupted)
    assert main(["audit", *files, *FEW, "-o", str(tmp_path / "none.json")]) == 130
    assert json.loads((tmp_path / "none.json").read_text())["descent"]["points"] == 0
    assert "Not all points or runs" in capsys.readouterr().out


def test_bad_input_is_named(files, tmp_path, capsys):
    def error(*arguments):
        assert main(["audit", *arguments]) == 2
        return capsys.readouterr().err

    assert "`weights` must be a file" in error(str(tmp_path / "no.npz"), files[1])
    other = tmp_path / "other.npz"
    gd.ReLUNetwork([np.ones((7, 2))]).save(other)
    assert "`g2` must have 60 outputs" in error(files[0], str(other))
    np.savez(tmp_path / "half.npz", h0=[1.0, 2.0])
    message = error(*files, "--latents", str(tmp_path / "half.npz"))
    assert "`latents` must hold the arrays h0 and m0" in message
    np.savez(tmp_path / "zero.npz", h0=[0.0, 0.0], m0=[1.0, 2.0])
    assert "`h0` must not be zero" in error(*files, "--latents", str(tmp_path / "zero.npz"))
    message = error(*files, "-o", str(tmp_path / "a.json"), "--figures")
    assert "`output` must be a folder with --figures" in message
    assert "--points" in error(*files, "--points", "0")


def test_figures_without_matplotlib_are_an_error_before_the_work(
    files, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    monkeypatch.setattr(_audit_command, "audited", None)
    assert main(["audit", *files, "-o", str(tmp_path), "--figures"]) == 2
    assert "install gendemod[plot]" in capsys.readouterr().err
