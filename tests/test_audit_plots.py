"""Pictures of audits and of concentration: what is drawn is what was given."""

import numpy as np
import pytest

import gendemod as gd
from gendemod import landscape

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

from gendemod import plot

G1, G2 = (gd.ReLUNetwork.gaussian((2, 30, 60), seed=i, last_layer="truncated") for i in (1, 2))
H0, M0 = np.random.default_rng(0).standard_normal((2, 2))


@pytest.fixture(scope="module")
def audited():
    return landscape.audit(G1, G2, H0, M0, points=60_000, runs=16)


@pytest.fixture(scope="module")
def measured():
    networks = [
        [gd.ReLUNetwork.gaussian((2, ell), seed=i) for i in (0, 1)] for ell in (50, 200, 800)
    ]
    return landscape.concentration(networks, [50, 200, 800], points=20)


def test_an_audit_is_drawn_with_its_failures(audited):
    ax = plot.audit(audited, ax=Figure().subplots())
    lines = [line for line in ax.lines if line.get_linestyle() != "None"]
    assert len(lines) == 4
    slopes = audited.descent.least_slope.min(axis=0)[:4]
    for line, row in zip(lines, slopes, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), row[np.isfinite(row) & (row > 0)])
        assert (np.diff(line.get_xdata()) > 0).all()
    marks = [line for line in ax.lines if line.get_linestyle() == "None"]
    filled = np.concatenate([m.get_xdata() for m in marks if m.get_markerfacecolor() != "none"])
    np.testing.assert_array_equal(np.sort(filled), np.sort(audited.descent.kept.distance))
    assert len(filled) > 0
    reached = sum(len(m.get_xdata()) for m in marks if m.get_markerfacecolor() == "none")
    assert reached == audited.stationary.stationary.sum() > 0
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_concentration_is_drawn_with_its_power_laws(measured):
    ax = plot.concentration(measured, size="outputs", ax=Figure().subplots())
    points, law = ax.lines[0], ax.lines[1]
    np.testing.assert_array_equal(points.get_xdata(), measured.against)
    expected = np.sqrt((measured.product**2).mean(axis=1))
    np.testing.assert_allclose(points.get_ydata(), expected)
    fit = measured.product_fit
    np.testing.assert_allclose(law.get_ydata(), fit.constant * law.get_xdata() ** fit.exponent)
    assert f"exponent {fit.exponent:.2f} ±" in points.get_label()
    assert ax.get_xlabel() == "outputs"


def test_one_size_has_no_power_law():
    one = [gd.ReLUNetwork.gaussian((2, 50), seed=i) for i in (0, 1)]
    ax = plot.concentration(landscape.concentration([one], [50], points=5), ax=Figure().subplots())
    assert "exponent" not in ax.lines[0].get_label()


@pytest.mark.parametrize("draw", ["audit", "concentration"])
def test_axes_are_named_and_fit_a_column(draw, audited, measured):
    figure = Figure(figsize=(3.3, 2.4), layout="constrained")
    result = {"audit": audited, "concentration": measured}[draw]
    ax = getattr(plot, draw)(result, ax=figure.subplots())
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    figure.draw_without_rendering()
    box = ax.get_tightbbox().transformed(figure.transFigure.inverted())
    assert min(box.x0, box.y0) >= 0
    assert max(box.x1, box.y1) <= 1
