"""Problem: the objective (2), its gradients, eq. (4) and line 3 of Algorithm 1."""

import pickle

import numpy as np
import pytest

import gendemod as gd
from reference import Model, random_weights, relative_error

SHAPES = [
    ((4, 17), (3, 17)),
    ((3, 8, 21), (5, 6, 7, 21)),
    ((5, 6, 19), (2, 19)),
    ((1, 9), (1, 3, 9)),
    ((2, 3, 1), (6, 1)),
    ((1, 1), (1, 1)),
]
METHODS = ["objective", "gradient_h", "gradient_m", "best_signs"]


def instance(dims1, dims2, seed=0, dtype=np.float64, batch=None):
    """y with noise, the weights of both networks, and latents (h, m)."""
    rng = np.random.default_rng(seed)
    weights1, weights2 = (
        random_weights(dims, seed + i, dtype) for i, dims in enumerate((dims1, dims2))
    )
    h, m = (
        rng.standard_normal((n,) if batch is None else (batch, n)).astype(dtype)
        for n in (dims1[0], dims2[0])
    )
    y = rng.standard_normal(dims1[-1]).astype(dtype) + dtype(0.5)
    return y, weights1, weights2, h, m


def problem_of(y, weights1, weights2, v=None):
    return gd.Problem(y, gd.ReLUNetwork(weights1), gd.ReLUNetwork(weights2), y_weights=v)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_objective_and_gradients_match_the_definitions(dims1, dims2, dtype):
    tolerance = {np.float32: 1e-5, np.float64: 1e-13}[dtype]
    for seed in range(10):
        y, weights1, weights2, h, m = instance(dims1, dims2, seed, dtype)
        problem = problem_of(y, weights1, weights2)
        exact = [[w.astype(np.float64) for w in weights] for weights in (weights1, weights2)]
        model = Model(y.astype(np.float64), *exact)
        for name in ("objective", "gradient_h", "gradient_m"):
            expected = getattr(model, name)(h.astype(np.float64), m.astype(np.float64))
            assert relative_error(getattr(problem, name)(h, m), expected) < tolerance, name
        assert problem.gradient_h(h, m).dtype == problem.gradient_m(h, m).dtype == dtype


@pytest.mark.parametrize("observed", [None, 0.7])
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
def test_gradient_matches_central_differences(dims1, dims2, observed):
    rng = np.random.default_rng(1)
    t = 2.0**-18
    for seed in range(5):
        y, weights1, weights2, h, m = instance(dims1, dims2, seed)
        v = None if observed is None else rng.uniform(size=len(y))
        if observed is not None:
            v[1:] *= rng.uniform(size=len(y) - 1) < observed
        problem = problem_of(y, weights1, weights2, v)
        dh, dm = rng.standard_normal(len(h)), rng.standard_normal(len(m))
        slope_h = (problem.objective(h + t * dh, m) - problem.objective(h - t * dh, m)) / (2 * t)
        slope_m = (problem.objective(h, m + t * dm) - problem.objective(h, m - t * dm)) / (2 * t)
        assert problem.gradient_h(h, m) @ dh == pytest.approx(slope_h, rel=1e-8, abs=1e-8)
        assert problem.gradient_m(h, m) @ dm == pytest.approx(slope_m, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(("dims1", "dims2"), SHAPES[:4])
def test_y_weights_weigh_the_residual_and_hide_missing_entries(dims1, dims2):
    rng = np.random.default_rng(2)
    y, weights1, weights2, h, m = instance(dims1, dims2)
    v = rng.uniform(0.5, 2, size=len(y))
    v[:: max(2, len(y) // 3)] = 0
    hidden = np.where(v == 0, np.nan, y)
    dh, dm = rng.standard_normal(len(h)), rng.standard_normal(len(m))
    problem, model = problem_of(hidden, weights1, weights2, v), Model(y, weights1, weights2, v)
    for name in ("objective", "gradient_h", "gradient_m"):
        assert relative_error(getattr(problem, name)(h, m), getattr(model, name)(h, m)) < 1e-13
    assert problem.best_signs(h, m) == model.best_signs(h, m)
    one_sided = problem.one_sided_gradients(h, m, (dh, dm))
    for a, b in zip(one_sided, model.one_sided_gradients(h, m, (dh, dm)), strict=True):
        assert relative_error(a, b) < 1e-13
    slope = model.directional_derivative(h, m, dh, dm)
    assert problem.directional_derivative(h, m, dh, dm) == pytest.approx(slope, rel=1e-12)


def test_y_weights_of_one_change_nothing():
    y, weights1, weights2, h, m = instance((3, 8, 21), (2, 21))
    plain, ones = (problem_of(y, weights1, weights2, v) for v in (None, np.ones(21)))
    for name in METHODS:
        np.testing.assert_array_equal(getattr(plain, name)(h, m), getattr(ones, name)(h, m))


def test_best_signs_match_the_definition_on_random_points():
    seen = set()
    for seed in range(300):
        dims1, dims2 = SHAPES[seed % 3]
        y, weights1, weights2, h, m = instance(dims1, dims2, seed)
        y = np.abs(y)
        signs = problem_of(y, weights1, weights2).best_signs(h, m)
        assert signs == Model(y, weights1, weights2).best_signs(h, m)
        assert all(isinstance(sign, int) for sign in signs)
        seen.add(signs)
    assert len(seen) == 4


COLUMN = {"same": [[1.0], [1.0]], "opposite": [[1.0], [-1.0]]}


@pytest.mark.parametrize(
    ("first", "second", "h", "m", "expected"),
    [
        ("opposite", "same", 1, 1, (1, 1)),  # f(h, m) = f(-h, m)
        ("opposite", "same", 1, -1, (1, -1)),  # f(h, -m) = f(-h, -m)
        ("same", "opposite", 1, -1, (1, 1)),  # f(h, m) = f(h, -m)
        ("same", "opposite", -1, 1, (-1, 1)),  # f(-h, m) = f(-h, -m)
        ("opposite", "opposite", 1, 1, (1, 1)),  # f(h, m) = f(-h, -m)
        ("opposite", "opposite", 1, -1, (-1, 1)),  # f(-h, m) = f(h, -m)
        ("same", "same", 0, 1, (1, 1)),  # all four
        ("same", "same", 1, 0, (1, 1)),
    ],
)
def test_a_tie_of_signs_goes_to_the_first(first, second, h, m, expected):
    y, h, m = np.ones(2), np.array([float(h)]), np.array([float(m)])
    weights1, weights2 = [np.array(COLUMN[first])], [np.array(COLUMN[second])]
    assert Model(y, weights1, weights2).best_signs(h, m) == expected
    assert problem_of(y, weights1, weights2).best_signs(h, m) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [0, 1, 7])
def test_a_batch_of_latents_equals_one_by_one_for_any_threads(batch, dtype):
    y, weights1, weights2, h, m = instance((3, 8, 21), (5, 6, 7, 21), 3, dtype, batch)
    rng = np.random.default_rng(4)
    dh, dm = (rng.standard_normal(a.shape).astype(dtype) for a in (h, m))
    problem = problem_of(y, weights1, weights2)
    calls = [(getattr(problem, name), h, m) for name in METHODS]
    calls += [
        (problem.directional_derivative, h, m, dh, dm),
        (lambda h, m, dh, dm, **k: problem.one_sided_gradients(h, m, (dh, dm), **k), h, m, dh, dm),
    ]
    for function, *arguments in calls:
        singles = [function(*row) for row in zip(*arguments, strict=True)]
        for threads in (1, 2, 5):
            together = function(*arguments, threads=threads)
            if isinstance(together, tuple):
                together = list(zip(*together, strict=True))
            assert len(together) == batch
            for row, single in zip(together, singles, strict=True):
                several = isinstance(single, tuple)
                for a, b in zip(row, single, strict=True) if several else [(row, single)]:
                    np.testing.assert_array_equal(a, b)


def test_float32_stays_and_anything_else_becomes_float64():
    y, weights1, weights2, h, m = instance((3, 8, 21), (2, 21), 0, np.float32)
    assert problem_of(y, weights1, weights2).gradient_h(h, m).dtype == np.float32
    v = np.ones(21, np.float32)
    assert problem_of(y, weights1, weights2, v).gradient_m(h, m).dtype == np.float32
    wide = [w.astype(np.float64) for w in weights2]
    for mixed in (
        problem_of(y.astype(np.float64), weights1, weights2),
        problem_of(y, weights1, wide),
        problem_of(y, weights1, weights2, v.astype(np.float64)),
    ):
        assert mixed.gradient_h(h, m).dtype == np.float64
    assert problem_of(y, weights1, weights2).gradient_h(h.astype(np.float64), m).dtype == np.float64


def test_a_problem_keeps_its_own_copy_of_the_observation():
    y, weights1, weights2, h, m = instance((3, 8, 21), (2, 21))
    v = np.ones(21)
    problem = problem_of(y, weights1, weights2, v)
    before = problem.objective(h, m)
    y[:], v[:] = 9, 0
    assert problem.objective(h, m) == before


def test_a_problem_is_pickled_before_and_after_its_first_use():
    *given, h, m = instance(*SHAPES[0])
    problem = problem_of(*given)
    fresh, value = pickle.dumps(problem), problem.objective(h, m)
    for text in (fresh, pickle.dumps(problem)):
        assert pickle.loads(text).objective(h, m) == value
