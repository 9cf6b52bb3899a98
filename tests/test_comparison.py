"""The demo's table and figure: medians of the definitions, classical methods at their best."""

import re

import numpy as np
import pytest

pytest.importorskip("skimage")
pytest.importorskip("sklearn")

from gendemod import _comparison
from gendemod import demo as demo_module
from gendemod._comparison import Estimate, Scores, classical_estimates, format_table, score
from gendemod._figure import figure
from gendemod._pairs import demo_pairs


def psnr_after_scaling(estimate, truth):
    """The definition, for values in [0, 1]."""
    estimate, truth = np.asarray(estimate, np.float64), np.asarray(truth, np.float64)
    scale = (estimate @ truth) / (estimate @ estimate)
    return -10 * np.log10(np.mean((scale * estimate - truth) ** 2))


def psnrs(estimates, truths):
    return [psnr_after_scaling(a, b) for a, b in zip(estimates, truths, strict=True)]


def test_the_parameter_of_a_classical_method_is_chosen_in_its_favour(monkeypatch):
    truth = demo_pairs(8, demo_module.SIZE, 0)
    tried = {}

    def spy(*arguments):
        estimate = real(*arguments)
        tried[estimate.method] = estimate
        return estimate

    real = _comparison._estimate
    monkeypatch.setattr(_comparison, "_estimate", spy)
    best = classical_estimates(truth.y, truth.digits, demo_module.SIZE)
    assert len(tried) == len(_comparison.BLUR_WIDTHS) + len(_comparison.POLYNOMIAL_DEGREES)

    def median(one):
        return np.median(psnrs(one.digits, truth.digits))

    families = ("division by blur", "polynomial log fit")
    for chosen, family in zip(best, families, strict=True):
        values = [median(one) for method, one in tried.items() if method.startswith(family)]
        assert chosen.method.startswith(family)
        assert median(chosen) == max(values)
        assert median(chosen) > min(values)
        np.testing.assert_allclose(chosen.digits * chosen.distortions, truth.y, atol=1e-6)


def test_the_truth_itself_scores_perfectly():
    truth = demo_pairs(3, demo_module.SIZE, 0)
    perfect = Estimate("truth", 3 * truth.digits, truth.bells / 2, 0.5)
    scores = score(perfect, truth.digits, truth.bells, demo_module.SIZE)
    assert scores.digit_psnr > 100
    assert scores.distortion_psnr > 100
    assert scores.digit_ssim == pytest.approx(1)
    assert scores.distortion_ssim == pytest.approx(1)
    assert scores.seconds_per_picture == 0.5


def test_a_table_has_a_row_a_method():
    rows = [Scores("input", 8.0, 0.25, None, None, None), Scores("b", 25.04, 0.9, 30.0, 1.0, 0.125)]
    head, *lines = format_table(rows).splitlines()
    assert re.split(r"\s{2,}", head.strip()) == [
        "digit PSNR",
        "digit SSIM",
        "distortion PSNR",
        "distortion SSIM",
        "s/picture",
    ]
    assert lines[0].split() == ["input", "8.0", "0.250", "-", "-", "-"]
    assert lines[1].split() == ["b", "25.0", "0.900", "30.0", "1.000", "0.1250"]
    assert len({len(line) for line in (head, *lines)}) == 1


def test_a_figure_holds_its_pictures(tmp_path):
    pictures = np.random.default_rng(0).random((2, 3, 8, 8))
    sheet = figure("title", ["a", "b", "c"], [("first", pictures[0]), ("second", pictures[1])])
    blocks = np.lib.stride_tricks.sliding_window_view(sheet, (24, 24))
    corners = []
    for picture in pictures.reshape(-1, 8, 8):
        tile = np.kron(picture, np.ones((3, 3)))
        candidates = np.argwhere(np.isclose(blocks[..., 0, 0], tile[0, 0]))
        (corner,) = [place for place in candidates if np.array_equal(blocks[tuple(place)], tile)]
        corners.append(corner)
    tops, lefts = np.array(corners).reshape(2, 3, 2).transpose(2, 0, 1)
    assert (tops[:, :1] == tops).all()
    assert (lefts[:1] == lefts).all()
    assert tops[1, 0] >= tops[0, 0] + 24
    assert (np.diff(lefts) >= 24).all()
    # Names stand left of the pictures, headings above them.
    assert sheet[tops[0, 0] :, : lefts[0, 0] - 2].min() < 0.5
    assert sheet[: tops[0, 0] - 2, lefts[0, 0] :].min() < 0.5
