"""Rates, transitions and power laws of trials that are drawn from known curves."""

import math
from fractions import Fraction

import numpy as np
import pytest

from gendemod import sweep as sweeps
from gendemod.sweep._logistic import crossing
from gendemod.sweep._rates import _median
from gendemod.sweep._tails import chi_squared_tail, student_quantile
from sweeping import simulated, tiny, written

Z = 1.959963984540054
ELLS = [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]


def curve(x, middle, slope):
    return 1 / (1 + (x / middle) ** -slope)


def test_wilsons_interval_is_where_the_score_test_accepts(tmp_path):
    sweep = tiny(axes={"n": [1, 2]}, settings={"ell": 9}, trials=20)
    found = sweeps.rates(simulated(tmp_path / "a", sweep, lambda cell: 0.3 * cell["n"]))
    assert found.tried.tolist() == [20, 20]
    np.testing.assert_array_equal(found.rate, found.successes / 20)
    for end in (found.lower, found.upper):
        score = (found.rate - end) / np.sqrt(end * (1 - end) / 20)
        np.testing.assert_allclose(np.abs(score), Z, rtol=1e-9)
    assert (found.lower < found.rate).all()
    assert (found.rate < found.upper).all()


def test_rates_at_the_ends_and_without_trials(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 3]}, settings={"ell": 9}, trials=10)
    errors = np.tile([0.0, 1.0, np.nan], 10)
    found = sweeps.rates(written(tmp_path / "a", sweep, errors), level=0.9)
    assert found.tried.tolist() == [10, 10, 0]
    np.testing.assert_array_equal(found.rate, [1, 0, np.nan])
    assert (found.lower[1], found.upper[0]) == (0, 1)
    assert (found.lower[2], found.upper[2]) == (0, 1)
    z = 1.6448536269514722
    assert found.lower[0] == pytest.approx(10 / (10 + z**2))
    assert found.upper[1] == pytest.approx(z**2 / (10 + z**2))


def test_another_criterion_needs_no_other_trials(tmp_path):
    sweep = tiny(axes={"n": [1, 2], "ell": ELLS}, settings={}, trials=30)
    errors = np.random.default_rng(2).exponential(size=len(sweep))
    results = written(tmp_path / "a", sweep, errors)
    cells = errors.reshape(30, 2, len(ELLS))
    for below in (0.3, 1.0):
        found = sweeps.rates(results, success=("error", below))
        np.testing.assert_array_equal(found.successes, (cells < below).sum(axis=0))
        assert found.sweep.criterion == ("error", below)
    strict = sweeps.rates(results, success=("iterations", 0))  # none takes fewer than none
    assert not strict.successes.any()
    as_given = sweeps.transitions(results, "ell", success=sweep.criterion).to_dict()
    np.testing.assert_equal(as_given, sweeps.transitions(results, "ell").to_dict())
    other = sweeps.transitions(results, "ell", success=("error", 1e9)).rows
    assert [(row.how, row.lower) for row in other] == [("none", 0), ("none", 0)]
    with pytest.raises(ValueError, match=r"`success` must be one of error"):
        sweeps.transitions(results, "ell", success=("speed", 1))
    with pytest.raises(ValueError, match=r"`success` must be at least 0"):
        sweeps.rates(results, success=("error", -1))


def test_wilsons_interval_covers(tmp_path):
    n, covered = 25, []
    k = np.arange(n + 1)
    sweep = tiny(axes={"n": list(range(1, n + 2))}, settings={"ell": 9}, trials=n)
    errors = np.where(np.arange(n)[:, None] < k, 0.0, 1.0).ravel()
    found = sweeps.rates(written(tmp_path / "a", sweep, errors))
    for p in np.linspace(0.02, 0.98, 49):
        chance = np.array([math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in k])
        covered.append(chance[(found.lower <= p) & (p <= found.upper)].sum())
    assert min(covered) > 0.89
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("trials", [3, 6, 15, 40])
def test_medians_have_intervals_that_cover(tmp_path, trials):
    cells = 400
    sweep = tiny(axes={"ell": list(range(1, cells + 1))}, settings={"n": 1}, trials=trials)
    errors = np.random.default_rng(trials).exponential(size=trials * cells)
    found = sweeps.medians(written(tmp_path / "a", sweep, errors), "error")
    table = np.sort(errors.reshape(trials, cells), axis=0)
    np.testing.assert_array_equal(found.value, np.median(table, axis=0))
    if trials < 6:  # the chance that all are on one side is above 5 %
        assert np.isinf(found.lower).all()
        assert np.isinf(found.upper).all()
        return
    covered = np.mean((found.lower <= math.log(2)) & (math.log(2) <= found.upper))
    assert covered > 0.93
    # One order statistic further in, it would be too narrow.
    k = int((table < found.lower).sum(axis=0).max()) + 1
    both = 2 * sum(math.comb(trials, i) for i in range(k + 1)) / 2**trials
    assert both > 0.05


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
def test_intervals_of_medians_leave_out_what_the_binomial_allows(level):
    for n in (1, 2, 5, 6, 7, 40, 399, 400, 401, 999, 1000, 1074, 1075, 3000):
        allowed = Fraction(1 - level) * 2 ** (n - 1)
        total, k = 1, 0  # the sum of the binomial coefficients up to k
        while total <= allowed:
            k += 1
            total += math.comb(n, k)
        _, lower, upper = _median(np.arange(n), level)
        assert (lower, upper) == ((k - 1, n - k) if k else (-math.inf, math.inf))


@pytest.mark.parametrize("n", [1075, 10**4, 10**6])
def test_medians_of_many_values_have_the_normal_interval(n):
    value, lower, upper = _median(np.arange(n), 0.95)
    assert value == (n - 1) / 2
    assert lower + upper == n - 1
    assert upper - lower == pytest.approx(Z * n**0.5, abs=2)


def test_medians_of_many_trials(tmp_path):
    n = 1200
    sweep = tiny(axes={"n": [1, 2]}, settings={"ell": 9}, trials=n)
    errors = np.full(2 * n, np.nan)
    errors[::2] = np.random.default_rng(1).permutation(n)
    found = sweeps.medians(written(tmp_path / "a", sweep, errors), "error")
    assert found.tried.tolist() == [n, 0]
    assert (found.value[0], found.lower[0], found.upper[0]) == _median(np.arange(n), 0.95)
    assert (found.lower[1], found.upper[1]) == (-math.inf, math.inf)


def test_medians_take_the_trials_and_not_the_grid_of_all(tmp_path):
    sweep = tiny(axes={"n": [1, 2]}, settings={"ell": 9}, trials=10**12)
    found = sweeps.medians(written(tmp_path / "a", sweep, np.array([3.0, 2.0, 5.0])), "error")
    assert found.value.tolist() == [4, 2]
    assert found.tried.tolist() == [2, 1]


def test_a_fit_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(3)
    x = np.log(ELLS)
    tried = np.full(len(x), 30)
    k = rng.binomial(tried, curve(np.exp(x), 20, 4))
    found = crossing(x, k, tried, Z)

    def likelihood(t, s):
        p = 1 / (1 + np.exp(-s * (x - t)))
        return float((k * np.log(p) + (tried - k) * np.log1p(-p)).sum())

    best = likelihood(found.t, found.slope)
    for dt, ds in ((1e-3, 0), (-1e-3, 0), (0, 1e-2), (0, -1e-2)):
        assert likelihood(found.t + dt, found.slope + ds) < best
    slopes = np.linspace(0.5, 15, 20_000)
    for end in (found.lower, found.upper):
        profile = max(likelihood(end, s) for s in slopes[:: 1 + len(slopes) // 4000])
        assert 2 * (best - profile) == pytest.approx(Z**2, abs=1e-4)
    rates = k / tried
    inner = (rates > 0) & (rates < 1)
    entropy = rates[inner] * np.log(rates[inner]) + (1 - rates[inner]) * np.log1p(-rates[inner])
    assert found.deviance == pytest.approx(2 * (30 * entropy.sum() - best), rel=1e-9)


@pytest.mark.parametrize(("trials", "slope"), [(10, 2.0), (20, 5.0), (100, 3.0)])
def test_intervals_of_transitions_cover(trials, slope):
    rng = np.random.default_rng(7)
    x, tried, t = np.log(ELLS), np.full(len(ELLS), trials), math.log(21)
    hits = []
    for _ in range(80):
        found = crossing(x, rng.binomial(tried, curve(np.exp(x), 21, slope)), tried, Z)
        hits.append(found.lower <= t <= found.upper)
    # 95 % and three standard deviations of 80 trials.
    assert np.mean(hits) >= 0.877


def test_transitions_of_a_sweep_are_those_of_its_curves(tmp_path):
    sweep = tiny(axes={"ell": ELLS, "n": [1, 2, 4]}, settings={"depth": 1}, trials=150)
    results = simulated(tmp_path / "a", sweep, lambda c: curve(c["ell"], 8 * c["n"], 5))
    found = sweeps.transitions(results, "ell")
    assert (found.along, found.others, found.rising, found.level) == ("ell", ("n",), True, 0.95)
    for row, n in zip(found.rows, (1, 2, 4), strict=True):
        assert row.at == {"n": n}
        assert row.how == "fitted"
        assert row.lower < 8 * n < row.upper
        assert row.lower < row.value < row.upper
        assert row.upper / row.lower < 1.25
        assert row.slope == pytest.approx(5, rel=0.25)
        assert row.tried == (4, 128)
        assert row.freedom == len(ELLS) - 2
        assert row.deviance < 25
    plain = found.to_dict()
    assert plain["rows"][1]["at"] == {"n": 2}
    assert plain["rows"][1]["value"] == found.rows[1].value


def test_a_wrong_curve_shows_in_the_deviance(tmp_path):
    sweep = tiny(axes={"ell": ELLS}, settings={"n": 1}, trials=150)
    plateau = simulated(tmp_path / "a", sweep, lambda c: 0.6 if c["ell"] > 10 else 0.0)
    row = sweeps.transitions(plateau, "ell").rows[0]
    assert row.deviance > 10 * row.freedom


def test_success_may_fall_along_an_axis(tmp_path):
    n = list(range(1, 13))
    sweep = tiny(axes={"n": n, "ell": [20, 40]}, settings={}, trials=60)
    results = simulated(tmp_path / "a", sweep, lambda c: 1 - curve(c["n"], c["ell"] / 8, 6))
    found = sweeps.transitions(results, "n")
    assert not found.rising
    for row, middle in zip(found.rows, (2.5, 5), strict=True):
        assert row.lower < middle < row.upper
        assert row.slope < -3


@pytest.mark.parametrize("trials", [3, 30])
def test_perfect_separation_gives_an_interval_and_no_estimate(tmp_path, trials):
    sweep = tiny(axes={"ell": ELLS}, settings={"n": 1}, trials=trials)
    results = simulated(tmp_path / "a", sweep, lambda c: float(c["ell"] > 20))
    row = sweeps.transitions(results, "ell").rows[0]
    assert row.how == "bracketed"
    assert math.isnan(row.value)
    assert row.lower == pytest.approx(16, rel=1e-6)
    assert row.upper == pytest.approx(24, rel=1e-6)
    assert row.slope == math.inf


def test_separation_that_may_be_chance_gives_a_wider_interval(tmp_path):
    sweep = tiny(axes={"ell": ELLS}, settings={"n": 1}, trials=1)
    row = sweeps.transitions(
        simulated(tmp_path / "a", sweep, lambda c: float(c["ell"] > 20)), "ell"
    )
    assert row.rows[0].how == "bracketed"
    assert row.rows[0].lower < 15
    assert row.rows[0].upper > 25


def test_one_cell_with_some_of_each_has_no_estimate_either(tmp_path):
    sweep = tiny(axes={"ell": ELLS}, settings={"n": 1}, trials=20)
    errors = np.where(np.arange(20)[:, None] < np.array([0] * 5 + [18] + [20] * 5), 0.0, 1.0)
    row = sweeps.transitions(written(tmp_path / "a", sweep, errors.ravel()), "ell").rows[0]
    assert row.how == "bracketed"
    # 18 of 20 succeed at 24: the transition is below.
    assert 16 <= row.lower < row.upper <= 24 * (1 + 1e-6)


def test_rates_of_zero_or_one_bound_a_transition_from_one_side(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 3], "ell": ELLS}, settings={}, trials=10)
    chance = {1: 1.0, 2: 0.0}
    results = simulated(tmp_path / "a", sweep, lambda c: chance.get(c["n"], float(c["ell"] > 20)))
    always, never, some = sweeps.transitions(results, "ell").rows
    assert (always.how, never.how, some.how) == ("none", "none", "bracketed")
    assert (always.lower, never.upper) == (0, math.inf)
    assert always.upper == pytest.approx(4, rel=1e-3)
    assert never.lower == pytest.approx(128, rel=1e-3)


def test_what_was_not_tried_or_goes_the_other_way_says_nothing(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 3], "ell": ELLS}, settings={}, trials=10)
    errors = np.ones((10, 3, len(ELLS)))
    errors[:, 0] = np.nan
    errors[:, 1, :3] = 0
    errors[:, 2, 3:] = 0
    nothing, falls, rises = sweeps.transitions(
        written(tmp_path / "a", sweep, errors.ravel()), "ell"
    ).rows
    assert rises.how == "bracketed"
    for row in (nothing, falls):
        assert (row.how, row.lower, row.upper) == ("none", 0, math.inf)
        assert math.isnan(row.value)


def test_ell_follows_from_a_ratio_and_equal_cells_count_once(tmp_path):
    ratios = [1.0, 1.1, 2.0, 3.0, 4.0, 6.0, 8.0]
    sweep = tiny(axes={"n": [2, 10], "ell_per_unknown": ratios}, settings={}, trials=40)
    results = simulated(tmp_path / "a", sweep, lambda c: curve(c["ell_per_unknown"], 3, 5))
    found = sweeps.transitions(results, "ell")
    assert found.others == ("n",)
    assert [row.tried for row in found.rows] == [(4, 32), (20, 160)]
    # At n = 2 both 1.0 and 1.1 are 4 outputs.
    assert [row.freedom for row in found.rows] == [6 - 2, 7 - 2]
    ratio = sweeps.transitions(results, "ell_per_unknown").rows[1]
    assert found.rows[1].value == pytest.approx(20 * ratio.value, rel=1e-6)
    assert found.rows[1].upper == pytest.approx(20 * ratio.upper, rel=1e-6)
    small = sweeps.transitions(results, "ell_per_unknown").rows[0]
    assert small.freedom == 6 - 2
    assert found.rows[0].value == pytest.approx(4 * small.value, rel=1e-6)


def test_power_laws_cover_the_exponent(tmp_path):
    sizes = [1, 2, 3, 4, 6, 8]
    ells = [round(4 * 1.4**i) for i in range(16)]
    sweep = tiny(axes={"n": sizes, "ell": ells}, settings={}, trials=15)
    hits = []
    for seed in range(24):
        exponent = (1.0, 2.0)[seed % 2]
        results = simulated(
            tmp_path / f"{seed}",
            sweep,
            lambda c, a=exponent: curve(c["ell"], 7 * c["n"] ** a, 4),
            seed,
        )
        (law,) = sweeps.power_laws(sweeps.transitions(results, "ell"))
        hits.append(law.lower <= exponent <= law.upper)
        assert law.sizes.tolist() == sizes
        assert law.upper - law.lower < 0.6
        assert law.exponent == pytest.approx((law.lower + law.upper) / 2)
    assert np.mean(hits) >= 0.81  # 95 % and three standard deviations of 24 trials
    assert law.constant == pytest.approx(7, rel=0.5)


def test_what_is_no_power_law_has_scatter_and_a_wider_interval(tmp_path):
    sizes = [1, 2, 4, 8, 16]
    sweep = tiny(axes={"n": sizes, "ell": [2**i for i in range(2, 13)]}, settings={}, trials=200)
    law = {n: 5 * n for n in sizes} | {4: 60, 8: 20}
    results = simulated(tmp_path / "a", sweep, lambda c: curve(c["ell"], law[c["n"]], 4))
    (found,) = sweeps.power_laws(sweeps.transitions(results, "ell"))
    assert found.scatter > 50
    assert found.p_value < 1e-20
    assert found.upper - found.lower > 0.5


@pytest.mark.parametrize("count", [3, 5])
def test_power_laws_cover_the_exponent_where_transitions_scatter(count):
    sweep = tiny(axes={"ell": [8], "n": [1]}, settings={})
    rng, hits, chances = np.random.default_rng(count), [], []
    sizes, sigma = np.geomspace(2, 32, count), 0.03
    for _ in range(1500):
        x = np.exp(np.log(9 * sizes) + rng.normal(scale=math.hypot(sigma, 0.1), size=count))
        ends = x * np.exp(np.outer([-Z, Z], np.full(count, sigma)))
        rows = [
            sweeps.Transition({"n": n}, "fitted", *row, 8.0, (1.0, 1e4), 0.0, 0)
            for n, *row in zip(sizes, x, *ends, strict=True)
        ]
        (law,) = sweeps.power_laws(sweeps.Transitions(sweep, "ell", ("n",), True, 0.95, rows))
        hits.append(law.lower <= 1 <= law.upper)
        chances.append(law.p_value)
    assert np.mean(hits) > 0.93
    assert np.mean(np.array(chances) < 0.05) > 0.5


def test_two_sizes_give_an_exponent_and_no_interval(tmp_path):
    sweep = tiny(axes={"n": [1, 4], "ell": ELLS}, settings={}, trials=40)
    results = simulated(tmp_path / "a", sweep, lambda c: curve(c["ell"], 8 * c["n"], 5))
    (law,) = sweeps.power_laws(sweeps.transitions(results, "ell"))
    assert law.exponent == pytest.approx(1, abs=0.3)
    assert (law.lower, law.upper) == (-math.inf, math.inf)
    assert math.isnan(law.scatter)
    assert math.isnan(law.p_value)


@pytest.mark.parametrize(
    ("freedom", "tabulated"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (10, 2.228), (1000, 1.962)],
)
def test_students_quantiles_are_those_of_tables(freedom, tabulated):
    assert student_quantile(0.95, freedom) == pytest.approx(tabulated, abs=5e-4)


@pytest.mark.parametrize(
    ("freedom", "tabulated"), [(1, 3.841), (2, 5.991), (3, 7.815), (8, 15.507), (15, 24.996)]
)
def test_tails_of_chi_squared_are_those_of_tables(freedom, tabulated):
    assert chi_squared_tail(tabulated, freedom) == pytest.approx(0.05, abs=5e-5)
    assert chi_squared_tail(0.0, freedom) == 1
    assert chi_squared_tail(1e4, freedom) == 0


def test_bracketed_transitions_enter_with_a_uniform_law(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 4], "ell": ELLS}, settings={}, trials=30)
    results = simulated(tmp_path / "a", sweep, lambda c: float(c["ell"] > 7 * c["n"]))
    (found,) = sweeps.power_laws(sweeps.transitions(results, "ell"))
    ends = np.log([[6, 8], [12, 16], [24, 32]])
    sigma = (ends[:, 1] - ends[:, 0]) / 12**0.5
    slope, _ = np.polyfit(np.log([1, 2, 4]), ends.mean(axis=1), 1, w=1 / sigma)
    assert found.exponent == pytest.approx(slope, rel=1e-5)
    half = 12.7062047 * (1 / np.sum((np.log([1, 2, 4]) - np.log(2)) ** 2 / sigma**2)) ** 0.5
    assert found.upper - found.exponent == pytest.approx(half, rel=1e-5)


def test_power_laws_are_fitted_for_each_value_of_other_axes(tmp_path):
    axes = {"n": [1, 2, 4, 8], "law": ["gaussian", "rademacher"], "ell": ELLS}
    sweep = tiny(axes=axes, settings={}, trials=40)

    def chance(cell):
        if cell["law"] == "gaussian":
            return 0.0 if cell["n"] > 1 else curve(cell["ell"], 7, 5)
        return curve(cell["ell"], 7 * cell["n"], 5)

    results = simulated(tmp_path / "a", sweep, chance, seed=1)
    few, many = sweeps.power_laws(sweeps.transitions(results, "ell"))
    assert (few.at, many.at) == ({"law": "gaussian"}, {"law": "rademacher"})
    assert few.sizes.tolist() == [1]
    assert math.isnan(few.exponent)
    assert (few.lower, few.upper) == (-math.inf, math.inf)
    assert many.lower < 1 < many.upper
    assert many.to_dict()["sizes"] == [1, 2, 4, 8]


def test_bad_requests_are_refused(tmp_path):
    axes = {"n": [1, 2], "noise": [0.1, 0.2], "widths": [[4], [5]], "ell": [3, 6]}
    results = simulated(tmp_path / "a", tiny(axes=axes, settings={}), lambda c: 0.5)
    with pytest.raises(ValueError, match=r"`along` must be one of n, noise, widths, ell .*'m'"):
        sweeps.transitions(results, "m")
    with pytest.raises(ValueError, match=r"`along` must be an axis of positive numbers"):
        sweeps.transitions(results, "widths")
    with pytest.raises(ValueError, match=r"`along` must change what is drawn .*not independent"):
        sweeps.transitions(results, "noise")
    found = sweeps.transitions(results, "ell")
    with pytest.raises(ValueError, match=r"`against` must be one of n, noise, widths"):
        sweeps.power_laws(found, "ell")
    with pytest.raises(ValueError, match=r"`against` must be an axis of positive numbers"):
        sweeps.power_laws(found, "widths")
    with pytest.raises(ValueError, match=r"`measure` must be one of error"):
        sweeps.medians(results, "speed")
    for level, kind in (
        (0, ValueError),
        (1.0, ValueError),
        (float("nan"), ValueError),
        (True, TypeError),
    ):
        with pytest.raises(kind, match="`level` must be"):
            sweeps.rates(results, level=level)
