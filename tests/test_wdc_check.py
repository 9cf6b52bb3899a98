"""Certificates of bounds of the deviation: what the check accepts, and what it does not."""

import contextlib
import re
import sys
from functools import partial

import numpy as np
import pytest

import gendemod as gd
from certificates import certificate, fingerprint, grown, leaf_bound, sealed, write
from reference import wdc_deviation

flint = pytest.importorskip("flint")
from gendemod.wdc import _balls, _cells, _proof  # noqa: E402

rng = np.random.default_rng(4)
CASES = {  # the matrix, alpha, and the upper bound as a multiple of max(|W|^2, alpha / 2)
    "one column": (np.array([[1.0], [-2.0], [0.5], [0.0]]), 3.0, 0.5),
    "gaussian, 2 columns": (rng.standard_normal((6, 2)), 3.0, 0.97),
    "gaussian, 3 columns": (rng.standard_normal((20, 3)) / 20**0.5, 1.0, 0.92),
    "ties": (rng.integers(-1, 2, (12, 2)).astype(float), 3.0, 0.7),
    "ties, 3 columns": (rng.integers(-1, 2, (24, 3)).astype(float), 9.0, 0.8),
    "cross": (np.vstack([np.eye(2), -np.eye(2)]), 2.0, 0.8),
    "octahedron": (np.vstack([np.eye(3), -np.eye(3)]), 2.0, 0.97),
    "opposite rows": (np.array([[2, 1], [-0.4, -0.2], [1, -2], [-1, 0.3]]), 3.0, 0.9),
    "zero rows": (np.array([[0.0, 0], [1, 1], [0, 0], [-1, 3], [-2, -2], [1, -1]]), 2.0, 0.9),
    "huge": (1e140 * rng.standard_normal((9, 2)), 3e280, 0.98),
    "tiny": (1e-140 * rng.standard_normal((9, 2)), 3e-280, 0.98),
    "identity": (np.eye(3), 1.0, 1.01),
    "all zero": (np.zeros((3, 2)), 1.0, 1.01),
}


def trivial(W, alpha):
    return max(np.linalg.norm(W, 2) ** 2, alpha / 2)


def bounds(W, alpha):
    if W.shape[1] <= 2:
        return gd.wdc.exact(W, alpha)
    return gd.wdc.search(W, alpha, seed=0, max_evaluations=2000)


def made(name):
    """A certificate of a case, and its matrix."""
    W, alpha, share = CASES[name]
    below, upper = bounds(W, alpha), share * trivial(W, alpha)
    lower = below.lower * (1 - 1e-9)
    return certificate(W, alpha, lower, upper, below.x, below.y, grown(W, alpha, upper)), W


MADE = {name: made(name) for name in CASES}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "certificate.npz"


@pytest.mark.parametrize("name", CASES)
def test_a_true_certificate_is_accepted(path, name):
    fields, W = MADE[name]
    found = gd.wdc.check(write(path, fields), W)
    leaves = np.count_nonzero(fields["tree"] == 0)
    claim = (*(float(fields[key]) for key in ("lower", "upper", "alpha")), *W.shape)
    assert found == gd.wdc.Verdict(True, "", leaves, *claim)
    assert leaves > 1 or name in {"identity", "all zero"}


def test_an_accepted_bound_holds_at_dense_samples(path):
    fields, W = MADE["gaussian, 3 columns"]
    assert gd.wdc.check(write(path, fields), W).accepted
    assert gd.wdc.sample(W, 1.0, pairs=20_000, seed=1).maximum < fields["upper"]


# What is proven of a cell.


def random_cells(n, seed, count=30):
    """Cells met on random ways down from random pairs of orthants."""
    random = np.random.default_rng(seed)
    W = random.standard_normal((12, n)).round(1)
    rows = _cells.IntegerRows(W.tolist())
    roots = list(_cells.orthant_pairs(_cells.all_pairs(rows), rows))
    for _ in range(count):
        cell = roots[random.integers(len(roots))]
        for _ in range(random.integers(12) if n > 1 else 0):
            codes = rows.edge_count * (1 if cell.X is cell.Y else 2)
            children = cell.children(int(random.integers(codes)) + 1, rows)
            cell = children[random.integers(len(children))]
        yield W, rows, cell


def corners(cone):
    return np.array([[float(entry.p) / float(entry.q) for entry in v] for v in cone.vertices])


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_signs_and_sums_of_a_cell_match_its_points(n):
    for W, rows, cell in random_cells(n, seed=n):
        X, Y = corners(cell.X), corners(cell.Y)
        points = np.random.default_rng(0).exponential(size=(20, 2, n))
        on = np.array([(W @ (a @ X) > 0) & (W @ (b @ Y) > 0) for a, b in points])
        masks = {}
        for kind in ("sure", "possible"):
            masks[kind] = np.array([getattr(cell, kind) >> i & 1 for i in range(len(W))]) == 1
            gram = [[float(g) for g in row] for row in getattr(cell, kind + "_gram").tolist()]
            chosen = W[masks[kind]]
            np.testing.assert_allclose(
                np.array(gram) / 4.0**rows.shift, chosen.T @ chosen, atol=1e-12
            )
        assert (on | ~masks["sure"]).all()
        assert (~on | masks["possible"]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_leaf_is_proven_down_to_its_bound(n):
    alpha = 4.0
    for W, rows, cell in random_cells(n, seed=10 + n):
        X = corners(cell.X)
        Y = X if cell.X is cell.Y else corners(cell.Y)
        bound = leaf_bound(W, X, Y, alpha)
        for upper, expected in ((bound + 1e-9, True), (bound - 1e-9, False)):
            claim = [flint.arb(value) * 4**rows.shift for value in (alpha, upper)]
            assert _balls.proven(partial(_balls.leaf_is_below, cell, *claim)) == expected
        for a, b in np.random.default_rng(0).exponential(size=(10, 2, n)):
            assert wdc_deviation(W, a @ X, b @ Y, alpha) <= bound + 1e-12


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_leaves_of_any_tree_hold_every_pair_once(n):
    random = np.random.default_rng(n)
    rows = _cells.IntegerRows([[1.0] * n])
    stack = list(_cells.orthant_pairs(_cells.all_pairs(rows), rows))
    leaves = []
    while stack:
        cell = stack.pop()
        codes = rows.edge_count * (1 if cell.X is cell.Y else 2)
        if random.random() < 0.7:
            leaves.append((corners(cell.X), corners(cell.Y)))
        else:
            stack += cell.children(int(random.integers(codes)) + 1, rows)

    def within(z, cone):
        return (np.linalg.solve(cone.T, z) > 0).all()

    for x, y in random.standard_normal((20, 2, n)):
        holding = [(within(x, X) and within(y, Y)) or (within(y, X) and within(x, Y))
                   for X, Y in leaves]  # fmt: skip
        assert sum(holding) == 1


@pytest.mark.parametrize("angle", [0.0, 1e-300, 1e-25, 1e-19, 1e-12, 1e-3, 1.0])
@pytest.mark.parametrize("side", [1, -1])
def test_expected_grams_are_tight_at_all_angles(angle, side):
    a = _balls.unit([flint.arb(1), flint.arb(0), flint.arb(0)])
    b = _balls.unit([flint.arb(side), flint.arb(angle), flint.arb(0)])
    found = _balls.expected_gram(a, b, flint.arb(1))
    theta = np.arctan(angle) if side == 1 else np.pi - np.arctan(angle)
    c, s = np.cos(theta), np.sin(theta)
    swap = np.array([[c, s, 0], [s, -c, 0], [0, 0, 0]])
    expected = ((np.pi - theta) * np.eye(3) + s * swap) / (2 * np.pi)
    for i, row in enumerate(found):
        assert all(entry.rad() < 1e-14 for entry in row)
        np.testing.assert_allclose([float(g) for g in row], expected[i, : i + 1], atol=1e-14)


# Claims that are false. The digest belongs to each, so that it is the proof that fails.


def rejected(path, fields, W, reason):
    found = gd.wdc.check(write(path, sealed(fields)), W)
    assert not found.accepted
    assert re.search(reason, found.reason), found.reason
    return found


@pytest.mark.parametrize("name", CASES)
def test_bounds_that_do_not_hold_are_rejected(path, name):
    fields, W = MADE[name]
    lower, upper = fields["lower"], fields["upper"]
    # The upper bound lies below the deviation of the witness.
    rejected(path, fields | {"upper": lower}, W, "is not proven to be at most")
    rejected(path, fields | {"lower": upper}, W, "witness")
    rejected(path, fields | {"lower": lower * (1 + 1e-8)}, W, "witness")
    rejected(path, fields | {"lower": upper * 2}, W, "is above")


@pytest.mark.parametrize("name", CASES)
def test_another_alpha_is_rejected(path, name):
    fields, W = MADE[name]
    far = {"alpha": np.array(4 * (trivial(W, 0) + fields["upper"]))}
    rejected(path, fields | far, W, "is not proven to be")
    rejected(path, fields | far | {"lower": np.array(0.0)}, W, "is not proven to be at most")


@pytest.mark.parametrize("name", CASES)
def test_another_matrix_is_rejected(path, name):
    fields, W = MADE[name]
    other = 10 * W + np.max(W) + (fields["upper"] ** 0.5)
    of_other = {"W_sha256": np.array(fingerprint(other))}
    rejected(path, fields | of_other, other, "is not proven to be")


@pytest.mark.parametrize("key", ["x", "y"])
def test_another_witness_is_rejected(path, key):
    fields, W = MADE["gaussian, 3 columns"]
    rejected(path, fields | {key: -fields[key]}, W, "the deviation of the witness")
    rejected(path, fields | {key: 0 * fields[key]}, W, "a direction of the witness is zero")


def subtree(tree, begin, n, diagonal):
    """Where the codes of a cell end."""
    edges = n * (n - 1) // 2
    code, end = tree[begin], begin + 1
    if code == 0:
        return end
    kinds = (True, False, True) if diagonal and code <= edges else (False, False)
    for kind in kinds:
        end = subtree(tree, end, n, kind)
    return end


@pytest.mark.parametrize("name", [name for name in CASES if MADE[name][0]["tree"][1:].any()])
def test_a_leaf_in_place_of_a_split_is_rejected(path, name):
    fields, W = MADE[name]
    tree, n = fields["tree"].tolist(), W.shape[1]
    begin, diagonals, replaced = 1, [a == b for a in range(2**n) for b in range(a, 2**n)], 0
    for diagonal in diagonals:
        end = subtree(tree, begin, n, diagonal)
        if tree[begin]:
            replaced += 1
            other = np.array([*tree[:begin], 0, *tree[end:]], dtype=np.uint8)
            found = rejected(path, fields | {"tree": other}, W, f"byte {begin + 1} of the tree")
            assert found.leaves == tree[:begin].count(0)
        begin = end
    assert begin == len(tree)
    assert replaced


TREES = {
    "is empty": (lambda tree: tree[:0], "begins with neither"),
    "begins with another code": (lambda tree: [2, *tree[1:]], "begins with neither"),
    "is a leaf": (lambda tree: [0], "leaf 1, byte 1"),
    "is the root alone": (lambda tree: tree[:1], "ends after 1 bytes"),
    "ends early": (lambda tree: tree[:-1], "before its last leaf"),
    "goes on": (lambda tree: [*tree, 0], "1 bytes of the tree follow its last leaf"),
    "has a leaf too many": (
        lambda tree: [*tree[:1], 0, *tree[1:]],
        "is not proven|follow its last leaf",
    ),
    "splits y on the diagonal": (lambda tree: [1, 4, *tree[1:]], "code 4 in byte 2 .* no meaning"),
    "splits no edge": (lambda tree: [*tree[:-1], 7], "code 7 in byte .* no meaning"),
    "is noise": (lambda tree: [1, *([255] * 50)], "code 255 in byte 2 .* no meaning"),
}


@pytest.mark.parametrize("name", TREES)
def test_a_tree_is_no_proof_if_it(path, name):
    fields, W = MADE["gaussian, 3 columns"]
    change, reason = TREES[name]
    tree = np.array(change(fields["tree"]), dtype=np.uint8)
    rejected(path, fields | {"tree": tree}, W, reason)


def test_leaves_that_another_leaf_repeats_are_rejected(path):
    # As many leaves as there are, but all of them of one column's first pair.
    fields, W = MADE["one column"]
    assert gd.wdc.check(write(path, sealed(fields | {"upper": np.array(2.6)})), W).accepted
    rejected(path, fields | {"tree": np.array([1, 0, 0], dtype=np.uint8)}, W, "before its last")
    rejected(path, fields | {"tree": np.array([1, 0, 1, 0, 0], dtype=np.uint8)}, W, "no meaning")


# Exact signs.


def test_masks_of_the_witness_are_exact(path):
    # (1 + e)(1 - e) - 1 is -e^2; in float64 it is 0.
    e = 2.0**-30
    W, x = np.array([[-(1 + e), 1.0]]), np.array([1 - e, 1.0])
    assert W[0] @ x == 0
    deviation = float(np.sum(W**2)) - 0.5
    fields = certificate(W, 1.0, deviation * (1 - 1e-12), 2.5, x, x, [0])
    assert gd.wdc.check(write(path, fields), W).accepted
    rejected(path, fields | {"x": -x, "y": -x}, W, "witness")


def test_rows_on_a_wall_of_the_witness_are_off(path):
    W, x = np.array([[1.0, -1.0]]), np.array([1.0, 1.0])
    fields = certificate(W, 1.0, 0.49, 2.5, x, x, [0])
    assert gd.wdc.check(write(path, fields), W).accepted
    rejected(path, fields | {"lower": np.array(0.51)}, W, "witness")


def test_numbers_of_all_sizes_are_summed_exactly(path):
    W = np.array([[1e150, 1.0], [-1e-300, 5e-324], [1.0, -1e-150]])
    fields = certificate(W, 1e-300, 1e299, 1.1e300, [1, 0], [1, 0], [0])
    assert gd.wdc.check(write(path, fields), W).accepted
    rejected(path, fields | {"upper": np.array(0.9e300)}, W, "leaf 1")


def test_nothing_is_below_zero(path):
    W = np.array([[1.0], [-1.0]])  # the deviation is 0 everywhere
    fields = certificate(W, 2.0, 0.0, 1e-9, [1.0], [1.0], [1, 0, 0, 0])
    assert gd.wdc.check(write(path, fields), W).accepted
    rejected(path, fields | {"upper": np.array(0.0)}, W, "leaf 1")


# Files.


FIELDS, MATRIX = MADE["gaussian, 2 columns"]
ALTERED = {
    **{key: lambda array: np.nextafter(array, np.inf) for key in ("alpha", "lower", "upper")},
    **{key: lambda array: array * (1, 1 + 1e-15) for key in ("x", "y")},
    "tree": lambda array: array ^ (np.arange(array.size) == 3).astype(np.uint8),
    "format": lambda array: np.array(f"{array}0"),
    "W_sha256": lambda array: np.array(str(array)[::-1]),
    "digest": lambda array: np.array(str(array)[::-1]),
}


@pytest.mark.parametrize("key", ALTERED)
def test_fields_that_do_not_match_the_digest_are_refused(path, key):
    altered = FIELDS | {key: ALTERED[key](FIELDS[key])}
    with pytest.raises(ValueError, match=r"`certificate` must .* because .*; got .*certificate"):
        gd.wdc.check(write(path, altered), MATRIX)


def bit(W):
    other = W.copy()
    other.view(np.uint64)[0, 0] ^= np.uint64(1)
    return other


@pytest.mark.parametrize("other", [bit, lambda W: W[::-1], lambda W: W[1:], lambda W: W[:, ::-1]])
def test_a_certificate_of_another_matrix_is_refused(path, other):
    with pytest.raises(ValueError, match="be one of this `W`"):
        gd.wdc.check(write(path, FIELDS), other(MATRIX))
    with pytest.raises(ValueError, match="be one of this `W`"):
        gd.wdc.check(path, MATRIX[:, :1])


WRONG = {
    "a missing array": {"tree": None},
    "an array too many": {"note": np.array(1.0)},
    "an object": {"tree": np.array([1, None], dtype=object)},
    "a tree of integers": {"tree": FIELDS["tree"].astype(int)},
    "a tree of two axes": {"tree": FIELDS["tree"][None]},
    "single precision": {"alpha": FIELDS["alpha"].astype("f4")},
    "big-endian numbers": {"x": FIELDS["x"].astype(">f8")},
    "an integer": {"upper": np.array(12)},
    "a vector": {"lower": FIELDS["lower"][None]},
    "a long witness": {"y": np.ones(3)},
    "bytes for text": {"format": np.array(str(FIELDS["format"]).encode())},
    "a list of text": {"digest": FIELDS["digest"][None]},
    "no character": {"format": np.full(1, 2**32 - 1, dtype=np.uint32).view("U1")[0, ...]},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_archive_is_no_certificate_if_it_holds(path, name):
    fields = {key: value for key, value in (FIELDS | WRONG[name]).items() if value is not None}
    with pytest.raises(ValueError, match="`certificate` must"):
        gd.wdc.check(write(path, fields), MATRIX)


@pytest.mark.parametrize("key", ["alpha", "lower", "upper", "x", "y"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(path, key, value):
    array = np.full_like(FIELDS[key], value)
    with pytest.raises(ValueError, match="hold finite numbers and an alpha greater than 0"):
        gd.wdc.check(write(path, sealed(FIELDS | {key: array})), MATRIX)


@pytest.mark.parametrize("alpha", [0.0, -1.0])
def test_an_alpha_that_is_not_positive_is_refused(path, alpha):
    with pytest.raises(ValueError, match="an alpha greater than 0"):
        gd.wdc.check(write(path, sealed(FIELDS | {"alpha": np.array(alpha)})), MATRIX)


def test_a_damaged_file_never_proves_another_claim(path):
    whole = write(path, FIELDS).read_bytes()
    expected = gd.wdc.check(path, MATRIX)
    random = np.random.default_rng(0)
    places = [*random.integers(len(whole), size=150), len(whole)]
    for place in places:
        cut = whole[:place] if place % 3 == 0 or place == len(whole) else None
        flipped = bytearray(whole)
        flipped[place % len(whole)] ^= 1 << place % 8
        path.write_bytes(flipped if cut is None else cut)
        with contextlib.suppress(ValueError):
            assert gd.wdc.check(path, MATRIX) == expected


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="`certificate` must"):
        gd.wdc.check(path, MATRIX)


def test_the_matrix_may_be_a_file(path, tmp_path):
    write(path, FIELDS)
    files = [tmp_path / name for name in ("W.npy", "named.npz", "alone.npz", "many.npz")]
    np.save(files[0], MATRIX)
    np.savez(files[1], W=MATRIX, V=2 * MATRIX)
    np.savez(files[2], MATRIX)
    np.savez(files[3], A=MATRIX, B=MATRIX)
    for W in (*files[:3], str(files[0]), MATRIX.tolist(), np.asfortranarray(MATRIX)):
        assert gd.wdc.check(path, W).accepted
    with pytest.raises(ValueError, match="`W` must hold an array W, or one array alone"):
        gd.wdc.check(path, files[3])
    files[0].write_bytes(files[0].read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"`W` must be a plain .npy array"):
        gd.wdc.check(path, files[0])
    np.save(files[0], MATRIX.astype(object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"`W` must be a plain .npy array"):
        gd.wdc.check(path, files[0])
    with pytest.raises(ValueError, match=r"`W` must be an array or end in .npy or .npz"):
        gd.wdc.check(path, "W.txt")
    with pytest.raises(OSError, match="absent"):
        gd.wdc.check(path, tmp_path / "absent.npy")
    with pytest.raises(OSError, match="absent"):
        gd.wdc.check(tmp_path / "absent.npz", MATRIX)


@pytest.mark.parametrize("value", [None, 3, 1.5, [1]])
def test_a_path_is_a_path(value):
    with pytest.raises(TypeError, match="`certificate` must be a path"):
        gd.wdc.check(value, MATRIX)


# The way it works.


def test_progress_is_shown_on_request(path, capsys):
    gd.wdc.check(write(path, FIELDS), MATRIX)
    assert capsys.readouterr().err == ""
    gd.wdc.check(path, MATRIX, progress=True)
    size = len(FIELDS["tree"])
    assert f"{size}/{size}" in capsys.readouterr().err


def test_an_interrupt_ends_the_check_and_leaves_the_precision(path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_proof, "leaf_is_below", interrupt)
    precision = flint.ctx.prec
    with pytest.raises(KeyboardInterrupt):
        gd.wdc.check(write(path, FIELDS), MATRIX)
    assert flint.ctx.prec == precision


def test_a_low_precision_elsewhere_changes_nothing(path):
    write(path, FIELDS)
    with flint.ctx.workprec(5):
        assert gd.wdc.check(path, MATRIX).accepted


def test_without_flint_the_extra_is_named(path, monkeypatch):
    monkeypatch.delattr(gd.wdc, "_proof")
    monkeypatch.setitem(sys.modules, "gendemod.wdc._proof", None)
    with pytest.raises(ImportError, match=r"install gendemod\[certify\]"):
        gd.wdc.check(write(path, FIELDS), MATRIX)
