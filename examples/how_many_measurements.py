"""How many measurements are really needed? Run the sweeps of docs/measurements.md, and draw them.

    python examples/how_many_measurements.py SWEEPS [-o docs/measurements] [--threads 2] [--draw]

SWEEPS is a folder of result files, one for each preset; a run goes on with what is there, and
Ctrl-C loses nothing. It takes about four hours of one core; `--draw` runs nothing. Tables (CSV)
and figures (PNG) are functions of the result files. Needs gendemod[plot].
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from gendemod import plot, sweep
from gendemod.sweep._demodulation import Demodulation
from gendemod.sweep._trial import cell_and_numbers

DEPTHS = (1, 2, 3)
LARGE = 6  # power laws are also fitted to the sizes from here on
FITS = 1e-6  # relative residual of a pair that fits the observation
OTHERS = ("transition-restarts", "transition-unequal", "wdc-expansion", "wdc-effort", "joint-wdc")
NAMES = (
    "transition-depth-1",
    *(f"transition-depth-{depth}{size}" for depth in (2, 3) for size in ("", "-large")),
    *OTHERS,
)


def chance_of_enough(ell: int, unknowns: int) -> float:
    """How often a truth can be isolated at all: P(K >= n + p - 1) for K ~ Bin(ell, 1/4).

    An output is on in both networks with chance 1/4, and then says one equation; the others are 0
    around the truth. (h, m) has n + p numbers but for one scale.
    """
    few = sum(math.comb(ell, k) * 3 ** (ell - k) for k in range(min(unknowns - 1, ell + 1)))
    return 1 - few / 4**ell


def least_possible(unknowns: int) -> int:
    """The first ell at which that chance is one half: about 4 (n + p - 1)."""
    ell = unknowns
    while chance_of_enough(ell, unknowns) < 0.5:
        ell += 1
    return ell


def transitions_at(depth: int, stored: dict[str, sweep.Results]) -> sweep.Transitions:
    """The transitions of one depth; sizes that only the default solver was tried on are added."""
    name = f"transition-depth-{depth}"
    found = sweep.transitions(stored[name], "ell")
    rows = found.rows
    if f"{name}-large" in stored:
        more = sweep.transitions(stored[f"{name}-large"], "ell").rows
        rows = rows + [replace(row, at={"solver": "levenberg-marquardt", **row.at}) for row in more]
    return replace(found, rows=rows)


def laws_of(found: sweep.Transitions, least: float) -> list[sweep.PowerLaw]:
    """Power laws through the transitions of n >= least."""
    return sweep.power_laws(replace(found, rows=[r for r in found.rows if r.at["n"] >= least]))


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})
    print(f"wrote {path}")


def limits(swept: sweep.Sweep, at: dict[str, Any]) -> dict[str, int]:
    """No method passes one half below so many measurements."""
    if swept.task != "demodulation":
        return {}
    return {"least possible": least_possible(at["n"] + at.get("p", at["n"]))}


def transition_rows(found: sweep.Transitions, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            **more,
            **row.at,
            found.along: row.value,
            "lower": row.lower,
            "upper": row.upper,
            **limits(found.sweep, row.at),
            "how": row.how,
            "slope": row.slope,
            "deviance": row.deviance,
            "freedom": row.freedom,
        }
        for row in found.rows
    ]


def law_rows(laws: list[sweep.PowerLaw], **more: Any) -> list[dict[str, Any]]:
    return [
        {
            **more,
            **law.at,
            "from": int(law.sizes.min()),
            "to": int(law.sizes.max()),
            "exponent": law.exponent,
            "lower": law.lower,
            "upper": law.upper,
            "constant": law.constant,
            "scatter": law.scatter,
            "p-value": law.p_value,
        }
        for law in laws
        if len(law.sizes)
    ]


def median_rows(found: sweep.Medians) -> list[dict[str, Any]]:
    parts = (found.tried, found.value, found.lower, found.upper)
    return [
        {**cell, "trials": tried, "median": value, "from": lower, "to": upper}
        for cell, tried, value, lower, upper in zip(
            found.sweep.cells, *(part.ravel().tolist() for part in parts), strict=True
        )
    ]


def endings(results: sweep.Results, depth: int) -> list[dict[str, Any]]:
    """How trials end, over all n >= LARGE: at the truth, at another pair that fits, or at neither,
    of which "unfinished" are those that the solver does not call converged. "possible" is the
    share of problems with enough outputs that are not 0."""
    grids = [results.grid(name) for name in ("success", "residual", "converged")]
    axes = results.sweep.axes
    large = [i for i, n in enumerate(axes["n"]) if n >= LARGE]
    rows = []
    for s, solver in enumerate(axes["solver"]):
        for r, ratio in enumerate(axes["ell_per_unknown"]):
            trials = np.array([grid[s][large, r].ravel() for grid in grids])
            truth, residual, converged = trials[:, ~np.isnan(trials[1])]
            fits = residual < FITS
            shares = {
                "truth": truth == 1,
                "another fit": (truth == 0) & fits,
                "no fit": (truth == 0) & ~fits,
                "unfinished": (truth == 0) & ~fits & (converged == 0),
            }
            row = {"depth": depth, "solver": solver, "ell_per_unknown": ratio, "trials": len(truth)}
            enough = [
                chance_of_enough(round(2 * n * ratio), 2 * n) for n in np.array(axes["n"])[large]
            ]
            row["possible"] = float(np.mean(enough))
            rows.append(row | {name: float(share.mean()) for name, share in shares.items()})
    return rows


def counted(results: sweep.Results) -> list[dict[str, Any]]:
    """For each number of starts and each n: how many problems have the n + p - 1 outputs that are
    not 0, without which no truth is isolated, and how many of these and of the others are solved.
    """
    axes, success = results.sweep.axes, results.grid("success")
    enough = np.zeros(success.shape, dtype=bool)
    for cell, n in enumerate(one["n"] for one in results.sweep.cells):
        for trial in range(results.sweep.trials):
            index = trial * len(results.sweep.cells) + cell
            task, numbers = cell_and_numbers(results.sweep, index)
            assert isinstance(task, Demodulation)
            _, scene = task.draw(numbers)
            place = np.unravel_index(cell, success.shape[:-1])
            enough[(*place, trial)] = np.count_nonzero(scene.y0) >= 2 * n - 1
    recovered = success == 1
    rows = []
    for s, starts in enumerate(axes["restarts"]):
        for i, n in enumerate(axes["n"]):
            row = {"restarts": starts, "n": n, "problems": recovered[s, i].size}
            row["possible"] = int(enough[s, i].sum())
            row["possible, recovered"] = int((recovered & enough)[s, i].sum())
            row["impossible, recovered"] = int((recovered & ~enough)[s, i].sum())
            rows.append(row)
    return rows


def tables(stored: dict[str, sweep.Results], out: Path) -> None:
    found = {depth: transitions_at(depth, stored) for depth in DEPTHS}
    write(out / "transitions.csv", [r for d in DEPTHS for r in transition_rows(found[d], depth=d)])
    write(
        out / "power-laws.csv",
        [
            r
            for d in DEPTHS
            for least in (0, LARGE)
            for r in law_rows(laws_of(found[d], least), depth=d)
        ],
    )
    rows = [r for d in DEPTHS for r in endings(stored[f"transition-depth-{d}"], d)]
    write(out / "endings.csv", rows)
    for name in ("restarts", "unequal"):
        one = sweep.transitions(stored[f"transition-{name}"], "ell")
        write(out / f"{name}.csv", transition_rows(one))
    write(out / "counted.csv", counted(stored["transition-restarts"]))
    laws = []
    for name, least in (("wdc-expansion", 8), ("joint-wdc", 4)):
        one = sweep.transitions(stored[name], "ell")
        write(out / f"{name}-transitions.csv", transition_rows(one))
        for found_laws in (sweep.power_laws(one), laws_of(one, least)):
            laws += law_rows(found_laws, condition=name)
    write(out / "wdc-power-laws.csv", laws)
    for name in ("wdc-expansion", "wdc-effort", "joint-wdc"):
        write(out / f"{name}.csv", median_rows(sweep.medians(stored[name], "lower")))


def figures(stored: dict[str, sweep.Results], out: Path) -> None:
    found = {depth: transitions_at(depth, stored) for depth in DEPTHS}
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained", sharey=True)
    for depth, ax in zip(DEPTHS, axes, strict=True):
        plot.transition_curves(found[depth], laws_of(found[depth], LARGE), ax=ax)
        ax.set_title(f"depth {depth}", fontsize=8, loc="right", y=0.02, x=0.98)
    save(figure, out / "transitions.png")

    figure, ax = plt.subplots(figsize=(4.5, 3), layout="constrained")
    for depth in DEPTHS:
        rows = [r for r in found[depth].rows if r.at["solver"] == "levenberg-marquardt"]
        n = np.array([r.at["n"] for r in rows])
        ends = np.array([(r.lower, r.upper) for r in rows])
        middle = np.array([r.value for r in rows])
        middle = np.where(np.isnan(middle), ends.mean(axis=1), middle)
        bars = np.abs(ends.T - middle) / (2 * n)
        ax.errorbar(
            n,
            middle / (2 * n),
            bars,
            marker="o",
            markersize=3,
            linewidth=0.8,
            label=f"depth {depth}",
        )
    shown = (2, 4, 8, 16, 32, 64)
    sizes = range(2, 65)
    least = [least_possible(2 * n) / (2 * n) for n in sizes]
    ax.plot(sizes, least, "k--", linewidth=1, label="least possible")
    ax.axhline(1, linestyle=":", color="0.4", linewidth=1, label="as many as unknowns")
    ax.set(xscale="log", xlabel="n = p", ylabel=r"$\ell$ at 50 % success / (n + p)", ylim=(0, 8))
    ax.set_xticks(shown, labels=map(str, shown))
    ax.set_xticks([], minor=True)
    ax.legend(fontsize=7, frameon=False)
    save(figure, out / "constants.png")

    figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
    lower = sweep.medians(stored["wdc-expansion"], "lower")
    plot.measured(lower, "n", at={"expansion": [4, 8, 16, 32, 64]}, ax=axes[0])
    plot.measured(lower, "expansion", at={"n": [2, 8, 32, 128]}, ax=axes[1])
    save(figure, out / "wdc.png")
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
    lower = sweep.medians(stored["joint-wdc"], "lower")
    plot.measured(lower, "ell_per_product", at={"n": [2, 4, 8, 16, 24]}, ax=axes[0])
    joint = sweep.transitions(stored["joint-wdc"], "ell")
    plot.transition_curves(joint, laws_of(joint, 4), ax=axes[1])
    save(figure, out / "joint-wdc.png")


def save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=130, metadata={"Software": None})
    plt.close(figure)
    print(f"wrote {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweeps", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/measurements"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--draw", action="store_true", help="of what is there; run nothing")
    options = parser.parse_args()
    options.sweeps.mkdir(parents=True, exist_ok=True)
    options.output.mkdir(parents=True, exist_ok=True)
    stored = {}
    for name in NAMES:
        path = options.sweeps / f"{name}.sweep"
        if not options.draw:
            sweep.run(sweep.preset(name), path, threads=options.threads, progress=True)
        stored[name] = sweep.open(path)
    tables(stored, options.output)
    figures(stored, options.output)


if __name__ == "__main__":
    main()
