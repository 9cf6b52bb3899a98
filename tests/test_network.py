"""ReLUNetwork against its definition."""

import copy
import pickle

import numpy as np
import pytest

import gendemod as gd
import reference
from reference import DIMS, random_weights, relative_error

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-13}
DTYPES = [np.float32, np.float64]
THREADS = [1, 2, 5]


def network_and_latents(dims, dtype=np.float64, batch=None, seed=0):
    """Weights, the network of them, and latents of shape (n,) or (batch, n)."""
    weights = random_weights(dims, seed, dtype)
    shape = dims[:1] if batch is None else (batch, dims[0])
    z = np.random.default_rng(seed + 1).standard_normal(shape).astype(dtype)
    return weights, gd.ReLUNetwork(weights), z


def each(function, z, *others):
    """The function of one vector, applied along a leading axis where there is one."""
    if z.ndim == 1:
        return function(z, *others)
    return np.array([function(*row) for row in zip(z, *others, strict=True)])


def in_float64(weights):
    return [w.astype(np.float64) for w in weights]


@pytest.mark.parametrize("batch", [None, 0, 1, 7])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", DIMS)
def test_outputs_masks_and_pieces_match_the_definitions(dims, dtype, batch):
    weights, g, z = network_and_latents(dims, dtype, batch)
    exact, lead = in_float64(weights), z.shape[:-1]
    out, piece, masks = g(z), g.linear_piece(z), g.masks(z)

    assert out.shape == (*lead, dims[-1])
    assert piece.shape == (*lead, dims[-1], dims[0])
    assert [mask.shape for mask in masks] == [(*lead, size) for size in dims[1:]]
    assert isinstance(masks, list)
    assert out.dtype == piece.dtype == dtype
    assert all(mask.dtype == bool for mask in masks)
    if batch == 0:
        return
    assert relative_error(out, each(lambda a: reference.forward(exact, a), z)) < TOLERANCE[dtype]
    assert (
        relative_error(piece, each(lambda a: reference.linear_piece(exact, a), z))
        < TOLERANCE[dtype]
    )
    for i, mask in enumerate(masks):
        expected = each(lambda a, i=i: reference.masks(exact, a)[i], z)
        np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("batch", [None, 0, 1, 7])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", DIMS)
def test_jvp_and_vjp_match_the_linear_piece(dims, dtype, batch):
    weights, g, z = network_and_latents(dims, dtype, batch)
    exact, lead = in_float64(weights), z.shape[:-1]
    rng = np.random.default_rng(5)
    v = rng.standard_normal((*lead, dims[0])).astype(dtype)
    r = rng.standard_normal((*lead, dims[-1])).astype(dtype)
    forward, backward = g.jvp(z, v), g.vjp(z, r)

    assert forward.shape == r.shape
    assert backward.shape == v.shape
    assert forward.dtype == backward.dtype == dtype
    if batch == 0:
        return
    expected = each(lambda a, b: reference.linear_piece(exact, a) @ b, z, v)
    assert relative_error(forward, expected) < TOLERANCE[dtype]
    expected = each(lambda a, b: reference.linear_piece(exact, a).T @ b, z, r)
    assert relative_error(backward, expected) < TOLERANCE[dtype]
    assert np.vdot(forward, r) == pytest.approx(
        np.vdot(v, backward), rel=TOLERANCE[dtype], abs=10 * TOLERANCE[dtype]
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", DIMS)
def test_a_batch_equals_one_by_one_for_any_threads(dims, dtype):
    _, g, z = network_and_latents(dims, dtype, 7)
    rng = np.random.default_rng(6)
    v = rng.standard_normal((7, dims[0])).astype(dtype)
    r = rng.standard_normal((7, dims[-1])).astype(dtype)
    calls = [(g, z), (g.linear_piece, z), (g.jvp, z, v), (g.vjp, z, r)]
    for function, *arguments in calls:
        expected = each(function, *arguments)
        for threads in THREADS:
            np.testing.assert_array_equal(function(*arguments, threads=threads), expected)
    for threads in THREADS:
        for i, mask in enumerate(g.masks(z, threads=threads)):
            np.testing.assert_array_equal(mask, each(lambda a, i=i: g.masks(a)[i], z))


@pytest.mark.parametrize("dims", [(4, 17), (3, 8, 21), (5, 6, 7, 19)])
def test_jvp_matches_central_differences(dims):
    weights, g, z = network_and_latents(dims)
    v = np.random.default_rng(7).standard_normal(dims[0])
    t = 2.0**-20
    for a, b in zip(
        reference.masks(weights, z - t * v), reference.masks(weights, z + t * v), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert relative_error((g(z + t * v) - g(z - t * v)) / (2 * t), g.jvp(z, v)) < 1e-9


def test_positive_scaling_by_a_power_of_two_is_exact():
    _, g, z = network_and_latents((3, 8, 21))
    np.testing.assert_array_equal(g(4 * z), 4 * g(z))
    for a, b in zip(g.masks(4 * z), g.masks(z), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dims", DIMS)
def test_zero_has_empty_masks(dims):
    _, g, z = network_and_latents(dims)
    assert not any(mask.any() for mask in g.masks(0 * z))
    assert not g(0 * z).any()
    assert not g.linear_piece(0 * z).any()
    assert not g.vjp(0 * z, np.ones(dims[-1])).any()


def test_a_unit_at_exactly_zero_is_off():
    g = gd.ReLUNetwork([np.array([[1.0, -1.0], [1.0, 1.0]])])
    np.testing.assert_array_equal(g.masks([1.0, 1.0])[0], [False, True])
    np.testing.assert_array_equal(g.linear_piece([1.0, 1.0]), [[0, 0], [1, 1]])


@pytest.mark.parametrize(
    "layout",
    [
        lambda a: a.tolist(),
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
        lambda a: a.astype(a.dtype.newbyteorder()),
    ],
    ids=["list", "fortran", "rows", "columns", "reversed", "read-only", "byte-swapped"],
)
def test_the_memory_layout_of_an_input_does_not_matter(layout):
    weights, g, z = network_and_latents((3, 8, 21), batch=7)
    r = np.random.default_rng(8).standard_normal((7, 21))
    same = gd.ReLUNetwork([layout(w) for w in weights])
    for a, b in zip(same.weights, weights, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(same(layout(z)), g(z))
    np.testing.assert_array_equal(same.vjp(layout(z), layout(r)), g.vjp(z, r))


def test_inputs_stay_as_they_were():
    weights, g, z = network_and_latents((3, 8, 21), batch=7)
    v, r = np.ones((7, 3)), np.ones((7, 21))
    before = [a.copy() for a in (*weights, z, v, r)]
    g(z), g.masks(z), g.linear_piece(z), g.jvp(z, v), g.vjp(z, r)
    for a, b in zip((*weights, z, v, r), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_is_immutable():
    weights, g, z = network_and_latents((3, 8, 21))
    kept, out = [w.copy() for w in weights], g(z)
    for w in weights:
        w[:] = 7
    for w in g.weights:
        try:
            w.flags.writeable = True
            w[:] = 7
        except ValueError:
            pass
    np.testing.assert_array_equal(g(z), out)
    for a, b in zip(g.weights, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("weights", "dims", "depth", "dtype"):
        with pytest.raises(AttributeError):
            setattr(g, name, None)


@pytest.mark.parametrize("dims", DIMS)
def test_attributes_describe_the_network(dims):
    weights, g, _ = network_and_latents(dims, np.float32)
    assert tuple(g.dims) == dims
    assert g.depth == len(dims) - 1
    assert g.dtype == np.float32
    for a, b in zip(g.weights, weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_stays_and_anything_else_becomes_float64():
    weights, g32, z32 = network_and_latents((3, 8, 21), np.float32)
    g64 = gd.ReLUNetwork(in_float64(weights))
    v, r, z64 = np.ones(3, np.float32), np.ones(21, np.float32), z32.astype(np.float64)
    assert g32.dtype == g32(z32).dtype == g32.jvp(z32, v).dtype == np.float32
    for g, z in [(g32, z64), (g64, z32), (g32, z32.tolist())]:
        np.testing.assert_array_equal(g(z), g64(z64))
        np.testing.assert_array_equal(g.vjp(z, r), g64.vjp(z64, r))
        assert g(z).dtype == g.linear_piece(z).dtype == g.jvp(z, v).dtype == np.float64
    assert g32.jvp(z32, v.astype(np.float64)).dtype == np.float64
    assert g32.vjp(z32, r.astype(np.float64)).dtype == np.float64
    assert gd.ReLUNetwork([weights[0], weights[1].astype(np.float64)]).dtype == np.float64
    assert gd.ReLUNetwork([np.ones((2, 2), dtype=int)]).dtype == np.float64
    assert gd.ReLUNetwork([np.ones((2, 2), dtype=np.float16)]).dtype == np.float64


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_copied_or_pickled_network_is_the_same(duplicate, dtype):
    _, g, z = network_and_latents((3, 8, 21), dtype)
    again = duplicate(g)
    assert again.dtype == dtype
    assert tuple(again.dims) == (3, 8, 21)
    np.testing.assert_array_equal(again(z), g(z))
