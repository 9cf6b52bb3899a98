"""The generators that come with the package: small, plain, alive."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import gendemod as gd
from gendemod.data import bells, digits, split

FOLDER = Path(gd.__file__).parent / "weights"
DIMS = {"digits": (32, 128, 384, 1024), "bells": (5, 64, 256, 1024)}


@pytest.fixture(scope="module")
def restored():
    """The factors of 40 distorted digits, as the shipped generators make them."""
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    images, _ = digits(32)
    _, held_out = split(len(images), seed=0)
    truth, distortions = images[held_out[:40]], bells(40, 32, seed=1_000_000)
    generators = [gd.ReLUNetwork.load(FOLDER / f"{name}.npz") for name in DIMS]
    y = (truth * distortions).astype(np.float32)
    result = gd.demodulate(y, *generators, gd.LevenbergMarquardt(), restarts=4, seed=0)
    return result, truth, distortions


@pytest.mark.parametrize("name", DIMS)
def test_weights_are_plain_half_precision_matrices(name):
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["W1", "W2", "W3"]
        weights = [archive[key] for key in ("W1", "W2", "W3")]
    dims = DIMS[name]
    assert [weight.shape for weight in weights] == [
        (after, before) for before, after in itertools.pairwise(dims)
    ]
    assert all(weight.dtype == np.float16 and np.isfinite(weight).all() for weight in weights)


def test_both_files_take_at_most_2_mb_together():
    assert sum((FOLDER / f"{name}.npz").stat().st_size for name in DIMS) <= 2_000_000


def test_no_output_of_a_generator_is_dead(restored):
    result, _, _ = restored
    for factor in (result.w, result.x):
        assert np.all((factor > 0).mean(axis=0) > 0.5)


def test_held_out_digits_are_restored(restored):
    from gendemod.metrics import psnr

    result, truth, distortions = restored
    assert np.median(psnr(result.w, truth)) > 24.5
    assert np.median(psnr(result.x, distortions)) > 35
