"""The experiment of Section 4: its files, its table, going on after a stop, and its promises."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import gendemod as gd
from gendemod import _experiment, _experiment_table, _figure2_command
from gendemod._pairs import FIRST_FRESH_SEED, Pairs, mnist_pairs
from gendemod.cli import main
from gendemod.data import paper_bells
from gendemod.metrics import scale_aligned

SIZE = _figure2_command.SIZE
WEIGHTS = Path(__file__).parents[1] / "examples" / "weights"


@pytest.fixture
def pair(tmp_path):
    """Random networks for pictures of 64 x 64, and exact products of theirs."""
    networks = [gd.ReLUNetwork.gaussian((4, 40, SIZE**2), seed=i, dtype=np.float32) for i in (1, 2)]
    folder = tmp_path / "weights"
    folder.mkdir()
    for network, name in zip(networks, ("mnist", "bells"), strict=True):
        network.save(folder / f"{name}.npz")
    z = np.random.default_rng(0).standard_normal((2, 6, 4)).astype(np.float32)
    return folder, Pairs(networks[0](z[0]), networks[1](z[1]))


@pytest.fixture
def drawn(pair, monkeypatch):
    """Let the experiment draw the products of the random networks."""
    folder, truth = pair
    monkeypatch.setattr(_figure2_command, "mnist_pairs", lambda *_: truth)
    return folder, truth


def run(folder, output, *more):
    weights = ["--weights", str(folder), "--output", str(output), "--pairs", "6", "--threads", "1"]
    return main(["reproduce", "figure2", *weights, *more])


def test_the_table_is_what_the_solved_files_give(drawn, tmp_path, capsys):
    folder, truth = drawn
    assert run(folder, tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "table.json").read_text())
    by_name = {row["method"]: row for row in report["methods"]}
    assert set(by_name) == {one.name for one in _figure2_command.METHODS if one.pair == "networks"}
    g1, g2 = (gd.ReLUNetwork.load(folder / f"{name}.npz") for name in ("mnist", "bells"))
    for method in _figure2_command.METHODS[2:]:
        with np.load(tmp_path / "out" / "solved" / f"{method.file_stem}-0.npz") as solved:
            w, x = g1(solved["h"]), g2(solved["m"])
        residual = np.median(np.mean((w * x - truth.y) ** 2, axis=1))
        error = np.mean((scale_aligned(w, truth.digits) - truth.digits) ** 2, axis=1)
        row = by_name[method.name]
        assert row["residual"] == pytest.approx(residual, rel=1e-5, abs=1e-12)
        assert row["digit_error"] == pytest.approx(np.median(error), rel=1e-5, abs=1e-12)
        assert row["failures"] == np.mean(error > _experiment_table.FAILURE)
    assert (tmp_path / "out" / "table.txt").read_text() in capsys.readouterr().out
    assert (tmp_path / "out" / "figure2.png").stat().st_size > 1000


def test_exact_products_are_recovered(drawn, tmp_path):
    folder, _ = drawn
    run(folder, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "table.json").read_text())
    last = report["methods"][-1]
    assert last["residual"] < 1e-8
    assert last["failures"] == 0


def test_what_is_solved_is_not_solved_again(drawn, tmp_path, monkeypatch):
    folder, _ = drawn
    run(folder, tmp_path / "out")
    first = (tmp_path / "out" / "table.txt").read_bytes()
    monkeypatch.setattr(_experiment, "demodulate", lambda *_, **__: pytest.fail("solved again"))
    assert run(folder, tmp_path / "out") == 0
    assert (tmp_path / "out" / "table.txt").read_bytes() == first


def test_an_interrupted_run_goes_on_to_the_same_numbers(drawn, tmp_path, monkeypatch):
    folder, _ = drawn
    monkeypatch.setattr(_experiment, "SLICE", 2)
    run(folder, tmp_path / "whole")
    solve, calls = _experiment.demodulate, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return solve(*arguments, **options)

    monkeypatch.setattr(_experiment, "demodulate", interrupted)
    assert run(folder, tmp_path / "parts") == 130
    assert len(list((tmp_path / "parts" / "solved").iterdir())) == 4
    assert run(folder, tmp_path / "parts") == 0
    for path in (tmp_path / "whole" / "solved").iterdir():
        with np.load(path) as whole, np.load(tmp_path / "parts" / "solved" / path.name) as parts:
            for name in ("h", "m", "history"):
                assert np.array_equal(whole[name], parts[name])


@pytest.mark.parametrize("spoiled", ["seed", "weights", "damaged"])
def test_files_of_another_run_are_refused(drawn, tmp_path, capsys, spoiled):
    folder, _ = drawn
    run(folder, tmp_path / "out")
    capsys.readouterr()
    if spoiled == "weights":
        gd.ReLUNetwork.gaussian((4, 40, SIZE**2), seed=9).save(folder / "bells.npz")
    elif spoiled == "damaged":
        for path in (tmp_path / "out" / "solved").iterdir():
            path.write_bytes(path.read_bytes()[:-100])
    more = ["--seed", "1"] if spoiled == "seed" else []
    assert run(folder, tmp_path / "out", *more) == 2
    assert "`output` must" in capsys.readouterr().err


@pytest.fixture
def solved(drawn, tmp_path):
    """The files of a run that was finished, to be spoiled, and a way to run it again."""
    folder, _ = drawn
    assert run(folder, tmp_path / "out") == 0
    return tmp_path / "out", lambda: run(folder, tmp_path / "out")


def test_a_file_counts_for_the_method_that_it_is_of(solved, capsys):
    output, again = solved
    one, eight = (output / "solved" / f"algorithm-1--{n}-0.npz" for n in ("1-start", "8-starts"))
    eight.write_bytes(one.read_bytes())
    capsys.readouterr()
    assert again() == 2
    said = capsys.readouterr().err
    assert "method Algorithm 1, 1 start instead of Algorithm 1, 8 starts" in said
    assert "restarts 1 instead of 8" in said
    assert str(eight) in said
    assert "versions" not in said


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"h": None}, "the arrays h, m, history, seconds and settings"),
        ({"extra": np.ones(2)}, "the arrays h, m, history, seconds and settings"),
        ({"seconds": np.array(np.nan)}, "finite numbers seconds of shape ()"),
        ({"seconds": np.ones(2)}, "finite numbers seconds of shape ()"),
        ({"history": np.ones(6)}, "finite numbers history of shape (6, any)"),
        ({"history": np.ones((6, 0))}, "finite numbers history of shape (6, any)"),
        ({"h": np.full((6, 4), np.nan)}, "finite numbers h of shape (6, 4)"),
        ({"h": np.ones((5, 4))}, "finite numbers h of shape (6, 4)"),
        ({"m": np.ones((6, 5))}, "finite numbers m of shape (6, 4)"),
        ({"m": np.full((6, 4), "1")}, "finite numbers m of shape (6, 4)"),
        ({"settings": None}, "results of the same settings"),
        ({"settings": np.array("[" * 100_000)}, "results of the same settings"),
    ],
)
def test_a_file_of_other_arrays_is_refused_by_name(solved, capsys, changed, message):
    output, again = solved
    path = output / "solved" / "algorithm-1--1-start-0.npz"
    with np.load(path) as archive:
        arrays = {**archive, **changed}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    capsys.readouterr()
    assert again() == 2
    said = capsys.readouterr().err
    assert f"`output` must hold {message}" in said
    assert str(path) in said


@pytest.mark.parametrize("name", ["table.txt", "table.json", "figure2.png"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_the_work(drawn, tmp_path, capsys, name):
    folder, _ = drawn
    (tmp_path / "out" / name).mkdir(parents=True)
    assert run(folder, tmp_path / "out") == 2
    assert f"`output` must hold no folder {name}" in capsys.readouterr().err
    assert not (tmp_path / "out" / "solved").exists()


def test_a_file_in_the_place_of_the_folder_of_results_is_refused(drawn, tmp_path, capsys):
    folder, _ = drawn
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "solved").touch()
    assert run(folder, tmp_path / "out") == 2
    assert "`output` must be a folder" in capsys.readouterr().err


def test_the_report_says_how_many_threads_took_these_seconds(solved):
    output, _ = solved
    assert json.loads((output / "table.json").read_text())["threads"] == 1


def test_weights_that_are_missing(tmp_path, capsys):
    assert run(tmp_path / "nowhere", tmp_path / "out") == 2
    assert "`weights` must" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_digits_that_is_missing(pair, tmp_path, capsys):
    folder, _ = pair
    assert run(folder, tmp_path / "out", "--mnist", str(tmp_path / "nowhere")) == 2
    message = "gendemod: error: `mnist` must be a folder because MNIST is read from it; got "
    assert capsys.readouterr().err == f"{message}{tmp_path}/nowhere, which is none\n"


def test_a_file_of_digits_that_is_broken(pair, tmp_path, capsys):
    folder, _ = pair
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"no digits")
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"no labels")
    assert run(folder, tmp_path / "out", "--mnist", str(tmp_path)) == 2
    assert "`mnist` must be a whole IDX file" in capsys.readouterr().err


def test_dcgans_take_part(drawn, tmp_path):
    pytest.importorskip("torch")
    from safetensors.torch import save_file

    from gendemod._dcgan import LATENTS, dcgan_generator

    folder, _ = drawn
    for name, latent in LATENTS.items():
        state = dcgan_generator(latent, 2).state_dict()
        save_file(state, tmp_path / f"{name}.safetensors")
    short = {
        name: gd.AlternatingDescent(
            step_size=2 / SIZE**2,
            momentum=0.9,
            simultaneous=name == "AUTHORS",
            max_iterations=2,
            tolerance=0.0,
        )
        for name in ("AUTHORS", "PAPER")
    }
    methods = tuple(_experiment.Method(name, "dcgan", solver, 1) for name, solver in short.items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_figure2_command, "METHODS", methods)
        patch.setattr(_figure2_command, "AUTHORS_LOG", ((1, 0.0062), (2, 0.0043), (9, 0)))
        assert run(folder, tmp_path / "out", "--dcgan", str(tmp_path)) == 0
    report = json.loads((tmp_path / "out" / "table.json").read_text())
    assert [row["method"] for row in report["methods"]] == ["AUTHORS", "PAPER"]
    assert set(report["residual at iteration"]["PAPER"]) == {"1", "2"}
    assert "authors' log" in (tmp_path / "out" / "table.txt").read_text()


def test_dcgans_that_are_missing(drawn, tmp_path, capsys):
    pytest.importorskip("torch")
    folder, _ = drawn
    assert run(folder, tmp_path / "out", "--dcgan", str(tmp_path)) == 2
    assert "`dcgan` must" in capsys.readouterr().err


needs_mnist = pytest.mark.skipif(
    "GENDEMOD_MNIST" not in os.environ, reason="GENDEMOD_MNIST names no folder"
)


@needs_mnist
def test_the_pairs_are_unseen_digits_under_fresh_distortions():
    pairs = mnist_pairs(None, 3, SIZE, 5)
    fresh = paper_bells(3, SIZE, reading="draws", seed=FIRST_FRESH_SEED + 5)
    assert np.array_equal(pairs.bells, fresh.astype(np.float32))
    assert pairs.y.shape == (3, SIZE**2)
    again, other = mnist_pairs(None, 2, SIZE, 5), mnist_pairs(None, 2, SIZE, 6)
    assert np.array_equal(again.digits, pairs.digits[:2])
    assert not np.array_equal(other.digits, again.digits)


@needs_mnist
def test_the_trained_pair_restores_unseen_digits():
    pairs = mnist_pairs(None, 24, SIZE, 0)
    g1, g2 = (gd.ReLUNetwork.load(WEIGHTS / f"{name}.npz") for name in ("mnist", "bells"))
    found = gd.demodulate(pairs.y, g1, g2, restarts=2, seed=0)
    residuals = np.mean((found.w * found.x - pairs.y) ** 2, axis=1)
    errors = np.mean((scale_aligned(found.w, pairs.digits) - pairs.digits) ** 2, axis=1)
    assert np.median(residuals) < 0.0012
    assert np.median(errors) < 0.004
