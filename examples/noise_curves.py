"""Draw docs/figures/noise.png: errors of both factors against Gaussian and Poisson noise.

    python examples/noise_curves.py [-o docs/figures/noise.png] [--pairs 40] [--restarts 8]

Two pairs of generators: random networks, 10-250-4096 both, whose observations lie in their range;
and the pair of `gendemod demo`, on digits and bells that it was not trained on. Prints the table
of docs/trust.md. Everything is a function of fixed seeds. Needs gendemod[demo,plot].
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import gendemod as gd
from gendemod import data
from gendemod.metrics import scale_aligned

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
SEED = 1
LEVELS = 10.0 ** np.arange(-3.5, 0.01, 0.5)  # of the noise, relative to y
LINEAR = 0.05  # slopes are fitted to the levels below
SHOWN = (0.01, 0.1, 1.0)  # in the table


@dataclass(frozen=True)
class Scene:
    """A pair of generators with true factors."""

    name: str
    g1: gd.ReLUNetwork
    g2: gd.ReLUNetwork
    w: np.ndarray
    x: np.ndarray


def random_networks(pairs: int) -> Scene:
    g1, g2 = (gd.ReLUNetwork.gaussian((10, 250, 4096), seed=SEED + i) for i in range(2))
    rng = np.random.default_rng(SEED)
    w, x = (g(rng.standard_normal((pairs, 10))) for g in (g1, g2))
    return Scene("random networks", g1, g2, w, x)


def demo_pair(pairs: int) -> Scene:
    weights = Path(gd.__file__).parent / "weights"
    g1, g2 = (gd.ReLUNetwork.load(weights / f"{name}.npz") for name in ("digits", "bells"))
    images, _ = data.digits(32)
    _, held_out = data.split(len(images), seed=0)
    chosen = np.random.default_rng(SEED).permutation(held_out)[:pairs]
    bells = data.bells(pairs, 32, seed=1_000_000)
    return Scene("demo pair", g1, g2, images[chosen].astype("f4"), bells.astype("f4"))


def gaussian(y: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return y with noise of `level` times its norm, and the variance of each pixel."""
    variance = level**2 * np.mean(y**2, axis=1, keepdims=True) * np.ones_like(y)
    return data.add_gaussian_noise(y, level, seed=SEED), variance


def poisson(y: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The same of photons, so many that their noise has `level` times the norm for most y."""
    count = float(np.median(photons(y, level)))
    return data.add_poisson_noise(y, count, seed=SEED), y * y.max(axis=1, keepdims=True) / count


def photons(y: np.ndarray, level: float) -> np.ndarray:
    """The photons of the brightest pixel for noise of this level: E|e|^2 = max(y) sum(y) / N."""
    return y.sum(axis=1) * y.max(axis=1) / (level**2 * np.sum(y**2, axis=1))


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The median over pictures of the relative error of `a`, scaled to fit `b`."""
    errors = np.linalg.norm(scale_aligned(a, b) - b, axis=1) / np.linalg.norm(b, axis=1)
    return float(np.median(errors))


def moved(scene: Scene, clean: gd.Result, variance: np.ndarray) -> float:
    r"""The median over pictures of sqrt(tr(P V)) / |y|: what of the noise is in the tangent space.

    P projects on the range of the Jacobian [x * Lambda_1, w * Lambda_2], whose rank is at most
    n + p - 1; V holds the variances. The same variance everywhere gives level sqrt(rank / ell).
    """
    out = []
    for h, m, w, x, v in zip(clean.h, clean.m, clean.w, clean.x, variance, strict=True):
        jacobian = np.hstack([
            x[:, None] * scene.g1.linear_piece(h), w[:, None] * scene.g2.linear_piece(m)
        ])  # fmt: skip
        U, s, _ = np.linalg.svd(jacobian.astype("f8"), full_matrices=False)
        leverage = np.sum(U[:, s > 1e-5 * s[0]] ** 2, axis=1)
        out.append(np.sqrt(leverage @ v) / np.linalg.norm(w * x))
    return float(np.median(out))


def curves(scene: Scene, noise: Callable, restarts: int) -> np.ndarray:
    """Return a row a level.

    Its columns are the errors of w and x, the residual, how far the noise moved w, x and w * x,
    and how far it should have moved w * x.
    """
    y = scene.w * scene.x

    def solve(observed: np.ndarray) -> gd.Result:
        return gd.demodulate(observed, scene.g1, scene.g2, restarts=restarts, seed=SEED, threads=1)

    clean = solve(y)
    rows = []
    for level in LEVELS:
        observed, variance = noise(y, level)
        found = solve(observed)
        change = np.linalg.norm(found.w * found.x - clean.w * clean.x, axis=1)
        rows.append([
            distance(found.w, scene.w), distance(found.x, scene.x),
            float(np.median(found.relative_residual)),
            distance(found.w, clean.w), distance(found.x, clean.x),
            float(np.median(change / np.linalg.norm(y, axis=1))),
            moved(scene, clean, variance),
        ])  # fmt: skip
    return np.array(rows)


def slope(values: np.ndarray) -> float:
    """Return the exponent of the power of the level that fits best."""
    small = LEVELS < LINEAR
    return float(np.polyfit(np.log(LEVELS[small]), np.log(values[small]), 1)[0])


def line(scene: Scene, noise: Callable, rows: np.ndarray) -> str:
    """Return the line of the table: slopes of what the noise moved, then errors against truth."""
    name = noise.__name__.capitalize()
    ratio = np.median((rows[:, 5] / rows[:, 6])[LEVELS < LINEAR])
    cells = [scene.name, name, *(f"{slope(rows[:, k]):.2f}" for k in (3, 4, 5)), f"{ratio:.2f}"]
    for level in SHOWN:
        at = np.argmin(np.abs(LEVELS - level))
        cells.append(", ".join(f"{value:.2g}" for value in rows[at, :3]))
    return f"| {' | '.join(cells)} |"


def draw(ax: plt.Axes, rows: np.ndarray) -> None:
    for k, colour, label in ((0, BLUE, "w"), (1, VERMILLION, "x"), (2, GREEN, "residual")):
        ax.loglog(LEVELS, rows[:, k], "o-", color=colour, ms=3, lw=1, label=label)
    ax.loglog(LEVELS, rows[:, 5], "k.", ms=4, label="w * x, moved by the noise")
    ax.loglog(LEVELS, rows[:, 6], "k:", lw=1, label="the same, predicted")
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/figures/noise.png"))
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--restarts", type=int, default=8)
    options = parser.parse_args()
    figure, axes = plt.subplots(
        2, 2, figsize=(6.6, 4.8), layout="constrained", sharex=True, sharey="row"
    )
    heads = ["generators", "noise", "slope of w", "of x", "of w * x", "w * x over predicted"]
    heads += [f"errors of w, x; residual at {level:g}" for level in SHOWN]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for row, make in zip(axes, (random_networks, demo_pair), strict=True):
        scene = make(options.pairs)
        for ax, noise in zip(row, (gaussian, poisson), strict=True):
            rows = curves(scene, noise, options.restarts)
            draw(ax, rows)
            ax.set_title(f"{scene.name}, {noise.__name__.capitalize()} noise", fontsize=8)
            print(line(scene, noise, rows), flush=True)
        counts = [np.median(photons(scene.w * scene.x, level)) for level in SHOWN]
        told = ", ".join(
            f"{count:.2g} for {level:g}" for count, level in zip(counts, SHOWN, strict=True)
        )
        print(f"<!-- photons of the brightest pixel, {scene.name}: {told} -->")
    axes[0, 0].legend(frameon=False, fontsize=6)
    figure.supxlabel("norm of the noise over that of y", fontsize=8)
    figure.supylabel("median relative error", fontsize=8)
    figure.savefig(options.output, dpi=150)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
