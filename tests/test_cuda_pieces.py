"""Linear pieces that walk on the device agree with fresh ones on the CPU."""

from itertools import pairwise

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod import _core
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-13}
DIMS = [
    (1, 1),
    (3, 511),
    (17, 513),
    (5, 40, 512),
    (20, 70, 1500),
    (4, 600, 50, 513),
    (9, 30, 40, 90),
]


def on_device(network):
    suffix = "32" if network.dtype == np.float32 else "64"
    return getattr(_core.cuda, "Network" + suffix)(network._core(network.dtype))


def walk(network, problems):
    suffix = "32" if network.dtype == np.float32 else "64"
    return getattr(_core.cuda, "Pieces" + suffix)(on_device(network), problems)


def difference(found, expected):
    assert found.shape == expected.shape
    scale = np.linalg.norm(expected, axis=1, keepdims=True) + 1e-3
    return np.max(np.abs(found - expected) / scale)


def far_from_walls(network, z, dtype):
    """Whether rounding errors cannot decide which units of a latent are on."""
    value, far = z.astype(np.float64), np.ones(len(z), dtype=bool)
    for W in network.weights:
        value = value @ W.astype(np.float64).T
        scale = np.linalg.norm(value, axis=1) / np.sqrt(value.shape[1])
        far &= np.abs(value).min(axis=1) > 30 * np.finfo(dtype).eps * scale
        value = np.maximum(value, 0)
    return far


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", DIMS)
@pytest.mark.parametrize("step", [0.03, 0.6])
def test_a_walk_equals_fresh_pieces(dims, dtype, step):
    rng = fresh()
    network = gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
    n, ell, problems = dims[0], dims[-1], 3
    pieces = walk(network, problems)
    z = rng.standard_normal((problems, n)).astype(dtype)
    active = np.ones(problems, dtype=np.int32)
    pieces.jump(z, active)
    for k in range(25):
        d = rng.standard_normal((problems, n)).astype(dtype)
        r = rng.standard_normal((problems, ell)).astype(dtype)
        assert difference(pieces.outputs(), network(z)) < TOLERANCE[dtype]
        product, gradient = pieces.product(d, active), pieces.pull_back(r, active)
        assert gradient.dtype == np.float64
        far = far_from_walls(network, z, dtype)
        if far.any():
            z_far, d_far, r_far = z[far], d[far], r[far]
            assert difference(product[far], network.jvp(z_far, d_far)) < TOLERANCE[dtype]
            assert difference(gradient[far], network.vjp(z_far, r_far)) < 5 * TOLERANCE[dtype]
        size = (step * rng.random(problems)).astype(dtype)
        if k % 2 == 0:
            z = z + size[:, np.newaxis] * d
            pieces.move_along(z, size, active)
        else:
            z = z - dtype(step) * rng.standard_normal((problems, n)).astype(dtype)
            pieces.move(z, active)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(6, 600), (6, 90, 1100), (6, 50, 60, 600)])
def test_slides_without_flips_do_not_drift(dims, dtype):
    rng = fresh()
    network = gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
    pieces, active = walk(network, 1), np.ones(1, dtype=np.int32)
    z = rng.standard_normal((1, 6)).astype(dtype)
    d = rng.standard_normal((1, 6)).astype(dtype)
    pieces.jump(z, active)
    pieces.product(d, active)
    for _ in range(100):
        z = z + dtype(1e-5) * d
        pieces.move_along(z, np.full(1, 1e-5, dtype=dtype), active)
        assert difference(pieces.outputs(), network(z)) < TOLERANCE[dtype]


def test_what_is_not_active_is_left_alone():
    rng = fresh()
    network = gd.ReLUNetwork.gaussian((5, 40, 60, 700), seed=int(rng.integers(2**32)))
    pieces = walk(network, 4)
    z = rng.standard_normal((4, 5))
    pieces.jump(z, np.ones(4, dtype=np.int32))
    active = np.array([0, 1, 0, 1], dtype=np.int32)
    moved = np.where(active[:, np.newaxis] == 1, rng.standard_normal((4, 5)), z)
    pieces.move(np.where(active[:, np.newaxis] == 1, moved, np.nan), active)
    assert difference(pieces.outputs(), network(moved)) < TOLERANCE[np.float64]
    product = pieces.product(moved, np.ones(4, dtype=np.int32))
    assert difference(product, network(moved)) < TOLERANCE[np.float64]


@pytest.mark.parametrize("dims", [(2, 8, 600), (2, 8, 8, 600)])
def test_a_heavy_unit_that_goes_off_leaves_no_rounding_errors(dims):
    rng = fresh()
    weights = [rng.standard_normal((a, b)).astype(np.float32) for b, a in pairwise(dims)]
    weights[0][0] = [1, 0]
    weights[-1] /= np.abs(weights[-1]).max()
    weights[0][0] *= 1e6
    network = gd.ReLUNetwork(weights)
    pieces, active = walk(network, 1), np.ones(1, dtype=np.int32)
    pieces.jump(np.array([[1, 1]], dtype=np.float32), active)
    z = np.array([[-0.01, 1]], dtype=np.float32)
    pieces.move(z, active)
    assert difference(pieces.outputs(), network(z)) < TOLERANCE[np.float32]


def test_two_walks_agree_bit_for_bit():
    rng = fresh()
    network = gd.ReLUNetwork.gaussian((7, 90, 1500), seed=int(rng.integers(2**32)))
    active = np.ones(2, dtype=np.int32)
    path = [rng.standard_normal((2, 7)) for _ in range(3)]
    r = rng.standard_normal((2, 1500))
    ends = []
    for _ in range(2):
        pieces = walk(network, 2)
        pieces.jump(path[0], active)
        for z in path:
            pieces.move(z, active)
        ends.append((pieces.outputs(), pieces.pull_back(r, active)))
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))


SIGNS = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inner", [(), (40,), (40, 30)])
@pytest.mark.parametrize("ell", [100, 513, 20 * 512])
@pytest.mark.parametrize("weighted", [False, True])
def test_four_signs_are_those_of_the_cpu(inner, ell, dtype, weighted):
    rng = fresh()
    seeds = [int(rng.integers(2**32)) for _ in range(2)]
    g1 = gd.ReLUNetwork.gaussian((5, *inner, ell), seed=seeds[0], dtype=dtype)
    g2 = gd.ReLUNetwork.gaussian((4, *inner, ell), seed=seeds[1], dtype=dtype)
    h, m = (rng.standard_normal((8, n)).astype(dtype) for n in (5, 4))
    truth = SIGNS[np.arange(8) % 4]
    distance = np.where(np.arange(8) < 4, 1e-3, 0.7).reshape(8, 1)
    y = g1(h * (truth[:, :1] + distance).astype(dtype)) * g2(m * truth[:, 1:].astype(dtype))
    v = rng.random((1, ell)).astype(dtype) if weighted else np.empty((0, ell), dtype=dtype)
    best, objective = _core.cuda.four_signs(on_device(g1), on_device(g2), y, v, h, m)
    for p in range(8):
        problem = gd.Problem(y[p], g1, g2, y_weights=v[0] if weighted else None)
        f = [problem.objective(a * h[p], b * m[p]) for a, b in SIGNS.astype(dtype)]
        energy = np.sum(y[p].astype(np.float64) ** 2)
        assert abs(objective[p] - f[0]) <= TOLERANCE[dtype] * (f[0] + np.sqrt(f[0] * energy))
        assert f[best[p]] <= min(f) * (1 + 1e-5)


def test_the_first_of_equal_signs_is_chosen():
    W = np.ones((600, 1))
    g = on_device(gd.ReLUNetwork([np.concatenate([W, -W])]))
    y, one = np.zeros((1, 1200)), np.ones((1, 1))
    for h, m in [(one, one), (-one, one), (one, -one), (-one, -one)]:
        best, objective = _core.cuda.four_signs(g, g, y, np.empty((0, 1200)), h, m)
        # w * x is the same at (h, m) and (-h, -m), and 0 at the two others.
        assert (best[0], objective[0]) == ((1, 300) if h == m else (0, 0))
