"""Landscapes on planes: values and slopes, hyperbolas and their neighbourhoods, files."""

import csv
from dataclasses import fields

import numpy as np
import pytest

import gendemod as gd
from gendemod import landscape
from gendemod.landscape import Plane
from reference import Model, hyperbola_ratio, random_weights

S, T = np.linspace(-1.5, 2.0, 15), np.linspace(-2.0, 1.5, 12)  # both hold 0


def instance(dims1=(3, 7, 20), dims2=(2, 6, 20), seed=0, dtype=np.float64):
    """A problem with noise, weights and missing entries, and random latents."""
    rng = np.random.default_rng(seed)
    weights = random_weights(dims1, seed, dtype), random_weights(dims2, seed + 1, dtype)
    g1, g2 = map(gd.ReLUNetwork, weights)
    h, m = rng.standard_normal(dims1[0]), rng.standard_normal(dims2[0])
    y = g1(h) * g2(m) + 0.1 * rng.standard_normal(dims1[-1])
    v = rng.random(dims1[-1]) * (rng.random(dims1[-1]) > 0.2)
    return gd.Problem(y, g1, g2, y_weights=v), Model(y, *map(list, weights), v), h, m


PROBLEM, MODEL, H, M = instance()


def random_plane(seed, n=3, p=2):
    rng = np.random.default_rng(seed)
    return Plane.along(*((rng.standard_normal(n), rng.standard_normal(p)) for _ in range(3)))


def pixels(s=S, t=T):
    return [(i, j) for i in range(len(s)) for j in range(len(t))]


def at(plane, i, j, s=S, t=T):
    return plane.points(s[i], t[j])


# Planes


def test_planes_go_through_their_points():
    rng = np.random.default_rng(0)
    a, b, c = ((rng.standard_normal(3), rng.standard_normal(2)) for _ in range(3))
    plane = Plane.through(a, b, c)
    for place, point in zip([(0, 0), (1, 0), (0, 1)], (a, b, c), strict=True):
        for found, expected in zip(plane.points(*map(np.float64, place)), point, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-15)
    h, m = Plane.along(a, b, c).points(np.float64(2), np.float64(-3))
    np.testing.assert_allclose(h, a[0] + 2 * b[0] - 3 * c[0])
    np.testing.assert_allclose(m, a[1] + 2 * b[1] - 3 * c[1])


def test_the_spanned_plane_moves_one_latent_along_each_axis():
    h, m = Plane.spanned(H, M).points(np.float64(2), np.float64(-3))
    np.testing.assert_array_equal(h, 2 * H)
    np.testing.assert_array_equal(m, -3 * M)
    assert Plane.spanned(H, M).is_spanned
    assert not random_plane(0).is_spanned


# The objective


@pytest.mark.parametrize("dims", [((1, 9, 30), (1, 30)), ((3, 7, 20), (2, 6, 20))])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_quadratics_of_the_quadrants_are_the_objective(dims, dtype):
    problem, _, h, m = instance(*dims, dtype=dtype)
    plane = Plane.spanned(h, m)
    surface = landscape.objective(problem, plane, S, T)
    for i, j in pixels():
        f = problem.objective(*at(plane, i, j))
        assert surface.values[i, j] == pytest.approx(f, rel=1e-12)
    zero = problem.objective(0 * h, m)
    assert surface.at_zero == pytest.approx(zero, rel=1e-14)
    assert surface.values[np.flatnonzero(S == 0)] == pytest.approx(zero, rel=1e-12)


def test_the_objective_vanishes_at_the_truth_to_all_digits():
    problem = gd.Problem(PROBLEM.g1(H) * PROBLEM.g2(M), PROBLEM.g1, PROBLEM.g2)
    surface = landscape.objective(problem, Plane.spanned(H, M), [0, 1, 2], [0, 1, 2])
    assert surface.values[1, 1] <= 1e-30 * surface.at_zero


def test_axes_may_lie_on_one_side_of_zero():
    plane = Plane.spanned(H, M)
    surface = landscape.objective(PROBLEM, plane, [-3, -2], [1, 2, 5])
    expected = [[MODEL.objective(s * H, t * M) for t in (1, 2, 5)] for s in (-3, -2)]
    np.testing.assert_allclose(surface.values, expected, rtol=1e-12)


def test_a_network_that_is_zero_along_the_plane_leaves_the_observation():
    g2 = gd.ReLUNetwork([-np.ones((20, 1))])
    problem = gd.Problem(np.ones(20), PROBLEM.g1, g2)
    surface = landscape.objective(problem, Plane.spanned(H, [1.0]), [1, 2], [1, 2])
    np.testing.assert_array_equal(surface.relative, 1)


def test_values_on_any_plane_are_the_objective():
    plane = random_plane(1)
    surface = landscape.objective(PROBLEM, plane, S, T, threads=2)
    expected = [[MODEL.objective(*at(plane, i, j)) for j in range(len(T))] for i in range(len(S))]
    np.testing.assert_allclose(surface.values, expected, rtol=1e-12)
    assert surface.at_zero == pytest.approx(0.5 * np.sum(MODEL.v * MODEL.y**2), rel=1e-14)


def test_many_pixels_are_taken_in_batches():
    plane, s = random_plane(1), np.linspace(0, 1, 70)
    surface = landscape.objective(PROBLEM, plane, s, s)
    h, m = plane.points(*np.meshgrid(s, s, indexing="ij"))
    f = PROBLEM.objective(h.reshape(-1, 3), m.reshape(-1, 2))
    np.testing.assert_array_equal(surface.values.ravel(), f)


def test_pixels_beyond_the_time_limit_are_nan():
    s = np.linspace(0, 1, 70)
    values = landscape.objective(PROBLEM, random_plane(1), s, s, time_limit=0).values
    assert not np.isnan(values.flat[0])
    assert np.isnan(values.flat[-1])


def test_a_problem_shows_its_observation_and_does_not_let_it_be_changed():
    y = np.where(MODEL.v > 0, MODEL.y, np.nan)
    problem = gd.Problem(y, PROBLEM.g1, PROBLEM.g2, y_weights=MODEL.v)
    np.testing.assert_array_equal(problem.y, np.where(MODEL.v > 0, MODEL.y, 0))
    np.testing.assert_array_equal(problem.y_weights, MODEL.v)
    for array in (problem.y, problem.y_weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# Slopes


def one_sided(plane, i, j):
    h, m = at(plane, i, j)
    ways = [(k, sign) for k in (1, 2) for sign in (1, -1)]
    return [
        MODEL.directional_derivative(h, m, sign * plane.h[k], sign * plane.m[k]) for k, sign in ways
    ]


@pytest.mark.parametrize("plane", [Plane.spanned(H, M), random_plane(2)])
def test_slopes_are_one_sided_derivatives(plane):
    found = landscape.slopes(PROBLEM, plane, S, T)
    for i, j in pixels():
        np.testing.assert_allclose(
            found.along[:, i, j], one_sided(plane, i, j), rtol=1e-10, atol=1e-13
        )
    np.testing.assert_array_equal(found.falls, found.along < 0)


def test_gradient_matches_central_differences():
    plane, step = random_plane(3), 1e-6
    s, t = np.array([0.3, 0.8]), np.array([-0.4, 0.1])
    found = landscape.slopes(PROBLEM, plane, s, t).gradient

    def f(s, t):
        return MODEL.objective(*plane.points(np.float64(s), np.float64(t)))

    for i, j in pixels(s, t):
        by_s = (f(s[i] + step, t[j]) - f(s[i] - step, t[j])) / (2 * step)
        by_t = (f(s[i], t[j] + step) - f(s[i], t[j] - step)) / (2 * step)
        assert found[:, i, j] == pytest.approx([by_s, by_t], rel=1e-5, abs=1e-8)


def kinked():
    """Small integers, so that many pixels of an integer grid lie in kinks."""
    rng = np.random.default_rng(4)
    weights = [[rng.integers(-2, 3, shape).astype(float) for shape in ((4, 2), (9, 4))]]
    weights += [[rng.integers(-2, 3, shape).astype(float) for shape in ((3, 2), (9, 3))]]
    y = rng.integers(0, 5, 9).astype(float)
    plane = Plane.along(([0, 1], [1, 0]), ([1, 0], [0, 1]), ([1, -1], [1, 1]))
    return gd.Problem(y, *map(gd.ReLUNetwork, weights)), Model(y, *weights), plane


def test_derivatives_are_exact_at_kinks():
    problem, model, plane = kinked()
    axis = np.arange(-3.0, 4.0)
    slopes = landscape.slopes(problem, plane, axis, axis)
    descent = landscape.descent(problem, plane, axis, axis)
    kinks = 0
    for i, j in pixels(axis, axis):
        h, m = at(plane, i, j, axis, axis)
        one_way = model.directional_derivative(h, m, plane.h[1], plane.m[1])
        other = model.directional_derivative(h, m, -plane.h[1], -plane.m[1])
        assert list(slopes.along[:2, i, j]) == [one_way, other]
        kinks += one_way != -other
        way = plane.h[1] + plane.h[2], plane.m[1] + plane.m[2]
        g1, g2 = model.one_sided_gradients(h, m, way)
        assert descent.along[0, i, j] == model.directional_derivative(h, m, -g1, 0 * m)
        assert descent.along[1, i, j] == model.directional_derivative(h, m, 0 * h, -g2)
    assert kinks > 10
    np.testing.assert_array_equal(descent.falls, descent.along.min(axis=0) < 0)


def test_descent_is_minus_the_square_of_the_gradients_at_smooth_points():
    plane = random_plane(5)
    found = landscape.descent(PROBLEM, plane, S, T)
    for i, j in pixels():
        h, m = at(plane, i, j)
        expected = [-np.sum(g**2) for g in (MODEL.gradient_h(h, m), MODEL.gradient_m(h, m))]
        np.testing.assert_allclose(found.along[:, i, j], expected, rtol=1e-10)


def test_the_axes_of_figure_1_are_ridges():
    """On K both one-sided derivatives across it are negative, and f is constant along it."""
    found = landscape.figure1(size=9)
    slopes = landscape.slopes(found.problem, found.plane, found.surface.s, found.surface.t)
    off = np.array([0, 1, 2, 3, 5, 6, 7, 8])
    assert slopes.falls[:2, 4, off].all()
    assert slopes.falls[2:, off, 4].all()
    assert not slopes.along[2:, 4].any()
    assert not slopes.along[:2, :, 4].any()


# The mean over wide networks


@pytest.mark.parametrize("dimension", [1, 3])
def test_expected_values_are_those_of_the_theory(dimension):
    rng = np.random.default_rng(6)
    h0, m0, h, m = rng.standard_normal((4, dimension))
    arguments = (h0, m0, (2, 3), 50)
    planes = [Plane.spanned(h, m), Plane.spanned(h0, m0), Plane.along((h, m), (h0, m), (m, h))]
    for plane in planes:
        found = landscape.expected_objective(plane, *arguments, S, T, alpha=0.9)
        points = plane.points(*np.meshgrid(S, T, indexing="ij"))
        expected = gd.theory.expected_objective(*points, *arguments, alpha=0.9)
        np.testing.assert_allclose(found.values, expected, rtol=1e-12, atol=1e-15 * found.at_zero)
        zero = gd.theory.expected_objective(0 * h0, m0, *arguments, alpha=0.9)
        assert found.at_zero == zero


def test_the_mean_over_many_networks_is_the_expected_landscape():
    """Exact for d = s = 1: within four standard errors."""
    s = np.array([-1.0, 0.5, 1.5])
    count, dims = 400, (2, 200)
    h0, m0 = np.array([1.0, 0.5]), np.array([-0.3, 1.0])
    plane = Plane.spanned([0.8, -1.0], [0.5, 0.5])
    samples = np.empty((count, 3, 3))
    for k in range(count):
        g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=2 * k + i) for i in (0, 1))
        problem = gd.Problem(g1(h0) * g2(m0), g1, g2)
        samples[k] = landscape.objective(problem, plane, s, s).values
    mean = landscape.expected_objective(plane, h0, m0, (1, 1), 200, s, s).values
    error = samples.std(axis=0) / np.sqrt(count)
    assert np.abs((samples.mean(axis=0) - mean) / error).max() < 4


# Hyperbolas and their neighbourhoods


def test_curves_lie_on_the_hyperbolas_and_within_the_axes():
    rng = np.random.default_rng(7)
    h0, m0 = rng.standard_normal(3), rng.standard_normal(2)
    plane = Plane.spanned(-2 * h0, 0.5 * m0)
    found = landscape.hyperbolas(plane, h0, m0, (3, 2), S, T)
    centres = gd.theory.hyperbola_centres(h0, m0, (3, 2))
    for branch in range(4):
        s, t = found.s[branch], found.t[branch]
        h, m = plane.points(s, t)
        distance = gd.theory.hyperbola_distance(h, m, centres.h[branch], centres.m[branch])[0]
        assert distance.max() < 1e-15
        assert S[0] <= s.min()
        assert s.max() <= S[-1] + 1e-12
        assert T[0] <= t.min()
        assert t.max() <= T[-1] + 1e-12
    assert not found.in_K.any()


def test_a_curve_outside_the_axes_is_nan():
    found = landscape.hyperbolas(Plane.spanned(H, M), H, M, (2, 2), [-0.5, 0.5], [-1, 1])
    np.testing.assert_array_equal(np.isnan(found.s).all(axis=1), [True, False, False, False])


def test_branches_of_depth_1_fall_into_K():
    plane = Plane.spanned(H, M)
    curves = landscape.hyperbolas(plane, H, M, (1, 2), S, T)
    near = landscape.neighbourhoods(plane, H, M, (1, 2), 0.1, S, T)
    for in_k in (curves.in_K, near.in_K):
        np.testing.assert_array_equal(in_k, [False, True, False, True])
    for nothing in (curves.s, curves.t, near.excess[:, 0]):
        np.testing.assert_array_equal(np.isnan(nothing).all(axis=1), curves.in_K)
    assert not near.inside[[1, 3]].any()


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_masks_are_those_of_the_theory(epsilon):
    axis = np.linspace(-3, 3, 41)
    rng = np.random.default_rng(8)
    for n, p in ((1, 1), (3, 2)):
        h0, m0 = rng.standard_normal(n), rng.standard_normal(p)
        planes = [Plane.spanned(h0, m0)]
        planes += [] if n == 1 else [Plane.along((h0, m0), (m0[[0, 1, 0]], m0), (h0, h0[:2]))]
        for plane in planes:
            found = landscape.neighbourhoods(plane, h0, m0, (2, 3), epsilon, axis, axis)
            centres = gd.theory.hyperbola_centres(h0, m0, (2, 3))
            h, m = plane.points(*np.meshgrid(axis, axis, indexing="ij"))
            for i in range(4):
                inside = gd.theory.in_neighbourhood(h, m, centres.h[i], centres.m[i], epsilon)
                np.testing.assert_array_equal(found.inside[i], inside)


def test_excess_is_the_least_over_the_curve_for_all_sizes():
    rng = np.random.default_rng(9)
    c = np.geomspace(1e-5, 1e5, 400001)
    for _ in range(12):
        sizes = 10 ** rng.uniform(-2, 2, 4)
        h, m, h0, m0 = (
            a * rng.standard_normal(n) for a, n in zip(sizes, (2, 3, 2, 3), strict=True)
        )
        plane, epsilon = Plane.along((h, m), (h, 0 * m), (h0, m)), rng.uniform(0.05, 0.95)
        found = landscape.neighbourhoods(plane, h0, m0, (2, 2), epsilon, [0, 1], [0, 1])
        balance = np.sqrt(np.linalg.norm(m0) / np.linalg.norm(h0))
        size = (c * balance * np.linalg.norm(h0)) ** 2 + (np.linalg.norm(m0) / (c * balance)) ** 2
        expected = ((hyperbola_ratio(c * balance, h, m, h0, m0) ** 2 - epsilon**2) * size).min()
        scale = h @ h + m @ m + np.linalg.norm(h0) * np.linalg.norm(m0)
        assert found.excess[0, 0, 0] == pytest.approx(expected, abs=1e-8 * scale)


def test_nearest_point_is_found_at_the_centre_of_curvature():
    """At (2, 2) the three roots are one, and the distance is flat to fourth order."""
    from gendemod.landscape._nearest import nearest_on_hyperbola

    X = 2 + np.array([0, 1e-12, 1e-8, 1e-4, 1e-2, 1])
    t = nearest_on_hyperbola(X, np.full(6, 2.0))
    grid = np.geomspace(1, 10, 1000001)
    for x, found in zip(X, t, strict=True):
        least = np.min((grid - x) ** 2 + (1 / grid - 2) ** 2)
        assert (found - x) ** 2 + (1 / found - 2) ** 2 <= least * (1 + 1e-12)


# Portraits


def test_figure_1_has_the_parameters_of_the_paper():
    found = landscape.figure1(size=5)
    for network in (found.problem.g1, found.problem.g2):
        assert network.depth == 2
        assert network.dims == (1, 1000, 4096)  # expansive; the paper does not say how wide
    np.testing.assert_array_equal(found.plane.h[1], [1])
    np.testing.assert_array_equal(found.plane.m[2], [1])
    np.testing.assert_array_equal(found.surface.s, [-2, -1, 0, 1, 2])
    assert found.surface.relative[3, 3] < 1e-30
    np.testing.assert_array_equal(
        found.problem.y, found.problem.g1([1.0]) * found.problem.g2([1.0])
    )
    assert not np.array_equal(*(g.weights[0] for g in (found.problem.g1, found.problem.g2)))


def test_figure_1_is_a_function_of_its_seed():
    one, same, other = (landscape.figure1(seed=seed, size=3) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.surface.values, same.surface.values)
    assert not np.array_equal(one.surface.values, other.surface.values)


def test_branches_are_where_the_objective_is_least():
    found = landscape.figure1(size=3)
    rho = gd.theory.rho(2)
    np.testing.assert_allclose(found.branches[:, 0], [1, rho, rho, rho**2], rtol=1e-14)
    np.testing.assert_allclose(found.branches[:, 1], [0, 1 - rho**2, 1 - rho**2, 1 - rho**4])
    f0 = found.surface.at_zero
    for row, (a, b) in zip(found.branches, [(1, 1), (-1, 1), (1, -1), (-1, -1)], strict=True):
        there = found.problem.objective([a * row[2]], [float(b)])
        assert there / f0 == pytest.approx(row[3], abs=1e-14)
        for near in (0.99, 1.01):
            assert found.problem.objective([a * row[2] * near], [float(b)]) > there
    assert np.abs(found.branches[:, 2] - found.branches[:, 0]).max() < 0.1


def test_portraits_of_any_networks_have_the_truth_at_1_1():
    found = landscape.portrait(PROBLEM.g1, PROBLEM.g2, H, M, size=5, reach=2)
    assert found.surface.relative[3, 3] < 1e-28
    assert found.expected.relative[3, 3] == 0
    y = PROBLEM.g1(H) * PROBLEM.g2(M)
    assert found.surface.at_zero == pytest.approx(y @ y / 2)


# Files


def test_every_result_is_saved_whole(tmp_path):
    plane = Plane.spanned(H, M)
    results = [
        landscape.objective(PROBLEM, plane, S, T),
        landscape.slopes(PROBLEM, plane, S, T),
        landscape.descent(PROBLEM, plane, S, T),
        landscape.hyperbolas(plane, H, M, (2, 2), S, T),
        landscape.neighbourhoods(plane, H, M, (2, 2), 0.1, S, T),
    ]
    for result in results:
        result.save(tmp_path / "result.npz")
        with np.load(tmp_path / "result.npz", allow_pickle=False) as archive:
            assert set(archive) == {item.name for item in fields(result)}
            for name in archive:
                np.testing.assert_array_equal(archive[name], getattr(result, name))
        result.save(str(tmp_path / "result.csv"))
        with open(tmp_path / "result.csv", newline="") as file:
            rows = list(csv.reader(file))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) == 1 + (804 if rows[0][0] == "branch" else len(S) * len(T))


def test_tables_have_all_digits(tmp_path):
    plane = Plane.spanned(H, M)
    surface = landscape.objective(PROBLEM, plane, S, T)
    surface.save(tmp_path / "f.csv")
    s, t, f = np.loadtxt(tmp_path / "f.csv", delimiter=",", skiprows=1, unpack=True)
    np.testing.assert_array_equal(f.reshape(len(S), len(T)), surface.values)
    np.testing.assert_array_equal(s, np.repeat(S, len(T)))
    np.testing.assert_array_equal(t, np.tile(T, len(S)))
    near = landscape.neighbourhoods(plane, H, M, (2, 2), 0.3, S, T)
    near.save(tmp_path / "near.csv")
    table = np.loadtxt(tmp_path / "near.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(table[:, 2:].T.reshape(near.inside.shape), near.inside)


def test_files_of_other_kinds_are_refused(tmp_path):
    surface = landscape.objective(PROBLEM, Plane.spanned(H, M), S, T)
    with pytest.raises(ValueError, match=r"`path` must end in .npz or .csv because .*; got"):
        surface.save(tmp_path / "f.txt")
    with pytest.raises(TypeError, match="`path` must be a path"):
        surface.save(3)
    with pytest.raises(OSError, match="missing"):
        surface.save(tmp_path / "missing" / "f.npz")
    assert not list(tmp_path.iterdir())


# Bad input

PLANE = Plane.spanned(H, M)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Plane.spanned(0 * H, M), ValueError, "`h` must not be zero"),
        (lambda: Plane.spanned(H, [[1.0]]), ValueError, "`m` must hold vectors"),
        (lambda: Plane.along((H, M), (H, M), (2 * H, 2 * M)), ValueError, "not be parallel"),
        (lambda: Plane.along((H, M), (0 * H, 0 * M), (H, M)), ValueError, "not be parallel"),
        (lambda: Plane.through((H, M), (H, 2 * M), (H, 3 * M)), ValueError, "`c` must not lie"),
        (lambda: Plane.along((H, M), (M, M), (H, M)), ValueError, "`first` must have a part"),
        (lambda: Plane.along(H, (H, M), (H, M)), TypeError, "`origin` must be a pair"),
        (lambda: Plane.along((H, [np.nan, 0]), (H, M), (H, M)), ValueError, "`origin` must be fin"),
        (lambda: landscape.objective(PROBLEM, PLANE, [0], T), ValueError, "`s` must be a vector"),
        (lambda: landscape.objective(PROBLEM, PLANE, S, [1, 1]), ValueError, "`t` must increase"),
        (lambda: landscape.objective(PROBLEM, PLANE, S, "x"), TypeError, "`t` must hold real"),
        (lambda: landscape.objective(PROBLEM, (H, M), S, T), TypeError, "`plane` must be a Plane"),
        (lambda: landscape.objective(3, PLANE, S, T), TypeError, "`problem` must be a Problem"),
        (
            lambda: landscape.slopes(PROBLEM, Plane.spanned(M, H), S, T),
            ValueError,
            r"`plane` must hold h and m of sizes \(3, 2\)",
        ),
        (lambda: landscape.descent(PROBLEM, PLANE, S, T, threads=0), ValueError, "`threads`"),
        (lambda: landscape.descent(PROBLEM, PLANE, S, T, progress=1), TypeError, "`progress`"),
        (
            lambda: landscape.expected_objective(PLANE, 0 * H, M, (2, 2), 9, S, T),
            ValueError,
            "`h0` must not be zero because where h0 or m0 is zero so is the observation",
        ),
        (
            lambda: landscape.expected_objective(PLANE, M, M, (2, 2), 9, S, T),
            ValueError,
            "`h0` must have the size 3",
        ),
        (lambda: landscape.hyperbolas(PLANE, H, 0 * M, (2, 2), S, T), ValueError, "`m0` must not"),
        (lambda: landscape.hyperbolas(PLANE, -M, M, (2, 2), S, T), ValueError, "`h0` must have"),
        (
            lambda: landscape.hyperbolas(PLANE, H[::-1], M, (2, 2), S, T),
            ValueError,
            "`plane` must be spanned by `h0` and `m0`",
        ),
        (
            lambda: landscape.hyperbolas(random_plane(0), H, M, (2, 2), S, T),
            ValueError,
            "`plane` must be spanned by `h0` and `m0`",
        ),
        (lambda: landscape.hyperbolas(PLANE, H, M, (0, 2), S, T), ValueError, "`depths`"),
        (
            lambda: landscape.neighbourhoods(PLANE, H, M, (2, 2), 1.0, S, T),
            ValueError,
            "`epsilon` must be at least 0 and below 1",
        ),
        (
            lambda: landscape.neighbourhoods(PLANE, H, M, (2, 2), True, S, T),
            TypeError,
            "`epsilon` must be a number",
        ),
        (lambda: landscape.portrait(PROBLEM.g1, 3, H, M), TypeError, "`g2` must be a ReLUNetwork"),
        (lambda: landscape.portrait(PROBLEM.g1, PROBLEM.g2, 0 * H, M), ValueError, "`h0` must not"),
        (lambda: landscape.portrait(PROBLEM.g1, PROBLEM.g2, M, M), ValueError, "`h0` must be a v"),
        (
            lambda: landscape.portrait(PROBLEM.g1, gd.ReLUNetwork([np.eye(2)]), H, M),
            ValueError,
            "`g2` must have 20 outputs",
        ),
        (
            lambda: landscape.portrait(
                gd.ReLUNetwork([-np.eye(2)]), gd.ReLUNetwork([np.eye(2)]), *np.ones((2, 2))
            ),
            ValueError,
            "`h0` must not be mapped to zero",
        ),
        (lambda: landscape.figure1(size=1), ValueError, "`size` must be at least 2"),
        (lambda: landscape.figure1(seed=-1), ValueError, "`seed` must be at least 0"),
        (
            lambda: landscape.portrait(PROBLEM.g1, PROBLEM.g2, H, M, reach=0),
            ValueError,
            "`reach` must be greater than 0",
        ),
    ],
)
def test_bad_arguments_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_slopes_are_exact_where_a_plane_that_is_not_spanned_meets_K():
    g1 = gd.ReLUNetwork.gaussian((3, 20, 60), seed=1)
    g2 = gd.ReLUNetwork.gaussian((2, 15, 30, 60), seed=2)
    rng = np.random.default_rng(0)
    h0, m0 = rng.standard_normal(3), rng.standard_normal(2)
    problem = gd.Problem(g1(h0) * g2(m0), g1, g2)
    plane = landscape.Plane.through((0 * h0, m0), (h0, m0), (h0, -m0))
    s = np.arange(-4, 5) / 4
    along = landscape.slopes(problem, plane, s, s).along
    for i in (1, 3, 7):  # s = -t, where h = 0
        h, m = plane.points(s[i : i + 1], s[8 - i : 9 - i])
        assert not h.any()
        ways = [(sign * plane.h[k], sign * plane.m[k]) for k in (1, 2) for sign in (1, -1)]
        expected = [problem.directional_derivative(h[0], m[0], dh, dm) for dh, dm in ways]
        np.testing.assert_allclose(along[:, i, 8 - i], expected, rtol=1e-12, atol=1e-15)


def test_options_are_checked_on_planes_that_need_none():
    g = gd.ReLUNetwork.gaussian((2, 5, 9), seed=1)
    problem, axis = gd.Problem(g([1.0, 0.0]) ** 2, g, g), np.linspace(-1, 1, 3)
    plane = landscape.Plane.spanned([1.0, 0.0], [1.0, 0.0])
    for call in (landscape.objective, landscape.slopes):
        with pytest.raises(ValueError, match="`time_limit` must be at least 0"):
            call(problem, plane, axis, axis, time_limit=-1)
        with pytest.raises(TypeError, match="`progress` must be True or False"):
            call(problem, plane, axis, axis, progress=3)
