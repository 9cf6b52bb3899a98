"""The objective, its gradients, the four signs and Jacobian products on the device."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

#: Of a result's norm, against the CPU.
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-13}
# Around the 512 rows of a tile, and around the 64 columns that a block of a transposed product has.
SHAPES = [
    ((1, 1), (2, 1)),
    ((3, 40, 511), (2, 511)),
    ((4, 65, 512), (5, 64, 130, 512)),
    ((10, 250, 513), (7, 30, 513)),
    ((5, 700, 1500), (70, 1500)),
]
METHODS = ["objective", "gradient_h", "gradient_m", "best_signs"]


def instance(dims1, dims2, dtype, count):
    """A problem with noise, of fresh numbers, and latents (h, m)."""
    rng = fresh()
    g1, g2 = (
        gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
        for dims in (dims1, dims2)
    )
    h, m = (rng.standard_normal((count, dims[0])).astype(dtype) for dims in (dims1, dims2))
    y = (g1(h[0]) * g2(m[0]) + 0.1 * rng.standard_normal(dims1[-1])).astype(dtype)
    return y, g1, g2, h, m


def agree(found, expected, dtype):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    scale = np.linalg.norm(expected, axis=-1).max() if expected.size else 1
    assert np.max(np.abs(found - expected), initial=0) <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("dims1", "dims2"), SHAPES)
@pytest.mark.parametrize("count", [1, 6])
def test_objective_and_gradients_are_those_of_the_cpu(dims1, dims2, count, dtype):
    y, g1, g2, h, m = instance(dims1, dims2, dtype, count)
    problem = gd.Problem(y + dtype(1), g1, g2)
    for name in METHODS[:3]:
        evaluate = getattr(problem, name)
        found = evaluate(h, m, device="cuda")
        agree(found, evaluate(h, m), dtype)
        np.testing.assert_array_equal(found, evaluate(h, m, device="cuda"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(1, 1), (3, 40, 511), (5, 64, 130, 512), (70, 600, 513)])
def test_jacobian_products_are_those_of_the_cpu(dims, dtype):
    rng = fresh()
    network = gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
    z, v = rng.standard_normal((2, 5, dims[0])).astype(dtype)
    r = rng.standard_normal((5, dims[-1])).astype(dtype)
    agree(network.jvp(z, v, device="cuda"), network.jvp(z, v), dtype)
    agree(network.vjp(z, r, device="cuda"), network.vjp(z, r), dtype)
    assert network.jvp(z[0], v[0], device="cuda").shape == dims[-1:]
    assert network.vjp(z[0], r[0], device="cuda").shape == dims[:1]


def test_gradient_matches_central_differences():
    y, g1, g2, h, m = instance((4, 65, 700), (3, 700), np.float64, 1)
    problem, t = gd.Problem(y + 1, g1, g2), 2.0**-18
    dh, dm = fresh().standard_normal((4,)), np.zeros(3)
    dm[1] = 1

    def f(step):
        return problem.objective(h[0] + step * dh, m[0] + step * dm, device="cuda")

    slope = (f(t) - f(-t)) / (2 * t)
    found = problem.gradient_h(h[0], m[0], device="cuda") @ dh
    found += problem.gradient_m(h[0], m[0], device="cuda") @ dm
    scale = np.linalg.norm(problem.gradient_h(h[0], m[0])) + np.linalg.norm(
        problem.gradient_m(h[0], m[0])
    )
    assert found == pytest.approx(slope, abs=1e-6 * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_y_weights_weigh_the_residual_and_hide_missing_entries(dtype):
    y, g1, g2, h, m = instance((3, 40, 600), (2, 600), dtype, 4)
    v = fresh().uniform(0.5, 2, 600).astype(dtype)
    v[::3], y[::3] = 0, np.nan
    problem = gd.Problem(y, g1, g2, y_weights=v)
    for name in METHODS[:3]:
        evaluate = getattr(problem, name)
        found = evaluate(h, m, device="cuda")
        assert np.isfinite(found).all()
        agree(found, evaluate(h, m), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_signs_have_the_least_objective(dtype):
    y, g1, g2, h, m = instance((3, 40, 600), (4, 8, 600), dtype, 40)
    problem = gd.Problem(y, g1, g2)
    pairs = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    f = np.array([problem.objective(s * h, t * m, device="cuda") for s, t in pairs])
    signs = problem.best_signs(h, m, device="cuda")
    assert [tuple(row) for row in signs] == [pairs[k] for k in np.argmin(f, axis=0)]
    assert problem.best_signs(h[3], m[3], device="cuda") == tuple(signs[3])


@pytest.mark.parametrize(
    ("columns", "h", "m", "expected"),
    [
        (((1, -1), (1, 1)), 1, 1, (1, 1)),  # f(h, m) = f(-h, m)
        (((1, -1), (1, 1)), 1, -1, (1, -1)),  # f(h, -m) = f(-h, -m)
        (((1, 1), (1, -1)), -1, 1, (-1, 1)),  # f(-h, m) = f(-h, -m)
        (((1, 1), (1, 1)), 0, 1, (1, 1)),  # all four
    ],
)
def test_a_tie_of_signs_goes_to_the_first(columns, h, m, expected):
    g1, g2 = (gd.ReLUNetwork([np.array(column, float)[:, None]]) for column in columns)
    problem = gd.Problem(np.ones(2), g1, g2)
    assert problem.best_signs([float(h)], [float(m)], device="cuda") == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_of_latents_equals_one_by_one(dtype):
    y, g1, g2, h, m = instance((4, 65, 512), (5, 64, 130, 512), dtype, 4)
    problem = gd.Problem(y, g1, g2)
    for name in METHODS:
        evaluate = getattr(problem, name)
        singles = [evaluate(*row, device="cuda") for row in zip(h, m, strict=True)]
        np.testing.assert_array_equal(evaluate(h, m, device="cuda"), np.array(singles, ndmin=1))


def test_float32_networks_meet_float64_latents_in_float64():
    y, g1, g2, h, m = instance((3, 40, 511), (2, 511), np.float32, 2)
    problem = gd.Problem(y, g1, g2)
    assert problem.gradient_h(h, m, device="cuda").dtype == np.float32
    found = problem.gradient_h(h.astype(np.float64), m, device="cuda")
    agree(found, problem.gradient_h(h.astype(np.float64), m), np.float64)


def test_an_empty_batch_is_empty():
    y, g1, g2, h, m = instance((3, 40, 511), (2, 511), np.float32, 1)
    problem = gd.Problem(y, g1, g2)
    assert problem.objective(h[:0], m[:0], device="cuda").shape == (0,)
    assert problem.gradient_h(h[:0], m[:0], device="cuda").shape == (0, 3)
    assert problem.best_signs(h[:0], m[:0], device="cuda").shape == (0, 2)
    assert g1(h[:0], device="cuda").shape == (0, 511)
