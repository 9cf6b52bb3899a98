"""Distances from hyperbolas, their neighbourhoods, and the four centres."""

import numpy as np
import pytest

import gendemod as gd
from reference import hyperbola_distance, hyperbola_ratio

h0, m0 = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.1])
zero_h, zero_m = 0 * h0, 0 * m0


def points(count, seed):
    """Points and curves of sizes over six decades: anywhere, near the curve, and on its rays."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        decades = 10 ** rng.uniform(-3, 3, 4)
        h, m, h_ref, m_ref = (
            size * rng.standard_normal(n) for size, n in zip(decades, (3, 2, 3, 2), strict=True)
        )
        if i % 3 == 1:
            c, away = decades[0], 10 ** rng.uniform(-12, 0)
            h = c * h_ref * (1 + away * rng.standard_normal(3))
            m = m_ref / c * (1 + away * rng.standard_normal(2))
        if i % 3 == 2:
            signs = rng.choice([-1, 1], 2)
            h, m = signs[0] * decades[0] * h_ref, signs[1] * decades[1] * m_ref
        yield h, m, h_ref, m_ref


def test_distance_matches_brute_force_over_six_decades():
    arguments = list(points(300, 0))
    epsilon, c = gd.theory.hyperbola_distance(*map(np.array, zip(*arguments, strict=True)))
    for i, args in enumerate(arguments):
        expected = hyperbola_distance(*args)
        assert epsilon[i] == pytest.approx(expected, rel=1e-12, abs=1e-15), args
        if np.isnan(c[i]):
            assert epsilon[i] == 1
        else:
            there = hyperbola_ratio(c[[i]], *args)[0]
            assert there == pytest.approx(epsilon[i], rel=1e-12, abs=1e-15)


def test_distance_on_the_curve_is_zero_and_c_is_found():
    rng = np.random.default_rng(1)
    c = 10 ** rng.uniform(-4, 4, 500)
    h_ref, m_ref = rng.standard_normal((2, 500, 4))
    found = gd.theory.hyperbola_distance(c[:, None] * h_ref, m_ref / c[:, None], h_ref, m_ref)
    assert found[0].max() < 5e-16
    np.testing.assert_allclose(found[1], c, rtol=2e-15)


def test_nearest_point_is_found_among_several_dips():
    """Three positive stationary points: two dips, near both ends."""
    h, m = np.array([30.0]), np.array([31.0])
    one = np.ones(1)
    grid = np.exp(np.linspace(-8, 8, 2001))
    slopes = np.sign(np.diff(hyperbola_ratio(grid, h, m, one, one)))
    assert np.count_nonzero(np.diff(slopes)) == 3
    epsilon, c = gd.theory.hyperbola_distance(h, m, one, one)
    assert epsilon == pytest.approx(hyperbola_distance(h, m, one, one), rel=1e-13)
    assert c == pytest.approx(31 / (30**2 + 31**2), rel=1e-2)  # beside m


def test_distance_does_not_depend_on_scales():
    expected, c = gd.theory.hyperbola_distance(h0 + 1, m0 + 1, h0, m0)
    for power in (1e-120, 1e-3, 1e120):
        same = gd.theory.hyperbola_distance(
            power * (h0 + 1), power * (m0 + 1), power * h0, power * m0
        )
        assert same == (pytest.approx(expected, rel=1e-14), pytest.approx(c, rel=1e-14))
        other = gd.theory.hyperbola_distance(h0 + 1, m0 + 1, power * h0, m0 / power)
        assert other == (pytest.approx(expected, rel=1e-14), pytest.approx(c / power, rel=1e-14))


def test_distance_is_an_infimum_that_nothing_attains_where_both_turn_away():
    for h, m in [(-h0, -m0), (-5 * h0, zero_m), (np.array([2.0, 1.0, 0.0]), -m0)]:
        assert h @ h0 <= 0
        epsilon, c = gd.theory.hyperbola_distance(h, m, h0, m0)
        assert epsilon == 1
        assert np.isnan(c)
        ratios = hyperbola_ratio(np.array([1e-6, 0.1, 1, 10, 1e6]), h, m, h0, m0)
        assert (ratios > 1).all()


def test_distance_from_a_ray():
    """One of the two reference vectors is zero."""
    h, m = h0 + 0.4, m0 - 0.2
    S = h @ h + m @ m
    epsilon, c = gd.theory.hyperbola_distance(h, m, h0, zero_m)
    assert epsilon == pytest.approx(np.sqrt(1 - (h @ h0) ** 2 / (S * (h0 @ h0))), rel=1e-14)
    assert c == pytest.approx(S / (h @ h0), rel=1e-14)
    epsilon, c = gd.theory.hyperbola_distance(h, m, zero_h, m0)
    assert epsilon == pytest.approx(np.sqrt(1 - (m @ m0) ** 2 / (S * (m0 @ m0))), rel=1e-14)
    assert c == pytest.approx((m @ m0) / S, rel=1e-14)
    for args in [(-h, m, h0, zero_m), (h, -m, zero_h, m0), (zero_h, m, h0, zero_m)]:
        epsilon, c = gd.theory.hyperbola_distance(*args)
        assert epsilon == 1
        assert np.isnan(c)


def test_distance_of_the_origin_and_from_it():
    assert gd.theory.hyperbola_distance(zero_h, zero_m, h0, m0) == (1, 1)
    assert gd.theory.hyperbola_distance(zero_h, zero_m, h0, zero_m) == (1, 1)
    assert gd.theory.hyperbola_distance(zero_h, zero_m, zero_h, zero_m) == (0, 1)
    epsilon, c = gd.theory.hyperbola_distance(h0, zero_m, zero_h, zero_m)
    assert epsilon == np.inf
    assert np.isnan(c)


def test_distance_over_leading_axes():
    rng = np.random.default_rng(2)
    h, m = rng.standard_normal((6, 1, 3)), rng.standard_normal((4, 2))
    m_ref = np.array([m0, zero_m, -m0, 2 * m0])
    epsilon, c = gd.theory.hyperbola_distance(h, m, h0, m_ref)
    assert epsilon.shape == c.shape == (6, 4)
    for i, j in np.ndindex(6, 4):
        single = gd.theory.hyperbola_distance(h[i, 0], m[j], h0, m_ref[j])
        np.testing.assert_allclose([epsilon[i, j], c[i, j]], single, rtol=1e-12)
    both = gd.theory.hyperbola_distance(h, m, zero_h, [zero_m] * 4)
    assert (both[0] == np.inf).all()
    empty = gd.theory.hyperbola_distance(h[:0], m, h0, m0)
    assert empty[0].shape == (0, 4)


def test_float32_points_stay_float32():
    arrays = [z.astype(np.float32) for z in (h0[None] + 1, m0[None], h0, m0)]
    epsilon, c = gd.theory.hyperbola_distance(*arrays)
    assert epsilon.dtype == c.dtype == np.float32
    assert gd.theory.hyperbola_centres(*arrays[2:], (2, 2)).h.dtype == np.float32


def test_the_distance_in_codes_bounds_the_distance_from_the_curve():
    """A point's relative error against the balanced truth is at least its distance."""
    rng = np.random.default_rng(3)
    factor = np.sqrt(np.linalg.norm(m0) / np.linalg.norm(h0))
    truth = np.concatenate([factor * h0, m0 / factor])
    near = truth + 0.3 * rng.standard_normal((100, 5))
    errors = np.linalg.norm(near - truth, axis=1) / np.linalg.norm(truth)
    epsilon, _ = gd.theory.hyperbola_distance(near[:, :3], near[:, 3:], h0, m0)
    assert (epsilon <= errors * (1 + 1e-14)).all()


# Neighbourhoods


def test_membership_is_a_quartic_inequality():
    inside = []
    for args in points(200, 4):
        h, m, h_ref, m_ref = args
        for epsilon in (0.05, 0.4, 0.9):
            found = gd.theory.in_neighbourhood(*args, epsilon)
            inside.append(found)
            k = np.linalg.norm(h_ref) * np.linalg.norm(m_ref)
            turn = np.sqrt(np.linalg.norm(m_ref) / np.linalg.norm(h_ref))
            p, q = h @ h_ref * turn / k, m @ m_ref / turn / k
            S = (h @ h + m @ m) / k
            free = 1 - epsilon**2
            roots = np.roots([free, -2 * p, S, -2 * q, free])
            t = np.abs(roots.real)[np.abs(roots.imag) < 1e-9 * np.abs(roots)]
            t = np.sort(np.concatenate([t, [1e-9, 1e9]]))
            t = np.sqrt(t[1:] * t[:-1])  # between the roots
            assert found == (free * (t**4 + 1) - 2 * p * t**3 + S * t**2 - 2 * q * t < 0).any()
    assert 50 < sum(inside) < len(inside) - 50


def test_neighbourhoods_hold_their_curve_and_grow_to_everything():
    far = (-h0, -m0)
    assert gd.theory.in_neighbourhood(2 * h0, m0 / 2, h0, m0, 1e-15)
    assert not gd.theory.in_neighbourhood(*far, h0, m0, 1)  # 1 is not attained
    assert gd.theory.in_neighbourhood(*far, h0, m0, 1.0001)
    assert gd.theory.in_neighbourhood(zero_h, zero_m, h0, m0, 1)
    assert not gd.theory.in_neighbourhood(zero_h, zero_m, h0, m0, 0.999)
    assert gd.theory.in_neighbourhood(zero_h, zero_m, zero_h, zero_m, 0)
    assert not gd.theory.in_neighbourhood(h0, m0, zero_h, zero_m, 1e9)
    both = gd.theory.in_neighbourhood([h0, -h0], [m0, -m0], h0, m0, 0.5)
    np.testing.assert_array_equal(both, [True, False])


# Centres


@pytest.mark.parametrize("depths", [(2, 2), (5, 3)])
def test_centres_are_those_of_the_theorems_in_both_ways_of_writing(depths):
    centres = gd.theory.hyperbola_centres(h0, m0, depths)
    d, s = centres.rho
    assert (d, s) == tuple(map(gd.theory.rho, depths))
    assert centres.in_K == (False,) * 4
    factors = [(1, 1), (-d, 1), (1, -s), (-d, -s)]
    for h, m, (a, b) in zip(centres.h, centres.m, factors, strict=True):
        np.testing.assert_array_equal(h, a * h0)
        np.testing.assert_array_equal(m, b * m0)
    others = np.array([h0, -d * h0, s * h0, -d * s * h0]), np.array([m0, m0, -m0, -m0])
    point = (h0 + 0.3, m0 - 0.2)
    np.testing.assert_allclose(
        gd.theory.hyperbola_distance(*point, *others)[0],
        gd.theory.hyperbola_distance(*point, centres.h, centres.m)[0],
        rtol=1e-14,
    )


def test_branches_of_one_layer_fall_into_K():
    centres = gd.theory.hyperbola_centres([h0, 2 * h0], m0, (1, 2))
    assert centres.h.shape == (4, 2, 3)
    assert centres.m.shape == (4, 2)
    assert centres.rho[0] == 0
    assert centres.in_K == (False, True, False, True)
    assert not centres.h[1].any()
    assert not np.signbit(centres.h[1]).any()
    assert gd.theory.hyperbola_centres(h0, m0, (1, 1)).in_K == (False, True, True, True)


one, two = np.ones(1), np.ones(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.hyperbola_distance(two, one, one, one), r"`h_ref` must have the size 2"),
        (lambda t: t.hyperbola_distance(one, two, one, one), r"`m_ref` must have the size 2"),
        (lambda t: t.hyperbola_distance(one, one, one, np.nan * one), r"`m_ref` must be finite"),
        (lambda t: t.hyperbola_distance([], one, [], one), r"`h` must have shape"),
        (
            lambda t: t.hyperbola_distance(1e101 * one, one, one, one),
            r"`h` must be of norm at most",
        ),
        (lambda t: t.in_neighbourhood(one, one, one, one, -1), r"`epsilon` must be at least 0"),
        (lambda t: t.in_neighbourhood(one, one, one, one, np.nan), r"`epsilon` must be at least 0"),
        (lambda t: t.hyperbola_centres(0 * one, one, (2, 2)), r"`h0` must not be zero"),
        (lambda t: t.hyperbola_centres(one, 0 * one, (2, 2)), r"`m0` must not be zero"),
        (lambda t: t.hyperbola_centres(one, one, (2, 0)), r"`depths` must be at least 1"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message + r".* because .*; got"):
        call(gd.theory)


def test_arguments_of_the_wrong_kind_are_refused():
    with pytest.raises(TypeError, match=r"`epsilon` must be a number because .*; got True"):
        gd.theory.in_neighbourhood(one, one, one, one, True)
    with pytest.raises(TypeError, match=r"`depths` must be a pair \(d, s\) because .*; got 2"):
        gd.theory.hyperbola_centres(one, one, 2)
