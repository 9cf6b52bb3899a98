"""Means over random weights: Q, products of linear pieces, the objective and its gradients."""

import numpy as np
import pytest

import gendemod as gd
from reference import angle, expected_gram, linear_piece, mixture

SIZES = [1, 2, 3, 7]
DEPTHS = [(1, 1), (2, 2), (3, 2), (1, 4)]
ELL, ALPHA = 40, 0.9


def pairs(n, count=12, seed=0):
    """Random vectors, among them parallel, opposite and nearly parallel ones."""
    x, y = np.random.default_rng(seed).standard_normal((2, count, n))
    y[0], y[1], y[2], y[3] = 3 * x[0], -x[1], x[2] + 1e-9 * y[2], 1e-9 * y[3] - x[3]
    return x, y


def turned(x, y, theta):
    """The unit vector at an angle theta from x, in the plane of x and y."""
    x = x / np.linalg.norm(x)
    side = y - (y @ x) * x
    return np.cos(theta) * x + np.sin(theta) * side / np.linalg.norm(side)


def latents(seed=0, n=3, p=2):
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(size) for size in (n, p, n, p))


def slope(f, z, step=1e-5):
    units = step * np.eye(len(z))
    return np.array([(f(z + e) - f(z - e)) / (2 * step) for e in units])


def assert_mean(draws, expected, errors=4.5):
    """The mean of independent draws is the expected one within standard errors."""
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - expected) <= errors * error + 1e-15).all()


# Q


@pytest.mark.parametrize("n", SIZES)
def test_gram_matches_its_definition(n):
    x, y = pairs(n)
    found = gd.theory.expected_gram(x, y)
    expected = [expected_gram(a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-16)
    np.testing.assert_array_equal(found, np.swapaxes(found, 1, 2))
    np.testing.assert_allclose(found[0], np.eye(n) / 2, rtol=0, atol=3e-16)
    np.testing.assert_allclose(found[1], 0, rtol=0, atol=3e-16)


@pytest.mark.parametrize("n", SIZES)
def test_gram_is_a_mean_over_gaussian_rows(n):
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((2, n))
    w = rng.standard_normal((100_000, n))
    on = (w @ x > 0) & (w @ y > 0)
    assert_mean(on[:, None, None] * w[:, :, None] * w[:, None, :], gd.theory.expected_gram(x, y))


def test_gram_in_a_plane_is_an_integral_over_an_arc():
    theta, middles = 0.7, (np.arange(20_000) + 0.5) / 20_000
    x, y = np.array([1.0, 0.0]), np.array([np.cos(theta), np.sin(theta)])
    phi = theta / 2 + (np.pi - theta) * (middles - 0.5)
    u = np.stack([np.cos(phi), np.sin(phi)])
    expected = u @ u.T / len(middles) * (np.pi - theta) / np.pi
    np.testing.assert_allclose(gd.theory.expected_gram(x, y), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("n", SIZES)
def test_gram_identities(n):
    x, y = pairs(n)
    gram = gd.theory.expected_gram(x, y)
    np.testing.assert_allclose(gram, gd.theory.expected_gram(y, x), rtol=0, atol=3e-16)
    np.testing.assert_allclose(gram, gd.theory.expected_gram(1e150 * x, y / 1e150), atol=3e-16)
    rest = gd.theory.expected_gram(-x, y)
    np.testing.assert_allclose(gram + rest, np.broadcast_to(np.eye(n) / 2, gram.shape), atol=3e-16)
    for Q, a, b in zip(gram, x, y, strict=True):
        theta = angle(a, b)
        size = np.linalg.norm(a) * np.linalg.norm(b)
        assert a @ Q @ b / size == pytest.approx(np.cos(gd.theory.angle_map(theta)) / 2, abs=1e-15)


def test_gram_has_three_eigenvalues():
    x, y = pairs(6)
    for Q, a, b in zip(gd.theory.expected_gram(x, y), x, y, strict=True):
        theta = angle(a, b)
        rest, sine = np.pi - theta, np.sin(theta)
        expected = np.sort([rest - sine, *[rest] * 4, rest + sine]) / (2 * np.pi)
        np.testing.assert_allclose(np.linalg.eigvalsh(Q), expected, rtol=0, atol=1e-15)
        assert -1e-15 <= expected[0] <= expected[-1] <= 0.5 + 1e-15


def test_gram_times_y_is_the_gradient_of_a_form():
    x, y = np.random.default_rng(2).standard_normal((2, 4))
    found = slope(lambda z: z @ gd.theory.expected_gram(z, y) @ y, x)
    np.testing.assert_allclose(found, gd.theory.expected_gram(x, y) @ y, rtol=0, atol=1e-9)


def test_gram_rises_in_the_loewner_order_towards_y():
    x, y = np.random.default_rng(3).standard_normal((2, 4))
    grams = [gd.theory.expected_gram(x, turned(x, y, t)) for t in np.linspace(np.pi, 0, 40)]
    steps = np.linalg.eigvalsh(np.diff(grams, axis=0))
    assert steps.min() > -1e-15


def test_gram_has_the_lipschitz_constant_one_over_pi():
    x, y = np.random.default_rng(4).standard_normal((2, 300, 4))
    moved = x + 0.3 * np.random.default_rng(5).standard_normal(x.shape)
    change = gd.theory.expected_gram(moved, y) - gd.theory.expected_gram(x, y)
    turns = np.array([angle(a, b) for a, b in zip(x, moved, strict=True)])
    assert (np.linalg.norm(change, 2, axis=(1, 2)) <= turns / np.pi + 1e-15).all()
    near, step = gd.theory.expected_gram(x[0], turned(x[0], y[0], 1.0)), 1e-6
    change = gd.theory.expected_gram(x[0], turned(x[0], y[0], 1.0 + step)) - near
    assert np.linalg.norm(change, 2) / step == pytest.approx(1 / np.pi, rel=1e-5)  # in the plane


# The product of linear pieces


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_product_matches_its_definition(depth):
    x, y = pairs(4, seed=depth)
    found = gd.theory.expected_product(x, y, depth)
    for value, a, b in zip(found, x, y, strict=True):
        kept, mixed, last = mixture(angle(a, b), depth)
        ratio = np.linalg.norm(b) / np.linalg.norm(a)
        expected = (kept * b + mixed * ratio * a) / 2**depth
        np.testing.assert_allclose(value, expected, rtol=0, atol=2e-14 * np.linalg.norm(b))
        size = np.linalg.norm(a) * np.linalg.norm(b)
        assert a @ value / size == pytest.approx(np.cos(last) / 2**depth, abs=1e-14)


def test_product_of_one_layer_is_the_gram_times_y():
    x, y = pairs(5)
    expected = np.einsum("kij,kj->ki", gd.theory.expected_gram(x, y), y)
    np.testing.assert_allclose(gd.theory.expected_product(x, y, 1), expected, atol=2e-15)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_product_is_the_gradient_of_the_cosine_of_the_last_angle(depth):
    x, y = np.random.default_rng(6).standard_normal((2, 4))

    def limit(z):
        last = gd.theory.angles(angle(z, y), depth)[-1]
        return np.linalg.norm(z) * np.linalg.norm(y) * np.cos(last) / 2**depth

    expected = gd.theory.expected_product(x, y, depth)
    np.testing.assert_allclose(slope(limit, x), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_product_of_parallel_and_opposite_vectors(depth):
    y = np.array([1.0, -2.0, 0.5])
    same = gd.theory.expected_product(5 * y, y, depth)
    np.testing.assert_allclose(same, y / 2**depth, rtol=1e-14)
    opposite = gd.theory.expected_product(-5 * y, y, depth)
    rho = gd.theory.rho(depth)
    np.testing.assert_allclose(opposite, -rho * y / 2**depth, rtol=1e-14, atol=1e-15)


def test_product_is_the_mean_for_one_layer_and_nearly_for_two_wide_ones():
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((2, 3))

    def draw(*dims):
        steps = zip((3, *dims), dims, strict=False)
        weights = [rng.standard_normal((b, a)) / np.sqrt(b) for a, b in steps]
        return linear_piece(weights, x).T @ linear_piece(weights, y) @ y

    one = np.array([draw(20) for _ in range(2000)])
    assert_mean(one, gd.theory.expected_product(x, y, 1))
    two = np.array([draw(60, 90) for _ in range(600)])
    expected = gd.theory.expected_product(x, y, 2)
    error = two.std(axis=0) / np.sqrt(len(two))
    assert (np.abs(two.mean(axis=0) - expected) < 4 * error + 0.02 * np.linalg.norm(y) / 4).all()


# The objective and its gradients


@pytest.mark.parametrize("depths", DEPTHS)
def test_objective_matches_its_formula(depths):
    h, m, h0, m0 = latents()
    a, a0 = np.linalg.norm(h) * np.linalg.norm(m), np.linalg.norm(h0) * np.linalg.norm(m0)
    cosines = [
        np.cos(mixture(angle(z, z0), k)[2])
        for z, z0, k in zip((h, m), (h0, m0), depths, strict=True)
    ]
    expected = (
        ALPHA / (2 ** (sum(depths) + 1) * ELL) * (a**2 + a0**2 - 2 * a * a0 * np.prod(cosines))
    )
    found = gd.theory.expected_objective(h, m, h0, m0, depths, ELL, ALPHA)
    assert found == pytest.approx(expected, rel=1e-13)
    scaled = gd.theory.expected_objective(7 * h, m / 7, h0, m0, depths, ELL, ALPHA)
    assert scaled == pytest.approx(found, rel=1e-14)


@pytest.mark.parametrize("depths", DEPTHS)
def test_gradients_are_the_slopes_of_the_objective(depths):
    h, m, h0, m0 = latents(1)
    rest = (h0, m0, depths, ELL, ALPHA)
    t1, t2 = gd.theory.expected_gradients(h, m, *rest)
    by_h = slope(lambda z: gd.theory.expected_objective(z, m, *rest), h)
    by_m = slope(lambda z: gd.theory.expected_objective(h, z, *rest), m)
    np.testing.assert_allclose(t1, by_h, rtol=0, atol=1e-11)
    np.testing.assert_allclose(t2, by_m, rtol=0, atol=1e-11)
    assert h @ t1 == pytest.approx(m @ t2, rel=1e-13)  # Euler


def test_objective_and_gradients_are_means_for_one_layer():
    """Also of truncated rows, with one and two columns."""
    rng = np.random.default_rng(8)
    h, m, h0, m0 = latents(2, n=1)
    h0 = np.abs(h0) * np.sign(h)
    draws, ell = 20_000, 5

    def rows(columns):
        W = rng.standard_normal((draws, ell, columns)) / np.sqrt(ell)
        long = np.linalg.norm(W, axis=2, keepdims=True) > 3 * np.sqrt(columns / ell)
        return np.where(long, 0, W)

    B, C = rows(1), rows(2)
    w, x, w0, x0 = (np.maximum(W @ z, 0) for W, z in ((B, h), (C, m), (B, h0), (C, m0)))
    r = w * x - w0 * x0
    alpha = gd.theory.truncation_alpha(1) * gd.theory.truncation_alpha(2)
    rest = (h0, m0, (1, 1), ell, alpha)
    t1, t2 = gd.theory.expected_gradients(h, m, *rest)
    assert_mean(np.sum(r**2, axis=1) / 2, gd.theory.expected_objective(h, m, *rest))
    assert_mean(np.einsum("kij,ki->kj", B * (w > 0)[..., None], x * r), t1)
    assert_mean(np.einsum("kij,ki->kj", C * (x > 0)[..., None], w * r), t2)


def test_wide_networks_come_close_to_their_means():
    h, m, h0, m0 = latents(3, n=4, p=3)
    sizes = [np.linalg.norm(z) for z in (h, m, h0, m0)]
    errors = []
    for width in (1, 16):
        ell = 100 * width
        misses = []
        for seed in range(12):
            g1, g2 = (
                gd.ReLUNetwork.gaussian((n, 20 * width, ell), seed=seed + n, last_layer="truncated")
                for n in (4, 3)
            )
            problem = gd.Problem(g1(h0) * g2(m0), g1, g2)
            t1, _ = gd.theory.expected_gradients(h, m, h0, m0, (2, 2), ell)
            misses.append(problem.gradient_h(h, m) - t1)
        scale = (sizes[1] ** 2 * sizes[0] + sizes[1] * sizes[3] * sizes[2]) / (2**4 * ell)
        errors.append(np.sqrt(np.mean(np.sum(np.square(misses), axis=1))) / scale)
    assert errors[1] < 0.25
    assert errors[1] < errors[0] / 2


@pytest.mark.parametrize("depths", [(2, 2), (3, 2), (2, 5)])
def test_gradients_vanish_on_four_hyperbolas_of_known_height(depths):
    _, _, h0, m0 = latents(4)
    centres = gd.theory.hyperbola_centres(h0, m0, depths)
    h, m = 3 * centres.h, centres.m / 3
    rest = (h0, m0, depths, ELL)
    bottom = gd.theory.expected_objective(0 * h0, m0, *rest)
    scale = bottom / np.linalg.norm(h0) + bottom / np.linalg.norm(m0)
    for t in gd.theory.expected_gradients(h, m, *rest):
        assert np.abs(t).max() < 1e-14 * scale
    d, s = gd.theory.rho(depths[0]), gd.theory.rho(depths[1])
    heights = gd.theory.expected_objective(h, m, *rest) / bottom
    expected = [0, 1 - d**2, 1 - s**2, 1 - (d * s) ** 2]
    np.testing.assert_allclose(heights, expected, rtol=0, atol=1e-14)


def test_hessian_at_the_balanced_truth_has_the_eigenvalues_0_1_and_2():
    _, _, h0, m0 = latents(5)
    m0 *= np.linalg.norm(h0) / np.linalg.norm(m0)
    rest = (h0, m0, (2, 3), ELL)

    def gradient(z):
        return np.concatenate(gd.theory.expected_gradients(z[:3], z[3:], *rest))

    z0, step = np.concatenate([h0, m0]), 1e-5
    hessian = [(gradient(z0 + step * e) - gradient(z0 - step * e)) / (2 * step) for e in np.eye(5)]
    unit = np.linalg.norm(h0) ** 2 / (2**5 * ELL)
    # g(t) = t - t^2 / (3 pi): the second differences see the kink of the Hessian
    found = np.linalg.eigvalsh((np.array(hessian) + np.transpose(hessian)) / 2) / unit
    np.testing.assert_allclose(found, [0, 1, 1, 1, 2], rtol=0, atol=1e-4)


def test_descent_from_a_spurious_hyperbola_is_cubic():
    _, _, h0, m0 = latents(6)
    depths, phi = (3, 2), np.array([0.01, 0.02])
    rho = gd.theory.rho(3)
    rest = (h0, m0, depths, ELL)
    bottom = gd.theory.expected_objective(0 * h0, m0, *rest)
    around = np.array([rho * np.linalg.norm(h0) * turned(-h0, np.ones(3), t) for t in phi])
    fall = 1 - rho**2 - gd.theory.expected_objective(around, m0, *rest) / bottom
    rest_of_pi = (np.pi - gd.theory.angles(np.pi, 2)[1:]) / np.pi
    expected = 2 * rho * phi**3 / (3 * np.pi) * np.prod(rest_of_pi)
    np.testing.assert_allclose(fall, expected, rtol=0.02)


def test_signs_are_best_where_both_angles_are_acute():
    rng = np.random.default_rng(9)
    h0, m0 = rng.standard_normal(3), rng.standard_normal(2)
    h, m = rng.standard_normal((200, 3)), rng.standard_normal((200, 2))
    signs = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    values = [gd.theory.expected_objective(a * h, b * m, h0, m0, (2, 2), ELL) for a, b in signs]
    best = np.array(signs)[np.argmin(values, axis=0)]
    np.testing.assert_array_equal(best, np.sign(np.stack([h @ h0, m @ m0], axis=1)))


def test_the_axes_are_flat():
    h, m, h0, m0 = latents(7)
    rest = (h0, m0, (2, 2), ELL, ALPHA)
    level = ALPHA / (2**5 * ELL) * (np.linalg.norm(h0) * np.linalg.norm(m0)) ** 2
    for point in [(0 * h, m), (h, 0 * m), (0 * h, 0 * m)]:
        assert gd.theory.expected_objective(*point, *rest) == pytest.approx(level, rel=1e-14)
        for t in gd.theory.expected_gradients(*point, *rest):
            assert not t.any()


def test_objective_keeps_its_digits_near_the_truth():
    _, _, h0, m0 = latents(8)
    rest = (h0, m0, (2, 2), ELL)
    assert gd.theory.expected_objective(h0, m0, *rest) < 1e-32
    for step in (1e-3, 1e-5, 1e-7):
        found = gd.theory.expected_objective((1 + step) * h0, m0, *rest)
        size = np.linalg.norm(h0) * np.linalg.norm(m0)
        assert found == pytest.approx((step * size) ** 2 / (2**5 * ELL), rel=1e-8)


# Shapes, dtypes, arguments


def test_leading_axes_go_together():
    rng = np.random.default_rng(10)
    h, m = rng.standard_normal((4, 1, 3)), rng.standard_normal((5, 2))
    h0, m0 = rng.standard_normal(3), rng.standard_normal((5, 2))
    rest = (h0, m0, (2, 3), ELL)
    values = gd.theory.expected_objective(h, m, *rest)
    t1, t2 = gd.theory.expected_gradients(h, m, *rest)
    assert (values.shape, t1.shape, t2.shape) == ((4, 5), (4, 5, 3), (4, 5, 2))
    for i, j in np.ndindex(4, 5):
        one = (h[i, 0], m[j], h0, m0[j], (2, 3), ELL)
        assert values[i, j] == gd.theory.expected_objective(*one)
        for t, single in zip((t1, t2), gd.theory.expected_gradients(*one), strict=True):
            np.testing.assert_array_equal(t[i, j], single)
    assert gd.theory.expected_gram(h, h0).shape == (4, 1, 3, 3)
    assert gd.theory.expected_product(h, h0, 2).shape == (4, 1, 3)


def test_float32_latents_stay_float32():
    h, m, h0, m0 = (z.astype(np.float32) for z in latents(11))
    rest = (m, h0, m0, (2, 2), ELL)
    for found in (
        gd.theory.expected_gram(h, h0),
        gd.theory.expected_product(h, h0, 2),
        *gd.theory.expected_gradients(h, *rest),
        gd.theory.expected_objective(h[None], *rest),
    ):
        assert found.dtype == np.float32
    assert gd.theory.expected_gram(h, h0.astype(np.float64)).dtype == np.float64
    assert isinstance(gd.theory.expected_objective(h, *rest), float)


one, two, zero = np.ones(1), np.ones(2), np.zeros(2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.expected_gram(two, one), ValueError, r"`y` must have the size 2 of `x`"),
        (lambda t: t.expected_gram(zero, two), ValueError, r"`x` must not be zero"),
        (lambda t: t.expected_gram(1.0, two), ValueError, r"`x` must have shape \(\.\.\., n\)"),
        (lambda t: t.expected_gram([two] * 2, [two] * 3), ValueError, r"`y` must have leading"),
        (lambda t: t.expected_gram("two", two), TypeError, r"`x` must hold real numbers"),
        (lambda t: t.expected_product(two, [1, np.nan], 1), ValueError, r"`y` must be finite"),
        (lambda t: t.expected_product(two, zero, 1), ValueError, r"`y` must not be zero"),
        (lambda t: t.expected_product(two, two, 0), ValueError, r"`depth` must be at least 1"),
        (lambda t: t.expected_objective(two, one, zero, one, (2, 2), 9), ValueError, r"`h0` must"),
        (lambda t: t.expected_gradients(one, two, one, zero, (2, 2), 9), ValueError, r"`m0` must"),
        (lambda t: t.expected_gradients(one, two, two, two, (2, 2), 9), ValueError, r"`h0` must"),
        (lambda t: t.expected_gradients(one, two, one, two, (0, 2), 9), ValueError, r"`depths`"),
        (lambda t: t.expected_gradients(one, two, one, two, (2,), 9), ValueError, r"`depths`"),
        (lambda t: t.expected_gradients(one, two, one, two, 2, 9), TypeError, r"`depths`"),
        (lambda t: t.expected_gradients(one, two, one, two, (2, 2), 0), ValueError, r"`ell`"),
        (lambda t: t.expected_gradients(one, two, one, two, (2, 2), 9.5), TypeError, r"`ell`"),
        (lambda t: t.expected_gradients(one, two, one, two, (2, 2), 9, 0), ValueError, r"`alpha`"),
        (lambda t: t.expected_gradients(one, two, one, two, (2, 2), 9, -1), ValueError, r"`alpha`"),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message + r".* because .*; got"):
        call(gd.theory)
