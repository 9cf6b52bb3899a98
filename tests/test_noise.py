"""Noise: its size, its seeds, and that errors grow in proportion to it."""

import numpy as np
import pytest

import gendemod as gd
from gendemod.data import add_gaussian_noise, add_poisson_noise

NOISES = [(add_gaussian_noise, 0.1), (add_poisson_noise, 50.0)]
Y = np.random.default_rng(0).uniform(0.1, 1, (3, 4000))


def test_gaussian_noise_has_the_level_that_was_asked_for():
    noise = add_gaussian_noise(Y, 0.1, seed=1) - Y
    sigma = 0.1 * np.linalg.norm(Y, axis=1) / np.sqrt(4000)
    np.testing.assert_allclose(noise.std(axis=1), sigma, rtol=0.05)
    assert np.all(np.abs(noise.mean(axis=1)) < 4 * sigma / np.sqrt(4000))
    assert np.abs(np.corrcoef(noise)[0, 1]) < 0.07


def test_the_variance_of_poisson_noise_is_its_mean():
    y = np.repeat([[0.0, 0.2, 0.5, 2.0]], 5000, axis=0).T.reshape(1, -1)
    counts = (add_poisson_noise(y, 40, seed=1) * 40 / 2.0).reshape(4, 5000)
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-9)
    mean = np.array([0, 4, 10, 40])
    np.testing.assert_allclose(counts.mean(axis=1), mean, rtol=0.03)
    np.testing.assert_allclose(counts.var(axis=1), mean, rtol=0.08)


def test_many_photons_leave_the_picture_as_it_is():
    np.testing.assert_allclose(add_poisson_noise(Y, 1e16, seed=1), Y, rtol=1e-6)


@pytest.mark.parametrize(("add", "size"), NOISES)
def test_noise_is_a_function_of_the_seed_and_the_place(add, size):
    noisy = add(Y, size, seed=3)
    np.testing.assert_array_equal(noisy, add(Y, size, seed=3))
    assert not np.array_equal(noisy, add(Y, size, seed=4))
    np.testing.assert_array_equal(noisy[:1], add(Y[:1], size, seed=3))
    np.testing.assert_array_equal(noisy[0], add(Y[0], size, seed=3))
    # The noise of the third picture does not depend on the two before.
    others = np.concatenate([2 * Y[1::-1], Y[2:]])
    np.testing.assert_array_equal(noisy[2], add(others, size, seed=3)[2])


@pytest.mark.parametrize(("add", "size"), NOISES)
def test_black_pictures_stay_black_and_dtypes_stay(add, size):
    assert add(np.zeros((2, 9)), size, seed=0).max() == 0
    assert add(Y.astype("f4"), size, seed=0).dtype == np.float32
    assert add(np.ones(9, dtype=int), size, seed=0).dtype == np.float64
    assert add(np.zeros((0, 9)), size, seed=0).shape == (0, 9)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1e305])
@pytest.mark.parametrize(("add", "size"), NOISES)
def test_noise_of_pictures_of_any_scale_scales_with_them(add, size, scale):
    np.testing.assert_allclose(
        add(scale * Y, size, seed=0) / scale, add(Y, size, seed=0), rtol=1e-9
    )


def test_hardly_any_photons_are_a_black_picture():
    assert add_poisson_noise(np.full(10, 1e10), 1e-300, seed=0).max() == 0
    assert add_poisson_noise(np.full(4, 1e308), 1e-5, seed=0).max() == 0


@pytest.mark.parametrize("add", [add_gaussian_noise, add_poisson_noise])
def test_an_empty_picture_stays_empty(add):
    assert add(np.empty(0), 0.1, seed=0).shape == (0,)
    assert add(np.empty((2, 0)), 0.1, seed=0).shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add_gaussian_noise(np.full(99, 1.7e308), 0.1, seed=0), "1.8e+308 is a float64"),
        (lambda: add_gaussian_noise(np.full(99, 3e38, "f4"), 0.5, seed=0), "3.4e+38 is a float32"),
        (lambda: add_poisson_noise(np.full(99, 1e308), 0.1, seed=0), "got an entry of size 1e+308"),
    ],
)
def test_noise_beyond_the_largest_number_is_refused(call, message):
    with pytest.raises(ValueError, match=r"`y` must be small enough") as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add_gaussian_noise(Y, -0.1, seed=0), r"`level` must be at least 0"),
        (lambda: add_gaussian_noise(Y, np.nan, seed=0), r"`level` must be at least 0"),
        (lambda: add_gaussian_noise(Y, 0.1, seed=-1), r"`seed` must be at least 0"),
        (lambda: add_gaussian_noise(Y[None], 0.1, seed=0), r"`y` must have shape"),
        (lambda: add_gaussian_noise([np.nan], 0.1, seed=0), r"`y` must be finite"),
        (lambda: add_poisson_noise(Y, 0, seed=0), r"`photons` must be positive"),
        (lambda: add_poisson_noise(Y, 1e19, seed=0), r"`photons` must be positive and at most"),
        (lambda: add_poisson_noise(Y - 0.5, 9, seed=0), r"`y` must be at least 0 because"),
    ],
)
def test_bad_noise_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_errors_are_proportional_to_small_noise_and_as_large_as_predicted():
    g1 = gd.ReLUNetwork.gaussian((5, 100, 1000), seed=1)
    g2 = gd.ReLUNetwork.gaussian((4, 100, 1000), seed=2)
    rng = np.random.default_rng(3)
    h, m = rng.normal(size=(40, 5)), rng.normal(size=(40, 4))
    w, x = g1(h), g2(m)
    y = w * x
    levels = np.array([1e-4, 1e-3, 1e-2])
    errors = []
    for level in levels:
        noisy = add_gaussian_noise(y, level, seed=4)
        found = gd.demodulate(noisy, g1, g2, restarts=4, seed=5)
        scale = np.linalg.norm(h, axis=1) / np.linalg.norm(found.h, axis=1)
        latents = np.linalg.norm(scale[:, None] * found.h - h, axis=1) / np.linalg.norm(h, axis=1)
        fits = np.linalg.norm(found.w * found.x - y, axis=1) / np.linalg.norm(y, axis=1)
        errors.append([np.median(latents), np.sqrt(np.median(fits**2))])
    slopes = np.polyfit(np.log(levels), np.log(errors), 1)[0]
    np.testing.assert_allclose(slopes, 1, atol=0.05)
    # The noise is projected on the tangent space, of dimension n + p - 1.
    predicted = levels * np.sqrt((5 + 4 - 1) / 1000)
    np.testing.assert_allclose(np.array(errors)[:, 1], predicted, rtol=0.15)
