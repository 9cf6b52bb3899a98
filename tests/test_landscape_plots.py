"""Pictures of landscapes: what is drawn is what was given."""

import subprocess
import sys

import numpy as np
import pytest

from gendemod import landscape

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

from gendemod import plot

FOUND = landscape.figure1(size=41)
S = FOUND.surface.s
ONE = np.ones(1)
SLOPES = landscape.slopes(FOUND.problem, FOUND.plane, S, S)
NEAR = landscape.neighbourhoods(FOUND.plane, ONE, ONE, (2, 2), 0.1, S, S)
FLAT = landscape.hyperbolas(FOUND.plane, ONE, ONE, (1, 2), S, S)

DRAWINGS = [
    lambda ax: plot.top_view(FOUND.surface, FOUND.hyperbolas, ax=ax),
    lambda ax: plot.neighbourhoods(NEAR, FOUND.hyperbolas, ax=ax),
    lambda ax: plot.slopes(SLOPES, ax=ax),
    lambda ax: plot.surface(FOUND.surface, ax=ax),
]


def axes(solid=False):
    figure = Figure(figsize=(3.3, 2.9), layout="constrained")
    return figure.subplots(subplot_kw={"projection": "3d"} if solid else None)


def test_top_view_draws_every_pixel_and_the_curves():
    ax = plot.top_view(FOUND.surface, FOUND.hyperbolas, ax=axes())
    mesh = ax.collections[0]
    drawn = np.minimum(FOUND.surface.relative, 2).T
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(41, 41), drawn)
    for line, s, t in zip(ax.lines, FOUND.hyperbolas.s, FOUND.hyperbolas.t, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), s)
        np.testing.assert_array_equal(line.get_ydata(), t)


def test_colours_part_at_the_value_on_K_and_spread_what_is_near():
    mesh = plot.top_view(FOUND.surface, ax=axes()).collections[0]
    places = mesh.norm([0, 0.99, 1, 1.01, 2])
    np.testing.assert_allclose(places, [0, 0.3923, 0.5, 0.6077, 1], atol=1e-4)


def test_branches_in_K_are_not_drawn():
    assert len(plot.top_view(FOUND.surface, FLAT, ax=axes()).lines) == 2
    near = landscape.neighbourhoods(FOUND.plane, ONE, ONE, (1, 2), 0.1, S, S)
    assert len(plot.neighbourhoods(near, FLAT, ax=axes()).lines) == 2
    assert len(plot.neighbourhoods(near, ax=axes()).collections) == 4
    assert len(plot.neighbourhoods(NEAR, ax=axes()).collections) == 8


def test_arrows_point_down_and_have_one_length():
    arrows = plot.slopes(SLOPES, ax=axes()).collections[0]
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V), 1)
    gradient = SLOPES.gradient
    i, j = (np.searchsorted(S, arrows.XY[:, k]) for k in (0, 1))
    down = -gradient[0, i, j] * arrows.U - gradient[1, i, j] * arrows.V
    np.testing.assert_allclose(down, np.hypot(*gradient[:, i, j]))


def test_neighbourhoods_name_their_radius():
    ax = plot.neighbourhoods(NEAR, FOUND.hyperbolas, ax=axes())
    assert "0.1" in ax.get_legend().get_title().get_text()


@pytest.mark.parametrize("draw", DRAWINGS)
def test_axes_are_returned_named_and_fit_a_column(draw):
    given = axes(solid=draw is DRAWINGS[-1])
    ax = draw(given)
    assert ax is given
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    figure = ax.figure
    figure.draw_without_rendering()
    box = ax.get_tightbbox().transformed(figure.transFigure.inverted())
    assert min(box.x0, box.y0) >= -0.01
    assert max(box.x1, box.y1) <= 1.01


def test_new_axes_are_made_where_none_are_given():
    import matplotlib

    backend = matplotlib.get_backend()
    matplotlib.use("Agg")
    from matplotlib import pyplot

    assert plot.surface(FOUND.surface).name == "3d"
    assert plot.slopes(SLOPES).name == "rectilinear"
    pyplot.close("all")
    matplotlib.use(backend)


def test_a_missing_matplotlib_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"install gendemod\[plot\]"):
        plot.surface(FOUND.surface)


def test_landscapes_are_imported_on_purpose_and_need_numpy_alone():
    code = (
        "import sys, gendemod; print('gendemod.landscape' in sys.modules);"
        "import gendemod.landscape, gendemod.plot;"
        "print('matplotlib' in sys.modules, 'plotly' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]
