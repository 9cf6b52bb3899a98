"""demodulate with one factor shared by many frames."""

import itertools
import time

import numpy as np
import pytest

import gendemod as gd
from gendemod._arrow import Arrow
from interrupting import interrupting
from reference import forward, linear_piece, random_weights, relative_error
from spoiled import ELL, G1, G2, LONG, OTHER, H, M, Y

K, N, P, PIXELS = 5, 6, 4, 200
ENDLESS = gd.LevenbergMarquardt(max_iterations=10**7, tolerance=0)


@pytest.fixture(scope="module")
def problem():
    """Networks, and latents of five frames under one x."""
    g1 = gd.ReLUNetwork(random_weights((N, 60, PIXELS), 0))
    g2 = gd.ReLUNetwork(random_weights((P, 40, PIXELS), 1))
    rng = np.random.default_rng(2)
    return g1, g2, rng.standard_normal((K, N)), rng.standard_normal(P)


def balanced(h, m):
    """The same products with ||(h_1, ..., h_k)|| = ||m||."""
    c = np.sqrt(np.linalg.norm(h) / np.linalg.norm(m))
    return h / c, c * m


def objective(y, v, g1, g2, h, m):
    """The definition: half the weighted squares of G1(h_j) G2(m) - y_j, of all frames."""
    x = forward(g2.weights, m)
    misfit = np.array([forward(g1.weights, z) for z in h]) * x - y
    return 0.5 * np.sum(v * np.where(v > 0, misfit, 0) ** 2)


def aligned_error(actual, expected):
    return relative_error(actual / np.linalg.norm(actual), expected / np.linalg.norm(expected))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_all_latents_are_found_to_machine_precision(problem, k):
    g1, g2, h, m = problem
    y = g1(h[:k]) * g2(m)
    result = gd.demodulate(y, g1, g2, shared="x", seed=0)
    assert result.status == gd.Status.CONVERGED
    assert (result.h.shape, result.m.shape) == ((k, N), (P,))
    assert (result.w.shape, result.x.shape) == ((k, PIXELS), (PIXELS,))
    true_h, true_m = balanced(h[:k], m)
    assert relative_error(result.h, true_h) < 1e-12
    assert relative_error(result.m, true_m) < 1e-12
    np.testing.assert_array_equal(result.w, g1(result.h))
    np.testing.assert_array_equal(result.x, g2(result.m))
    assert result.relative_residual < 1e-13
    assert result.iterations == len(result.history) - 1


def test_from_a_near_start_it_converges_quadratically(problem):
    g1, g2, h, m = problem
    rng = np.random.default_rng(3)
    start = h + 0.05 * rng.standard_normal(h.shape), m + 0.05 * rng.standard_normal(P)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, shared="x", start=start)
    assert result.restarts == 1
    assert result.seed is None
    assert result.history[0] == pytest.approx(
        objective(g1(h) * g2(m), np.ones((K, PIXELS)), g1, g2, *start), rel=1e-10
    )
    assert relative_error(result.h, balanced(h, m)[0]) < 1e-10
    assert result.iterations <= 12


def test_the_step_is_that_of_the_dense_least_squares_problem():
    rng = np.random.default_rng(4)
    for k, rows, n, p in [(3, 20, 4, 3), (4, 5, 4, 3), (2, 3, 5, 4), (1, 30, 1, 1), (3, 9, 2, 6)]:
        A, B = rng.standard_normal((k, rows, n)), rng.standard_normal((k, rows, p))
        h, m = rng.standard_normal((k, n)), rng.standard_normal(p)
        A -= ((A @ h[..., None])[..., 0] - B @ m)[..., None] * (h / np.sum(h**2, 1)[:, None])[
            :, None
        ]  # A_j h_j = B_j m, as for G1(h_j) * G2(m)
        r = rng.standard_normal((k, rows))
        arrow = Arrow(k, n, p)
        for first in range(k):
            block = np.concatenate([A[first], B[first], r[first][:, None]], axis=1)
            arrow.add(first, block[None])
        dense = np.zeros((k * rows, k * n + p))
        for j in range(k):
            dense[j * rows : (j + 1) * rows, j * n : (j + 1) * n] = A[j]
            dense[j * rows : (j + 1) * rows, k * n :] = B[j]
        assert arrow.scale == pytest.approx(np.sum(dense**2) / dense.shape[1], rel=1e-12)
        damping = 0.3
        gauge = np.zeros(k * n + p)
        gauge[k * n :] = np.sqrt(arrow.scale) * m / np.linalg.norm(m)
        root = np.sqrt(damping * arrow.scale) * np.eye(k * n + p)
        right = np.concatenate([-r.ravel(), np.zeros(k * n + p + 1)])
        expected = np.linalg.lstsq(np.vstack([dense, root, gauge]), right)[0]
        step_h, step_m = arrow.solve(damping, m)
        step = np.concatenate([step_h.ravel(), step_m])
        np.testing.assert_allclose(step, expected, atol=1e-10)
        fall = (np.sum(r**2) - np.sum((dense @ step + r.ravel()) ** 2)) / 2
        assert arrow.decrease(step_h, step_m) == pytest.approx(fall, rel=1e-8)


def test_the_signs_are_the_best_of_all(problem):
    g1, g2, h, m = problem
    y, v = g1(h) * g2(m), np.ones((K, PIXELS))
    solver = gd.LevenbergMarquardt(max_iterations=1)
    rng = np.random.default_rng(5)
    for _ in range(5):
        start = rng.standard_normal((K, N)), rng.standard_normal(P)
        signs = itertools.product([1, -1], repeat=K + 1)
        least = min(
            objective(y, v, g1, g2, np.array(s[1:])[:, None] * start[0], s[0] * start[1])
            for s in signs
        )
        result = gd.demodulate(y, g1, g2, solver, shared="x", start=start)
        assert result.objective <= least * (1 + 1e-12)
        flipped = np.where(rng.random((K, 1)) < 0.5, -1, 1) * start[0], -start[1]
        other = gd.demodulate(y, g1, g2, solver, shared="x", start=flipped)
        assert other.objective == pytest.approx(result.objective, rel=1e-10)


@pytest.mark.parametrize("weight", [1e308, 1e-320])
def test_a_constant_weight_cancels(problem, weight):
    g1, g2, h, m = problem
    y = g1(h) * g2(m)
    result = gd.demodulate(y, g1, g2, shared="x", y_weights=np.full(PIXELS, weight), seed=0)
    assert result.converged
    assert relative_error(result.w * result.x, y) < 1e-12


def test_frames_that_show_too_little_by_themselves_are_restored_together():
    # 19 pixels a frame, for 1 latent of its own and 20 shared ones.
    g1 = gd.ReLUNetwork.gaussian((1, 20, 100), seed=10)
    g2 = gd.ReLUNetwork.gaussian((20, 200, 100), seed=50)
    rng = np.random.default_rng(77)
    h, m = rng.standard_normal((30, 1)), rng.standard_normal(20)
    v = np.array([rng.permutation(100) < 19 for _ in range(30)])
    y = np.where(v, g1(h) * g2(m), np.nan)
    together = gd.demodulate(y, g1, g2, shared="x", y_weights=v, restarts=8, seed=0)
    assert aligned_error(together.x, g2(m)) < 1e-8
    alone = gd.demodulate(y, g1, g2, y_weights=v, restarts=8, seed=0)
    assert min(aligned_error(x, g2(m)) for x in alone.x if x.any()) > 0.1


@pytest.mark.parametrize("weighted", ["none", "one for all", "one each"])
def test_with_noise_it_ends_where_all_gradients_vanish(problem, weighted):
    g1, g2, h, m = problem
    rng = np.random.default_rng(6)
    y = g1(h) * g2(m)
    y = y + 0.05 * np.abs(y).mean() * rng.standard_normal(y.shape)
    v = {
        "none": np.ones(PIXELS),
        "one for all": rng.random(PIXELS) * (rng.random(PIXELS) < 0.8),
        "one each": rng.random(y.shape) * (rng.random(y.shape) < 0.8),
    }[weighted]
    spoilt = np.where(v > 0, y, np.nan)
    result = gd.demodulate(
        spoilt, g1, g2, shared="x", y_weights=None if weighted == "none" else v, seed=1
    )
    v = np.broadcast_to(v, y.shape)
    assert result.converged
    assert result.objective == pytest.approx(objective(y, v, g1, g2, result.h, result.m), rel=1e-10)
    energy = np.sum(v * np.where(v > 0, y, 0) ** 2)
    assert result.relative_residual == pytest.approx(np.sqrt(2 * result.objective / energy))
    misfit = v * (result.w * result.x - y)
    size = np.linalg.norm(v * result.w * result.x)
    for z, row in zip(result.h, misfit, strict=True):
        assert np.linalg.norm(linear_piece(g1.weights, z).T @ (result.x * row)) < 1e-7 * size
    gradient = linear_piece(g2.weights, result.m).T @ np.sum(result.w * misfit, axis=0)
    assert np.linalg.norm(gradient) < 1e-7 * size
    assert np.all(np.diff(result.history) <= 0)


def test_noise_is_averaged_over_the_frames():
    # As many unknowns of x as make it hard to see in one frame.
    g1 = gd.ReLUNetwork(random_weights((3, 60, PIXELS), 2))
    g2 = gd.ReLUNetwork(random_weights((10, 60, PIXELS), 3))
    rng = np.random.default_rng(7)
    h, m = rng.standard_normal((12, 3)), rng.standard_normal(10)
    y = g1(h) * g2(m)
    y = y + 0.1 * y.std() * rng.standard_normal(y.shape)
    alone = gd.demodulate(y, g1, g2, restarts=8, seed=0)
    together = gd.demodulate(y, g1, g2, shared="x", seed=0)
    best = min(aligned_error(x, g2(m)) for x in alone.x)
    assert aligned_error(together.x, g2(m)) < best


def test_float32_stays_and_reaches_its_accuracy(problem):
    g1, g2, h, m = problem
    single1, single2 = (gd.ReLUNetwork([W.astype(np.float32) for W in g.weights]) for g in (g1, g2))
    y = (g1(h) * g2(m)).astype(np.float32)
    result = gd.demodulate(y, single1, single2, shared="x", seed=0)
    for name in ("h", "m", "w", "x", "history"):
        assert getattr(result, name).dtype == np.float32
    assert relative_error(result.h, balanced(h, m)[0]) < 1e-5
    assert gd.demodulate(y, g1, single2, shared="x", seed=0).x.dtype == np.float64


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_threads_do_not_change_a_bit_and_the_seed_decides(problem, noise):
    g1, g2, h, m = problem
    y = g1(h) * g2(m)
    y = y + noise * y.std() * np.random.default_rng(8).standard_normal(y.shape)
    first, *others = (
        gd.demodulate(y, g1, g2, shared="x", restarts=2, seed=3, threads=threads)
        for threads in (1, 2, 5)
    )
    for other in others:
        np.testing.assert_array_equal(other.h, first.h)
        np.testing.assert_array_equal(other.m, first.m)
        np.testing.assert_array_equal(other.history, first.history)
    assert first.seed == 3
    assert gd.demodulate(y, g1, g2, shared="x").seed is not None


def test_more_restarts_are_never_worse(problem):
    g1, g2, h, m = problem
    rng = np.random.default_rng(9)
    y = g1(h) * g2(m) * rng.uniform(0.2, 1.8, (K, PIXELS))  # out of range
    results = [
        gd.demodulate(y, g1, g2, shared="x", restarts=restarts, seed=4) for restarts in (1, 2, 4)
    ]
    assert [result.restarts for result in results] == [1, 2, 4]
    assert np.all(np.diff([result.objective for result in results]) <= 0)


def test_a_fit_ends_the_restarts(problem):
    g1, g2, h, m = problem
    assert gd.demodulate(g1(h) * g2(m), g1, g2, shared="x", restarts=50, seed=0).restarts < 50


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_the_scale_of_y_does_not_matter(problem, scale):
    g1, g2, h, m = problem
    y = g1(h) * g2(m)
    result = gd.demodulate(scale * y, g1, g2, shared="x", seed=0)
    assert result.converged
    np.testing.assert_allclose(result.w * result.x / scale, y, atol=1e-10 * y.max())


def test_frames_may_be_of_very_different_brightness_and_one_of_them_black(problem):
    g1, g2, h, m = problem
    y = g1(h) * g2(m) * np.array([1, 1e-3, 0, 1e3, 1])[:, None]
    result = gd.demodulate(y, g1, g2, shared="x", seed=0)
    assert result.converged
    assert aligned_error(result.x, g2(m)) < 1e-10
    assert np.all(np.abs(result.w * result.x - y) <= 1e-8 * y.max(axis=1, keepdims=True))


@pytest.mark.parametrize("sign", [0, -1])
def test_nothing_positive_is_hopeless(problem, sign):
    g1, g2, h, m = problem
    result = gd.demodulate(sign * g1(h) * g2(m), g1, g2, shared="x", seed=0)
    assert result.status == gd.Status.HOPELESS
    assert result.converged is False
    np.testing.assert_array_equal(result.w * result.x, 0)


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (0, 0)])
def test_a_start_at_zero_stays_there_and_stalls(problem, a, b):
    g1, g2, h, m = problem
    result = gd.demodulate(g1(h) * g2(m), g1, g2, shared="x", start=(a * h, b * m))
    assert result.status == gd.Status.STALLED
    assert np.isfinite(result.h).all()


def test_tolerance_zero_does_exactly_max_iterations(problem):
    g1, g2, h, m = problem
    solver = gd.LevenbergMarquardt(max_iterations=37, tolerance=0.0)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, solver, shared="x", start=(1.1 * h, m))
    assert result.iterations == 37
    assert result.status == gd.Status.ITERATION_LIMIT
    assert relative_error(result.h, balanced(h, m)[0]) < 1e-12


@pytest.mark.parametrize("start", [False, True])
def test_a_time_limit_ends_with_what_there_is(problem, start):
    g1, g2, h, m = problem
    y = g1(h) * g2(m) + 0.1
    given = {"start": (1.1 * h, m)} if start else {"seed": 0}
    for limit in (0.0, 0.3):
        began = time.monotonic()
        result = gd.demodulate(y, g1, g2, ENDLESS, shared="x", time_limit=limit, **given)
        assert time.monotonic() - began < 5
        assert result.status == gd.Status.TIME_LIMIT
        assert "time_limit" in result.message
        for value in (result.h, result.m, result.w, result.x, result.objective):
            assert np.isfinite(value).all()


def test_ctrl_c_stops_a_long_run(problem):
    g1, g2, h, m = problem
    with pytest.raises(KeyboardInterrupt), interrupting(0.3):
        gd.demodulate(g1(h) * g2(m) + 0.1, g1, g2, ENDLESS, shared="x", start=(1.1 * h, m))


def test_progress_changes_nothing_but_the_screen(problem, capfd):
    g1, g2, h, m = problem
    y = g1(h) * g2(m)
    silent = gd.demodulate(y, g1, g2, shared="x", seed=0)
    assert capfd.readouterr() == ("", "")
    shown = gd.demodulate(y, g1, g2, shared="x", seed=0, progress=True)
    assert "joint steps" in capfd.readouterr().err
    np.testing.assert_array_equal(silent.h, shown.h)


FRAMES = np.stack([Y, 2 * Y])


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("shared", {"shared": "w"}, ValueError),
        ("shared", {"shared": True}, TypeError),
        ("shared", {"shared": np.array(["x", "x"])}, TypeError),
        ("shared", {"x": Y}, ValueError),
        ("shared", {"m": M}, ValueError),
        ("solver", {"solver": gd.AlternatingDescent()}, ValueError),
        ("solver", {"solver": "auto"}, TypeError),
        ("y", {"y": Y}, ValueError),
        ("y", {"y": np.empty((0, ELL))}, ValueError),
        ("y", {"y": np.ones((2, OTHER))}, ValueError),
        ("y", {"y": FRAMES * np.nan}, ValueError),
        ("g1", {"g1": None}, TypeError),
        ("g2", {"g2": None}, TypeError),
        ("g2", {"g2": LONG}, ValueError),
        ("y_weights", {"y_weights": -FRAMES}, ValueError),
        ("y_weights", {"y_weights": np.stack([Y, 0 * Y])}, ValueError),
        ("start", {"start": (H, M)}, ValueError),
        ("start", {"start": (np.stack([H, H]), np.stack([M, M]))}, ValueError),
        ("start", {"start": (np.stack([H, H]), None)}, TypeError),
        ("restarts", {"restarts": 2, "start": (np.stack([H, H]), M)}, ValueError),
        ("restarts", {"restarts": 0}, ValueError),
        ("threads", {"threads": 0}, ValueError),
        ("time_limit", {"time_limit": -1}, ValueError),
    ],
)
def test_a_spoiled_argument_is_named(name, given, error):
    valid = {"y": FRAMES, "g1": G1, "g2": G2, "shared": "x", "seed": 0}
    with pytest.raises(error, match=rf"^`{name}` must .+ because .+; got .+"):
        gd.demodulate(**valid | given)
