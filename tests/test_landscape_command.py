"""The command gendemod landscape."""

import sys

import numpy as np
import pytest

import gendemod as gd
from gendemod import landscape
from gendemod.cli import main

pytest.importorskip("matplotlib")
pytest.importorskip("plotly")

PICTURES = ["surface", "top-view", "expected", "neighbourhoods"]
FILES = {
    *(f"{name}{suffix}" for name in PICTURES for suffix in (".png", ".pdf")),
    *(
        f"{name}.npz"
        for name in ("objective", "expected", "hyperbolas", "neighbourhoods", "slopes")
    ),
    *(f"{name}.csv" for name in ("objective", "expected", "hyperbolas")),
    "surface.html",
}


@pytest.fixture
def files(tmp_path):
    gd.ReLUNetwork.gaussian((3, 8, 30), seed=0).save(tmp_path / "g1.npz")
    gd.ReLUNetwork.gaussian((2, 30), seed=1).save(tmp_path / "g2.npz")
    return tmp_path


def failure(capsys, *argv):
    """The one line of a command that must fail with 2."""
    assert main(["landscape", *(str(word) for word in argv)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("gendemod: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_figure_1_is_written_as_pictures_page_and_data(tmp_path, capsys):
    argv = ["landscape", "--figure1", "--size", "21", "--seed", "3", "-o", str(tmp_path / "out")]
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    for name in FILES:
        assert f"wrote {tmp_path / 'out' / name}\n" in out
    for name in PICTURES:
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / "out" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    found = landscape.figure1(seed=3, size=21)
    for name, surface in (("objective", found.surface), ("expected", found.expected)):
        with np.load(tmp_path / "out" / f"{name}.npz") as archive:
            np.testing.assert_array_equal(archive["values"], surface.values)
        table = np.loadtxt(tmp_path / "out" / f"{name}.csv", delimiter=",", skiprows=1)
        np.testing.assert_array_equal(table[:, 2], surface.values.ravel())
    rows = [line.split()[-4:] for line in out.splitlines()[2:6]]
    np.testing.assert_allclose(np.array(rows, dtype=float), found.branches, atol=5.1e-5)
    assert "in K" not in out


def test_two_networks_are_drawn_at_latents_of_a_seed(files, capsys):
    argv = ["landscape", str(files / "g1.npz"), str(files / "g2.npz"), "--size", "11"]
    assert main([*argv, "--seed", "5", "-o", str(files / "out")]) == 0
    assert {file.name for file in (files / "out").iterdir()} == FILES
    g1, g2 = (gd.ReLUNetwork.load(files / name) for name in ("g1.npz", "g2.npz"))
    rng = np.random.default_rng(5)
    h0, m0 = rng.standard_normal(3), rng.standard_normal(2)
    expected = landscape.portrait(g1, g2, h0, m0, size=11).surface.values
    with np.load(files / "out" / "objective.npz") as archive:
        np.testing.assert_array_equal(archive["values"], expected)
    out = capsys.readouterr().out
    assert out.count("  in K\n") == 2
    assert "rho = 0 for a network of one layer" in out


def test_bad_files_and_options_are_one_line(files, capsys):
    g1, g2 = files / "g1.npz", files / "g2.npz"
    needs = "`networks` must be two files, or none with --figure1"
    assert needs in failure(capsys)
    assert needs in failure(capsys, g1)
    assert needs in failure(capsys, g1, g2, "--figure1")
    assert "`networks` must be a file that can be read" in failure(capsys, g1, files / "no.npz")
    assert "--size: must be a whole number of at least 2; got 1" in failure(
        capsys, "--figure1", "--size", "1"
    )
    assert "--seed: must be a whole number" in failure(capsys, "--figure1", "--seed", "-1")
    assert "`output` must be a folder" in failure(capsys, g1, g2, "--size", "5", "-o", g1)
    gd.ReLUNetwork([np.ones((4, 2))]).save(files / "g3.npz")
    assert "`g2` must have 30 outputs" in failure(capsys, g1, files / "g3.npz")


@pytest.mark.parametrize("module", ["matplotlib.figure", "plotly"])
def test_what_is_missing_is_an_error_that_names_the_extra(tmp_path, capsys, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert "gendemod[plot]" in failure(capsys, "--figure1", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
