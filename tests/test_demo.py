"""`gendemod demo`: held-out digits, a true table, a figure that can be read."""

import json

import numpy as np
import pytest

pytest.importorskip("skimage")
pytest.importorskip("sklearn")

import gendemod as gd
from gendemod import demo as demo_module
from gendemod._comparison import Scores
from gendemod._pairs import FIRST_FRESH_SEED, SPLIT_SEED, demo_pairs
from gendemod.cli import main
from gendemod.data import bells, digits, split
from gendemod.pictures import read_picture

ELL = demo_module.SIZE**2


def psnr_after_scaling(estimate, truth):
    """The definition, for values in [0, 1]."""
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    scale = (estimate @ truth) / (estimate @ estimate)
    return -10 * np.log10(np.mean((scale * estimate - truth) ** 2))


def psnrs(estimates, truths):
    return [psnr_after_scaling(a, b) for a, b in zip(estimates, truths, strict=True)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One small run: exit code and folder."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    code = main(["demo", "-o", str(folder), "--pairs", "12", "--restarts", "2", "--seed", "5"])
    return code, folder


def table_of(folder):
    return json.loads((folder / "table.json").read_text(encoding="utf-8"))


# What it writes.


def test_three_files_are_written(run):
    _, folder = run
    assert sorted(file.name for file in folder.iterdir()) == [
        "figure2.png",
        "table.json",
        "table.txt",
    ]


def test_the_exit_code_is_that_of_the_promise(run):
    code, folder = run
    report = table_of(folder)
    input_, blur, fit, *restored = (row["digit_psnr"] for row in report["methods"])
    restored = min(restored)
    passed = restored - input_ >= 13 and restored - max(blur, fit) >= 9
    assert report["passed"] == passed
    assert code == (0 if passed else 1)
    assert ("passed" if passed else "FAILED") in (folder / "table.txt").read_text()


def test_the_digits_are_really_restored(run):
    _, folder = run
    input_, _, _, *ours = table_of(folder)["methods"]
    assert len(ours) == len(demo_module.SOLVERS)
    for restored in ours:
        assert restored["digit_psnr"] > max(22, input_["digit_psnr"] + 13)
        assert restored["digit_ssim"] > input_["digit_ssim"]
        assert restored["distortion_psnr"] > 30


def test_the_report_says_what_was_done(run):
    _, folder = run
    report = table_of(folder)
    assert report["settings"] == {"pairs": 12, "restarts": 2, "seed": 5, "threads": None}
    assert report["versions"]["gendemod"] == gd.__version__
    assert list(report["converged"]) == [method for method, _ in demo_module.SOLVERS]
    assert all(0 <= count <= 12 for count in report["converged"].values())
    assert report["seconds"] > 12 * report["methods"][-1]["seconds_per_picture"] > 0


def test_the_table_holds_medians_of_the_definitions(run):
    _, folder = run
    truth = demo_pairs(12, demo_module.SIZE, 5)
    rows = {row["method"]: row for row in table_of(folder)["methods"]}
    input_ = rows.pop("distorted input")
    expected = np.median(psnrs(truth.y, truth.digits))
    assert input_["digit_psnr"] == pytest.approx(expected, abs=1e-6)
    assert input_["distortion_psnr"] is None
    for method, solver in demo_module.SOLVERS:
        result = demo_module._restore(truth.y, solver, restarts=2, seed=5, threads=1)
        digit = np.median(psnrs(result.w, truth.digits))
        distortion = np.median(psnrs(result.x, truth.bells))
        assert rows[method]["digit_psnr"] == pytest.approx(digit, abs=1e-6)
        assert rows[method]["distortion_psnr"] == pytest.approx(distortion, abs=1e-6)


def test_the_text_and_the_json_agree(run):
    _, folder = run
    text = (folder / "table.txt").read_text(encoding="utf-8")
    for row in table_of(folder)["methods"]:
        (line,) = [line for line in text.splitlines() if line.startswith(row["method"])]
        cells = line[len(row["method"]) :].split()
        assert cells[0] == f"{row['digit_psnr']:.1f}"
        assert cells[1] == f"{row['digit_ssim']:.3f}"


def test_the_figure_shows_five_rows_of_ten(run):
    _, folder = run
    sheet = read_picture(folder / "figure2.png")
    assert sheet.ndim == 2
    assert sheet.shape[0] >= 5 * 96
    assert sheet.shape[1] >= 10 * 96


def test_the_columns_go_from_the_best_to_the_worst(monkeypatch):
    seen = {}

    def spy(corner, headings, rows):
        seen.update(headings=headings, rows=dict(rows))
        return np.ones((1, 1))

    monkeypatch.setattr(demo_module, "figure", spy)
    truth = demo_pairs(25, demo_module.SIZE, 0)
    noise = np.random.default_rng(0).normal(size=(25, ELL)) * np.linspace(0.01, 0.5, 25)[:, None]

    class Found:
        w = np.maximum(truth.digits + noise, 0)
        x = 2 * truth.bells

    demo_module._figure(truth, Found)
    values = [float(heading.removesuffix(" dB")) for heading in seen["headings"]]
    assert len(values) == 10
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(psnr_after_scaling(Found.w[0], truth.digits[0]), abs=0.06)
    worst = min(psnrs(Found.w, truth.digits))
    assert values[-1] == pytest.approx(worst, abs=0.06)
    # The scale of a restored factor is that of the truth.
    shown, true = seen["rows"]["restored distortion"], seen["rows"]["true distortion"]
    np.testing.assert_allclose(shown, true, atol=1e-9)


# What it takes.


def test_only_held_out_digits_are_shown():
    images, _ = digits(demo_module.SIZE)
    train, held_out = split(len(images), seed=SPLIT_SEED)
    truth = demo_pairs(len(held_out), demo_module.SIZE, 3)
    shown = {row.tobytes() for row in truth.digits}
    assert shown == {row.tobytes() for row in images[held_out]}
    assert not shown & {row.tobytes() for row in images[train]}


def test_more_pairs_than_digits_come_with_new_bells():
    truth = demo_pairs(700, demo_module.SIZE, 0)
    assert truth.digits.shape == truth.bells.shape == (700, ELL)
    np.testing.assert_array_equal(truth.digits[0], truth.digits[599])
    assert len({row.tobytes() for row in truth.bells}) == 700


def test_the_pairs_are_a_function_of_the_seed():
    first, again, other = (demo_pairs(4, demo_module.SIZE, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.array_equal(first.bells, other.bells)
    assert not np.array_equal(first.digits, other.digits)


def test_one_pair_is_enough(tmp_path):
    code = main(["demo", "-o", str(tmp_path), "--pairs", "1", "--restarts", "1"])
    assert code in (0, 1)
    assert read_picture(tmp_path / "figure2.png").shape[0] >= 5 * 96


# What it promises.


@pytest.mark.parametrize(
    ("restored", "passed"), [(21.9, True), (21.1, True), (20.9, False), (8.0, False)]
)
def test_the_promise_is_against_input_and_classical_method(restored, passed):
    ours = dict.fromkeys((method for method, _ in demo_module.SOLVERS), 40.0)
    for worst in ours:
        medians = {"input": 8.0, "blur": 12.0, "fit": 7.0, **ours, worst: restored}
        rows = [Scores(name, psnr, 0.0, None, None, None) for name, psnr in medians.items()]
        ok, verdict = demo_module._judge(rows)
        assert ok == passed
        assert f"{restored - 8:.1f} dB better than the input" in verdict
        assert f"{restored - 12:.1f} dB better than the better classical" in verdict
        rows[0] = Scores("input", restored - 12.9, 0.0, None, None, None)
        assert demo_module._judge(rows)[0] is False


def test_a_broken_promise_gives_one(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo_module, "OVER_INPUT", 100.0)
    assert main(["demo", "-o", str(tmp_path), "--pairs", "2", "--restarts", "1"]) == 1
    out = capsys.readouterr().out
    assert "promised: 100" in out
    assert "FAILED" in out


# What can go wrong.


def test_an_output_that_is_a_file(tmp_path, capsys, monkeypatch):
    (tmp_path / "taken").touch()
    monkeypatch.setattr(demo_module, "_restore", lambda *_, **__: pytest.fail("solved first"))
    assert main(["demo", "-o", str(tmp_path / "taken"), "--pairs", "2"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("gendemod: error: `output` must be a folder")
    assert err.count("\n") == 1


def test_an_interrupt_leaves_no_file(tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_module, "demodulate", interrupted)
    assert main(["demo", "-o", str(tmp_path), "--pairs", "2"]) == 130
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == "gendemod: interrupted\n"


def test_the_bells_are_those_of_the_paper():
    truth = demo_pairs(3, demo_module.SIZE, 7)
    expected = bells(3, demo_module.SIZE, seed=FIRST_FRESH_SEED + 7)
    np.testing.assert_array_equal(truth.bells, expected)
    np.testing.assert_array_equal(truth.y, truth.digits * truth.bells)
