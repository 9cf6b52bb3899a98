"""Make the pictures of docs/paper.md: ten claims of the paper, each checked.

    python examples/ten_figures.py [-o docs/figures/paper] [--only 4] [--quick]

Everything is a function of one seed. `--quick` makes small versions, for tests. Needs
gendemod[plot].
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import gendemod as gd
from gendemod import landscape, plot

BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SEED = 1


def gaussian(dims: tuple[int, ...], seed: int, **options) -> gd.ReLUNetwork:
    return gd.ReLUNetwork.gaussian(dims, seed=seed, **options)


def pair(dims: tuple[int, ...]) -> tuple[gd.ReLUNetwork, gd.ReLUNetwork]:
    return gaussian(dims, SEED), gaussian(dims, SEED + 1)


def column(**options):
    return plt.subplots(figsize=(3.3, 2.4), layout="constrained", **options)


def matrix(ell: int, n: int, seed: int = SEED) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((ell, n)) / np.sqrt(ell)


def surface(quick: bool) -> Figure:
    """1. Figure 1 (a): the objective for n = p = 1."""
    figure = plt.figure(figsize=(3.6, 3.0), layout="constrained")
    seen = landscape.figure1(seed=SEED, size=61 if quick else 201)
    plot.surface(seen.surface, ax=figure.add_subplot(projection="3d"))
    return figure


def top_view(quick: bool) -> Figure:
    """2. Figure 1 (b): the four hyperbolas, from above."""
    seen = landscape.figure1(seed=SEED, size=61 if quick else 301)
    figure, ax = column()
    plot.top_view(seen.surface, seen.hyperbolas, ax=ax)
    return figure


def angles(quick: bool) -> Figure:
    """3. Angles contract from layer to layer, and rho_d goes to 1 slowly."""
    depths = np.arange(1, 21 if quick else 101)
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 2.4), layout="constrained")
    theta = np.linspace(0, np.pi, 181)
    left.plot(theta, theta, color="0.7", lw=0.8)
    for depth, colour in ((1, BLUE), (2, VERMILLION), (5, GREEN), (20, ORANGE)):
        left.plot(
            theta, gd.theory.angles(theta, depth)[..., -1], color=colour, label=f"d = {depth}"
        )
    left.set_xlabel("angle of two inputs (rad)")
    left.set_ylabel("angle of the outputs (rad)")
    left.legend(frameon=False, fontsize=7)
    rho = np.array([gd.theory.rho(int(d)) for d in depths])
    right.loglog(depths[1:], 1 - rho[1:], color=BLUE, label=r"$1 - \rho_d$")
    right.loglog(
        depths[1:],
        4.5 * np.pi**2 / depths[1:] ** 2,
        "--",
        color="0.5",
        lw=0.8,
        label=r"$9 \pi^2 / (2 d^2)$",
    )
    right.set_xlabel("depth d")
    right.set_ylim(top=2)
    right.legend(frameon=False, fontsize=7)
    return figure


def wdc(quick: bool) -> Figure:
    """4. The WDC of a Gaussian layer: deviations against the angle, and the worst that is found."""
    W = matrix(500 if quick else 4000, 10)
    figure, ax = column()
    sample = gd.wdc.sample(W, pairs=300 if quick else 2000, seed=SEED)
    plot.angles(
        sample, gd.wdc.search(W, seed=SEED, max_evaluations=2000 if quick else 20000), ax=ax
    )
    return figure


def expansion(quick: bool) -> Figure:
    """5. Epsilon of the WDC against the expansion ell / n, found and proven."""
    ratios = (10, 30, 100) if quick else (10, 20, 50, 100, 200, 500, 1000, 2000)
    figure, ax = column()
    for n, colour in ((3, BLUE), (10, VERMILLION), (30, GREEN)):
        found = [
            gd.wdc.search(matrix(n * r, n), seed=SEED, max_evaluations=2000).lower for r in ratios
        ]
        ax.loglog(ratios, found, ".-", color=colour, lw=0.8, label=f"n = {n}, found")
    proven = [
        gd.wdc.bound(matrix(3 * r, 3), tolerance=0.03, max_pairs=20_000 if quick else 10**6).upper
        for r in ratios
    ]
    ax.loglog(ratios, proven, "_", color=BLUE, ms=7, label="n = 3, proven above")
    ax.loglog(ratios, 3 / np.sqrt(ratios), "--", color="0.5", lw=0.8, label=r"$3 \sqrt{n / \ell}$")
    ax.axhline(0.5, color="0.8", lw=0.8)
    ax.set_xlabel(r"expansion $\ell / n$")
    ax.set_ylabel(r"$\epsilon$ of the WDC, $\alpha = 1$")
    ax.legend(frameon=False, fontsize=6)
    return figure


def joint(quick: bool) -> Figure:
    """6. Epsilon of the joint WDC is at least about np / ell: the quadratic sample size."""
    sizes = (100, 400) if quick else (100, 200, 400, 800, 1600, 3200, 6400)
    figure, ax = column()
    for n, colour in ((3, BLUE), (10, VERMILLION)):
        found, necessary = [], []
        for ell in sizes:
            B, C = matrix(ell, n), matrix(ell, n, SEED + 1)
            evaluations = 2400 if quick else 12_000
            found.append(gd.wdc.joint_search(B, C, seed=SEED, max_evaluations=evaluations).lower)
            squares = np.sum(B**2, axis=1) * np.sum(C**2, axis=1)
            necessary.append(ell * squares.max())
        ax.loglog(sizes, found, ".-", color=colour, lw=0.8, label=f"n = p = {n}, found")
        ax.loglog(
            sizes, necessary, "--", color=colour, lw=0.8, label=r"$\ell\, \max \|b_i\|^2 \|c_i\|^2$"
        )
    ax.set_xlabel(r"measurements $\ell$")
    ax.set_ylabel(r"$\epsilon$ of the joint WDC")
    ax.legend(frameon=False, fontsize=6)
    return figure


def concentration(quick: bool) -> Figure:
    """7. Products of linear pieces and gradients approach their means as the networks grow."""
    widths = (20, 40) if quick else (25, 50, 100, 200, 400)
    networks = (pair((5, width, 4 * width)) for width in widths)
    found = landscape.concentration(networks, widths, points=20 if quick else 200, seed=SEED)
    figure, ax = column()
    plot.concentration(found, size="width of the inner layer", ax=ax)
    return figure


def audit(quick: bool) -> Figure:
    """8. Outside of neighbourhoods of four hyperbolas, f falls along -g1 or -g2."""
    g1, g2 = pair((3, 30, 120) if quick else (10, 250, 2000))
    h0, m0 = np.random.default_rng(SEED).standard_normal((2, g1.dims[0]))
    points, runs = (3000, 8) if quick else (300_000, 64)
    found = landscape.audit(g1, g2, h0, m0, points=points, runs=runs, seed=SEED)
    figure, ax = column()
    plot.audit(found, ax=ax)
    return figure


def stationary(quick: bool) -> Figure:
    """9. Where descent without a sign check ends, and the objective there."""
    g1, g2 = pair((1, 30, 120) if quick else (1, 250, 2000))
    h0, m0 = np.ones((2, 1))
    found = landscape.stationary(g1, g2, h0, m0, runs=20 if quick else 300, seed=SEED)
    names = [
        r"$(h_0, m_0)$",
        r"$(-\rho_d h_0, m_0)$",
        r"$(h_0, -\rho_s m_0)$",
        r"$(-\rho_d h_0, -\rho_s m_0)$",
    ]
    figure, ax = column()
    for k, colour in enumerate((BLUE, VERMILLION, GREEN, ORANGE)):
        ends = found.stationary & (found.branch == k)
        nearest = found.distances[ends].min(axis=1)
        ax.plot(nearest + 1e-12, found.objective[ends], ".", color=colour, label=names[k])
        ax.axhline(found.predicted[k], color=colour, lw=0.6, zorder=0)
    ax.set_xscale("log")
    ax.set_xlabel("distance to the nearest hyperbola")
    ax.set_ylabel("$f / f(K)$ where descent ended")
    ax.legend(frameon=False, fontsize=6)
    return figure


def algorithm(quick: bool) -> Figure:
    """10. Algorithm 1 with and without its sign check, from beside (-h0, -m0)."""
    g1, g2 = pair((2, 100, 400) if quick else (2, 250, 1000))
    rng = np.random.default_rng(SEED)
    trials, limit = (4, 60) if quick else (20, 300)
    figure, ax = column()
    for check, colour in ((1, BLUE), (0, VERMILLION)):
        solver = gd.AlternatingDescent(sign_check=check, max_iterations=limit, tolerance=0)
        for trial in range(trials):
            h0, m0 = np.random.default_rng([SEED, trial]).standard_normal((2, 2))
            y = g1(h0) * g2(m0)
            start = -h0 + 0.1 * rng.standard_normal(2), -m0 + 0.1 * rng.standard_normal(2)
            history = gd.demodulate(y, g1, g2, solver, start=start).history
            label = ("with" if check else "without") + " the sign check" if trial == 0 else None
            ax.semilogy(2 * history / (y @ y) + 1e-32, color=colour, lw=0.6, alpha=0.7, label=label)
    ax.set_xlabel("iteration")
    ax.set_ylabel(r"$2 f / \|y\|^2$")
    ax.set_xscale("symlog", linthresh=10)
    ax.legend(frameon=False, fontsize=7)
    return figure


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "01-surface": surface,
    "02-top-view": top_view,
    "03-angles": angles,
    "04-wdc": wdc,
    "05-expansion": expansion,
    "06-joint": joint,
    "07-concentration": concentration,
    "08-audit": audit,
    "09-stationary": stationary,
    "10-algorithm": algorithm,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/figures/paper"))
    parser.add_argument("--only", type=int, help="one of the ten")
    parser.add_argument("--quick", action="store_true", help="small versions")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, make in FIGURES.items():
        if options.only in (None, int(name[:2])):
            figure = make(options.quick)
            figure.savefig(options.output / f"{name}.png", dpi=200)
            plt.close(figure)
            print(f"wrote {options.output / name}.png", flush=True)


if __name__ == "__main__":
    main()
