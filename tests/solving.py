"""Small pictures with known factors, and `gendemod solve` on them."""

import json

import numpy as np

import gendemod as gd
from gendemod.cli import main

SIDE = 16
ELL = SIDE * SIDE
G1 = gd.ReLUNetwork.gaussian((5, 60, ELL), seed=1)
G2 = gd.ReLUNetwork.gaussian((4, 60, ELL), seed=2)


def command_in(tmp_path, capsys):
    """Save both generators; return what runs the command on a picture or folder.

    That returns the exit code, stdout and stderr.
    """
    G1.save(tmp_path / "g1.npz")
    G2.save(tmp_path / "g2.npz")
    weights = ["--g1", str(tmp_path / "g1.npz"), "--g2", str(tmp_path / "g2.npz")]

    def run(picture, *options, output="out"):
        code = main(["solve", str(picture), *weights, "-o", str(tmp_path / output), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def single_precision(tmp_path):
    """Save both generators in float32; return the options that name them."""
    options = []
    for name, network in (("g1", G1), ("g2", G2)):
        path = tmp_path / f"{name}-single.npz"
        gd.ReLUNetwork([W.astype(np.float32) for W in network.weights]).save(path)
        options += [f"--{name}", str(path)]
    return options


def factors(seed):
    """One pair of factors in the range of the generators, as pictures."""
    rng = np.random.default_rng(seed)
    w = G1(rng.normal(size=5)).reshape(SIDE, SIDE)
    x = G2(rng.normal(size=4)).reshape(SIDE, SIDE)
    return w / w.max(), x / x.max()


def colour_factors(seed):
    """Three factors of different brightness under one distortion."""
    rng = np.random.default_rng(seed)
    w = np.stack([G1(rng.normal(size=5)) for _ in range(3)], axis=-1).reshape(SIDE, SIDE, 3)
    _, x = factors(seed)
    return w / w.max() * [1.0, 0.5, 0.25], x


def aligned_error(estimate, truth):
    """The relative error after the best scale."""
    estimate, truth = np.ravel(estimate), np.ravel(truth)
    scale = (estimate @ truth) / (estimate @ estimate)
    return np.linalg.norm(scale * estimate - truth) / np.linalg.norm(truth)


def report_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def assert_refused(tmp_path, code, err, *culprits):
    """Exit code 2, one line that names the culprits, nothing written."""
    assert code == 2
    assert err.startswith("gendemod: error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for culprit in culprits:
        assert culprit in err
    assert not (tmp_path / "out").exists()
