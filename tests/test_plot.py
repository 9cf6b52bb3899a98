"""Pictures of deviations: what is drawn is what was given."""

import subprocess
import sys

import numpy as np
import pytest

import gendemod as gd

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

from gendemod import plot

W = np.random.default_rng(0).standard_normal((60, 2)) / np.sqrt(60)
SAMPLE = gd.wdc.sample(W, pairs=300, seed=0)
BOUNDS = gd.wdc.exact(W)
T = np.linspace(0, 2 * np.pi, 100)
VALUES = np.abs(np.sin(T))


def axes():
    return Figure().subplots()


def line(ax, label):
    return next(one for one in ax.lines if one.get_label().startswith(label))


def test_angles_draws_every_pair_and_the_witness():
    ax = axes()
    assert plot.angles(SAMPLE, BOUNDS, ax=ax) is ax
    np.testing.assert_array_equal(line(ax, "pairs").get_xdata(), SAMPLE.angles)
    np.testing.assert_array_equal(line(ax, "pairs").get_ydata(), SAMPLE.values)
    (theta,), (value,) = line(ax, "witness").get_data()
    x, y = (z / np.linalg.norm(z) for z in (BOUNDS.x, BOUNDS.y))
    assert np.cos(theta) == pytest.approx(x @ y)
    assert value == BOUNDS.lower
    assert set(line(ax, "at most").get_ydata()) == {BOUNDS.upper}


def test_an_upper_bound_that_is_not_proven_is_not_drawn():
    bounds = gd.wdc.Bounds(BOUNDS.lower, np.inf, BOUNDS.x, BOUNDS.y)
    for draw in (plot.angles, plot.histogram):
        labels = [one.get_label() for one in draw(SAMPLE, bounds, ax=axes()).lines]
        assert any(label.startswith("witness") for label in labels)
        assert not any(label.startswith("at most") for label in labels)


def test_histogram_counts_every_pair():
    ax = plot.histogram(SAMPLE, BOUNDS, ax=axes())
    assert sum(bar.get_height() for bar in ax.patches) == 300
    assert ax.get_yscale() == "log"
    assert set(line(ax, "witness").get_xdata()) == {BOUNDS.lower}
    assert set(line(ax, "at most").get_xdata()) == {BOUNDS.upper}


def test_circle_marks_the_largest():
    ax = plot.circle(T, VALUES, lower=0.9, upper=1.1, ax=axes())
    np.testing.assert_array_equal(ax.lines[0].get_data(), (T, VALUES))
    top = np.argmax(VALUES)
    assert line(ax, "largest").get_data() == ([T[top]], [VALUES[top]])
    assert set(line(ax, "at least").get_ydata()) == {0.9}
    assert set(line(ax, "at most").get_ydata()) == {1.1}
    assert len(plot.circle(T, VALUES, ax=axes()).lines) == 2


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot.angles(SAMPLE, ax=ax),
        lambda ax: plot.histogram(SAMPLE, ax=ax),
        lambda ax: plot.circle(T, VALUES, ax=ax),
    ],
)
def test_axes_are_named_and_fit_a_column(draw):
    figure = Figure(figsize=(3.3, 2.4), layout="constrained")
    ax = draw(figure.subplots())
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.get_legend() is not None
    figure.draw_without_rendering()
    box = ax.get_tightbbox().transformed(figure.transFigure.inverted())
    assert min(box.x0, box.y0) >= 0
    assert max(box.x1, box.y1) <= 1


def test_new_axes_are_made_where_none_are_given():
    import matplotlib

    backend = matplotlib.get_backend()
    matplotlib.use("Agg")
    from matplotlib import pyplot

    ax = plot.circle(T, VALUES)
    assert tuple(ax.figure.get_size_inches()) == pytest.approx((3.3, 2.4))
    pyplot.close(ax.figure)
    matplotlib.use(backend)


@pytest.mark.parametrize(
    ("t", "values", "kind", "message"),
    [
        (
            T,
            VALUES[1:],
            ValueError,
            r"`deviations` must have 100 entries as `t` because .*; got 99",
        ),
        (T[None], VALUES, ValueError, r"`t` must be a vector with entries"),
        ([], [], ValueError, r"`t` must be a vector with entries"),
        (T, np.full(100, np.nan), ValueError, r"`deviations` must be finite"),
        (T, "text", TypeError, r"`deviations` must hold real numbers"),
    ],
)
def test_bad_arrays_are_named(t, values, kind, message):
    with pytest.raises(kind, match=message):
        plot.circle(t, values, ax=axes())


def test_a_missing_matplotlib_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"install gendemod\[plot\]"):
        plot.histogram(SAMPLE)


def test_gendemod_and_its_plot_load_without_matplotlib():
    code = "import sys, gendemod, gendemod.plot; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
