"""The Python of documentation pages runs as it stands; docs/guide.md has a test of its own."""

import os
import re
import shlex
from pathlib import Path

import pytest

from gendemod.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"


def blocks(page, language):
    """The blocks of a page in one language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def names_after(page, folder, monkeypatch):
    """What the blocks of a page define, run one after the other in `folder`."""
    monkeypatch.chdir(folder)
    names = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    return names


def test_a_reference_is_made_and_used_as_told(tmp_path, monkeypatch, capsys):
    names = names_after("trust.md", tmp_path, monkeypatch)
    score = names["score"]
    assert capsys.readouterr().out == f"{score.p} {score.ratio} {score.out_of_range}\n"
    assert not score.out_of_range.any()


@pytest.mark.skipif("GENDEMOD_MNIST" not in os.environ, reason="GENDEMOD_MNIST names no folder")
def test_pictures_and_distortions_are_made_as_told(tmp_path, monkeypatch):
    pytest.importorskip("skimage")
    names = names_after("data.md", tmp_path, monkeypatch)
    assert names["images"].shape == (10000, 4096)
    assert names["y"].shape == (100, 4096)


def test_a_sweep_is_run_and_its_file_read_as_told(tmp_path, monkeypatch, capsys):
    from gendemod import sweep

    names = names_after("sweep.md", tmp_path, monkeypatch)
    results = names["results"]
    assert results.complete
    out = capsys.readouterr().out
    rates = f"{results.grid('success').mean(axis=-1)}\n"
    assert out.startswith(rates)
    assert re.match(r"\d+ \[\(", out[len(rates) :])  # chunks are in the order of their ends
    assert names["dtype"].names == results.names[:-1]
    (text,) = blocks("sweep.md", "toml")
    Path("transition.toml").write_text(text, encoding="utf-8")
    assert sweep.Sweep.from_toml("transition.toml") == names["transition"]


def test_the_commands_of_sweeps_run_as_told(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    (text,) = blocks("sweep.md", "toml")
    Path("transition.toml").write_text(text, encoding="utf-8")
    (commands,) = blocks("sweep.md", "sh")
    for line in commands.splitlines():
        assert main(shlex.split(line)[1:]) == 0
    assert Path("transition.csv").stat().st_size > 0
    assert Path("transition/success.png").stat().st_size > 0


def test_the_sweep_of_the_readme_is_one(tmp_path):
    from gendemod.sweep import Sweep

    (text,) = blocks("../README.md", "toml")
    path = tmp_path / "sizes.toml"
    path.write_text(text, encoding="utf-8")
    assert len(Sweep.from_toml(path)) == 50 * 18


def test_transitions_are_fitted_and_drawn_as_told(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib import pyplot

    names = names_after("transitions.md", tmp_path, monkeypatch)
    pyplot.close("all")
    assert Path("transitions.png").read_bytes().startswith(b"\x89PNG")
    assert [row.how for row in names["found"].rows] == ["fitted"] * 3
    assert 0.5 < names["law"].exponent < 2


def test_presets_are_in_a_table():
    from gendemod import sweep

    text = (DOCS / "sweep.md").read_text(encoding="utf-8")
    table = text.split("## Presets")[1].split("## Exports")[0]
    told = set()
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        first, *more = re.findall(r"`(.*?)`", row)
        told.add(first)
        told |= {re.sub(r"-\d.*", "", first) + end for end in more}
    assert told == set(sweep.PRESETS)
