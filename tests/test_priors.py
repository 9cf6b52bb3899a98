"""`gendemod reproduce priors` on small pictures of known factors, in place of MNIST."""

import hashlib
import json

import numpy as np
import pytest

pytest.importorskip("skimage")
pytest.importorskip("sklearn")

import gendemod as gd
from gendemod import _linear_priors, _priors_command
from gendemod._comparison import Estimate
from gendemod._experiment_table import FAILURE, Row, make_row
from gendemod._linear_priors import linear_estimates
from gendemod._pairs import Pairs, mnist_pairs
from gendemod._priors_command import judge
from gendemod.baselines import LinearSubspaces, principal_basis
from gendemod.cli import main
from gendemod.data import _mnist, mnist, paper_bells
from gendemod.pictures import read_picture

SIZE = 28
ELL = SIZE**2


def write_idx(path, array):
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    contents = head + array.astype(np.uint8).tobytes()
    path.write_bytes(contents)
    sum_ = hashlib.sha256(contents).hexdigest()
    return _mnist.File(path.name, array.shape, sum_, sum_)


def strokes(count, seed):
    """White pictures with black bars, inverted as in MNIST's files."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, SIZE, SIZE))
    for picture in pictures:
        for _ in range(2):
            top, left = rng.integers(4, 18, size=2)
            tall, wide = rng.integers(2, 8, size=2)
            picture[top : top + tall, left : left + wide] = 255
    return pictures


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of IDX files, and one of generators that know some training pictures."""
    data, weights = tmp_path_factory.mktemp("idx"), tmp_path_factory.mktemp("weights")
    files = {}
    for part, stem, count, seed in (("train", "train", 240, 1), ("test", "t10k", 9, 2)):
        files[part] = (
            write_idx(data / f"{stem}-images-idx3-ubyte", strokes(count, seed)),
            write_idx(data / f"{stem}-labels-idx1-ubyte", np.arange(count) % 10),
        )
    digits = 1 - strokes(12, 1).reshape(12, ELL) / 255
    gd.ReLUNetwork([digits.T.astype(np.float32)]).save(weights / "mnist.npz")
    bells = paper_bells(4, SIZE, reading="draws", seed=0)
    gd.ReLUNetwork([bells.T.astype(np.float32)]).save(weights / "bells.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_mnist, "FILES", files)
        yield data, weights


@pytest.fixture(scope="module")
def run(folders, tmp_path_factory):
    """One small run: exit code and folder."""
    data, weights = folders
    out = tmp_path_factory.mktemp("priors") / "out"
    options = ["--mnist", str(data), "--weights", str(weights), "-o", str(out)]
    code = main(["reproduce", "priors", *options, "--pairs", "5", "--restarts", "2", "--seed", "3"])
    return code, out


def table_of(folder):
    return json.loads((folder / "table.json").read_text(encoding="utf-8"))


def test_three_files_are_written(run):
    _, out = run
    assert sorted(file.name for file in out.iterdir()) == ["priors.png", "table.json", "table.txt"]


def test_the_table_has_a_row_for_every_method(run):
    _, out = run
    names = [row["method"].partition(",")[0] for row in table_of(out)["methods"]]
    assert names == [
        "distorted input",
        "division by blur",
        "polynomial log fit",
        "homomorphic filter",
        "total variation",
        "rank one",
        "subspaces as ours",
        "linear subspaces",
        "gendemod",
    ]


def test_text_and_json_agree(run):
    _, out = run
    text = (out / "table.txt").read_text(encoding="utf-8")
    for row in table_of(out)["methods"]:
        (line,) = [line for line in text.splitlines() if line.startswith(row["method"] + " ")]
        _, residual, digit, *_ = line[len(row["method"]) :].split()
        assert digit == f"{row['digit_error']:.5f}"
        assert residual == ("-" if row["residual"] is None else f"{row['residual']:.5f}")


def test_the_exit_code_is_that_of_the_promise(run):
    code, out = run
    report = table_of(out)
    *others, ours = (row["digit_error"] for row in report["methods"])
    # Blur, polynomial, homomorphic filter, total variation; subspaces of the same dimensions.
    passed = min(*others[1:5], others[6]) > ours
    assert report["passed"] == passed
    assert code == (0 if passed else 1)
    assert ("passed" if passed else "FAILED") in (out / "table.txt").read_text(encoding="utf-8")


def test_ours_is_what_the_default_solver_finds(run, folders):
    _, out = run
    data, weights = folders
    truth = mnist_pairs(data, 5, SIZE, 3)
    g1, g2 = (gd.ReLUNetwork.load(weights / f"{name}.npz") for name in ("mnist", "bells"))
    found = gd.demodulate(truth.y.astype(np.float32), g1, g2, restarts=2, seed=3)
    residual = np.median(np.mean((found.w * found.x - truth.y) ** 2, axis=1))
    ours = table_of(out)["methods"][-1]
    assert ours["residual"] == pytest.approx(residual, rel=1e-5)
    scale = np.sum(found.w * truth.digits, axis=1) / np.sum(found.w**2, axis=1)
    error = np.mean((scale[:, None] * found.w - truth.digits) ** 2, axis=1)
    assert ours["digit_error"] == pytest.approx(np.median(error), rel=1e-4)


def test_rank_one_is_exact_on_bells_over_a_white_ground(run):
    _, out = run
    (rank_one,) = [r for r in table_of(out)["methods"] if r["method"].startswith("rank one")]
    assert rank_one["digit_error"] < 1e-6
    assert rank_one["distortion_error"] < 1e-6


def test_the_figure_shows_both_factors_by_every_method(run):
    _, out = run
    sheet = read_picture(out / "priors.png")
    rows, columns = 1 + 2 * (8 + 1), 5
    assert sheet.shape[0] > rows * 3 * SIZE
    assert sheet.shape[1] > columns * 3 * SIZE


# The linear priors.


def test_subspaces_come_from_the_training_pictures_alone(folders, monkeypatch):
    data, _ = folders
    monkeypatch.setattr(_linear_priors, "DIGIT_DIRECTIONS", (20,))
    monkeypatch.setattr(_linear_priors, "BELL_DIRECTIONS", (3,))
    monkeypatch.setattr(_linear_priors, "TRAINING_BELLS", 500)
    truth = mnist_pairs(data, 4, 32, 0)
    same, best = linear_estimates(truth, data, 32, (12, 4))
    assert same.method == "subspaces as ours, dimensions 12 and 4"
    assert best.method == "linear subspaces, dimensions 21 and 4"
    images, _ = mnist(data, part="train", size=32)
    bells = paper_bells(500, 32, reading="draws", seed=0)
    subspaces = LinearSubspaces(principal_basis(images, 11), principal_basis(bells, 3))
    expected = subspaces.split(truth.y, iterations=100)
    np.testing.assert_allclose(same.digits * same.distortions, expected.w * expected.x, atol=2e-3)


def test_the_dimensions_of_the_subspaces_are_chosen_in_their_favour(folders, monkeypatch):
    data, _ = folders
    monkeypatch.setattr(_linear_priors, "DIGIT_DIRECTIONS", (2, 60))
    truth = mnist_pairs(data, 4, SIZE, 0)
    _, best = linear_estimates(truth, data, SIZE, (3, 4))
    assert best.method.startswith("linear subspaces, dimensions 61 and")


# The table and the verdict.


def row(method, error):
    return Row(method, 0.0, 0.0, None, None, None, 1, None, error, None, 0.0)


def test_the_verdict_names_every_method_that_is_better():
    others = [row("a", 0.1), row("b", 0.3), row("c", 0.2)]
    passed, verdict = judge([others[0]], others, row("ours", 0.2))
    assert not passed
    assert "FAILED" in verdict
    assert "- a: 0.10000" in verdict
    assert "- c: 0.20000" in verdict
    assert "- b" not in verdict


def test_the_promise_is_of_some_methods_alone():
    others = [row("a", 0.1), row("b", 0.3)]
    passed, verdict = judge([others[1]], others, row("ours", 0.2))
    assert passed
    assert "passed" in verdict
    assert "- a: 0.10000" in verdict


def test_failures_are_digits_far_from_the_truth():
    rng = np.random.default_rng(1)
    truth = Pairs(rng.random((4, ELL)), rng.random((4, ELL)))
    w = truth.digits.copy()
    w[0] = rng.random(ELL)
    assert np.mean((w[0] - truth.digits[0]) ** 2) > FAILURE
    assert make_row(Estimate("one", w, None, 1.0), truth, SIZE, divides=True).failures == 1 / 4


def test_a_method_that_divides_has_no_residual():
    rng = np.random.default_rng(0)
    truth = Pairs(rng.random((3, ELL)), rng.random((3, ELL)))
    w, x = 2 * truth.digits, truth.bells + 0.1
    both = make_row(Estimate("both", w, x, 1.0), truth, SIZE, divides=False)
    divides = make_row(Estimate("divides", w, x, 1.0), truth, SIZE, divides=True)
    assert both.residual == pytest.approx(np.median(np.mean((w * x - truth.y) ** 2, axis=1)))
    assert divides.residual is None
    assert both.digit_error == pytest.approx(0, abs=1e-20)
    assert both.distortion_error == divides.distortion_error > 0
    plain = make_row(Estimate("plain", truth.y, None, None), truth, SIZE, divides=True)
    assert plain.distortion_error is plain.distortion_psnr is None


# What can go wrong.


@pytest.mark.parametrize("pixels", [(ELL, 30 * 30), (27 * 27, 27 * 27), (800, 800)])
def test_generators_that_make_no_common_square_are_refused(folders, tmp_path, capsys, pixels):
    data, _ = folders
    for name, ell in zip(("mnist", "bells"), pixels, strict=True):
        gd.ReLUNetwork([np.ones((ell, 2))]).save(tmp_path / f"{name}.npz")
    options = ["--mnist", str(data), "--weights", str(tmp_path), "-o", str(tmp_path / "out")]
    assert main(["reproduce", "priors", *options]) == 2
    err = capsys.readouterr().err
    assert "`weights` must hold generators of square pictures of one size, at least 28 x 28" in err
    assert f"got {pixels[0]} and {pixels[1]} pixels" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_weights_is_named(folders, tmp_path, capsys):
    data, _ = folders
    assert main(["reproduce", "priors", "--mnist", str(data), "--weights", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("gendemod: error: `weights` must be a file that can be read")
    assert "mnist.npz" in err
    assert err.count("\n") == 1


def test_an_interrupt_leaves_no_file(folders, tmp_path, monkeypatch):
    data, weights = folders

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(_priors_command, "SMOOTH", ())
    monkeypatch.setattr(_priors_command, "linear_estimates", lambda *_: [])
    monkeypatch.setattr(_priors_command, "demodulate", interrupted)
    options = ["--mnist", str(data), "--weights", str(weights), "-o", str(tmp_path)]
    assert main(["reproduce", "priors", *options, "--pairs", "2"]) == 130
    assert list(tmp_path.iterdir()) == []


def test_reproduce_asks_for_an_experiment(capsys):
    assert main(["reproduce"]) == 2
    assert "experiment" in capsys.readouterr().err
