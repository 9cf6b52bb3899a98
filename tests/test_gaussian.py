"""Random networks: the law of Theorem 2, as a function of the seed alone."""

import math

import numpy as np
import pytest

import gendemod as gd
import reference


def test_the_reference_generator_gives_the_published_numbers():
    cases = [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            [0xFFFFFFFF] * 2,
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ]
    for counter, key, expected in cases:
        words = reference.philox(np.array(counter)[:, None], key)
        assert [int(word[0]) for word in words] == expected


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1])
@pytest.mark.parametrize("dims", [(1, 1), (3, 5), (5, 4, 7), (2, 3, 5, 6)])
def test_weights_are_the_philox_normals_of_the_seed(dims, seed):
    g = gd.ReLUNetwork.gaussian(dims, seed=seed)
    assert tuple(g.dims) == dims
    assert g.dtype == np.float64
    for actual, expected in zip(g.weights, reference.gaussian_weights(dims, seed), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=0)


def test_the_seed_alone_decides():
    first, again, other = (gd.ReLUNetwork.gaussian((5, 8, 9), seed=seed) for seed in (3, 3, 4))
    for a, b, c in zip(first.weights, again.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.any(a == c)


def test_a_wider_last_layer_begins_with_the_same_numbers():
    narrow, wide = (gd.ReLUNetwork.gaussian((4, 6, rows), seed=5).weights for rows in (8, 16))
    np.testing.assert_array_equal(narrow[0], wide[0])
    np.testing.assert_allclose(narrow[1] * np.sqrt(8), wide[1][:8] * np.sqrt(16), rtol=1e-14)


def test_entries_are_normal_with_variance_one_over_rows():
    for weight in gd.ReLUNetwork.gaussian((40, 300, 250), seed=6).weights:
        rows, _ = weight.shape
        sample = np.sort(weight.ravel()) * np.sqrt(rows)
        count = sample.size
        assert abs(sample.mean()) < 4 / np.sqrt(count)
        assert abs(sample.var() - 1) < 4 * np.sqrt(2 / count)
        law = np.array([0.5 * (1 + math.erf(s / math.sqrt(2))) for s in sample])
        empirical = np.arange(1, count + 1) / count
        assert np.abs(empirical - law).max() < 1.95 / np.sqrt(count)
        covariance = weight.T @ weight
        assert np.abs(covariance - np.eye(len(covariance))).max() < 6 / np.sqrt(rows)


@pytest.mark.parametrize("dims", [(1, 4000), (5, 1, 3000), (3, 2, 60_000)])
def test_truncation_zeroes_exactly_the_long_rows_of_the_last_layer(dims):
    plain = gd.ReLUNetwork.gaussian(dims, seed=7).weights
    truncated = gd.ReLUNetwork.gaussian(dims, seed=7, last_layer="truncated").weights
    for a, b in zip(plain[:-1], truncated[:-1], strict=True):
        np.testing.assert_array_equal(a, b)
    rows, columns = plain[-1].shape
    long = np.linalg.norm(plain[-1], axis=1) > 3 * np.sqrt(columns / rows)
    assert long.any()
    np.testing.assert_array_equal(truncated[-1], np.where(long[:, None], 0, plain[-1]))


def test_truncated_rows_are_as_frequent_as_the_chi_square_law_says():
    weight = gd.ReLUNetwork.gaussian((1, 200_000), seed=8, last_layer="truncated").weights[0]
    expected = math.erfc(3 / math.sqrt(2))
    zeros = np.count_nonzero(weight == 0) / weight.size
    assert abs(zeros - expected) < 4 * math.sqrt(expected / weight.size)


@pytest.mark.parametrize("last_layer", ["gaussian", "truncated"])
def test_float32_is_the_rounded_float64_network(last_layer):
    single, double = (
        gd.ReLUNetwork.gaussian((2, 3, 3000), seed=9, last_layer=last_layer, dtype=dtype)
        for dtype in (np.float32, np.float64)
    )
    assert single.dtype == np.float32
    for a, b in zip(single.weights, double.weights, strict=True):
        np.testing.assert_array_equal(a, b.astype(np.float32))


def test_the_last_layer_is_gaussian_by_default():
    default = gd.ReLUNetwork.gaussian((1, 4000), seed=7)
    named = gd.ReLUNetwork.gaussian((1, 4000), seed=7, last_layer="gaussian")
    np.testing.assert_array_equal(default.weights[0], named.weights[0])
    assert default.weights[0].all()
