"""Pictures of sweeps: what is drawn is what was given."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gendemod import sweep as sweeps
from sweeping import simulated, tiny, written

pytest.importorskip("matplotlib")
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gendemod import plot
from gendemod._sweep_axes import style_of

ELLS = [4, 8, 12, 16, 24, 32, 64]
SIZES = [1, 2, 4, 8]


def chance(cell):
    middle = cell["n"] * (7 if cell["law"] == "gaussian" else 5)
    return 1 / (1 + (cell["ell"] / middle) ** -5)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    axes = {"ell": ELLS, "law": ["gaussian", "rademacher"], "n": SIZES}
    sweep = tiny(axes=axes, settings={}, trials=20)
    return simulated(tmp_path_factory.mktemp("plots") / "a", sweep, chance)


@pytest.fixture(scope="module")
def found(results):
    return sweeps.transitions(results, "ell")


def new():
    return Figure(figsize=(3.3, 2.4), layout="constrained").subplots()


def labelled(ax, text):
    return next(line for line in ax.lines if line.get_label() == text)


def bars_of(ax):
    """For each set of bars its label, and the ends of the bars."""
    out = {}
    for container in ax.containers:
        (lines,) = container.lines[2]
        out[container.get_label()] = np.array([part[:, 1] for part in lines.get_segments()])
    return out


def test_a_map_shows_rates_and_transitions(results, found):
    rates = sweeps.rates(results)
    ax = plot.success_map(rates, transitions=found, at={"law": "rademacher"}, ax=new())
    mesh = ax.collections[0]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (0, 1)
    np.testing.assert_array_equal(mesh.get_array(), rates.rate[:, 1, :])
    edges = mesh.get_coordinates()
    assert (edges[0, :-1, 0] < SIZES).all()
    assert (edges[0, 1:, 0] > SIZES).all()
    assert (edges[:-1, 0, 1] < ELLS).all()
    assert (edges[1:, 0, 1] > ELLS).all()
    fitted = [row for row in found.rows if row.at["law"] == "rademacher" and row.how == "fitted"]
    marks = ax.containers[0].lines[0]
    np.testing.assert_array_equal(marks.get_xdata(), [row.at["n"] for row in fitted])
    np.testing.assert_array_equal(marks.get_ydata(), [row.value for row in fitted])
    n = labelled(ax, "$n + p$").get_xdata()
    np.testing.assert_allclose(labelled(ax, "$n + p$").get_ydata(), 2 * n)
    np.testing.assert_allclose(labelled(ax, "$n^2 + p^2$").get_ydata(), 2 * n**2)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("n", r"$\ell$")
    turned = plot.success_map(rates, "ell", "n", at={"law": "rademacher"}, ax=new())
    np.testing.assert_array_equal(turned.collections[0].get_array(), rates.rate[:, 1, :].T)
    assert turned.get_lines() == []


def test_cells_that_were_not_tried_do_not_look_like_success(tmp_path):
    sweep = tiny(axes={"n": [1, 2], "ell": [3, 6]}, settings={}, trials=2)
    errors = np.array([0.0, 0.0, 1.0, np.nan] * 2)
    rates = sweeps.rates(written(tmp_path / "a", sweep, errors))
    ax = plot.success_map(rates, ax=new())
    assert "not tried" in [text.get_text() for text in ax.get_legend().get_texts()]
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3].astype(int)

    def around(n, ell):
        x, y = map(round, ax.transData.transform((n, ell)))
        return pixels[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3)

    assert (around(1, 6) == 255).all()
    assert not (around(2, 6) == 255).all(axis=1).any()
    full = sweeps.rates(simulated(tmp_path / "b", sweep, lambda _: 1.0))
    ax = plot.success_map(full, ax=new())
    assert "not tried" not in ax.get_legend_handles_labels()[1]


def test_theory_knows_p_and_ratios(tmp_path):
    axes = {"n": [2, 8], "ell_per_unknown": [0.5, 4.0]}
    sweep = tiny(axes=axes, settings={"p": 3}, trials=3)
    rates = sweeps.rates(simulated(tmp_path / "a", sweep, lambda _: 0.5))
    ax = plot.success_map(rates, "n", "ell_per_unknown", ax=new())
    n = labelled(ax, "$n + p$").get_xdata()
    np.testing.assert_allclose(labelled(ax, "$n + p$").get_ydata(), 1)
    np.testing.assert_allclose(labelled(ax, "$n^2 + p^2$").get_ydata(), (n**2 + 9) / (n + 3))
    both = tiny(axes={"n": [2, 8], "p": [3, 5], "ell": [4, 9]}, settings={}, trials=3)
    rates = sweeps.rates(simulated(tmp_path / "b", both, lambda _: 0.5))
    assert plot.success_map(rates, at={"p": 3}, ax=new()).get_lines() == []


def test_theory_is_laid_over_p_where_n_stays(tmp_path):
    sweep = tiny(axes={"n": [3], "p": [2, 8], "ell": [9, 99]}, settings={}, trials=3)
    rates = sweeps.rates(simulated(tmp_path / "a", sweep, lambda _: 0.5))
    ax = plot.success_map(rates, "p", ax=new())
    p = labelled(ax, "$n^2 + p^2$").get_xdata()
    np.testing.assert_allclose(labelled(ax, "$n^2 + p^2$").get_ydata(), 9 + p**2)


def test_theory_beyond_a_map_is_left_out(tmp_path):
    sweep = tiny(axes={"n": [2, 8], "ell_per_unknown": [2.0, 4.0]}, settings={}, trials=3)
    rates = sweeps.rates(simulated(tmp_path / "a", sweep, lambda _: 0.5))
    ax = plot.success_map(rates, "n", "ell_per_unknown", ax=new())
    assert [line.get_label() for line in ax.get_lines()] == ["$n^2 + p^2$"]


def test_values_on_axes_need_no_order(tmp_path):
    sweep = tiny(axes={"n": [8, 2, 4], "ell": [9, 3]}, settings={}, trials=10)
    rates = sweeps.rates(simulated(tmp_path / "a", sweep, lambda c: c["n"] / 8 - c["ell"] / 90))
    drawn = plot.success_map(rates, ax=new()).collections[0].get_array()
    np.testing.assert_array_equal(drawn, rates.rate[[1, 2, 0]][:, [1, 0]].T)


def test_curves_have_error_bars_and_power_laws(found):
    laws = sweeps.power_laws(found)
    ax = plot.transition_curves(found, laws, ax=new())
    assert ax.get_xscale() == ax.get_yscale() == "log"
    bars = bars_of(ax)
    assert len(bars) == 2
    for law, (label, ends) in zip(laws, bars.items(), strict=True):
        rows = [row for row in found.rows if row.at["law"] == law.at["law"] and row.value > 0]
        rows = [row for row in rows if row.value <= 64]
        wanted = [[max(row.lower, 2), min(row.upper, 128)] for row in rows]
        np.testing.assert_allclose(ends, wanted)
        assert label.startswith(f"{law.at['law']}: ")
        assert f"{law.exponent:.2f}" in label
        assert f"{law.lower:.2f} to {law.upper:.2f}" in label
    drawn = [
        line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"
    ]
    lines = [line for line in drawn if line.get_xdata()[0] != line.get_xdata()[1]]
    for law, line in zip(laws, lines, strict=True):
        x = np.asarray(line.get_xdata(), dtype=float)
        np.testing.assert_allclose(line.get_ydata(), law.constant * x**law.exponent)
    labelled(ax, "$n^2 + p^2$")
    labelled(ax, "$n + p$")


def test_some_of_many_groups_are_drawn(found):
    laws = sweeps.power_laws(found)
    ax = plot.transition_curves(found, laws, at={"law": "rademacher"}, ax=new())
    (label,) = [container.get_label() for container in ax.containers]
    assert label.startswith("50 %: ")
    values = [row.value for row in found.rows if row.at["law"] == "rademacher"]
    np.testing.assert_array_equal(ax.containers[0].lines[0].get_ydata(), values)
    with pytest.raises(ValueError, match=r"`at` must have keys of law, n because"):
        plot.transition_curves(found, at={"ell": 4}, ax=new())


def test_few_sizes_are_ticks_and_many_are_not(found):
    ax = plot.transition_curves(found, ax=new())
    assert ax.get_xticks().tolist() == SIZES
    rows = [replace(row, at={**row.at, "n": n}) for n in range(1, 40) for row in found.rows[:1]]
    ax = plot.transition_curves(replace(found, rows=rows), ax=new())
    assert len(ax.get_xticks()) < 12


def test_many_lines_have_different_colours_and_marks():
    styles = [tuple(style_of(k).values()) for k in range(49)]
    assert len(set(styles)) == 49
    assert len({colour for colour, _ in styles[:7]}) == 7


def test_what_is_not_fitted_has_a_bar_alone_or_an_arrow(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 3, 4], "ell": ELLS}, settings={}, trials=10)
    always = {1: 0, 2: 10, 3: 100}
    results = simulated(
        tmp_path / "a", sweep, lambda c: float(c["ell"] > always.get(c["n"], math.inf))
    )
    ax = plot.transition_curves(sweeps.transitions(results, "ell"), ax=new())
    assert len(next(iter(bars_of(ax).values()))) == 0
    bar = next(line for line in ax.lines if line.get_linewidth() == 2.5)
    np.testing.assert_allclose(bar.get_xdata(), [2, 2])
    np.testing.assert_allclose(bar.get_ydata(), [8, 12], rtol=1e-3)
    arrows = {line.get_marker(): line for line in ax.lines if "arrow" in str(line.get_marker())}
    assert set(arrows) == {"$\\uparrow$", "$\\downarrow$"}
    down = arrows["$\\downarrow$"]
    assert (down.get_xdata(), down.get_ydata()) == ([1], pytest.approx([4], rel=1e-3))


def test_bars_are_wilsons_intervals_of_the_rows_that_are_wanted(results):
    rates = sweeps.rates(results)
    wanted = {"n": [2, 8], "law": "gaussian"}
    ax = plot.success_rates(rates, at=wanted, ax=new())
    bars = bars_of(ax)
    assert list(bars) == ["n = 2", "n = 8"]
    for ends, i in zip(bars.values(), (1, 3), strict=True):
        np.testing.assert_allclose(ends[:, 0], rates.lower[:, 0, i], atol=1e-15)
        np.testing.assert_allclose(ends[:, 1], rates.upper[:, 0, i])
    assert len(plot.success_rates(rates, at={"n": 2}, ax=new()).containers) == 2


def test_bars_leave_out_what_is_not_tried(tmp_path):
    sweep = tiny(axes={"n": [1, 2, 3]}, settings={"ell": 9}, trials=2)
    results = written(tmp_path / "a", sweep, np.array([0.0, np.nan, 1.0] * 2))
    ax = plot.success_rates(sweeps.rates(results), "n", ax=new())
    np.testing.assert_array_equal(ax.containers[0].lines[0].get_xdata(), [1, 3])
    assert list(bars_of(ax)) == ["all"]
    ax = plot.measured(sweeps.medians(results, "error"), "n", ax=new())
    np.testing.assert_array_equal(ax.containers[0].lines[0].get_ydata(), [0, 1])


def test_rows_without_trials_are_left_out(tmp_path):
    sweep = tiny(axes={"n": [1, 2], "ell": ELLS}, settings={}, trials=1)
    errors = np.array([*np.geomspace(1e-9, 1, len(ELLS)), *[np.nan] * len(ELLS)])
    medians = sweeps.medians(written(tmp_path / "a", sweep, errors), "error")
    ax = plot.measured(medians, "ell", ax=new())
    assert list(bars_of(ax)) == ["n = 1"]
    assert ax.get_yscale() == "log"
    ax = plot.measured(medians, "ell", at={"n": 2}, ax=new())
    assert list(bars_of(ax)) == []
    ax.figure.draw_without_rendering()


def test_medians_are_drawn_with_their_intervals(results):
    medians = sweeps.medians(results, "error")
    ax = plot.measured(medians, "ell", at={"n": 4, "law": "gaussian"}, ax=new())
    (ends,) = bars_of(ax).values()
    np.testing.assert_allclose(ends[:, 0], medians.lower[:, 0, 2])
    np.testing.assert_allclose(ends[:, 1], medians.upper[:, 0, 2])
    assert ax.get_ylabel() == "median of error"


@pytest.mark.parametrize("draw", ["success_map", "transition_curves", "success_rates", "measured"])
def test_axes_are_named_and_fit_a_column(draw, results, found):
    figure = Figure(figsize=(3.3, 2.4), layout="constrained")
    at = {"law": "gaussian"}
    ax = {
        "success_map": lambda ax: plot.success_map(sweeps.rates(results), at=at, ax=ax),
        "transition_curves": lambda ax: plot.transition_curves(
            found, sweeps.power_laws(found), ax=ax
        ),
        "success_rates": lambda ax: plot.success_rates(sweeps.rates(results), at=at, ax=ax),
        "measured": lambda ax: plot.measured(sweeps.medians(results, "error"), "ell", at=at, ax=ax),
    }[draw](figure.subplots())
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    figure.draw_without_rendering()
    box = ax.get_tightbbox().transformed(figure.transFigure.inverted())
    assert min(box.x0, box.y0) >= 0
    assert max(box.x1, box.y1) <= 1


def test_bad_requests_are_refused(results, found):
    rates = sweeps.rates(results)
    for wrong, text in (
        (lambda: plot.success_map(rates, ax=new()), r"`at` must have law as one of .*got nothing"),
        (lambda: plot.success_map(rates, at={"law": "normal"}, ax=new()), r"got 'normal'"),
        (
            lambda: plot.success_map(rates, at={"p": 3}, ax=new()),
            r"`at` must have keys of ell, law",
        ),
        (lambda: plot.success_map(rates, "m", ax=new()), r"`x` must be one of ell, law, n"),
        (lambda: plot.success_map(rates, "n", "law", ax=new()), r"`y` must be an axis of numbers"),
        (lambda: plot.success_rates(rates, "law", ax=new()), r"`along` must be an axis of numbers"),
        (
            lambda: plot.transition_curves(found, against="law", ax=new()),
            r"`against` must be an axis",
        ),
        (
            lambda: plot.success_map(rates, "ell", "n", transitions=found, at={"law": "gaussian"}),
            r"`transitions` must be along 'n'",
        ),
    ):
        with pytest.raises(ValueError, match=text):
            wrong()
