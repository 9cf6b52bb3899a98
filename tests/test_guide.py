"""docs/guide.md: its commands run as they stand, here with few epochs and few pictures."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("skimage")
pytest.importorskip("sklearn")

import torch

from gendemod.cli import main
from gendemod.metrics import psnr
from gendemod.pictures import read_picture

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What makes a run of minutes, and what stands in for it here.
SHORTER = {
    "bells(1200,": "bells(200,",
    "--epochs 200": "--epochs 3",
    "--epochs 400": "--epochs 3",
    "--restarts 8": "--restarts 2",
}


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Follow the page in an empty folder; return the folder and the names of its last checks."""
    text = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
    for long, short in SHORTER.items():
        assert long in text
        text = text.replace(long, short)
    folder = tmp_path_factory.mktemp("guide")
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "examples")
        patch.chdir(folder)
        names = {}
        for kind, block in BLOCK.findall(text):
            if kind == "python":
                exec(compile(block, "docs/guide.md", "exec"), names)
            else:
                for line in block.splitlines():
                    _command(line)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
    return folder, names


def _command(line):
    import train_generator

    program, *words = shlex.split(line)
    if program == "gendemod":
        # A start may end at its limit with generators that are hardly trained.
        assert main(words) in (0, 1)
    else:
        assert [program, words[0]] == ["python", "../examples/train_generator.py"]
        assert train_generator.main(words[1:]) == 0


def test_the_check_shows_less_shading(followed):
    _, names = followed
    before, after = (np.median(psnr(names[rows], names["truth"])) for rows in ("seen", "w"))
    assert after > before + 6


def test_what_is_divided_is_the_picture_over_the_distortion(followed):
    folder, _ = followed
    files = sorted((folder / "pictures").iterdir())
    assert len(files) == 10
    for file in files:
        even = read_picture(folder / "even" / f"{file.stem}.tif")
        with np.load(folder / "restored" / f"{file.stem}.npz") as arrays:
            x = np.maximum(arrays["x"] / arrays["x"].max(), 0.02)
        np.testing.assert_allclose(even * x, read_picture(file), atol=1e-6)


def test_the_figure_is_written(followed):
    folder, _ = followed
    assert read_picture(folder / "check.png").shape == (4 * 68, 10 * 68)


def test_no_scene_of_the_check_was_trained_on(followed):
    folder, _ = followed
    scenes, *others = (
        {file.name for file in (folder / name).iterdir()}
        for name in ("scenes", "check", "pictures")
    )
    assert others[0] == {file.name for file in (folder / "truth").iterdir()}
    assert len(others[0]) == 100
    for other in others:
        assert not scenes & other
