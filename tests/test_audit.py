"""The conclusions of the theorems on given networks: derivatives, kinks, distances, counts."""

import itertools

import numpy as np
import pytest

import gendemod as gd
from gendemod import landscape
from gendemod.landscape import _descent, _law, _radial_slopes, _scene, _stationary, _walls
from reference import Model, lexicographic, masked_product, random_weights

SHAPES = [
    ((3, 12), (2, 12)),
    ((4, 20, 700), (3, 15, 700)),
    ((3, 8, 11, 40), (5, 9, 40)),
    ((1, 6, 30), (2, 7, 8, 9, 30)),
]


def networks(dims1, dims2, dtype=np.float64, seed=0):
    return tuple(
        gd.ReLUNetwork(random_weights(d, seed + i, dtype)) for i, d in enumerate((dims1, dims2))
    )


def truth(g1, g2, seed=7):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(g1.dims[0]), rng.standard_normal(g2.dims[0])


def by_definition(scene, z, zeros, w):
    """D_{-g} f and g for both gradients at (h, m) = z, with units at zero, g the limit along w."""
    weights = [[np.array(W, dtype=np.float64) for W in g.weights] for g in (scene.g1, scene.g2)]
    ways = [lexicographic(*part) for part in zip(weights, z, w, zeros, strict=True)]
    outputs = [way[1] for way in ways]
    r = outputs[0] * outputs[1] - scene.y
    found = []
    for k in range(2):
        g = masked_product(weights[k], ways[k][0]).T @ (outputs[1 - k] * r)
        ahead = lexicographic(weights[k], z[k], -g, zeros[k])[2]
        found.append((np.sum(r * outputs[1 - k] * ahead), g))
    return found


def rays_of(scene, count, walls, seed=1):
    rng = np.random.default_rng(seed)
    out = []
    for g, e in ((scene.g1, scene.h0), (scene.g2, scene.m0)):
        z = _law.directions(e, False, _law.Stratum(_law.ANYWHERE, 1.0, 0), count, rng)
        out.append(_walls.on_walls(g, z, min(walls, _walls.most_walls(g)), rng))
    return out


def zeros_of(rays, i):
    return (int(rays.layer[i]), rays.units[i]) if rays.units.shape[1] else (None, ())


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("walls", [0, 1, 2])
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_derivatives_match_their_definition(dims1, dims2, walls, dtype, threads):
    g1, g2 = networks(dims1, dims2, dtype)
    scene = _scene.scene(g1, g2, *truth(g1, g2))
    h, m = rays_of(scene, 11, walls)
    of_h, of_m = _radial_slopes.products(scene, h, m, threads)
    assert of_h.regular.all()
    assert of_m.regular.all()
    rng = np.random.default_rng(2)
    a = rng.uniform(0.1, 3, (len(h), len(m), 2))
    w = rng.standard_normal(h.z.shape), rng.standard_normal(m.z.shape)
    values = _radial_slopes.slopes(of_h, a, w[0])
    others = [part.swapaxes(0, 1) for part in _radial_slopes.slopes(of_m, a.swapaxes(0, 1), w[1])]
    for i, j in itertools.product(range(0, len(h), 3), range(0, len(m), 4)):
        root = np.sqrt(a[i, j, 1])
        z, zeros = (root * h.z[i], root * m.z[j]), (zeros_of(h, i), zeros_of(m, j))
        expected = by_definition(scene, z, zeros, (w[0][i], w[1][j]))
        for (slope, length), (derivative, g) in zip((values, others), expected, strict=True):
            scale = (1 + root**2) ** 2 * scene.energy * 10
            assert slope[i, j, 1] * root**2 == pytest.approx(derivative, abs=1e-12 * scale)
            assert length[i, j, 1] * root == pytest.approx(np.linalg.norm(g), abs=1e-12 * scale)


def test_smooth_points_have_minus_the_square_of_the_gradient():
    g1, g2 = networks((4, 20, 70), (3, 15, 70))
    scene = _scene.scene(g1, g2, *truth(g1, g2))
    h, m = rays_of(scene, 6, 0)
    of_h, _ = _radial_slopes.products(scene, h, m, 1)
    problem = gd.Problem(scene.y, g1, g2)
    derivative, length = _radial_slopes.slopes(of_h, np.ones((6, 6, 1)), h.z)
    for i, j in itertools.product(range(6), range(6)):
        g = problem.gradient_h(h.z[i], m.z[j])
        assert length[i, j, 0] == pytest.approx(np.linalg.norm(g), rel=1e-11)
        assert derivative[i, j, 0] == pytest.approx(-(g @ g), rel=1e-11)
        assert problem.directional_derivative(h.z[i], m.z[j], -g, 0 * m.z[j]) == pytest.approx(
            -(g @ g), rel=1e-11
        )


def test_slopes_at_a_wall_are_those_of_f_itself():
    g1, g2 = networks((3, 9, 40), (4, 10, 40))
    scene = _scene.scene(g1, g2, *truth(g1, g2))
    h, m = rays_of(scene, 8, 2)
    of_h, _ = _radial_slopes.products(scene, h, m, 1)
    problem, t = gd.Problem(scene.y, g1, g2), 1e-6
    w = np.random.default_rng(3).standard_normal(h.z.shape)
    derivative, _ = _radial_slopes.slopes(of_h, np.ones((8, 8, 1)), w)
    differs = 0
    for i, j in itertools.product(range(8), range(8)):
        _, g = by_definition(
            scene, (h.z[i], m.z[j]), (zeros_of(h, i), zeros_of(m, j)), (w[i], w[j, [0, 1, 2, 0]])
        )[0]
        moved = problem.objective(h.z[i] - t * g, m.z[j]) - problem.objective(h.z[i], m.z[j])
        assert derivative[i, j, 0] == pytest.approx(moved / t, abs=1e-4 * (1 + g @ g))
        differs += abs(derivative[i, j, 0] + g @ g) > 1e-3 * (g @ g)
    assert differs > 5  # -g leaves the cell of w: D is not -|g|^2


def dyadic(dims, rng):
    """Integer weights and a latent z that lies exactly on two walls of the first layer."""
    weights = [rng.integers(-9, 10, (b, a)).astype(float) for a, b in itertools.pairwise(dims)]
    z = rng.integers(1, 5, dims[0]).astype(float)
    weights[0][1, :2], weights[0][1, 2:] = (z[1], -z[0]), 0
    weights[0][4, 1:3], weights[0][4, 0], weights[0][4, 3:] = (z[2], -z[1]), 0, 0
    return weights, z


@pytest.mark.parametrize("dims", [((3, 7, 25), (4, 6, 25)), ((3, 6, 8, 25), (5, 7, 25))])
def test_exact_zeros_are_walls(dims):
    """Nothing is rounded: the pre-activations are zero without being put there."""
    checked, rng = 0, np.random.default_rng(0)
    for _ in range(40):
        (weights1, h), (weights2, m) = (dyadic(part, rng) for part in dims)
        y = np.abs(rng.integers(-9, 10, 25)).astype(float)
        g1, g2 = gd.ReLUNetwork(weights1), gd.ReLUNetwork(weights2)
        scene = _scene.Scene(g1, g2, h, m, y, float(y @ y), None, None, 1.0)
        rays = []
        for weights, z in ((weights1, h), (weights2, m)):
            units = np.nonzero(weights[0] @ z == 0)[0].astype(np.int32)
            rows = weights[0][units][None]
            rays.append(_walls.Rays(z[None], np.zeros(1, np.int32), units[None], rows))
        of = _radial_slopes.products(scene, *rays, 1)
        if not (of[0].regular.all() and of[1].regular.all()):
            continue  # a unit of another layer stands at zero, too
        checked += 1
        model = Model(y, weights1, weights2)
        w = rng.integers(-9, 10, len(h)) + 0.5, rng.integers(-9, 10, len(m)) + 0.25
        g = model.one_sided_gradients(h, m, w)
        expected = (
            model.directional_derivative(h, m, -g[0], 0 * g[1]),
            model.directional_derivative(h, m, 0 * g[0], -g[1]),
        )
        problem = gd.Problem(y, g1, g2)
        plain = problem.directional_derivative(h, m, -g[0], 0 * g[1])
        assert plain == pytest.approx(expected[0], rel=1e-14)
        for k in range(2):
            derivative, length = _radial_slopes.slopes(of[k], np.ones((1, 1, 1)), w[k][None])
            assert derivative.item() == pytest.approx(expected[k], rel=1e-14)
            assert length.item() == pytest.approx(np.linalg.norm(g[k]), rel=1e-14)
    assert checked > 15


def test_a_unit_that_was_not_put_at_zero_is_told():
    g1 = gd.ReLUNetwork([[[1.0, -1.0], [1.0, 2.0], [0.0, 0.0]], [[1.0, 1.0, 1.0]]])
    g2 = gd.ReLUNetwork([[[1.0]]])
    scene = _scene.scene(g1, g2, [1.0, 2.0], [1.0])
    h = _walls.without_walls(np.array([[1.0, 1.0], [1.0, 0.5]]))
    of_h, _ = _radial_slopes.products(scene, h, _walls.without_walls(np.ones((1, 1))), 1)
    assert of_h.regular.tolist() == [False, True]  # the row of zeros is no wall


@pytest.mark.parametrize("dims", [(3, 9, 40), (4, 6, 8, 7, 20), (2, 5, 20)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_directions_reach_their_walls(dims, count):
    g = gd.ReLUNetwork(random_weights(dims, 5))
    rng = np.random.default_rng(0)
    z = rng.standard_normal((60, dims[0]))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    count = min(count, _walls.most_walls(g))
    rays = _walls.on_walls(g, z, count, rng)
    assert 20 < len(rays) <= 60
    assert set(rays.layer) == set(range(len(dims) - 2))
    for i in range(len(rays)):
        value = rays.z[i]
        for W in g.weights[: rays.layer[i]]:
            value = np.maximum(W @ value, 0)
        value = g.weights[rays.layer[i]] @ value
        np.testing.assert_allclose(value[rays.units[i]], 0, atol=1e-12)
        np.testing.assert_allclose(rays.rows[i] @ rays.z[i], 0, atol=1e-12)
        assert len(set(rays.units[i])) == count


def test_a_network_without_inner_layers_or_turns_has_no_walls():
    assert _walls.most_walls(gd.ReLUNetwork([np.eye(3)])) == 0
    assert _walls.most_walls(gd.ReLUNetwork([np.ones((4, 1)), np.ones((3, 4))])) == 0
    assert _walls.most_walls(gd.ReLUNetwork([np.ones((2, 5)), np.ones((3, 2))])) == 2


def test_distances_below_a_half_are_those_of_the_theory():
    g1, g2 = networks((4, 20, 70), (3, 15, 8, 70))
    scene = _scene.scene(g1, g2, *truth(g1, g2))
    rng = np.random.default_rng(0)
    strata = _law.strata(scene, 3, [0])
    for stratum in strata:
        h = _law.directions(scene.h0, bool(stratum.branch & 1), stratum, 6, rng)
        m = _law.directions(scene.m0, bool(stratum.branch & 2), stratum, 6, rng)
        pairs = _law.Pairs.of(scene, h, m)
        a = _law.radii(pairs, stratum, 3, rng)
        found = _law.distances(pairs, a)
        if stratum.branch != _law.ANYWHERE:
            assert (pairs.branch == stratum.branch).all()
            assert (found >= 0.999 * stratum.distance).all()
            assert (found <= 20.1 * stratum.distance).all()
        ratio = np.sqrt(pairs.cosines[1] / pairs.cosines[0])[..., None, None]
        points_h = np.sqrt(a)[..., None] * ratio * h[:, None, None]
        points_m = np.sqrt(a)[..., None] / ratio * m[None, :, None]
        expected, _ = gd.theory.hyperbola_distance(
            points_h,
            points_m,
            scene.centres.h[pairs.branch][:, :, None],
            scene.centres.m[pairs.branch][:, :, None],
        )
        near = found < _law.NEAR
        np.testing.assert_allclose(found[near], expected[near], rtol=1e-7)
        assert (expected[~near] > _law.NEAR - 1e-9).all()
    assert len(strata) == 15


@pytest.fixture(scope="module")
def small():
    """Narrow networks, on which the conclusions fail, and their audit."""
    g1, g2 = (gd.ReLUNetwork.gaussian((2, 30, 60), seed=i, last_layer="truncated") for i in (1, 2))
    h0, m0 = np.random.default_rng(0).standard_normal((2, 2))
    return g1, g2, h0, m0, landscape.audit(g1, g2, h0, m0, points=60_000, seed=0)


def test_every_failure_has_no_direction_of_descent(small):
    g1, g2, h0, m0, result = small
    kept = result.descent.kept
    assert 0 < len(kept) == result.descent.failures
    scene = _scene.scene(g1, g2, h0, m0)
    for h, m, walls in zip(kept.h, kept.m, kept.walls, strict=True):
        z, zeros = (h / scene.size, m / scene.size), []
        for g, latent in ((g1, z[0]), (g2, z[1])):
            value = np.abs(g.weights[0] @ latent) / np.linalg.norm(g.weights[0], axis=1)
            zeros.append((0, np.nonzero(value < 1e-12)[0]))
        assert [len(units) for _, units in zeros] == list(walls)
        for w in np.random.default_rng(1).standard_normal((5, 2, 2)):
            for derivative, g in by_definition(scene, z, zeros, w):
                assert derivative > -1e-12 * np.linalg.norm(g)


def test_failures_lie_in_the_neighbourhoods_that_are_reported(small):
    *_, h0, m0, result = small
    kept, ends = result.descent.kept, result.stationary
    centres = gd.theory.hyperbola_centres(h0, m0, (2, 2))
    for h, m, branch, distance in zip(kept.h, kept.m, kept.branch, kept.distance, strict=True):
        every = gd.theory.hyperbola_distance(h, m, centres.h, centres.m)[0]
        assert np.argmin(every) == branch
        assert every[branch] == pytest.approx(distance, rel=1e-9)
        assert distance <= result.epsilon[branch]
    assert result.descent.epsilon.max() == kept.distance.max()
    assert (result.epsilon >= result.descent.epsilon).all()
    assert ends.distances[ends.stationary].min(axis=1).max() <= result.epsilon.max()


def test_counts_add_up(small):
    found = small[-1].descent
    assert found.points == found.tested.sum() >= 60_000
    assert found.at_kinks == found.tested[1].sum() > found.points / 3
    assert found.failures == found.failed.sum() == found.failed[1].sum()
    assert (found.failed <= found.tested).all()
    assert (np.isfinite(found.least_slope) == (found.tested > 0)).all()
    assert ((found.least_slope < 1e-12) == (found.failed > 0)).all()
    assert found.tested.shape == (2, 5, len(found.edges) + 1)


def test_a_seed_gives_the_same_audit_for_any_number_of_threads():
    g1, g2 = networks((3, 8, 11, 40), (3, 9, 40))
    h0, m0 = truth(g1, g2)
    results = [
        landscape.audit(g1, g2, h0, m0, points=3000, decades=1, runs=6, seed=5, threads=k).to_dict()
        for k in (1, 2, 5)
    ]
    assert results[0] == results[1] == results[2]
    other = landscape.audit(g1, g2, h0, m0, points=3000, decades=1, runs=4, seed=6).to_dict()
    assert other["descent"]["least_slope"] != results[0]["descent"]["least_slope"]


def test_the_scale_of_the_truth_changes_nothing_but_the_points(small):
    g1, g2, h0, m0, result = small
    scaled = landscape.audit_descent(g1, g2, 64 * h0, m0 / 4, points=60_000, seed=0)
    np.testing.assert_array_equal(scaled.tested, result.descent.tested)
    np.testing.assert_array_equal(scaled.least_slope, result.descent.least_slope)
    np.testing.assert_allclose(scaled.kept.h, 4 * result.descent.kept.h, rtol=1e-14)


def test_dead_directions_are_failures():
    """G1 is 0 for h < 0: f is constant there, far from the hyperbolas of h > 0."""
    rng = np.random.default_rng(0)
    g1 = gd.ReLUNetwork([np.abs(rng.standard_normal((6, 1))), np.abs(rng.standard_normal((20, 6)))])
    g2 = gd.ReLUNetwork(random_weights((2, 9, 20), 1))
    found = landscape.audit_descent(g1, g2, [1.0], [1.0, 2.0], points=2000, decades=1)
    dead = found.tested[:, [1, 3]].sum()
    assert found.failures == found.failed[:, [1, 3]].sum() == dead > 500
    assert found.epsilon[[1, 3]].max() > 0.3
    assert len(found.kept) == min(dead, 1000)
    assert (found.kept.h < 0).all()
    assert (found.kept.slopes == 0).all()


def test_at_k_the_gradient_says_nothing_and_f_falls():
    """All units of one network are off, so that g = 0 and D = 0; other directions see more."""
    g1, g2 = networks((3, 9, 40), (4, 10, 40))
    h0, m0 = truth(g1, g2)
    problem = gd.Problem(g1(h0) * g2(m0), g1, g2)
    zero_h, zero_m = np.zeros(3), np.zeros(4)
    for h, m in ((h0, zero_m), (zero_h, m0), (zero_h, zero_m)):
        g = problem.gradient_h(h, m), problem.gradient_m(h, m)
        assert not np.concatenate(g).any()
        assert problem.directional_derivative(h, m, -g[0], -g[1]) == 0
        assert problem.directional_derivative(h, m, h0 * (h == 0), m0 * (m == 0)) <= 0


def test_planted_stationary_points_are_classified():
    """For n = p = 1 there is one for each pair of signs: the minimiser over products of norms."""
    g1, g2 = (gd.ReLUNetwork.gaussian((1, 200, 900), seed=i) for i in (1, 2))
    h0, m0 = [2.0], [-0.5]
    found = landscape.stationary(g1, g2, h0, m0, runs=24)
    y = g1(h0) * g2(m0)
    assert found.stationary.all()
    assert set(found.branch) == {0, 1, 2, 3}
    for h, m, branch, f in zip(found.h, found.m, found.branch, found.objective, strict=True):
        signs = (-1) ** (branch & 1), (-1) ** (branch >> 1)
        product = g1([signs[0] * 2.0]) * g2([signs[1] * -0.5])
        best = product @ y / (product @ product)
        assert h[0] * m[0] == pytest.approx(signs[0] * signs[1] * best * -1.0, rel=1e-7)
        assert abs(h[0]) == pytest.approx(abs(m[0]))
        assert f == pytest.approx(1 - (product @ y) ** 2 / (product @ product) / (y @ y), abs=1e-9)
        assert f == pytest.approx(found.predicted[branch], abs=0.05)


def test_the_least_slope_sees_kinks_where_runs_end():
    g1, g2 = (gd.ReLUNetwork.gaussian((3, 50, 300), seed=i, last_layer="truncated") for i in (1, 2))
    h0, m0 = np.random.default_rng(0).standard_normal((2, 3))
    found = landscape.stationary(g1, g2, h0, m0, runs=64)
    at_kinks = found.stationary & found.walls.any(axis=1)
    assert at_kinks.sum() > 3
    problem = gd.Problem(g1(h0) * g2(m0), g1, g2)
    plain = [
        np.linalg.norm(problem.gradient_h(h, m)) for h, m in zip(found.h, found.m, strict=True)
    ]
    others = [
        np.linalg.norm(problem.gradient_m(h, m)) for h, m in zip(found.h, found.m, strict=True)
    ]
    largest = np.maximum(plain, others)
    assert largest[at_kinks].min() > 1e4 * largest[found.branch == 0].max()  # unseen there


@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_expansions_at_k_are_exact(dims1, dims2):
    from gendemod.landscape import _maxima

    g1, g2 = networks(dims1, dims2)
    h0, m0 = truth(g1, g2)
    y, rng = g1(h0) * g2(m0), np.random.default_rng(4)
    problem, t = gd.Problem(y, g1, g2), 1e-3
    for kind in range(3):
        h, dh = rng.standard_normal((2, 5, dims1[0]))
        m, dm = rng.standard_normal((2, 5, dims2[0]))
        h, m = h * (kind == 0), m * (kind == 1)
        w, dw = _maxima._moving(g1, h, dh, kind == 0, None)
        x, dx = _maxima._moving(g2, m, dm, kind == 1, None)
        c, _ = _maxima.quartic(y, w, x, dw, dx)
        on = [g.masks(z) for g, z in ((g1, h), (g2, m))]
        moved = [g.masks(z + t * dz) for g, z, dz in ((g1, h, dh), (g2, m, dm))]
        for k in range(5):
            same = all(
                (a[k] == b[k]).all()
                for z, part, after in ((h, on[0], moved[0]), (m, on[1], moved[1]))
                for a, b in zip(part, after, strict=True)
                if z.any()
            )
            if same:
                f = problem.objective(h[k] + t * dh[k], m[k] + t * dm[k])
                expected = y @ y / 2 + c[k] @ t ** np.arange(1, 5)
                assert f == pytest.approx(expected, rel=1e-12)


def test_f_falls_around_k_for_wide_networks_and_may_rise_for_one_layer():
    g1, g2 = (gd.ReLUNetwork.gaussian((3, 100, 500), seed=i) for i in (1, 2))
    found = landscape.maxima(g1, g2, *truth(g1, g2), points=300)
    assert found.falls.tolist() == [100, 100, 100]
    assert found.least_cosine > found.limit / 2
    assert found.limit == pytest.approx(1 / np.pi**2)
    square = gd.ReLUNetwork([np.eye(2)])
    found = landscape.maxima(square, square, [1.0, -1.0], [1.0, -1.0], points=300)
    assert found.rises.sum() > 10  # where w x has no output in common with y
    assert found.least_cosine == found.limit == 0
    assert (found.falls + found.constant + found.rises).tolist() == [100, 100, 100]


def test_one_layer_puts_spurious_branches_into_k():
    g1, g2 = networks((3, 30), (3, 9, 30))
    result = landscape.audit(g1, g2, *truth(g1, g2), points=500, decades=1, runs=4)
    assert result.descent.in_K == (False, True, False, True)
    assert result.descent.tested[:, [1, 3]].sum() == 0
    assert result.descent.tested[:, 4].sum() > 0
    assert np.isinf(result.stationary.distances[:, [1, 3]]).all()
    text = result.table()
    assert "(-rho_d h0, m0)           lies in K: a network has one layer" in text
    assert "The theorems ask for two layers" in text


def test_what_is_done_is_returned_when_interrupted(monkeypatch):
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    block, calls = _descent._block, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return block(*arguments)

    monkeypatch.setattr(_descent, "_block", interrupted)
    found = landscape.audit_descent(g1, g2, *truth(g1, g2), points=2000, decades=1)
    assert found.ending == "interrupted"
    assert 0 < found.points + found.left_out < 2000

    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(_stationary, "demodulate", stop)
    result = landscape.audit(g1, g2, *truth(g1, g2), points=2000, decades=1)
    assert (result.stationary.ending, result.descent.ending) == ("interrupted", "time")
    assert result.descent.points == len(result.stationary.slope) == 0
    assert "Not all points or runs" in result.table()


class Clock:
    """Time that goes on by a second at every look."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1
        return self.now


def test_a_time_limit_ends_the_points(monkeypatch):
    monkeypatch.setattr(_descent, "time", Clock())
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    found = landscape.audit_descent(g1, g2, *truth(g1, g2), points=10**8, decades=1, time_limit=4.5)
    assert found.ending == "time"
    assert 0 < found.points < 10**8


def test_points_whose_walls_cannot_be_reached_are_left_out():
    """A layer with two rows that are not zero has two walls."""
    first = np.zeros((5, 4))
    first[2:4] = [[1.0, 2.0, 3.0, 4.0], [4.0, -1.0, 1.0, 1.0]]
    g1 = gd.ReLUNetwork([first, np.ones((30, 5))])
    g2 = gd.ReLUNetwork(random_weights((2, 9, 30), 1))
    found = landscape.audit_descent(g1, g2, np.ones(4), np.ones(2), points=1000, decades=1)
    assert found.left_out >= 250
    assert found.points + found.left_out >= 1000
    assert found.at_kinks > 0


def test_a_time_limit_ends_the_runs(monkeypatch):
    monkeypatch.setattr(_stationary, "time", Clock())
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    found = landscape.stationary(g1, g2, *truth(g1, g2), runs=10**4, time_limit=2.5)
    assert found.ending == "time"
    assert len(found.slope) == len(found.status) == 2 * _stationary.RUNS_TOGETHER


def test_parts_of_the_work_add_up(monkeypatch):
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    whole = landscape.audit_descent(g1, g2, *truth(g1, g2), points=3000, decades=1)
    monkeypatch.setattr(_radial_slopes, "FLOPS_TOGETHER", 20_000)
    parts = landscape.audit_descent(g1, g2, *truth(g1, g2), points=3000, decades=1)
    np.testing.assert_array_equal(whole.tested, parts.tested)
    np.testing.assert_allclose(whole.least_slope, parts.least_slope, rtol=1e-6)


def test_progress_shows_blocks_and_runs(capsys):
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    landscape.audit(g1, g2, *truth(g1, g2), points=100, decades=1, runs=2, progress=True)
    err = capsys.readouterr().err
    assert "runs [" in err
    assert "blocks [" in err


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"h0": np.zeros(3)}, ValueError, r"`h0` must not be zero because the theorem needs both"),
        ({"m0": np.zeros(2)}, ValueError, r"`m0` must not be zero because the theorem needs both"),
        ({"h0": np.ones(4)}, ValueError, r"`h0` must have shape \(3,\) because `g1` has 3 inputs"),
        ({"m0": np.ones((1, 2))}, ValueError, r"`m0` must have shape \(2,\)"),
        ({"m0": [np.nan, 1]}, ValueError, r"`m0` must be finite"),
        ({"g2": gd.ReLUNetwork([np.ones((5, 2))])}, ValueError, r"`g2` must have 30 outputs"),
        ({"g1": np.eye(3)}, TypeError, r"`g1` must be a ReLUNetwork"),
        ({"points": 0}, ValueError, r"`points` must be at least 1"),
        ({"points": True}, TypeError, r"`points` must be an integer"),
        ({"decades": 13}, ValueError, r"`decades` must be at most 12"),
        ({"runs": 0}, ValueError, r"`runs` must be at least 1"),
        ({"keep": -1}, ValueError, r"`keep` must be at least 0"),
        ({"seed": "0"}, TypeError, r"`seed` must be an integer"),
        ({"threads": 0}, ValueError, r"`threads` must be at least 1"),
        ({"time_limit": -1}, ValueError, r"`time_limit` must be at least 0"),
        ({"progress": 1}, TypeError, r"`progress` must be True or False"),
    ],
)
def test_bad_arguments_are_named(changed, kind, message):
    g1, g2 = networks((3, 9, 30), (2, 9, 30))
    arguments = {"g1": g1, "g2": g2, "h0": np.ones(3), "m0": np.ones(2), "points": 10, "runs": 1}
    with pytest.raises(kind, match=message):
        landscape.audit(**{**arguments, **changed})


def test_a_truth_without_an_observation_is_refused():
    dead = gd.ReLUNetwork([-np.ones((4, 2))])
    with pytest.raises(ValueError, match=r"`h0` must have an observation .* other than zero"):
        landscape.audit_descent(dead, dead, [1.0, 1.0], [1.0, 1.0], points=10)
