"""Algorithm 1 on generators that are known by their values and vector-Jacobian products alone."""

import numpy as np
import pytest

import gendemod as gd
from reference import (
    SIGNS,
    Model,
    algorithm_1,
    balanced,
    forward,
    linear_piece,
    random_weights,
    relative_error,
)

SHAPES = [((4, 20, 60), (3, 20, 60)), ((3, 12, 24, 60), (2, 60))]
VARIANTS = [
    {},
    {"sign_check": 3},
    {"sign_check": 0, "balance": False},
    {"momentum": 0.5},
    {"simultaneous": True},
    {"simultaneous": True, "momentum": 0.5, "sign_check": 3},
]


class Plain:
    """A bias-free ReLU network by its definition in NumPy."""

    homogeneous = True

    def __init__(self, weights):
        self.weights = weights
        self.dims = weights[0].shape[1], weights[-1].shape[0]
        self.dtype = weights[0].dtype

    def __call__(self, z):
        return np.array([forward(self.weights, row) for row in z])

    def vjp(self, z, r):
        pieces = [linear_piece(self.weights, row) for row in z]
        return np.array([piece.T @ row for piece, row in zip(pieces, r, strict=True)])


class Smooth:
    """G(z) = 1 + tanh(W z + b): neither homogeneous nor piecewise linear."""

    homogeneous = False

    def __init__(self, n, ell, seed):
        rng = np.random.default_rng(seed)
        self.W, self.b = rng.standard_normal((ell, n)) / n**0.5, rng.standard_normal(ell)
        self.dims, self.dtype = (n, ell), np.dtype(np.float64)

    def __call__(self, z):
        return 1 + np.tanh(z @ self.W.T + self.b)

    def vjp(self, z, r):
        return (r / np.cosh(z @ self.W.T + self.b) ** 2) @ self.W


class Pulled(Plain):
    """The same as Plain, with values and products of one pass."""

    def __call__(self, z):
        self.passes += 1
        return super().__call__(z)

    passes = 0

    def pull_back(self, z):
        self.passes += 1
        return super().__call__(z), lambda r: self.vjp(z, r)


def instance(dims1, dims2, seed=0, noise=0.0):
    """The model of y = G1(h0) * G2(m0) + noise, a start, and a step of moderate length."""
    rng = np.random.default_rng(seed)
    weights1, weights2 = random_weights(dims1, seed), random_weights(dims2, seed + 100)
    truth = rng.standard_normal(dims1[0]), rng.standard_normal(dims2[0])
    start = rng.standard_normal(dims1[0]), rng.standard_normal(dims2[0])
    y = forward(weights1, truth[0]) * forward(weights2, truth[1])
    y = y + noise * rng.standard_normal(y.shape)
    step = 0.1 * np.sqrt(len(y)) / np.linalg.norm(y)
    return Model(y, weights1, weights2), balanced(*truth), start, step


def pairs(model):
    """Both networks by their definition, and one of the two compiled."""
    plain = Plain(model.weights1), Plain(model.weights2)
    yield plain
    yield plain[0], gd.ReLUNetwork(model.weights2)
    yield gd.ReLUNetwork(model.weights1), plain[1]


def smooth_problem():
    g1, g2 = Smooth(3, 80, 1), Smooth(2, 80, 2)
    h, m = np.random.default_rng(3).standard_normal((2, 3))
    return g1, g2, h, m[:2], (g1(h[None]) * g2(m[None, :2]))[0]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_iterates_are_those_of_the_paper(dims1, dims2, variant):
    model, _, start, step = instance(dims1, dims2, 1, noise=0.1)
    points, objectives = algorithm_1(model, start, step, 20, **variant)
    for k in (1, 2, 20):
        solver = gd.AlternatingDescent(step_size=step, max_iterations=k, tolerance=0, **variant)
        for g1, g2 in pairs(model):
            result = gd.demodulate(model.y, g1, g2, solver, start=start)
            assert result.iterations == k
            assert result.status == gd.Status.ITERATION_LIMIT
            assert relative_error(result.h, points[k][0]) < 1e-12
            assert relative_error(result.m, points[k][1]) < 1e-12
            np.testing.assert_allclose(result.history, objectives[: k + 1], rtol=1e-11)


@pytest.mark.parametrize("settings", [{}, {"balance": False}], ids=str)
def test_fixed_steps_end_where_those_of_the_core_end(settings):
    model, _, start, step = instance(*SHAPES[0], 2, noise=0.05)
    solver = gd.AlternatingDescent(step_size=(5 * step, 3 * step), tolerance=1e-6, **settings)
    networks = gd.ReLUNetwork(model.weights1), gd.ReLUNetwork(model.weights2)
    core = gd.demodulate(model.y, *networks, solver, start=start)
    for g1, g2 in pairs(model):
        result = gd.demodulate(model.y, g1, g2, solver, start=start)
        assert result.status == core.status
        assert abs(result.iterations - core.iterations) <= 1
        assert relative_error(result.h, core.h) < 1e-4
        assert relative_error(result.x, core.x) < 1e-4
        assert result.relative_residual == pytest.approx(core.relative_residual, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_automatic_steps_recover_both_latents(seed):
    model, truth, _, _ = instance((5, 60, 200), (4, 200), seed)
    for g1, g2 in pairs(model):
        result = gd.demodulate(model.y, g1, g2, gd.AlternatingDescent(), seed=seed)
        assert result.status == gd.Status.CONVERGED
        assert relative_error(np.concatenate([result.h, result.m]), np.concatenate(truth)) < 1e-6
        assert np.all(np.diff(result.history) <= 1e-12 * result.history[:-1])


def test_automatic_steps_fit_generators_that_are_not_linear_anywhere():
    g1, g2, h, m, y = smooth_problem()
    result = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0)
    assert result.converged
    assert result.relative_residual < 1e-8
    assert relative_error(result.w, g1(h[None])[0]) < 1e-6
    assert relative_error(result.m, m) < 1e-6
    assert np.all(np.diff(result.history) <= 0)


@pytest.mark.parametrize("simultaneous", [False, True])
def test_a_step_goes_down_the_gradient_of_central_differences(simultaneous):
    g1, g2, h, m, y = smooth_problem()
    v = np.linspace(0, 2, len(y))

    def f(h, m):
        return 0.5 * np.sum(v * (g1(h[None]) * g2(m[None]) - y)[0] ** 2)

    def difference(function, z):
        steps = 1e-6 * np.eye(len(z))
        return np.array([(function(z + e) - function(z - e)) / 2e-6 for e in steps])

    start, step = (h + 1, m - 1), 1e-2
    first = start[0] - step * difference(lambda h: f(h, start[1]), start[0])
    at = start[0] if simultaneous else first
    second = start[1] - step * difference(lambda m: f(at, m), start[1])
    solver = gd.AlternatingDescent(
        step_size=step, sign_check=0, simultaneous=simultaneous, max_iterations=1
    )
    result = gd.demodulate(y, g1, g2, solver, start=start, y_weights=v)
    assert relative_error(result.h, first) < 1e-8
    assert relative_error(result.m, second) < 1e-8
    assert result.objective == pytest.approx(f(first, second), rel=1e-8)


def test_norms_are_not_balanced_where_that_would_change_the_product():
    g1, g2, _, _, y = smooth_problem()
    start = np.array([3.0, 0, 0]), np.array([0, 0.5])
    solver = gd.AlternatingDescent(step_size=1e-12, max_iterations=1, tolerance=0)
    result = gd.demodulate(y, g1, g2, solver, start=start)
    assert np.linalg.norm(result.h) == pytest.approx(3)
    assert "Not positively homogeneous: `g1` and `g2`. Norms were not balanced" in result.message
    network = gd.ReLUNetwork(random_weights((2, len(y)), 0))
    mixed = gd.demodulate(y, g1, network, solver, start=start)
    assert np.linalg.norm(mixed.h) == pytest.approx(3)
    assert "Not positively homogeneous: `g1`. Norms were not balanced" in mixed.message
    homogeneous = gd.demodulate(y, Plain([g1.W]), network, solver, start=start)
    assert np.linalg.norm(homogeneous.h) == pytest.approx(np.sqrt(1.5))
    assert "Both generators count as positively homogeneous" in homogeneous.message


def test_signs_are_compared_unless_told_not_to():
    g1, g2, h, m, y = smooth_problem()
    for signs in SIGNS:
        start = signs[0] * h, signs[1] * m
        objectives = [
            np.sum((g1(a * start[0][None]) * g2(b * start[1][None]) - y) ** 2) for a, b in SIGNS
        ]
        best = SIGNS[int(np.argmin(objectives))]
        settings = {"step_size": 1e-13, "max_iterations": 1, "tolerance": 0}
        solver = gd.AlternatingDescent(**settings)
        result = gd.demodulate(y, g1, g2, solver, start=start)
        assert relative_error(result.h, best[0] * start[0]) < 1e-9
        assert relative_error(result.m, best[1] * start[1]) < 1e-9
        assert "Signs were compared" in result.message
        never = gd.AlternatingDescent(sign_check=0, **settings)
        result = gd.demodulate(y, g1, g2, never, start=start)
        assert relative_error(result.h, start[0]) < 1e-9
        assert "Signs" not in result.message


def test_random_starts_are_at_the_radial_minimiser_of_homogeneous_generators():
    model, _, _, _ = instance(*SHAPES[0])
    solver = gd.AlternatingDescent(step_size=1e-14, sign_check=0, max_iterations=1, tolerance=0)
    for g1, g2 in pairs(model):
        result = gd.demodulate(model.y, g1, g2, solver, restarts=1, seed=4)
        product = result.w * result.x
        assert (model.y @ product) / (product @ product) == pytest.approx(1)
        assert np.linalg.norm(result.h) == pytest.approx(np.linalg.norm(result.m))
    smooth = Smooth(4, 60, 0)
    half = gd.demodulate(model.y, smooth, Plain(model.weights2), solver, restarts=1, seed=4)
    product = half.w * half.x
    assert (model.y @ product) / (product @ product) == pytest.approx(1)
    neither = gd.demodulate(model.y, smooth, Smooth(3, 60, 1), solver, restarts=1, seed=4)
    np.testing.assert_allclose(half.h, neither.h, rtol=1e-9)


def test_random_starts_are_standard_normal_and_no_stream_of_the_seed_itself():
    g1, g2 = Smooth(500, 10, 0), Smooth(400, 10, 1)
    solver = gd.AlternatingDescent(step_size=1e-14, sign_check=0, max_iterations=1, tolerance=0)
    result = gd.demodulate(np.ones((3, 10)), g1, g2, solver, restarts=1, seed=5)
    draws = np.concatenate([result.h.ravel(), result.m.ravel()])
    assert abs(draws.mean()) < 4 / np.sqrt(len(draws))
    assert abs((draws**2).mean() - 1) < 4 * np.sqrt(2 / len(draws))
    assert len(np.unique(np.round(draws, 6))) > 0.99 * len(draws)
    assert not np.isclose(result.h[0], np.random.default_rng(5).standard_normal(500)).any()


@pytest.mark.parametrize("restarts", [1, 3, "auto"])
def test_a_batch_equals_its_problems_one_by_one(restarts):
    model, _, _, _ = instance(*SHAPES[0])
    g1, g2 = Plain(model.weights1), Plain(model.weights2)
    y = np.array([model.y, 2 * model.y[::-1], model.y**2])
    solver = gd.AlternatingDescent(max_iterations=8)
    together = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=6)
    alone = gd.demodulate(y[0], g1, g2, solver, restarts=restarts, seed=6)
    assert together.h.shape == (3, 4)
    assert [len(history) for history in together.history] == (together.iterations + 1).tolist()
    for name in ("h", "m", "w", "x", "objective", "relative_residual", "iterations", "restarts"):
        np.testing.assert_allclose(getattr(together, name)[0], getattr(alone, name), rtol=1e-9)
    assert together.status[0] == alone.status
    again = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=6)
    np.testing.assert_array_equal(again.h, together.h)
    other = gd.demodulate(y, g1, g2, solver, restarts=restarts, seed=7)
    assert not np.any(other.h == together.h)


def test_the_lowest_objective_of_the_restarts_is_kept():
    g1, g2, _, _, y = smooth_problem()
    solver = gd.AlternatingDescent(max_iterations=2)
    results = [gd.demodulate(y, g1, g2, solver, restarts=r, seed=1) for r in range(1, 6)]
    objectives = [result.objective for result in results]
    assert [result.restarts for result in results] == [1, 2, 3, 4, 5]
    # The rounding of a batched product depends on its size.
    assert np.all(np.diff(objectives) <= 1e-9)
    assert objectives[-1] + 1e-3 < objectives[0]


def test_restarts_after_a_fit_are_cut():
    model, _, _, _ = instance((5, 60, 200), (4, 200), 1)
    g1, g2 = Plain(model.weights1), Plain(model.weights2)
    one = gd.demodulate(model.y, g1, g2, gd.AlternatingDescent(), restarts=1, seed=0)
    five = gd.demodulate(model.y, g1, g2, gd.AlternatingDescent(), restarts=5, seed=0)
    assert one.converged
    assert five.restarts == 1
    assert relative_error(five.h, one.h) < 1e-12


def test_auto_restarts_stop_at_the_first_that_converges():
    g1, g2, _, _, y = smooth_problem()
    assert gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0).restarts == 1
    short = gd.AlternatingDescent(max_iterations=2)
    assert gd.demodulate(y, g1, g2, short, seed=0).restarts == 8


def test_missing_entries_may_hold_anything():
    g1, g2, h, _, y = smooth_problem()
    v = (np.arange(len(y)) % 4 != 0).astype(float)
    spoiled = np.where(v == 0, np.nan, y)
    result = gd.demodulate(spoiled, g1, g2, gd.AlternatingDescent(), seed=0, y_weights=v)
    assert relative_error(result.h, h) < 1e-6
    assert result.relative_residual < 1e-8


def test_float32_stays_and_is_what_a_coarse_generator_is_judged_by():
    model, truth, _, _ = instance((5, 60, 200), (4, 200), 1)
    coarse = Plain([W.astype(np.float32) for W in model.weights1])
    fine = gd.ReLUNetwork(model.weights2)
    single = gd.ReLUNetwork([W.astype(np.float32) for W in model.weights2])
    y = model.y.astype(np.float32)
    all_single = gd.demodulate(y, coarse, single, gd.AlternatingDescent(), seed=1)
    assert all_single.h.dtype == all_single.w.dtype == np.float32
    mixed = gd.demodulate(model.y, coarse, fine, gd.AlternatingDescent(), seed=1)
    assert mixed.h.dtype == mixed.x.dtype == np.float64
    for result in (all_single, mixed):
        assert result.converged
        assert relative_error(np.concatenate([result.h, result.m]), np.concatenate(truth)) < 1e-4


@pytest.mark.parametrize("generator", [Plain, Pulled])
def test_too_large_a_step_diverges_with_the_last_finite_point(generator):
    model, _, start, step = instance(*SHAPES[0])
    g1, g2 = generator(model.weights1), generator(model.weights2)
    solver = gd.AlternatingDescent(step_size=1e3 * step, max_iterations=100, tolerance=0)
    result = gd.demodulate(model.y, g1, g2, solver, start=start)
    assert result.status == gd.Status.DIVERGED
    for value in (result.h, result.m, result.w, result.objective, result.history):
        assert np.isfinite(value).all()
    assert result.history[-1] == pytest.approx(result.objective)
    assert result.iterations < 100
    assert "step_size" in result.message


def test_one_that_diverges_leaves_the_others_alone():
    model, _, (h, m), step = instance(*SHAPES[0])
    g1, g2 = Plain(model.weights1), Plain(model.weights2)
    solver = gd.AlternatingDescent(step_size=step, max_iterations=30, tolerance=0)
    y = np.array([model.y, model.y])
    start = np.array([h, 1e60 * h]), np.array([m, 1e60 * m])
    together = gd.demodulate(y, g1, g2, solver, start=start)
    assert together.status == [gd.Status.ITERATION_LIMIT, gd.Status.DIVERGED]
    alone = gd.demodulate(model.y, g1, g2, solver, start=(h, m))
    assert relative_error(together.h[0], alone.h) < 1e-12
    np.testing.assert_allclose(together.history[0], alone.history, rtol=1e-12)


@pytest.mark.parametrize("step_size", ["auto", 1e-4])
def test_a_start_at_zero_stalls(step_size):
    model, _, _, _ = instance(*SHAPES[0])
    g1, g2 = Plain(model.weights1), Plain(model.weights2)
    solver = gd.AlternatingDescent(step_size=step_size)
    result = gd.demodulate(model.y, g1, g2, solver, start=(np.zeros(4), np.zeros(3)))
    assert result.status == gd.Status.STALLED
    assert result.objective == pytest.approx(model.y @ model.y / 2)


class Shifted(Smooth):
    """G(z) = W z + 1 + |b|: far from 0 at the latent 0."""

    def __call__(self, z):
        return (1 + np.abs(self.b) + z @ self.W.T / 5).astype(self.dtype)

    def vjp(self, z, r):
        return (r @ self.W / 5).astype(self.dtype)


class Assumed(Shifted):
    homogeneous = assumed_homogeneous = True


@pytest.mark.parametrize("step_size", ["auto", 0.1])
@pytest.mark.parametrize(
    ("dtype", "scales"), [("float64", [1e-300, 1e-160, 1e160, 1e300]), ("float32", [1e-30, 1e30])]
)
def test_known_homogeneous_generators_take_observations_of_any_scale(dtype, scales, step_size):
    model, _, _, _ = instance((5, 60, 200), (4, 200), 1)
    weights = [[W.astype(dtype) for W in side] for side in (model.weights1, model.weights2)]
    g1, g2 = (Plain(side) for side in weights)
    core = [gd.ReLUNetwork(side) for side in weights]
    for scale in scales:
        # A step on y is one divided by the scale on y times it.
        step = "auto" if step_size == "auto" else step_size / max(scale, 1e-290)
        solver = gd.AlternatingDescent(step_size=step, max_iterations=100)
        y = (model.y * scale).astype(dtype)
        ours = gd.demodulate(y, g1, g2, solver, seed=1, restarts=1)
        assert ours.relative_residual > 0
        if step_size == "auto":
            theirs = gd.demodulate(y, *core, solver, seed=1, restarts=1)
            assert ours.status == theirs.status == gd.Status.CONVERGED
            assert max(ours.relative_residual, theirs.relative_residual) < 1e-5
        else:
            plain = gd.AlternatingDescent(step_size=step_size, max_iterations=100)
            same = gd.demodulate(model.y.astype(dtype), g1, g2, plain, seed=1, restarts=1)
            if scale > 1e-290:
                assert ours.relative_residual == pytest.approx(same.relative_residual, rel=1e-3)


def test_an_observation_that_cannot_be_scaled_is_of_ordinary_size():
    g1, g2, _, _, y = smooth_problem()
    solver = gd.AlternatingDescent(max_iterations=5)
    for first in (g1, Assumed(3, 80, 0)):
        for scale in (1e-160, 1e-45, 1e45, 1e300):
            with pytest.raises(ValueError, match=r"^`y` must have its largest entry between 1e-40"):
                gd.demodulate(np.stack([y, scale * y]), first, g2, solver, seed=0)
    assert gd.demodulate(0 * y, g1, g2, solver, seed=0).objective > 0


@pytest.mark.parametrize(
    ("dtype", "scales"), [("float64", [1e-39, 1e39]), ("float32", [1e-14, 1e14])]
)
def test_one_homogeneous_generator_fits_up_to_the_limits(dtype, scales):
    g1, _, h, m, _ = smooth_problem()
    g1.dtype = np.dtype(dtype)
    g2 = Plain([W.astype(dtype) for W in random_weights((2, 80), 0)])
    for scale in scales:
        y = (scale * g1(h[None]) * g2(m[None]))[0].astype(dtype)
        result = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0)
        assert result.converged
        assert result.relative_residual < 1e-5


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("settings", [{}, {"step_size": 0.01}], ids=str)
def test_a_start_near_zero_moves_where_that_is_no_dead_point(settings, dtype):
    g1, g2 = Shifted(4, 50, 0), Shifted(4, 50, 1)
    g1.dtype = g2.dtype = np.dtype(dtype)
    truth = np.random.default_rng(2).standard_normal((2, 1, 4))
    y = (g1(truth[0]) * g2(truth[1]))[0]
    solver = gd.AlternatingDescent(**settings)
    for length in (0, 1e-300, 1e-12, 1e-6):
        z = np.full(4, length, dtype)
        result = gd.demodulate(y, g1, g2, solver, start=(z, z))
        assert result.converged or dtype == np.float32  # fixed steps end by stalling there
        assert result.relative_residual < 1e-5
        assert relative_error(result.h, truth[0, 0]) < 1e-4
    half = gd.demodulate(y, g1, g2, solver, start=(np.zeros(4, dtype), truth[1, 0].astype(dtype)))
    assert half.relative_residual < 1e-5


def test_a_joint_walk_from_zero_goes_on_to_its_last_iteration():
    y = 2 * np.ones(50)
    for kind in (Shifted, Assumed):
        g1, g2 = kind(4, 50, 0), kind(4, 50, 1)
        solver = gd.AlternatingDescent(
            step_size=0.005, momentum=0.9, simultaneous=True, tolerance=0, max_iterations=50
        )
        result = gd.demodulate(y, g1, g2, solver, start=(np.zeros(4), np.zeros(4)))
        assert result.status == gd.Status.ITERATION_LIMIT
        assert result.objective < 0.8 * result.history[0]


def test_the_result_tells_what_is_assumed_from_what_is_known():
    plain, smooth = Plain(random_weights((4, 50), 0)), Smooth(4, 50, 0)
    assumed = "Assumed to be positively homogeneous, though not found to be: `g1`"
    known = "Both generators count as positively homogeneous"
    solver = gd.AlternatingDescent(max_iterations=1)
    for g1, g2, words, absent in (
        (plain, plain, known, "Assumed"),
        (Assumed(4, 50, 0), plain, f"{assumed}.", "Not positively"),
        (Assumed(4, 50, 0), Assumed(4, 50, 1), f"{assumed} and `g2`.", known),
        (Assumed(4, 50, 0), smooth, f"`g2`. {assumed}. Norms were not balanced", known),
    ):
        message = gd.demodulate(np.ones(50), g1, g2, solver).message
        assert words in message
        assert absent not in message


def test_an_observation_of_zeros_is_fitted_by_the_product_0():
    model, _, _, _ = instance(*SHAPES[0])
    g1, g2 = Plain(model.weights1), Plain(model.weights2)
    result = gd.demodulate(0 * model.y, g1, g2, gd.AlternatingDescent(), seed=0)
    assert result.converged
    assert result.relative_residual == 0
    assert np.abs(result.w * result.x).max() < 1e-30 * np.linalg.norm(model.y)


def test_a_time_limit_ends_with_what_there_is():
    g1, g2, _, _, y = smooth_problem()
    endless = gd.AlternatingDescent(max_iterations=10**7, tolerance=0)
    ys = np.stack([y] * 70)
    for limit in (0.2, 1e-9):
        result = gd.demodulate(ys, g1, g2, endless, seed=0, time_limit=limit)
        assert result.status == [gd.Status.TIME_LIMIT] * 70
        assert result.restarts.tolist() == [1] * 70
        assert np.isfinite(result.objective).all()
        np.testing.assert_allclose(result.w, g1(result.h), rtol=1e-12)


def test_progress_changes_nothing_but_the_screen(capfd):
    g1, g2, _, _, y = smooth_problem()
    silent = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0)
    assert capfd.readouterr() == ("", "")
    shown = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0, progress=True)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "demodulate" in captured.err
    np.testing.assert_array_equal(shown.h, silent.h)


def test_pull_back_saves_the_second_pass():
    model, _, start, step = instance(*SHAPES[0])
    g1, g2 = Pulled(model.weights1), Pulled(model.weights2)
    solver = gd.AlternatingDescent(
        step_size=step, sign_check=0, simultaneous=True, max_iterations=50, tolerance=0
    )
    result = gd.demodulate(model.y, g1, g2, solver, start=start)
    # One pass at every point, and one for the factors that are returned.
    assert g1.passes == g2.passes == 52
    plain = Plain(model.weights1), Plain(model.weights2)
    expected = gd.demodulate(model.y, *plain, solver, start=start)
    np.testing.assert_array_equal(result.history, expected.history)


def test_a_solver_that_needs_linear_pieces_is_refused_with_the_one_that_does_not():
    g1, g2, _, _, y = smooth_problem()
    network = gd.ReLUNetwork(random_weights((2, len(y)), 0))
    for first, second, name in ((g1, g2, "g1"), (g1, network, "g1"), (network, g2, "g2")):
        for solver in (None, gd.LevenbergMarquardt()):
            with pytest.raises(TypeError) as caught:
                gd.demodulate(y, first, second, solver)
            assert caught.match(
                r"^`solver` must be AlternatingDescent\(\) because .* linear pieces"
            )
            assert f"`{name}`" in str(caught.value)


def test_a_generator_must_keep_its_word():
    g1, g2, _, _, y = smooth_problem()
    g1.dims = 3, 81
    with pytest.raises(ValueError, match=r"^`g2` must have 81 outputs"):
        gd.demodulate(y, g1, g2, gd.AlternatingDescent())
    g1.dims, g1.__class__ = (3, 80), type("Short", (Smooth,), {"__call__": lambda self, z: z})
    with pytest.raises(ValueError, match=r"^`generator` must return rows .* got shape \(1, 3\)"):
        gd.demodulate(y, g1, g2, gd.AlternatingDescent(), restarts=1)


def test_automatic_steps_are_alternating():
    with pytest.raises(ValueError, match=r"^`step_size` must be a number.* because .+; got 'auto'"):
        gd.AlternatingDescent(simultaneous=True)
