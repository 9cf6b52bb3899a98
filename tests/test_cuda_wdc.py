"""Deviations and circles on the device agree with the CPU to the error that both promise."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod import _core
from gendemod._device import why_no_cuda
from instances import WDC_MATRICES
from reference import wdc_on_a_circle

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

DEVICES = ["cpu", "cuda"]
DTYPES = [np.float32, np.float64]
ACCURACY = {np.float32: 1e-4, np.float64: 1e-9}
# Around 64 rows (a word of a mask), 1024 (a segment), 8192 (a window); 32 columns (a product for
# all pairs), 64 and 128 (a tile), 256 (threads of Lanczos), 512 (a piece of its vectors).
SHAPES = [
    *[(1, 1), (63, 1), (64, 2), (65, 3), (500, 10), (1023, 17), (1024, 31), (1025, 32)],
    *[(700, 33), (9, 40), (300, 63), (900, 64), (400, 65), (1500, 100), (8193, 34), (300, 130)],
    *[(30, 257), (30, 515)],
]


def gaussian(rng, shape, dtype):
    return (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(dtype)


def directions(rng, n, count, dtype):
    """Random pairs, among them equal, nearly equal and opposite ones."""
    x, y = rng.standard_normal((2, count, n))
    y[0], y[1], y[2] = x[0], -x[1], x[2] + 1e-7 * y[2]
    return x.astype(dtype), y.astype(dtype)


def undecided(W, *latents):
    """Bound for each set of directions what the rows count for that rounding may turn on or off."""
    W = W.astype(np.float64)
    size = np.linalg.norm(W, axis=1)
    near = np.zeros((len(latents[0]), len(W)), dtype=bool)
    for z in latents:
        unit = z / np.linalg.norm(z.astype(np.float64), axis=1, keepdims=True)
        near |= np.abs(unit @ W.T) <= 4 * np.finfo(z.dtype).eps * W.shape[1] * size
    return near @ size**2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_deviations_are_those_of_the_cpu(shape, dtype):
    rng = fresh()
    W, (x, y) = gaussian(rng, shape, dtype), directions(rng, shape[1], 9, dtype)
    expected = gd.wdc.deviation(W, x, y, 0.9)
    found = gd.wdc.deviation(W, x, y, 0.9, device="cuda")
    assert found.dtype == np.float64
    on = (x @ W.T > 0) & (y @ W.T > 0)
    scale = [np.linalg.norm(W[mask].astype(np.float64), 2) ** 2 if mask.any() else 0 for mask in on]
    allowed = 2 * ACCURACY[dtype] * (np.array(scale) + 0.9) + undecided(W, x, y)
    assert np.all(np.abs(found - expected) <= allowed)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shapes",
    [((1, 1), (1, 1)), ((130, 3), (130, 4)), ((200, 2), (200, 35)), ((1100, 66), (1100, 9))],
)
def test_joint_deviations_are_those_of_the_cpu(shapes, dtype):
    rng = fresh()
    B, C = (gaussian(rng, shape, dtype) for shape in shapes)
    (h, x), (m, y) = (directions(rng, shape[1], 7, dtype) for shape in shapes)
    m, y = m[::-1], y[::-1]
    expected = gd.wdc.joint_deviation(B, C, h, x, m, y, 0.8)
    found = gd.wdc.joint_deviation(B, C, h, x, m, y, 0.8, device="cuda")
    scale = len(B) * np.linalg.norm(B, 2) ** 2 * np.linalg.norm(C, 2) ** 2 + 0.8
    assert np.max(np.abs(found - expected)) <= 2 * ACCURACY[dtype] * scale


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(300, 7), (400, 50)])
def test_a_pair_is_the_same_bit_for_bit_in_any_company(shape, dtype):
    rng = fresh()
    W, (x, y) = gaussian(rng, shape, dtype), directions(rng, shape[1], 70, dtype)
    found = gd.wdc.deviation(W, x, y, device="cuda")
    assert np.array_equal(found, gd.wdc.deviation(W, x, y, device="cuda"))
    for i in (0, 1, 2, 63, 64, 69):
        assert gd.wdc.deviation(W, x[i], y[i], device="cuda") == found[i]
    assert np.array_equal(found[60:], gd.wdc.deviation(W, x[60:], y[60:], device="cuda"))


@pytest.mark.parametrize("n", [5, 40])
def test_one_direction_goes_with_many(n):
    rng = fresh()
    W, (x, y) = gaussian(rng, (90, n), np.float64), directions(rng, n, 6, np.float64)
    expected = [gd.wdc.deviation(W, x[3], b, device="cuda") for b in y]
    assert np.array_equal(gd.wdc.deviation(W, x[3], y, device="cuda"), expected)
    expected = [gd.wdc.deviation(W, a, y[3], device="cuda") for a in x]
    assert np.array_equal(gd.wdc.deviation(W, x, y[3], device="cuda"), expected)
    C, (m, _) = gaussian(rng, (90, 3), np.float64), directions(rng, 3, 6, np.float64)
    expected = [gd.wdc.joint_deviation(W, C, x[3], y[3], m[0], z, device="cuda") for z in m]
    found = gd.wdc.joint_deviation(W, C, x[3], y[3], m[0], m, device="cuda")
    assert np.array_equal(found, expected)


def test_groups_that_the_memory_holds_do_not_change_a_bit():
    # A pair of 100 columns takes about 0.4 MB; a device for tests has 256 MB.
    rng = fresh()
    W = gaussian(rng, (40, 100), np.float32)
    x, y = rng.standard_normal((2, 900, 100)).astype(np.float32)
    found = gd.wdc.deviation(W, x, y, device="cuda")
    parts = [
        gd.wdc.deviation(W, x[i : i + 300], y[i : i + 300], device="cuda") for i in (0, 300, 600)
    ]
    assert np.array_equal(found, np.concatenate(parts))


@pytest.mark.parametrize("n", [3, 40])
def test_no_rows_and_all_rows(n):
    rng = fresh()
    W = np.abs(rng.standard_normal((100, n))) + 0.1
    up, down = np.ones(n), -np.ones(n)
    assert gd.wdc.deviation(W, up, down, device="cuda") == 0
    # No row is on: alpha Q_{x,x} = alpha I / 2.
    assert gd.wdc.deviation(W, down, down, 3.0, device="cuda") == pytest.approx(1.5, rel=1e-12)
    expected = np.linalg.norm(W.T @ W - np.eye(n) / 2, 2)
    assert gd.wdc.deviation(W, up, up, device="cuda") == pytest.approx(expected, rel=2e-9)


def test_rows_on_a_wall_are_off():
    W = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 3.0], [0.0, 0.0], [2.0, 0.0]])
    expected = np.linalg.norm(np.diag([8.0, 9.0]) - np.eye(2), 2)
    assert gd.wdc.deviation(W, [1, 1], [1, 1], 2, device="cuda") == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("name", WDC_MATRICES)
def test_unusual_matrices(name):
    W = WDC_MATRICES[name]
    n = W.shape[1]
    x, y = directions(fresh(), n, 5, np.float64)
    alpha = float(np.sum((W / n) * W)) or 1.0
    expected = gd.wdc.deviation(W, x, y, alpha)
    found = gd.wdc.deviation(W, x, y, alpha, device="cuda")
    scale = np.sum((W / np.abs(W).max(initial=1e-300)) ** 2) * np.abs(W).max() ** 2 + alpha
    assert np.max(np.abs(found - expected)) <= 2e-9 * scale


@pytest.mark.parametrize("n", [2, 40])
def test_an_eigenvector_of_which_lanczos_sees_nothing(n):
    # Lanczos begins at an eigenvector. What it finds is no bound, and so brackets are halved.
    start = 0.5 + (np.arange(1, n + 1) * 2654435761 % 2**32) / 2**32
    start /= np.linalg.norm(start)
    top = fresh().standard_normal(n)
    top -= top @ start * start
    top /= np.linalg.norm(top)
    W = np.stack([start, np.sqrt(3) * top])
    x = start + top
    assert gd.wdc.deviation(W, x, x, 1.0, device="cuda") == pytest.approx(2.5, abs=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_hold_the_largest_value_of_the_cpu(dtype):
    rng = fresh()
    W = gaussian(rng, (150, 6), dtype)
    seed = int(rng.integers(2**32))
    host, found = (gd.wdc.sample(W, pairs=200, seed=seed, device=d) for d in DEVICES)
    tolerance = 3 * ACCURACY[dtype] * np.linalg.norm(W, 2) ** 2
    rounded = np.abs(found.values - host.values) > tolerance + 1e-5 * (dtype == np.float32)
    # A pair that is rounded may cross a wall.
    assert np.mean(rounded) <= (0.05 if dtype == np.float32 else 0)
    assert found.maximum == found.values.max()
    assert np.array_equal(found.angles, host.angles)
    if dtype == np.float64:
        assert found.maximum == host.maximum


def test_the_largest_value_of_a_joint_sample_is_that_of_the_cpu():
    rng = fresh()
    B, C = gaussian(rng, (80, 4), np.float64), gaussian(rng, (80, 3), np.float64)
    host, found = (gd.wdc.joint_sample(B, C, pairs=60, seed=3, device=d) for d in DEVICES)
    assert found.maximum == host.maximum
    np.testing.assert_allclose(found.values, host.values, rtol=0, atol=1e-7)


@pytest.mark.parametrize("device", ["gpu", "CUDA", ""])
def test_other_devices_are_refused(device):
    with pytest.raises(ValueError, match="`device` must be"):
        gd.wdc.deviation(np.eye(2), [1, 0], [0, 1], device=device)


CIRCLES = [(1, 2), (30, 2), (9, 12), (200, 10), (65, 33), (700, 3)]


def circles(rng, n, count):
    """Directions, and others that span circles with them."""
    return rng.standard_normal((3, count, n))


def circle_widths(W, X, S, U):
    """Of the widest cell of each circle."""
    for x, s, u in zip(X, S, U, strict=True):
        unit = s / np.linalg.norm(s)
        across = u - u @ unit * unit
        yield wdc_on_a_circle(W, x, unit, across / np.linalg.norm(across), 1.0)[1].max()


@pytest.mark.parametrize("through", [True, False])
@pytest.mark.parametrize(("ell", "n"), CIRCLES)
def test_circles_are_those_of_the_cpu(ell, n, through):
    rng = fresh()
    W, (x, u, s) = gaussian(rng, (ell, n), np.float64), circles(rng, n, 3)
    start = None if through else s
    host, found = (gd.wdc.great_circle(W, x, u, 0.7, start=start, device=d) for d in DEVICES)
    scale = np.linalg.norm(W, 2) ** 2 + 0.7
    assert np.max(np.abs(found.lower - host.lower)) <= 3e-9 * scale
    assert np.all(found.lower <= found.upper)
    # Elsewhere than through x, cells that one search settles, another may exclude.
    widest = 0 if through else max(circle_widths(W, x, s, u)) / (4 * np.pi)
    assert np.max(np.abs(found.upper - host.upper)) <= 3e-9 * scale + 0.7 * widest
    reached = [gd.wdc.deviation(W, a, b, 0.7) for a, b in zip(x, found.y, strict=True)]
    np.testing.assert_allclose(reached, found.lower, rtol=0, atol=3e-9 * scale)


@pytest.mark.parametrize("name", WDC_MATRICES)
def test_circles_of_unusual_matrices(name):
    W = WDC_MATRICES[name]
    n = W.shape[1]
    alpha = float(np.sum((W / n) * W)) or 1.0
    largest = np.abs(W).max()
    scale = largest**2 * np.sum((W / (largest or 1.0)) ** 2) + alpha
    x, u = np.stack([np.eye(n)[0], np.ones(n)]), np.stack([np.ones(n), np.eye(n)[-1]])
    host, found = (gd.wdc.great_circle(W, x, u, alpha, device=d) for d in DEVICES)
    assert np.max(np.abs(found.lower - host.lower)) <= 4e-9 * scale
    assert np.max(np.abs(found.upper - host.upper)) <= 4e-9 * scale
    turned = [gd.wdc.great_circle(W, x, u, alpha, start=x + 0.3 * u, device=d) for d in DEVICES]
    for one, other in (turned, turned[::-1]):
        assert np.all(one.lower <= other.upper + 4e-9 * scale)


@pytest.mark.parametrize("through", [True, False])
def test_circles_of_rows_that_come_many_times(through):
    rng = fresh()
    W, (x, u, s) = gaussian(rng, (300, 3), np.float64), circles(rng, 3, 3)
    W = W[rng.integers(0, 300, 700)] * rng.uniform(0.1, 1, (700, 1))
    start = None if through else s
    host, found = (gd.wdc.great_circle(W, x, u, 0.7, start=start, device=d) for d in DEVICES)
    scale = np.linalg.norm(W, 2) ** 2 + 0.7
    assert np.max(np.abs(found.lower - host.lower)) <= 3e-9 * scale
    widest = 0 if through else max(circle_widths(W, x, s, u)) / (4 * np.pi)
    assert np.max(np.abs(found.upper - host.upper)) <= 3e-9 * scale + 0.7 * widest


def test_a_circle_is_the_same_bit_for_bit_in_any_company():
    rng = fresh()
    W, (x, u, _) = gaussian(rng, (150, 6), np.float64), circles(rng, 6, 5)
    many = gd.wdc.great_circle(W, x, u, device="cuda")
    for i in range(5):
        alone = gd.wdc.great_circle(W, x[i], u[i], device="cuda")
        for name in ("lower", "upper", "angle"):
            assert getattr(alone, name) == getattr(many, name)[i]
    shared = gd.wdc.great_circle(W, x[2], u, device="cuda")
    assert shared.lower[2] == many.lower[2]


def test_too_little_memory_says_how_much_is_needed_and_leaks_nothing():
    if _core.cuda.build != "HOST":
        pytest.skip("only the device for tests has so little memory")
    before = _core.cuda.device()["free_bytes"]
    W = np.ones((before // 64 + 64, 1))
    with pytest.raises(MemoryError, match=r"\d+ bytes are needed, \d+ are free"):
        gd.wdc.deviation(W, [1.0], [1.0], device="cuda")
    assert _core.cuda.device()["free_bytes"] == before
    assert gd.wdc.deviation([[2.0]], [1.0], [1.0], device="cuda") == pytest.approx(3.5)
