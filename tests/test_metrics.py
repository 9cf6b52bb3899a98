"""Comparison of pictures up to a scale."""

import numpy as np
import pytest

from gendemod.metrics import psnr, scale_aligned, ssim


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    truth = generator.random((3, 64))
    return truth + 0.1 * generator.normal(size=truth.shape), truth


def test_no_other_scale_is_closer(pair):
    estimate, truth = pair
    aligned = scale_aligned(estimate, truth)
    best = np.sum((aligned - truth) ** 2, axis=-1)
    for factor in (0.99, 1.01):
        assert np.all(np.sum((factor * aligned - truth) ** 2, axis=-1) > best)
    np.testing.assert_allclose(np.sum(aligned * (aligned - truth), axis=-1), 0, atol=1e-12)


def test_a_batch_is_its_rows(pair):
    estimate, truth = pair
    rows = list(zip(estimate, truth, strict=True))
    np.testing.assert_allclose(
        scale_aligned(estimate, truth), [scale_aligned(a, b) for a, b in rows]
    )
    np.testing.assert_allclose(psnr(estimate, truth), [psnr(a, b) for a, b in rows])
    assert psnr(estimate, truth).shape == (3,)
    assert isinstance(psnr(*rows[0]), float)


def test_the_scale_of_the_estimate_does_not_matter(pair):
    estimate, truth = pair
    np.testing.assert_allclose(psnr(1e-3 * estimate, truth), psnr(estimate, truth), rtol=1e-12)


def test_psnr_of_a_known_error():
    # The error (0, 0, 0, 1/2) is orthogonal to what the scale can change.
    truth = np.array([1.0, 0.0, 0.0, 0.5])
    estimate = np.array([1.0, 0.0, 0.0, 0.0])
    assert psnr(estimate, truth) == pytest.approx(10 * np.log10(16))
    assert psnr(estimate, truth, peak=10.0) == pytest.approx(10 * np.log10(16) + 20)


def test_a_multiple_of_the_truth_is_infinitely_good(pair):
    _, truth = pair
    assert np.all(psnr(4 * truth, truth) == np.inf)


def test_an_estimate_of_zero_stays_zero(pair):
    _, truth = pair
    np.testing.assert_array_equal(scale_aligned(0 * truth, truth), 0 * truth)
    np.testing.assert_allclose(psnr(0 * truth, truth), -10 * np.log10(np.mean(truth**2, axis=-1)))


def test_float32_is_measured_in_float64(pair):
    estimate, truth = (array.astype(np.float32) for array in pair)
    expected = psnr(estimate.astype(np.float64), truth.astype(np.float64))
    np.testing.assert_array_equal(psnr(estimate, truth), expected)


def test_ssim_is_scikit_images_after_alignment(pair):
    metrics = pytest.importorskip("skimage.metrics")
    estimate, truth = pair
    expected = [
        metrics.structural_similarity(a.reshape(8, 8), b.reshape(8, 8), data_range=1.0)
        for a, b in zip(scale_aligned(estimate, truth), truth, strict=True)
    ]
    np.testing.assert_allclose(ssim(5 * estimate, truth, (8, 8)), expected, rtol=1e-9)
    assert ssim(3 * truth[0], truth[0], (8, 8)) == pytest.approx(1)
    assert isinstance(ssim(truth[0], truth[0], (8, 8)), float)


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"`estimate` must have the shape \(4,\) of `truth`"):
        psnr(np.ones(3), np.ones(4))


def test_no_pixels_are_refused():
    with pytest.raises(ValueError, match="`truth` must have pixels because"):
        psnr(np.ones((2, 0)), np.ones((2, 0)))


@pytest.mark.parametrize("peak", [0.0, -1.0, float("nan")])
def test_a_peak_that_is_not_positive_is_refused(peak):
    with pytest.raises(ValueError, match="`peak` must be positive because"):
        psnr(np.ones(4), np.ones(4), peak=peak)


@pytest.mark.parametrize("shape", [(8, 7), (4, 16)])
def test_a_shape_that_does_not_fit_is_refused(shape):
    pytest.importorskip("skimage")
    with pytest.raises(ValueError, match="`shape` must be two sides of at least 7 with product 64"):
        ssim(np.ones(64), np.ones(64), shape)
