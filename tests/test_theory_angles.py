"""The angle map, its recursion, rho, and the constant of a truncated layer."""

import math

import numpy as np
import pytest

import gendemod as gd
from reference import angle_map, mixture

angles = np.linspace(0, np.pi, 400)
# 40 digits were used for these three tables.
MAP = {
    0.001: 0.000999893891067981019,
    0.1: 0.098932580898955635,
    0.5: 0.472316363895299673,
    1.0: 0.881275856361282426,
    2.0: 1.43213357243582616,
    3.0: 1.57049573293993964,
    3.14: 1.57079632636625658,
}
RHO = {
    1: 0.0,
    2: 0.318309886184,
    3: 0.493731090200,
    4: 0.604825720113,
    5: 0.680953533356,
    6: 0.735946350628,
    7: 0.777228699191,
    8: 0.809148051479,
    9: 0.834416302593,
    10: 0.854809237549,
}
LOST_BY_TRUNCATION = {
    1: 0.029290886534888233,
    2: 0.0012340980408667955,
    3: 5.704245668268665e-05,
    4: 2.7566263337929856e-06,
    5: 1.3676028507174305e-07,
    10: 4.937385832845171e-14,
    20: 8.844054287365528e-27,
    1000: 0.0,
}


def test_angle_map_matches_its_definition():
    inner = angles[20:]
    np.testing.assert_allclose(gd.theory.angle_map(inner), angle_map(inner), rtol=1e-13)
    for theta, expected in MAP.items():
        assert gd.theory.angle_map(theta) == pytest.approx(expected, rel=1e-15)


def test_angle_map_keeps_its_digits_near_zero():
    theta = np.logspace(-12, -5, 50)
    difference = gd.theory.angle_map(theta) / theta - (1 - theta / (3 * np.pi))
    assert (np.abs(difference) < 5e-16 + theta**2).all()
    assert gd.theory.angle_map(0) == 0
    joined = gd.theory.angle_map(np.array([np.nextafter(0.5, 0), 0.5]))
    assert np.ptp(joined) < 5e-16  # the series and the direct formula meet


def test_angle_map_is_flat_to_third_order_near_pi():
    phi = np.logspace(-4, -2, 20)
    lost = np.pi / 2 - gd.theory.angle_map(np.pi - phi)
    np.testing.assert_allclose(lost, phi**3 / (3 * np.pi), rtol=1e-4, atol=1e-15)
    assert gd.theory.angle_map(np.pi) == pytest.approx(np.pi / 2, rel=1e-15)


def test_angle_map_rises_below_the_diagonal():
    mapped = gd.theory.angle_map(angles)
    assert (np.diff(mapped) > 0).all()
    assert (mapped[1:] < angles[1:]).all()


def test_cosine_of_the_next_angle_has_the_slope_of_the_rest():
    theta, step = angles[5:-5], 1e-5
    before = np.cos(theta + step) - np.cos(theta - step)
    after = np.cos(gd.theory.angle_map(theta + step)) - np.cos(gd.theory.angle_map(theta - step))
    np.testing.assert_allclose(after / before, (np.pi - theta) / np.pi, rtol=1e-8, atol=1e-8)


def test_angles_are_the_map_again_and_again():
    found = gd.theory.angles(angles.reshape(20, 20), 4)
    assert found.shape == (20, 20, 5)
    expected = angles.reshape(20, 20)
    for step in range(5):
        np.testing.assert_array_equal(found[..., step], expected)
        expected = gd.theory.angle_map(expected)
    assert gd.theory.angles(1.0, 3).shape == (4,)


@pytest.mark.parametrize(("depth", "ratio"), [(100, 0.906), (1000, 0.986)])
def test_angles_fall_like_three_pi_over_depth(depth, ratio):
    last = gd.theory.angles(np.pi, depth)[-1]
    assert last * depth / (3 * np.pi) == pytest.approx(ratio, abs=1e-3)


def test_rho_has_the_digits_of_the_table():
    for depth, expected in RHO.items():
        assert gd.theory.rho(depth) == pytest.approx(expected, abs=6e-13)
    assert gd.theory.rho(1) == 0
    assert gd.theory.rho(2) == pytest.approx(1 / np.pi, rel=1e-15)


def test_rho_is_the_cosine_of_an_angle_and_a_sum():
    for depth in (1, 2, 3, 7, 40):
        expected = np.cos(gd.theory.angles(np.pi, depth)[-1])
        assert gd.theory.rho(depth) == pytest.approx(expected, abs=1e-15)
        assert gd.theory.rho(depth) == pytest.approx(mixture(np.pi, depth)[1], abs=1e-14)


def test_rho_is_slow_to_come_close_to_one():
    assert gd.theory.rho(57) < 0.99 < gd.theory.rho(58)
    assert (1 - gd.theory.rho(3000)) * 3000**2 == pytest.approx(4.5 * np.pi**2, rel=0.02)


def test_truncation_alpha_is_a_chi_square_probability():
    for n, lost in LOST_BY_TRUNCATION.items():
        assert gd.theory.truncation_alpha(n) == 1 - lost
        assert 1 - gd.theory.truncation_alpha(n) == pytest.approx(lost, abs=1.2e-16)


def test_truncation_alpha_of_one_and_two_columns_by_hand():
    one = math.erf(3 / math.sqrt(2)) - 3 * math.sqrt(2 / math.pi) * math.exp(-4.5)
    assert gd.theory.truncation_alpha(1) == pytest.approx(one, rel=1e-15)
    assert gd.theory.truncation_alpha(2) == pytest.approx(1 - 10 * math.exp(-9), rel=1e-15)


@pytest.mark.parametrize("n", [1, 2])
def test_truncation_alpha_is_the_mean_of_truncated_rows(n):
    rng = np.random.default_rng(3)
    squares = np.sum(rng.standard_normal((400_000, n)) ** 2, axis=1)
    kept = np.where(squares <= 9 * n, squares / n, 0)
    error = kept.std() / np.sqrt(len(kept))
    assert abs(kept.mean() - gd.theory.truncation_alpha(n)) < 4 * error


def test_float32_angles_stay_float32():
    single = angles.astype(np.float32)  # the last one is above pi
    found = gd.theory.angle_map(single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, gd.theory.angle_map(angles), rtol=3e-7, atol=1e-9)
    assert gd.theory.angles(single, 2).dtype == np.float32
    assert isinstance(gd.theory.angle_map(1), float)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gd.theory.angle_map(-1e-9), ValueError, r"`theta` must be between 0 and pi"),
        (lambda: gd.theory.angle_map([1, 3.2]), ValueError, r"`theta` must be between 0 and pi"),
        (lambda: gd.theory.angle_map(np.nan), ValueError, r"`theta` must be finite"),
        (lambda: gd.theory.angle_map("1"), TypeError, r"`theta` must hold real numbers"),
        (lambda: gd.theory.angles(1, 0), ValueError, r"`depth` must be at least 1"),
        (lambda: gd.theory.angles(1, 2.0), TypeError, r"`depth` must be an integer"),
        (lambda: gd.theory.rho(0), ValueError, r"`depth` must be at least 1"),
        (lambda: gd.theory.rho(True), TypeError, r"`depth` must be an integer"),
        (lambda: gd.theory.truncation_alpha(0), ValueError, r"`n` must be at least 1"),
        (lambda: gd.theory.truncation_alpha(1.5), TypeError, r"`n` must be an integer"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message + r".* because .*; got"):
        call()
