"""Gram matrices and damped steps on the device are those of their definitions."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod import _core
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]


def on_device(network):
    kind = _core.cuda.Network32 if network.dtype == np.float32 else _core.cuda.Network64
    return kind(network._core(network.dtype))


def jacobian_and_residual(g1, g2, y, v, h, m, c):
    """[J | r] of one problem at (h / c, c m), in float64."""
    w, x = (g(z).astype(np.float64) for g, z in ((g1, h), (g2, m)))
    root = np.sqrt(np.asarray(v, dtype=np.float64))
    left = c * x[:, np.newaxis] * g1.linear_piece(h)
    right = w[:, np.newaxis] / c * g2.linear_piece(m)
    return root[:, np.newaxis] * np.hstack([left, right, (w * x - y)[:, np.newaxis]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("dims1", "dims2"),
    [
        ((1, 1), (1, 1)),
        ((3, 511), (4, 20, 511)),
        ((10, 50, 513), (9, 40, 513)),
        ((20, 30, 40, 1500), (20, 1500)),
        ((60, 700), (70, 90, 700)),
        ((3, 130000), (2, 130000)),
    ],
)
@pytest.mark.parametrize("weights", [0, 1, 3])
def test_gram_matrices_are_those_of_the_jacobians(dims1, dims2, weights, dtype):
    rng = fresh()
    ell, problems = dims1[-1], 3 if dims1[-1] < 10000 else 1
    g1, g2 = (
        gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
        for dims in (dims1, dims2)
    )
    y = rng.standard_normal((problems, ell)).astype(dtype)
    v = rng.random((min(weights, problems), ell)).astype(dtype)
    h = rng.standard_normal((problems, dims1[0])).astype(dtype)
    m = rng.standard_normal((problems, dims2[0])).astype(dtype)
    c = np.exp(rng.standard_normal(problems))
    found = _core.cuda.gram(on_device(g1), on_device(g2), y, v, h, m, c)
    v_rows = np.broadcast_to(v if len(v) else np.ones(1), (problems, ell))
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for k in range(problems):
        J = jacobian_and_residual(g1, g2, y[k], v_rows[k], h[k], m[k], c[k])
        size = np.linalg.norm(J, axis=0)
        error = np.triu(found[k] - J.T @ J) / np.maximum(np.outer(size, size), 1e-300)
        assert np.max(np.abs(error)) <= tolerance
    again = _core.cuda.gram(on_device(g1), on_device(g2), y, v, h, m, c)
    alone = _core.cuda.gram(on_device(g1), on_device(g2), y[:1], v[:1], h[:1], m[:1], c[:1])
    np.testing.assert_array_equal(np.triu(again), np.triu(found))
    np.testing.assert_array_equal(np.triu(alone[0]), np.triu(found[0]))


def damped_step(J, r, damping, along):
    """TallQR's least-squares problem, by NumPy."""
    cols = J.shape[1]
    scale = np.mean(np.sum(J**2, axis=0))
    row = np.sqrt(scale) * along / np.linalg.norm(along)
    J = np.vstack([J, row])
    r = np.append(r, 0.0)
    damping = damping * np.mean(np.sum(J**2, axis=0))
    system = np.vstack([J, np.sqrt(damping) * np.eye(cols)])
    step = np.linalg.lstsq(system, -np.append(r, np.zeros(cols)), rcond=None)[0]
    return step, (r @ r - np.sum((J @ step + r) ** 2)) / 2


@pytest.mark.parametrize("cols", [2, 15, 16, 17, 33, 130, 319])
@pytest.mark.parametrize("damping", [1e-12, 1e-2, 1e6])
def test_damped_steps_solve_their_least_squares_problems(cols, damping):
    rng = fresh()
    problems = 4
    J = rng.standard_normal((problems, 2 * cols + 5, cols)) * np.exp(rng.standard_normal(cols))
    r = rng.standard_normal((problems, 2 * cols + 5))
    along = rng.standard_normal((problems, cols))
    both = np.concatenate([J, r[:, :, np.newaxis]], axis=2)
    gram = np.triu(np.swapaxes(both, 1, 2) @ both)
    gram[:, *np.tril_indices(cols + 1, -1)] = np.nan  # is not read
    steps, promised, solved = _core.cuda.damped_steps(gram, np.full(problems, damping), along)
    assert np.all(solved == 1)
    for k in range(problems):
        step, decrease = damped_step(J[k], r[k], damping, along[k])
        assert np.linalg.norm(steps[k] - step) <= 1e-9 * np.linalg.norm(step)
        assert promised[k] == pytest.approx(decrease, rel=1e-9)


def test_singular_matrices_are_reported_and_give_no_step():
    rng = fresh()
    regular = rng.standard_normal((8, 5))
    singular = regular.copy()
    singular[:, 2] = singular[:, 1]
    matrices = np.array([J.T @ J for J in (regular, singular, 0 * regular)])
    matrices[1, 2, 2] *= 1 - 1e-10
    steps, promised, solved = _core.cuda.damped_steps(matrices, np.zeros(3), np.zeros((3, 4)))
    np.testing.assert_array_equal(solved, [1, 0, 1])
    assert np.all(steps[0] != 0)
    assert promised[0] > 0
    np.testing.assert_array_equal(steps[1:], 0)
    np.testing.assert_array_equal(promised[1:], 0)


def test_a_column_of_zeros_gets_no_step():
    J = fresh().standard_normal((8, 5))
    J[:, 1] = 0
    gram = (J.T @ J)[np.newaxis]
    steps, _, solved = _core.cuda.damped_steps(gram, np.full(1, 1e-14), np.zeros((1, 4)))
    assert solved[0] == 1
    assert steps[0, 1] == 0
    assert np.isfinite(steps).all()


def test_too_many_coordinates_are_refused():
    cols = _core.cuda.most_latent_coordinates + 1
    with pytest.raises(ValueError, match=r"at most 319 coordinates in all because.*got 320"):
        _core.cuda.damped_steps(np.zeros((1, cols + 1, cols + 1)), np.zeros(1), np.zeros((1, cols)))
