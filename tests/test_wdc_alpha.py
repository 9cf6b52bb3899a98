"""The constant alpha of each layer of a report."""

import numpy as np
import pytest

import gendemod as gd
from reference import random_weights


def network(dims, seed=0, **options):
    return gd.ReLUNetwork.gaussian(dims, seed=seed, **options)


def quick(*networks, **options):
    return gd.wdc.report(*networks, time_limit=0.05, threads=1, **options)


def test_alpha_is_fitted_to_the_mean_of_squares_at_any_scale():
    weights = random_weights((2, 30, 50), 0)
    found = quick(gd.ReLUNetwork(weights)).layers
    for layer, W in zip(found, weights, strict=True):
        assert layer.alpha == pytest.approx(np.trace(W.T @ W) / W.shape[1], rel=1e-14)
        assert layer.alpha_is == "fitted"


def test_alpha_of_theory_knows_truncation_by_its_rows_of_zeros():
    truncated = network((2, 40, 1, 5000), last_layer="truncated")
    found = quick(truncated, alpha="theory").layers
    assert [layer.alpha_is for layer in found] == ["theory", "theory", "truncated"]
    assert [layer.alpha for layer in found] == [1, 1, gd.theory.truncation_alpha(1)]
    assert found[-1].alpha == pytest.approx(quick(truncated).layers[-1].alpha, abs=0.06)
    whole = quick(network((2, 40, 1, 5000)), alpha="theory").layers
    assert [layer.alpha_is for layer in whole] == ["theory"] * 3


def test_alpha_may_be_given_for_each_layer():
    networks = network((2, 9)), network((2, 5, 9), 1)
    found = quick(*networks, alpha=[0.5, 0.25, 2])
    assert [(layer.alpha, layer.alpha_is) for layer in found.layers] == [
        (0.5, "given"),
        (0.25, "given"),
        (2, "given"),
    ]
    assert found.joint.alpha == 1
