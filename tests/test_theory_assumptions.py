"""The assumptions and hypotheses of the theorems, as far as they are numbers."""

import math

import numpy as np
import pytest

import gendemod as gd


def network(*dims):
    return gd.ReLUNetwork.gaussian(dims, seed=0)


def test_assumptions_give_the_constants_that_the_sizes_imply():
    found = gd.theory.assumptions(network(10, 25, 90), network(4, 30, 40, 90))
    first = 25 / (10 * math.log(10))
    second = 30 / (4 * math.log(4)), 40 / (30 * math.log(30))
    assert found.a2 == (pytest.approx((first,)), pytest.approx(second))
    assert found.a2_least == pytest.approx(second[1])
    expected = 90 / ((25 * math.log(25)) ** 2 + (40 * math.log(40)) ** 2)
    assert found.a3 == pytest.approx(expected)
    assert found.expansive


def test_assumption_a3_goes_by_the_columns_of_the_last_layer():
    """10-250-1000 twice."""
    wide = network(10, 250, 1000)
    found = gd.theory.assumptions(wide, wide)
    assert found.a2_least == pytest.approx(10.9, abs=0.05)
    assert found.a3 == pytest.approx(2.6e-4, abs=0.05e-4)
    for words in ("c up to 10.9", "c up to 0.000262", "250 and 250", "no verdict"):
        assert words in found.statement


def test_assumptions_that_ask_for_nothing_have_no_least_constant():
    found = gd.theory.assumptions(network(1, 5), network(1, 5))
    assert found.a2 == ((), ())
    assert found.a2_least == math.inf
    assert found.a3 == math.inf
    assert "A2 holds with any c and A3 with any c" in found.statement
    assert gd.theory.assumptions(network(1, 3, 5), network(2, 5)).a2 == ((math.inf,), ())
    assert not gd.theory.assumptions(network(6, 5), network(2, 5)).expansive


def test_hypotheses_of_theorem_3_and_2():
    found = gd.theory.hypotheses(1e-8, (2, 3), 0.5, K1=0.01, K2=0.002)
    growth = 2**7 * 3**2 + 2**2 * 3**7
    assert found.left_side == pytest.approx(0.01 * growth * 1e-2 / 0.5)
    assert found.holds == (found.left_side < 1)
    radii = [0.002 * 1e-2 / 0.5 * 2**a * 3**b for a, b in [(3, 3), (8, 3), (3, 8), (8, 8)]]
    np.testing.assert_allclose(found.radii, radii, rtol=1e-14)
    assert found.void == tuple(radius >= 1 for radius in radii)
    assert found.void == (False, False, True, True)
    second = gd.theory.hypotheses(1e-8, (2, 3), K1=0.01, K2=0.002)  # alpha = 1
    assert second.left_side == pytest.approx(found.left_side / 2)


def test_largest_epsilon_is_where_the_left_side_reaches_one():
    least = gd.theory.hypotheses(1.0, (2, 2), K1=1, K2=1).largest_epsilon
    assert least == pytest.approx(1024.0**-4)
    assert least == pytest.approx(9.1e-13, rel=1e-2)
    assert gd.theory.hypotheses(0.99 * least, (2, 2), K1=1, K2=1).holds
    assert not gd.theory.hypotheses(1.01 * least, (2, 2), K1=1, K2=1).holds


def test_the_theorems_ask_for_two_layers():
    found = gd.theory.hypotheses(1e-20, (1, 2), K1=1, K2=1)
    assert found.left_side < 1
    assert not found.holds
    assert "d >= 2 and s >= 2" in found.statement


def test_the_statement_says_what_cannot_be_checked():
    text = gd.theory.hypotheses(1e-20, (2, 2), K1=1, K2=1).statement
    for words in ("no values of K1 and K2", "not on a network", "gamma", "joint WDC"):
        assert words in text


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.assumptions(network(2, 5), network(2, 6)), ValueError, r"`g2` must have 5"),
        (lambda t: t.assumptions(network(2, 5), [2, 5]), TypeError, r"`g2` must be a ReLUNetwork"),
        (lambda t: t.hypotheses(0, (2, 2), K1=1, K2=1), ValueError, r"`epsilon` must be greater"),
        (lambda t: t.hypotheses(np.nan, (2, 2), K1=1, K2=1), ValueError, r"`epsilon` must be"),
        (lambda t: t.hypotheses(1, (0, 2), K1=1, K2=1), ValueError, r"`depths` must be at least 1"),
        (
            lambda t: t.hypotheses(1, (2, 2), 1.1, K1=1, K2=1),
            ValueError,
            r"`alpha` must be at most",
        ),
        (lambda t: t.hypotheses(1, (2, 2), 0, K1=1, K2=1), ValueError, r"`alpha` must be greater"),
        (lambda t: t.hypotheses(1, (2, 2), K1=0, K2=1), ValueError, r"`K1` must be greater than 0"),
        (lambda t: t.hypotheses(1, (2, 2), K1=1, K2="1"), TypeError, r"`K2` must be a number"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message + r".* because .*; got"):
        call(gd.theory)
