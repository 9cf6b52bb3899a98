"""Deviations from the weight distribution condition, one pair at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gendemod as gd
from reference import joint_wdc_deviation, wdc_deviation

SHAPES = [(1, 1), (5, 1), (1, 3), (9, 2), (40, 3), (300, 10), (257, 31), (500, 33), (900, 64)]
exact = settings(deadline=None, derandomize=True, max_examples=60, database=None)


def matrix(shape, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(dtype)


def directions(n, count=6, seed=1):
    """Random pairs, among them equal and opposite ones."""
    x, y = np.random.default_rng(seed).standard_normal((2, count, n))
    y[0], y[1], y[2] = x[0], -x[1], x[2] + 1e-7 * y[2]
    return x, y


@pytest.mark.parametrize(("dtype", "accuracy"), [(np.float64, 1e-9), (np.float32, 1e-4)])
@pytest.mark.parametrize("shape", SHAPES)
def test_deviation_matches_its_definition(shape, dtype, accuracy):
    W = matrix(shape, dtype=dtype)
    x, y = (z.astype(dtype) for z in directions(shape[1]))
    found = gd.wdc.deviation(W, x, y, 0.9)
    assert found.dtype == np.float64
    W, x, y = (array.astype(np.float64) for array in (W, x, y))
    for value, a, b in zip(found, x, y, strict=True):
        on = (W @ a > 0) & (W @ b > 0)
        scale = np.linalg.norm(W[on], 2) ** 2 + 0.9 if on.any() else 0.9
        assert abs(value - wdc_deviation(W, a, b, 0.9)) < accuracy * scale


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("shape", [(60, 4), (300, 40)])
def test_threads_do_not_change_a_bit(shape, threads):
    W, (x, y) = matrix(shape), directions(shape[1], 23)
    serial = gd.wdc.deviation(W, x, y, threads=1)
    np.testing.assert_array_equal(gd.wdc.deviation(W, x, y, threads=threads), serial)
    one_by_one = [gd.wdc.deviation(W, a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_array_equal(one_by_one, serial)


def test_one_direction_goes_with_many():
    W, (x, y) = matrix((80, 5)), directions(5)
    expected = [gd.wdc.deviation(W, x[3], b) for b in y]
    np.testing.assert_array_equal(gd.wdc.deviation(W, x[3], y), expected)
    np.testing.assert_array_equal(gd.wdc.deviation(W, y, x[3]), expected)


def test_rows_on_a_wall_are_off():
    W = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 3.0], [0.0, 0.0], [2.0, 0.0]])
    # (1, 1) lies on the wall of the first row.
    expected = np.linalg.norm(np.diag([8.0, 9.0]) - 2 * np.eye(2) / 2, 2)
    assert gd.wdc.deviation(W, [1, 1], [1, 1], 2) == pytest.approx(expected, rel=1e-15)
    assert gd.wdc.deviation(W, [1, 1], [-1, -1], 2) == 0
    assert gd.wdc.deviation(W, [3e300, 3e300], [1e-300, 1e-300], 2) == pytest.approx(expected)


@exact
@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 2**32), st.floats(1e-8, 1e8))
def test_invariances(n, rows, seed, c):
    rng = np.random.default_rng(seed)
    W, x, y = rng.standard_normal((rows, n)), *rng.standard_normal((2, n))
    turn, _ = np.linalg.qr(rng.standard_normal((n, n)))
    value = gd.wdc.deviation(W, x, y, 3.0)
    scale = np.linalg.norm(W, 2) ** 2 + 3
    assert gd.wdc.deviation(W, y, x, 3.0) == pytest.approx(value, abs=2e-9 * scale)
    assert gd.wdc.deviation(W, c * x, y / c, 3.0) == pytest.approx(value, abs=2e-9 * scale)
    rotated = gd.wdc.deviation(W @ turn.T, turn @ x, turn @ y, 3.0)
    assert rotated == pytest.approx(value, abs=2e-9 * scale)
    scaled = gd.wdc.deviation(c * W, x, y, 3.0 * c**2)
    assert scaled / c**2 == pytest.approx(value, abs=2e-9 * scale)


@pytest.mark.parametrize("factor", [1e-150, 1e150])
def test_any_scale_of_the_matrix(factor):
    W, (x, y) = matrix((50, 4)), directions(4)
    expected = gd.wdc.deviation(W, x, y, 0.5)
    found = gd.wdc.deviation(factor * W, x, y, 0.5 * factor * factor)
    np.testing.assert_allclose(found / factor**2, expected, rtol=1e-9)


@pytest.mark.parametrize(("dtype", "accuracy"), [(np.float64, 1e-9), (np.float32, 2e-4)])
@pytest.mark.parametrize("shapes", [((1, 1), (1, 1)), ((60, 3), (60, 4)), ((200, 2), (200, 35))])
def test_joint_deviation_matches_its_definition(shapes, dtype, accuracy):
    B, C = (matrix(shape, i, dtype) for i, shape in enumerate(shapes))
    (h, x), (m, y) = (directions(W.shape[1], seed=i) for i, W in enumerate((B, C)))
    h, x, m, y = (z.astype(dtype) for z in (h, x, m, y))
    found = gd.wdc.joint_deviation(B, C, h, x, m, y, 0.8)
    assert found.shape == (6, 2)
    B, C = B.astype(np.float64), C.astype(np.float64)
    scale = len(B) * np.linalg.norm(B, 2) ** 2 * np.linalg.norm(C, 2) ** 2 + 1
    for values, *latents in zip(found, h, x, m, y, strict=True):
        expected = joint_wdc_deviation(B, C, *(z.astype(np.float64) for z in latents), 0.8)
        np.testing.assert_allclose(values, expected, rtol=0, atol=accuracy * scale)
    single = gd.wdc.joint_deviation(B, C, h[4], x[4], m[4], y[4], 0.8)
    np.testing.assert_allclose(single, found[4], rtol=0, atol=accuracy * scale)


def test_joint_deviation_is_the_deviation_of_weighted_rows():
    B, C = matrix((70, 3)), matrix((70, 2), 1)
    (h, x), (m, y) = directions(3), directions(2)
    six, seven = gd.wdc.joint_deviation(B, C, h[5], x[5], m[5], y[5])
    swapped = gd.wdc.joint_deviation(C, B, m[5], y[5], h[5], x[5])
    assert swapped == (pytest.approx(seven, rel=1e-9), pytest.approx(six, rel=1e-9))
    assert gd.wdc.joint_deviation(B, C, h[5], x[5], m[5], -m[5]) == (0, pytest.approx(0, abs=1e-12))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda W: gd.wdc.deviation(W, [0, 0], [1, 1]), r"`x` must not be zero because"),
        (lambda W: gd.wdc.deviation(W, [1, 1, 1], [1, 1]), r"`x` must have shape \(2,\)"),
        (lambda W: gd.wdc.deviation(W, [1, 1], [[1, 1]] * 2, 0), r"`alpha` must be greater than 0"),
        (lambda W: gd.wdc.deviation(W, [1, 1], [1, 1], -1), r"`alpha` must be greater than 0"),
        (lambda W: gd.wdc.deviation(W, [1, 1], [1, 1], np.nan), r"`alpha` must be greater"),
        (lambda W: gd.wdc.deviation(W * np.nan, [1, 1], [1, 1]), r"`W` must be finite because"),
        (lambda W: gd.wdc.deviation(W[:0], [1, 1], [1, 1]), r"`W` must be a matrix with rows"),
        (lambda W: gd.wdc.deviation(W[0], [1, 1], [1, 1]), r"`W` must be a matrix with rows"),
        (lambda W: gd.wdc.deviation(W, [[1, 1]] * 2, [[1, 1]] * 3), r"`y` must have 2 rows as `x`"),
        (lambda W: gd.wdc.joint_deviation(W, W[1:], *[[1, 1]] * 4), r"`C` must have 4 rows as `B`"),
        (lambda W: gd.wdc.exact(np.ones((3, 3))), r"`W` must have one or two columns because"),
        (
            lambda W: gd.wdc.joint_exact(W, W),
            r"`B` must have one column, or two if `C` has one, because",
        ),
        (lambda W: gd.wdc.sample(W, pairs=0, seed=0), r"`pairs` must be at least 1 because"),
        (lambda W: gd.wdc.sample(W, seed=0, confidence=1), r"`confidence` must be between 0 and 1"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message + r".*; got"):
        call(matrix((4, 2)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: gd.wdc.deviation("W", [1], [1]),
        lambda: gd.wdc.deviation([[1.0]], [1], [1], "1"),
        lambda: gd.wdc.sample([[1.0]], seed="1"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(call):
    with pytest.raises(TypeError, match=r"`\w+` must .* because .*; got"):
        call()
