"""The report: every layer, the joint condition, the hypothesis, and what may be concluded."""

import itertools
import json
import math

import numpy as np
import pytest

import gendemod as gd
from reference import wdc_deviation


def network(dims, seed=0, **options):
    return gd.ReLUNetwork.gaussian(dims, seed=seed, **options)


def quick(*networks, **options):
    return gd.wdc.report(*networks, **{"time_limit": 0.05, "threads": 1, **options})


def circle(count):
    turn = 2 * np.pi * (np.arange(count) + 0.5) / count
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def even_networks(count=30):
    """Rows spread evenly, and those of the last layers in all combinations."""
    first, last = [[math.sqrt(0.5)], [-math.sqrt(0.5)]], circle(count) * np.sqrt(2) / count
    pairs = np.array(list(itertools.product(range(count), repeat=2)))
    return tuple(gd.ReLUNetwork([first, last[column]]) for column in pairs.T)


# Each layer


@pytest.mark.parametrize("dims", [(1, 30, 2, 60), (3, 40, 8, 50), (6, 4), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_of_a_layer_match_their_definitions(dims, dtype):
    g = network(dims, dtype=dtype)
    weights = [W.astype(np.float64) for W in g.weights]
    for W, layer in zip(weights, quick(g).layers, strict=True):
        assert (layer.ell, layer.n) == W.shape
        spread = np.linalg.norm(W.T @ W - layer.alpha * np.eye(layer.n), 2)
        assert layer.gram == pytest.approx(spread / 2, rel=1e-12)
        longest = np.square(np.linalg.norm(W, axis=1)).max() if layer.n > 1 else 0
        assert layer.longest_row == pytest.approx(longest, rel=1e-12)
        assert layer.found == pytest.approx(
            wdc_deviation(W, layer.x, layer.y, layer.alpha), rel=1e-6
        )
        assert layer.lower == max(layer.found, layer.gram, layer.longest_row)
        if layer.n <= 2:
            exact = gd.wdc.exact(W, layer.alpha).lower
            assert (layer.lower, layer.upper) == (pytest.approx(exact), pytest.approx(exact))
        else:
            trivial = max(np.linalg.norm(W, 2) ** 2, layer.alpha / 2)
            if layer.n <= 6:
                assert layer.upper <= trivial * (1 + 1e-9)
            else:
                assert layer.upper == pytest.approx(trivial, rel=1e-12)
        sample = gd.wdc.sample(W, layer.alpha, pairs=200, seed=0)
        assert sample.maximum <= layer.upper * (1 + 1e-9)


def test_scaling_a_layer_changes_nothing_that_counts():
    one, two = even_networks()
    scaled = gd.ReLUNetwork([c * W for c, W in zip((16, 0.125), one.weights, strict=True)])
    found, again = quick(one, two), quick(scaled, two)
    for a, b in zip((*found.layers, found.joint), (*again.layers, again.joint), strict=True):
        assert b.relative[0] == pytest.approx(a.relative[0], rel=1e-12, abs=1e-12)
    assert again.conclusion == found.conclusion


def test_without_a_time_limit_the_report_is_a_function_of_the_seed():
    g = network((3, 12))
    first, second = (quick(g, time_limit=None, seed=5, threads=k).to_dict() for k in (1, 2))
    assert first == second


# The joint condition


def test_joint_bounds_match_their_definitions():
    g1, g2 = network((3, 20, 200)), network((4, 200), 1)
    B, C = g1.weights[-1], g2.weights[-1]
    found = quick(g1, g2).joint
    assert (found.ell, found.n, found.p) == (200, 20, 4)
    lengths = np.square(np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=1))
    assert found.longest_rows == pytest.approx(200 * lengths.max(), rel=1e-12)
    assert found.lower == max(found.found, found.longest_rows)
    assert found.upper == math.inf
    assert found.to_dict()["epsilon"] == [found.lower, "none"]


def test_longest_rows_are_nearly_reached():
    B, C = (network((2, 50), seed).weights[0] for seed in (0, 1))
    bound = quick(gd.ReLUNetwork([B]), gd.ReLUNetwork([C])).joint.longest_rows
    i = np.argmax(np.sum(B**2, axis=1) * np.sum(C**2, axis=1))
    wall = np.array([-B[i, 1], B[i, 0]])
    h, x = wall + 1e-6 * B[i], -wall + 1e-6 * B[i]
    assert gd.wdc.joint_deviation(B, C, h, x, C[i], C[i])[0] == pytest.approx(bound, rel=1e-5)


def test_joint_condition_of_single_columns_is_exact():
    g1, g2 = network((1, 20)), network((1, 20), 1)
    found = quick(g1, g2).joint
    exact = gd.wdc.joint_exact(g1.weights[0], g2.weights[0], found.alpha)
    assert (found.lower, found.upper) == (exact.lower, exact.upper)


# The hypothesis and the conclusion


def test_hypothesis_in_numbers():
    one = gd.wdc.Hypothesis(2, 2, 0.0625, math.inf)
    assert one.factor == 1024
    assert one.scale == pytest.approx(9.1e-13, rel=1e-2)
    assert one.k1_below == pytest.approx(2 / 1024)
    assert not one.void
    assert gd.wdc.Hypothesis(3, 2, 0.5, 0.6).factor == 3**7 * 4 + 9 * 2**7
    assert gd.wdc.Hypothesis(3, 2, 0.5, 0.6).void
    assert gd.wdc.Hypothesis(2, 2, 0.0, 0.0).to_dict()["k1_must_be_below"] == "none"


def test_layers_of_zeros_meet_the_conditions_at_a_half():
    assert gd.wdc.exact(np.zeros((7, 2)), 1).lower == pytest.approx(0.5)
    assert gd.wdc.joint_exact(np.zeros((7, 1)), np.zeros((7, 1)), 1).lower == 0.25


def test_hypothesis_takes_the_worst_of_all_conditions():
    found = quick(*even_networks())
    conditions = [*found.layers, found.joint]
    assert len(conditions) == 5
    assert found.hypothesis.lower == max(one.lower / one.alpha for one in conditions)
    assert found.hypothesis.upper == math.inf
    assert 0 < found.hypothesis.lower < 0.5


def test_conclusion_says_what_cannot_be_checked():
    found = quick(*even_networks())
    assert "Cannot be checked: whether Theorem 3 applies" in found.conclusion
    assert "Not proven: any upper bound of the joint condition's epsilon." in found.conclusion
    assert "sufficient, not necessary" in found.conclusion
    assert found.to_dict()["conclusion"] == found.conclusion.splitlines()
    assert all(line.endswith(".") for line in found.conclusion.splitlines())


@pytest.mark.parametrize(
    ("dims", "text"),
    [
        (((3, 5, 9), (2, 4, 9)), "Theorem 3 says nothing here, whatever its constants"),
        (((3, 9), (2, 4, 9)), "Theorem 3 is about networks of two layers or more"),
        (((3, 5, 9),), "Theorem 3 is about two networks"),
    ],
)
def test_conclusion_says_where_the_theorem_says_nothing(dims, text):
    found = quick(*(network(d, i) for i, d in enumerate(dims)))
    assert text in found.conclusion
    assert (found.hypothesis is None) == ("about" in text)


def test_conclusion_calls_proven_what_is_proven():
    found = quick(network((1, 30, 2, 60)))
    upper = max(layer.upper / layer.alpha for layer in found.layers)
    line = next(line for line in found.conclusion.splitlines() if "serves all of them" in line)
    assert float(line.split()[3]) == pytest.approx(upper, rel=1e-3)
    assert float(line.split()[3]) >= upper


# Forms


def test_json_has_finite_numbers_and_the_word_none():
    found = quick(network((3, 12, 40)), network((2, 40), 1))
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert set(content) == {"layers", "joint", "hypothesis", "conclusion"}
    assert content["joint"]["epsilon"][1] == "none"
    assert content["hypothesis"] is None
    first = content["layers"][0]
    assert first["epsilon"] == [found.layers[0].lower, found.layers[0].upper]
    witness = first["witness"]
    value = gd.wdc.deviation(
        network((3, 12, 40)).weights[0], witness["x"], witness["y"], first["alpha"]
    )
    assert value == pytest.approx(witness["deviation"], rel=1e-6)


def test_table_has_a_row_for_each_condition_of_one_width():
    text = quick(*even_networks()).table()
    lines = text.splitlines()
    names = [line.split("  ")[0] for line in lines[1:6]]
    assert names == ["G1 layer 1", "G1 layer 2", "G2 layer 1", "G2 layer 2", "joint"]
    assert max(map(len, lines)) <= 100
    assert "none]" in lines[5]
    assert "9.1e-13 / K1^4" in text


def test_table_rounds_outwards():
    found = quick(network((3, 40, 5)))
    for layer in found.layers:
        text = found.table().splitlines()[layer.layer]
        lower, upper = text[text.index("[") + 1 : text.index("]")].split(", ")
        assert float(lower) <= layer.upper
        assert float(upper) >= layer.upper
        assert float(upper) == pytest.approx(layer.upper, rel=2e-3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda g: quick(g.weights[0]),
            TypeError,
            r"`g1` must be a ReLUNetwork because .* ndarray",
        ),
        (lambda g: quick(g, "g"), TypeError, r"`g2` must be a ReLUNetwork because"),
        (lambda g: quick(g, network((2, 8))), ValueError, r"`g2` must have 9 outputs as `g1`"),
        (lambda g: quick(g, alpha="best"), ValueError, r"`alpha` must be \"fitted\", \"theory\""),
        (lambda g: quick(g, alpha=1.0), TypeError, r"`alpha` must be \"fitted\", \"theory\""),
        (lambda g: quick(g, alpha=[1]), ValueError, r"`alpha` must hold 2 numbers, one for each"),
        (lambda g: quick(g, alpha=[1, 0]), ValueError, r"`alpha` must be greater than 0 because"),
        (
            lambda g: quick(gd.ReLUNetwork([np.zeros((3, 2))])),
            ValueError,
            r"`alpha` must be given because a layer of zeros",
        ),
        (lambda g: quick(g, seed=-1), ValueError, r"`seed` must be at least 0"),
        (lambda g: quick(g, threads=0), ValueError, r"`threads` must be at least 1"),
        (lambda g: quick(g, time_limit=-1), ValueError, r"`time_limit` must be at least 0"),
        (lambda g: quick(g, progress=1), TypeError, r"`progress` must be True or False"),
    ],
)
def test_bad_arguments_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call(network((2, 5, 9)))
