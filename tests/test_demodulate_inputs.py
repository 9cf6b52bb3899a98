"""demodulate takes what NumPy can read: any layout, float32 or float64, sizes from one."""

import numpy as np
import pytest

import gendemod as gd
from instances import ELL, assert_same, few, networks, observations


def test_float32_stays_and_anything_else_becomes_float64():
    (g1, g2), (wide1, wide2) = networks(np.float32), networks(np.float64)
    y = observations(1, wide1, wide2)[0].astype(np.float32)
    v, start = np.ones(ELL, np.float32), (np.ones(4, np.float32), np.ones(3, np.float32))
    single = gd.demodulate(y, g1, g2, few(), start=start, y_weights=v)
    double = [
        gd.demodulate(y.astype(np.float64), g1, g2, few(), start=start, y_weights=v),
        gd.demodulate(y.tolist(), g1, g2, few(), seed=0),
        gd.demodulate(y, g1, gd.ReLUNetwork([w.astype(float) for w in g2.weights]), few(), seed=0),
        gd.demodulate(y, g1, g2, few(), start=start, y_weights=v.astype(np.float64)),
        gd.demodulate(y, g1, g2, few(), start=(np.ones(4), start[1])),
    ]
    for name in ("h", "m", "w", "x"):
        assert getattr(single, name).dtype == np.float32
        assert [getattr(result, name).dtype for result in double] == [np.float64] * 5


@pytest.mark.parametrize(
    "layout",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
    ],
    ids=["list", "fortran", "strided", "read-only"],
)
def test_the_memory_layout_of_an_input_does_not_matter(layout):
    g1, g2 = networks()
    y, v = observations(2, g1, g2), np.linspace(0, 1, 2 * ELL).reshape(2, ELL)
    h, m = np.arange(1.0, 9).reshape(2, 4), np.arange(1.0, 7).reshape(2, 3)
    plain = gd.demodulate(y, g1, g2, few(), start=(h, m), y_weights=v)
    start = layout(h), layout(m)
    assert_same(plain, gd.demodulate(layout(y), g1, g2, few(), start=start, y_weights=layout(v)))
    np.testing.assert_array_equal(y, observations(2, g1, g2))
    np.testing.assert_array_equal(h, np.arange(1.0, 9).reshape(2, 4))


def test_everything_may_have_size_one():
    g = gd.ReLUNetwork([[[1.0]]])
    result = gd.demodulate([6.25], g, g, gd.AlternatingDescent(), seed=0)
    assert result.converged
    np.testing.assert_allclose([*result.h, *result.m, *result.w, *result.x], 2.5, rtol=1e-6)


@pytest.mark.parametrize("solver", [gd.LevenbergMarquardt(), gd.AlternatingDescent(), few()])
@pytest.mark.parametrize("weight", [1e308, 3e-5, 1e-320])
def test_a_constant_weight_cancels(solver, weight):
    g1, g2 = networks()
    y = observations(3, g1, g2)
    plain = gd.demodulate(y, g1, g2, solver, seed=0)
    weights = np.stack([np.full(ELL, weight), np.ones(ELL), np.full(ELL, 0.875 * weight)])
    found = gd.demodulate(y, g1, g2, solver, seed=0, y_weights=weights)
    assert found.status == plain.status
    np.testing.assert_allclose(found.w * found.x, plain.w * plain.x, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.relative_residual, plain.relative_residual, atol=1e-9)


def test_the_objective_is_that_of_the_given_weights():
    g1, g2 = networks()
    y, v = observations(2, g1, g2), 1e30 * np.linspace(0, 1, ELL)
    found = gd.demodulate(y, g1, g2, gd.AlternatingDescent(max_iterations=2), seed=0, y_weights=v)
    f = np.sum(v * (found.w * found.x - y) ** 2, axis=1) / 2
    np.testing.assert_allclose(found.objective, f, rtol=1e-10)
    np.testing.assert_allclose([record[-1] for record in found.history], f, rtol=1e-10)


def test_a_fixed_step_is_one_of_the_weighted_objective():
    g1, g2 = networks()
    y = observations(1, g1, g2)[0]
    steps = [
        gd.demodulate(
            y,
            g1,
            g2,
            gd.AlternatingDescent(step_size=step, max_iterations=5),
            start=(np.ones(4), np.ones(3)),
            y_weights=np.full(ELL, weight),
        )
        for step, weight in ((1e-4, 1.0), (1e-24, 1e20))
    ]
    np.testing.assert_allclose(steps[0].h, steps[1].h, rtol=1e-12)
    assert steps[0].iterations == 5
