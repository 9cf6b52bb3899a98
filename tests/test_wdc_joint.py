"""The joint weight distribution condition: its supremum, and the search for it."""

import itertools
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gendemod as gd
from gendemod import _slices
from gendemod.wdc import _joint_ascent
from reference import expected_gram, joint_wdc_deviation, sides_of_walls

SIGNS = [np.array([1.0]), np.array([-1.0])]
exact = settings(deadline=None, derandomize=True, max_examples=40, database=None)
rng = np.random.default_rng(11)


def pair(rows, n, p, seed=0):
    random = np.random.default_rng(seed)
    return tuple(random.standard_normal((rows, size)) / np.sqrt(rows) for size in (n, p))


PAIRS = {
    "gaussian": pair(80, 4, 3),
    "planes": pair(60, 2, 2),
    "plane and space": pair(60, 2, 3),
    "space and line": pair(60, 3, 1),
    "line and space": pair(60, 1, 3),
    "one row": pair(1, 3, 3),
    "few rows": pair(3, 5, 4),
    "zero rows": tuple(np.vstack([np.zeros((9, 3)), W]) for W in pair(30, 3, 3)),
    "no row in common": (np.diag([1.0, 2, 0, 0])[:, :3], np.diag([0, 0, 1.0, 3])[:, 1:]),
    "all zero": (np.zeros((4, 3)), np.zeros((4, 2))),
    "duplicates": tuple(np.repeat(W, 5, axis=0) for W in pair(12, 3, 3)),
    "integers": tuple(rng.integers(-1, 2, (40, 3)) / 40**0.5 for _ in "BC"),
    "tiny": tuple(1e-120 * W for W in pair(30, 3, 3)),
    "tiny and huge": (1e-150 * pair(30, 3, 3)[0], 1e150 * pair(30, 3, 3)[1]),
    "wide": pair(120, 20, 18),
}


def level_of(B, C):
    """The alpha of the mean: ell times the sum of squares of products, over n p; never 0."""
    products = np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=1)
    return float(len(B) * np.sum(products**2) / B.shape[1] / C.shape[1]) or 1.0


def quick(B, C, alpha=1.0, **options):
    return gd.wdc.joint_search(B, C, alpha, **{"seed": 3, "max_evaluations": 8000, **options})


def at_witness(B, C, found, alpha=1.0):
    return max(gd.wdc.joint_deviation(B, C, *found.x, *found.y, alpha))


def longest(B, C):
    return len(B) * np.max(np.linalg.norm(B, axis=1) ** 2 * np.linalg.norm(C, axis=1) ** 2)


# The supremum of a plane and a line.


@pytest.mark.parametrize("alpha", [0.2, 1.0, 9.0])
@pytest.mark.parametrize("rows", [1, 2, 3, 6])
def test_a_plane_and_a_line_match_brute_force(rows, alpha):
    B, C = pair(rows, 2, 1, rows)
    found = gd.wdc.joint_exact(B, C, alpha)
    assert found.lower == found.upper
    assert found.x.shape == (2, 2)
    assert found.y.shape == (2, 1)
    expected = max(
        max(joint_wdc_deviation(B, C, h, x, m, y, alpha))
        for h, x in itertools.product(sides_of_walls(B), repeat=2)
        for m, y in itertools.product(SIGNS, repeat=2)
    )
    scale = len(B) * np.sum(B**2 * C**2) + alpha
    assert found.lower == pytest.approx(expected, abs=1e-8 * scale)
    assert at_witness(B, C, found, alpha) == pytest.approx(found.lower, rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_of_a_line_the_deviation_of_products_is_the_smaller(n):
    B, C = pair(40, n, 1, n)
    h, x = np.random.default_rng(0).standard_normal((2, 600, n))
    h[::4] = x[::4]
    values = gd.wdc.joint_deviation(B, C, h, x, [1.0], [1.0], 0.8)
    assert np.all(values[:, 1] <= values[:, 0] + 1e-9)


def test_a_fine_grid_stays_below_the_supremum():
    B, C = pair(25, 2, 1, 4)
    angles = np.linspace(0, 2 * np.pi, 150, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    h, x = np.repeat(circle, 150, axis=0), np.tile(circle, (150, 1))
    values = [gd.wdc.joint_deviation(B, C, h, x, m, m) for m in SIGNS]
    found = gd.wdc.joint_exact(B, C)
    assert 0.95 * found.upper < np.max(values) <= found.upper * (1 + 1e-9)


@exact
@given(st.integers(1, 30), st.integers(1, 2), st.integers(0, 2**32), st.floats(1e-8, 1e8))
def test_the_supremum_keeps_the_invariances(rows, n, seed, c):
    B, C = pair(rows, n, 1, seed)
    found = gd.wdc.joint_exact(B, C)
    scale = rows * np.sum(B**2) * np.sum(C**2) + 1
    exchanged = gd.wdc.joint_exact(C, B)
    assert exchanged.lower == pytest.approx(found.lower, abs=1e-12 * scale)
    assert at_witness(C, B, exchanged) == pytest.approx(found.lower, rel=1e-6)
    scaled = gd.wdc.joint_exact(c * B, C / 3, c**2 / 9)
    assert scaled.lower * 9 / c**2 == pytest.approx(found.lower, abs=1e-10 * scale)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))
    turned = gd.wdc.joint_exact(B @ turn.T, -C)
    assert turned.lower == pytest.approx(found.lower, abs=1e-10 * scale)


@exact
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32), st.floats(1e-8, 1e8))
def test_deviations_keep_the_invariances(n, p, seed, c):
    random = np.random.default_rng(seed)
    (B, C), (h, x), (m, y) = pair(20, n, p, seed), *(random.standard_normal((2, k)) for k in (n, p))
    values = gd.wdc.joint_deviation(B, C, h, x, m, y, 0.7)
    close = {"rel": 1e-9, "abs": 2e-8}
    moved = gd.wdc.joint_deviation(B, C, c * h, x / c, 3 * m, c * y, 0.7)
    assert moved == pytest.approx(values, **close)
    assert gd.wdc.joint_deviation(B, C, x, h, y, m, 0.7) == pytest.approx(values, **close)
    exchanged = gd.wdc.joint_deviation(C, B, m, y, h, x, 0.7)
    assert exchanged[::-1] == pytest.approx(values, **close)
    scaled = gd.wdc.joint_deviation(c * B, 2 * C, h, x, m, y, 4 * c**2 * 0.7)
    assert np.divide(scaled, 4 * c**2) == pytest.approx(values, **close)


# The search.


@pytest.mark.parametrize("name", PAIRS)
def test_a_search_beats_a_sample_and_the_longest_row(name):
    B, C = PAIRS[name]
    alpha = level_of(B, C)
    found = quick(B, C, alpha)
    assert found.upper == np.inf
    assert found.x.shape == (2, B.shape[1])
    assert found.y.shape == (2, C.shape[1])
    assert at_witness(B, C, found, alpha) == pytest.approx(found.lower, rel=1e-6)
    sample = gd.wdc.joint_sample(B, C, alpha, pairs=1000, seed=1)
    slack = 1e-6 * (longest(B, C) + alpha)
    assert found.lower >= sample.maximum - slack
    assert found.lower >= longest(B, C) - slack


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (1, 2)])
def test_where_the_supremum_is_known_the_search_returns_it(sizes):
    B, C = pair(30, *sizes)
    found, known = quick(B, C), gd.wdc.joint_exact(B, C)
    assert (found.lower, found.upper) == (known.lower, known.upper)
    np.testing.assert_array_equal(found.x, known.x)
    np.testing.assert_array_equal(found.y, known.y)


@pytest.mark.parametrize("sizes", [(2, 1), (1, 2), (1, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_the_climbs_alone_reach_the_supremum_of_a_plane_and_a_line(sizes, seed):
    B, C = pair(30, *sizes, seed)
    climbs = gd.wdc._joint_climbs.JointClimbs(B, C, 1.0, seed, 1)
    while not climbs.run(5000, 1.0):
        pass
    pairs = climbs.best()
    value = max(gd.wdc.joint_deviation(B, C, *pairs[0], *pairs[1]))
    assert value == pytest.approx(gd.wdc.joint_exact(B, C).upper, rel=1e-6)


@pytest.mark.parametrize("sizes", [(4, 1), (1, 4)])
def test_with_a_line_it_is_the_search_of_weighted_rows(sizes):
    B, C = pair(100, *sizes)
    rows, line = (B, C) if sizes[1] == 1 else (C, B)
    expected = max(
        gd.wdc.search(10 * np.maximum(s * line, 0) * rows, 0.5, seed=0, max_evaluations=4000).lower
        for s in (1, -1)
    )
    assert quick(B, C, max_evaluations=20_000).lower >= 0.99 * expected


def test_in_planes_a_grid_finds_no_more():
    B, C = PAIRS["planes"]
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False) + 0.01
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    four = np.array(list(itertools.product(range(16), repeat=4)))
    values = gd.wdc.joint_deviation(B, C, *(circle[column] for column in four.T))
    assert quick(B, C).lower > np.max(values)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_what_is_found(threads):
    B, C = PAIRS["gaussian"]
    serial, parallel = quick(B, C, threads=1), quick(B, C, threads=threads)
    assert serial.lower == parallel.lower
    np.testing.assert_array_equal(serial.x, parallel.x)
    np.testing.assert_array_equal(serial.y, parallel.y)


def test_powers_of_two_of_the_scales_change_nothing():
    B, C = PAIRS["gaussian"]
    found, scaled = quick(B, C), quick(B * 2.0**300, C * 2.0**-299, 4.0)
    assert scaled.lower == 4 * found.lower
    np.testing.assert_array_equal(found.x, scaled.x)
    np.testing.assert_array_equal(found.y, scaled.y)


def test_more_evaluations_find_no_less():
    B, C = PAIRS["gaussian"]
    found = [quick(B, C, max_evaluations=count).lower for count in (1, 5000, 20_000)]
    assert found == sorted(found)


def test_no_time_leaves_the_longest_rows():
    B, C = PAIRS["wide"]
    found = quick(B, C, max_evaluations=None, time_limit=0.0)
    assert found.lower >= longest(B, C) * (1 - 1e-6)


def test_an_interrupt_returns_the_best_so_far(monkeypatch):
    B, C = PAIRS["wide"]
    monkeypatch.setattr(_slices, "SLICE", 0.02)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.4)
    try:
        found = quick(B, C, max_evaluations=2**40)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert at_witness(B, C, found) == pytest.approx(found.lower, rel=1e-9)


def test_progress_goes_to_the_screen(capfd):
    quick(*PAIRS["planes"], progress=True)
    assert "joint search" in capfd.readouterr().err


# The ascent in (m, y).


def test_expected_grams_match_their_definition():
    x, y = _joint_ascent.unit(np.random.default_rng(2).standard_normal((2, 4)))
    for z in (y, x, -x, _joint_ascent.unit(x + 1e-9 * y)):
        Q = expected_gram(x, z)
        np.testing.assert_allclose(_joint_ascent.expected_gram(x, z), Q, atol=1e-12)
        assert _joint_ascent.mean_product(x, z) == pytest.approx(x @ Q @ z, abs=1e-12)
        np.testing.assert_allclose(_joint_ascent.mean_slope(x, z), Q @ z, atol=1e-12)


def test_the_slope_matches_central_differences():
    random = np.random.default_rng(6)
    C, weights = random.standard_normal((30, 4)), random.random(30)
    m, y = _joint_ascent.unit(random.standard_normal((2, 4)))
    for sign in (1, -1):
        form = _joint_ascent._Form(C, sign * weights, sign * 3.0)
        slope = form.slope(m, y)
        assert abs(slope @ m) < 1e-12
        for t in random.standard_normal((3, 4)):
            across = 1e-6 * (t - (t @ m) * m)
            ends = (form(_joint_ascent.unit(m + s * across), y) for s in (1, -1))
            assert slope @ across * 2 == pytest.approx(next(ends) - next(ends), rel=1e-6)


def test_an_ascent_ends_higher_at_the_value_it_says():
    (B, C), random = PAIRS["gaussian"], np.random.default_rng(9)
    for _ in range(10):
        h, x = _joint_ascent.unit(random.standard_normal((2, 4)))
        m, y = _joint_ascent.unit(random.standard_normal((2, 3)))
        value, up_m, up_y = _joint_ascent.ascend(B, C, 0.6, (h, x), m, y)
        assert value == pytest.approx(joint_wdc_deviation(B, C, h, x, up_m, up_y, 0.6)[0])
        assert value >= joint_wdc_deviation(B, C, h, x, m, y, 0.6)[0] * (1 - 1e-12)


# What is refused.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_evaluations": 0}, "`max_evaluations` must be at least 1"),
        ({"time_limit": -1}, "`time_limit` must be at least 0"),
        ({"time_limit": np.nan}, "`time_limit` must be at least 0"),
        ({"alpha": 0}, "`alpha` must be greater than 0"),
        ({"threads": 0}, "`threads` must be at least 1"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"C": np.ones((3, 2))}, "`C` must have 80 rows as `B`"),
        ({"B": np.full((80, 4), np.inf)}, "`B` must be finite"),
        ({"B": np.full((80, 4), 1e100), "C": np.full((80, 4), 1e100)}, "`B` must be below 1e150"),
    ],
)
def test_bad_values_are_refused(options, message):
    B, C = PAIRS["gaussian"]
    with pytest.raises(ValueError, match=message + ".*because.*; got"):
        gd.wdc.joint_search(**{"B": B, "C": C, "seed": 0, **options})


@pytest.mark.parametrize("options", [{"seed": 1.0}, {"progress": 1}, {"alpha": True}, {"B": "B"}])
def test_arguments_of_the_wrong_kind_are_refused(options):
    B, C = PAIRS["gaussian"]
    with pytest.raises(TypeError, match=r"`\w+` must .* because .*; got"):
        gd.wdc.joint_search(**{"B": B, "C": C, "seed": 0, **options})


@pytest.mark.parametrize(
    ("sizes", "name"), [((2, 2), "B"), ((3, 1), "B"), ((1, 3), "C"), ((2, 3), "B")]
)
def test_more_directions_than_are_decided_are_refused(sizes, name):
    message = f"`{name}` must have one column, or two if .* because .*`joint_search`.*; got shape"
    with pytest.raises(ValueError, match=message):
        gd.wdc.joint_exact(*pair(5, *sizes))


# Proofs from above.


@pytest.mark.parametrize(("n", "p"), [(1, 1), (2, 1), (1, 2), (3, 1), (1, 3)])
def test_a_bound_encloses_what_is_exact_and_what_is_found(n, p):
    B, C = np.random.default_rng(n).standard_normal((2, 30, 3)) / np.sqrt(30)
    B, C = B[:, :n], C[:, :p]
    found = gd.wdc.joint_bound(B, C, 0.9, tolerance=0.05)
    assert found.upper - found.lower <= 0.05 * (1 + 1e-9)
    assert (found.x.shape, found.y.shape) == ((2, n), (2, p))
    reached = gd.wdc.joint_deviation(B, C, *found.x, *found.y, 0.9)
    assert max(reached) == pytest.approx(found.lower, rel=1e-6)
    assert gd.wdc.joint_sample(B, C, 0.9, pairs=5000, seed=0).maximum <= found.upper
    if n * p <= 2:
        assert found.lower - 1e-9 <= gd.wdc.joint_exact(B, C, 0.9).lower <= found.upper
    else:
        searched = gd.wdc.joint_search(B, C, 0.9, seed=0, max_evaluations=4000).lower
        assert searched <= found.upper


def test_a_bound_wants_a_layer_of_one_column():
    with pytest.raises(ValueError, match="`C` must have one column, or `B`"):
        gd.wdc.joint_bound(np.ones((3, 2)), np.ones((3, 2)), tolerance=0.1)
    with pytest.raises(ValueError, match="`tolerance` must be greater than 0"):
        gd.wdc.joint_bound(np.ones((3, 2)), np.ones((3, 1)), tolerance=0)
