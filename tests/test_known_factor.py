"""demodulate with one factor known: x itself, or its latent m."""

import numpy as np
import pytest

import gendemod as gd
import spoiled
from reference import Model, linear_piece, random_weights, relative_error
from spoiled import ELL, G1, G2, LONG, OTHER, H, M, Y

SOLVERS = [gd.LevenbergMarquardt(), gd.AlternatingDescent()]
N, P, PIXELS = 6, 5, 200


@pytest.fixture(scope="module")
def problem():
    """Networks, latents of four pictures under one x, and x."""
    g1 = gd.ReLUNetwork(random_weights((N, 60, PIXELS), 0))
    g2 = gd.ReLUNetwork(random_weights((P, 40, PIXELS), 1))
    rng = np.random.default_rng(2)
    h, m = rng.standard_normal((4, N)), rng.standard_normal(P)
    return g1, g2, h, m, g2(m)


def objective(y, g1, x, v, h):
    """The definition: half the weighted squares of G1(h) x - y where something is observed."""
    return 0.5 * np.sum(v * np.where(v > 0, g1(h) * x - y, 0) ** 2)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("known", ["x", "m"])
def test_h_is_found_at_its_own_scale(problem, solver, known):
    g1, g2, h, m, x = problem
    given = {"x": x} if known == "x" else {"m": m}
    result = gd.demodulate(g1(h) * x, g1, g2, solver, restarts=4, seed=0, **given)
    assert result.converged.all()
    assert relative_error(result.h, h) < (1e-12 if solver == SOLVERS[0] else 1e-8)
    np.testing.assert_array_equal(result.w, g1(result.h))


def test_what_is_known_is_returned_as_it_was_given(problem):
    g1, g2, h, m, x = problem
    by_x = gd.demodulate(g1(h) * x, g1, None, x=x, seed=0)
    assert by_x.m is None
    np.testing.assert_array_equal(by_x.x, x)
    by_m = gd.demodulate(g1(h[0]) * x, g1, g2, m=m, seed=0)
    np.testing.assert_array_equal(by_m.m, m)
    np.testing.assert_array_equal(by_m.x, g2(m))
    assert by_m.h.shape == (N,)
    assert isinstance(by_m.objective, float)


def test_a_known_factor_may_be_negative_and_zero(problem):
    g1, _, h, _, _ = problem
    x = np.random.default_rng(3).standard_normal(PIXELS)
    x[::7] = 0
    result = gd.demodulate(g1(h) * x, g1, None, x=x, restarts=4, seed=0)
    assert relative_error(result.h, h) < 1e-12
    np.testing.assert_array_equal(result.x, x)


def test_a_quotient_that_overflows_is_refused(problem):
    g1, _, h, _, x = problem
    with pytest.raises(ValueError, match="`y` must be small enough for y / x in float64 because"):
        gd.demodulate(1e300 * g1(h) * x, g1, None, x=1e-300 * x, seed=0)


def test_a_known_factor_is_enough_where_two_unknown_ones_are_too_many(problem):
    # 8 pixels for 6 latents, or for 11 less one of scale.
    g1, g2, h, _, x = problem
    seen = np.random.default_rng(4).permutation(np.flatnonzero(g1(h[0]) * x))[:8]
    v = np.zeros(PIXELS)
    v[seen] = 1
    y = np.where(v > 0, g1(h[0]) * x, np.nan)
    blind = gd.demodulate(y, g1, g2, y_weights=v, restarts=20, seed=0)
    known = gd.demodulate(y, g1, g2, x=x, y_weights=v, restarts=20, seed=0)
    assert relative_error(known.h, h[0]) < 1e-10
    direction = blind.h / np.linalg.norm(blind.h)
    assert relative_error(direction, h[0] / np.linalg.norm(h[0])) > 0.1


@pytest.mark.parametrize("missing", [False, True])
def test_with_noise_it_ends_where_the_gradient_vanishes(problem, missing):
    g1, _, h, _, x = problem
    rng = np.random.default_rng(5)
    x = np.where(rng.random(PIXELS) < 0.3, -x, x)
    y = g1(h[1]) * x
    y = y + 0.05 * np.abs(y).mean() * rng.standard_normal(PIXELS)
    v = rng.random(PIXELS) * (rng.random(PIXELS) < 0.7) if missing else np.ones(PIXELS)
    result = gd.demodulate(np.where(v > 0, y, np.nan), g1, None, x=x, y_weights=v, seed=0)
    assert result.converged
    assert result.objective == pytest.approx(objective(y, g1, x, v, result.h), rel=1e-12)
    gradient = linear_piece(g1.weights, result.h).T @ (x * v * (g1(result.h) * x - y))
    assert np.linalg.norm(gradient) < 1e-7 * np.linalg.norm(g1(result.h) * x * v)


def test_it_is_what_a_generator_of_one_latent_gives(problem):
    g1, _, h, _, x = problem
    one = gd.ReLUNetwork([x[:, None]])
    y = g1(h) * x + 0.01
    known = gd.demodulate(y, g1, None, x=x, seed=1)
    blind = gd.demodulate(y, g1, one, seed=1)
    np.testing.assert_allclose(known.objective, blind.objective, rtol=1e-12)
    np.testing.assert_allclose(known.w, blind.w * blind.m, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_start_is_the_latent_of_the_unknown_factor(problem, solver):
    g1, g2, h, m, x = problem
    y, start = g1(h) * x, h * 1.1
    result = gd.demodulate(y, g1, g2, solver, m=m, start=(start, None))
    assert result.restarts.tolist() == [1] * 4
    assert result.seed is None
    for row, history in enumerate(result.history):
        model = Model(y[row], g1.weights, g2.weights)
        assert history[0] == pytest.approx(model.objective(start[row], m), rel=1e-10)
    assert relative_error(result.h, h) < 1e-8
    still = gd.demodulate(y[0], g1, g2, solver, m=m, start=(0 * h[0], None))
    np.testing.assert_array_equal(still.h, 0)


@pytest.mark.parametrize("scale", [1e-250, 1e-90, 1e90, 1e250])
def test_the_scale_of_the_known_factor_does_not_matter(problem, scale):
    g1, _, h, _, x = problem
    result = gd.demodulate(g1(h) * (scale * x), g1, None, x=scale * x, restarts=4, seed=0)
    assert relative_error(result.h, h) < 1e-10


def test_float32_stays_and_anything_else_becomes_float64(problem):
    g1, g2, h, m, x = problem
    single1, single2 = (gd.ReLUNetwork([W.astype(np.float32) for W in g.weights]) for g in (g1, g2))
    y, narrow = (g1(h) * x).astype(np.float32), x.astype(np.float32)
    result = gd.demodulate(y, single1, None, x=narrow, restarts=4, seed=0)
    assert {result.h.dtype, result.w.dtype, result.x.dtype} == {np.dtype(np.float32)}
    assert relative_error(result.h, h) < 1e-5
    assert gd.demodulate(y, single1, None, x=x, seed=0).h.dtype == np.float64
    assert gd.demodulate(y, single1, single2, m=m, seed=0).m.dtype == np.float64


def test_threads_and_the_seed_decide_as_ever(problem):
    g1, _, h, _, x = problem
    y = g1(h) * x
    results = [gd.demodulate(y, g1, None, x=x, seed=3, threads=t) for t in (1, 2, 5)]
    for other in results[1:]:
        np.testing.assert_array_equal(other.h, results[0].h)
    assert results[0].seed == 3
    assert gd.demodulate(y, g1, None, x=x).seed is not None


def test_nothing_positive_is_hopeless(problem):
    g1, _, h, _, x = problem
    result = gd.demodulate(np.stack([-g1(h[0]) * x, g1(h[0]) * x]), g1, None, x=x, seed=0)
    assert [status == gd.Status.HOPELESS for status in result.status] == [True, False]
    np.testing.assert_array_equal(result.h[0], 0)


def test_something_must_be_seen_through_the_known_factor_in_every_row(problem):
    g1, g2, h, m, _ = problem
    x = np.arange(PIXELS) % 2
    v = np.ones((4, PIXELS))
    v[2] = 1 - x
    with pytest.raises(ValueError, match=r"^`x` must have an entry that is not 0 where y"):
        gd.demodulate(g1(h) * x, g1, None, x=x, y_weights=v, seed=0)
    with pytest.raises(ValueError, match=r"^`m` must make an output that is not 0 where y"):
        gd.demodulate(g1(h), g1, g2, m=m, y_weights=g2(m) == 0, seed=0)


KNOWN_X = [
    *[(value, error) for value, error in spoiled.vectors(Y, batch=False) if value is not None],
    (np.zeros(ELL), ValueError),
]
KNOWN_M = [
    *[(value, error) for value, error in spoiled.vectors(M, batch=False) if value is not None],
    (0 * M, ValueError),
]
STARTS = [
    (3, TypeError),
    ((H, M), ValueError),
    ((H,), ValueError),
    ((None, None), TypeError),
    ((np.ones(OTHER), None), ValueError),
    ((spoiled.with_entry(H, np.nan), None), ValueError),
]


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        *(("x", {"x": value}, error) for value, error in KNOWN_X),
        *(("m", {"m": value}, error) for value, error in KNOWN_M),
        *(("start", {"x": Y, "start": value}, error) for value, error in STARTS),
        ("x", {"x": Y, "m": M}, ValueError),
        ("shared", {"x": Y, "shared": "x"}, ValueError),
        ("g2", {"m": M, "g2": None}, TypeError),
        ("g2", {"m": M, "g2": LONG}, ValueError),
        ("g2", {"g2": None}, TypeError),
        ("g1", {"x": Y, "g1": None}, TypeError),
        ("y", {"x": Y, "y": np.ones(OTHER)}, ValueError),
        ("y_weights", {"x": Y, "y_weights": -Y}, ValueError),
        ("restarts", {"x": Y, "restarts": 2, "start": (H, None)}, ValueError),
    ],
)
def test_a_spoiled_argument_is_named(name, given, error):
    with pytest.raises(error, match=rf"^`{name}` must .+ because .+; got .+"):
        gd.demodulate(**{"y": Y, "g1": G1, "g2": G2, "seed": 0} | given)
