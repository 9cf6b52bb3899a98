"""The Python of documentation pages runs as it stands; docs/guide.md has a test of its own."""

import os
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def names_after(page, folder, monkeypatch):
    """What the blocks of a page define, run one after the other in `folder`."""
    monkeypatch.chdir(folder)
    names = {}
    for block in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
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
