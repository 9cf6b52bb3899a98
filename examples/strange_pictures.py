"""Print the table of docs/trust.md: which strange pictures a reference of the demo pair flags.

    python examples/strange_pictures.py [--restarts 8]

The reference holds 400 digits and bells that the shipped generators were not trained on; what is
judged are 199 others, and 60 of these after something was done to them. Everything is a function
of fixed seeds. Needs gendemod[demo].
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import gendemod as gd
from gendemod import data
from gendemod.trust import LEVEL, ground, reference_residuals

SEED = 0
KEPT, STRANGE = 400, 60
SIDE = 32


def held_out() -> tuple[np.ndarray, np.ndarray]:
    """Return the digits that were held out from training, shuffled, and as many fresh bells."""
    images, _ = data.digits(SIDE)
    _, chosen = data.split(len(images), seed=0)
    w = images[np.random.default_rng(SEED).permutation(chosen)]
    return w, data.bells(len(w), SIDE, seed=1_000_000)


def strange(w: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return pictures that are not of the kind of w * x, each under its name."""
    shaped = w.reshape(-1, SIDE, SIDE)
    stripes = np.tile(0.6 + 0.4 * np.sign(np.sin(np.arange(SIDE))), SIDE)
    done = {
        "inverted": 1 - w,
        "turned by 90 degrees": np.rot90(shaped, axes=(1, 2)).reshape(w.shape),
        "moved by 2 pixels": np.roll(shaped, (2, 2), axis=(1, 2)).reshape(w.shape),
        "mirrored": shaped[:, :, ::-1].reshape(w.shape),
        "white noise for the digit": np.random.default_rng(SEED).random(w.shape),
    }
    y = w * x
    return {
        **{name: digit * x for name, digit in done.items()},
        "stripes for the distortion": w * stripes,
        **{f"{b:g} added": y + b for b in (0.05, 0.1, 0.2)},
        **{f"clipped at {top:g}": np.minimum(y, top) for top in (0.7, 0.5)},
        **{f"noise of {a:g}": data.add_gaussian_noise(y, a, seed=SEED) for a in (0.05, 0.1)},
    }


def false_alarms(residuals: np.ndarray, level: float) -> tuple[float, float]:
    """Return mean and spread of the share flagged, over 1000 divisions into kept and judged."""
    rng, shares = np.random.default_rng(SEED), []
    for _ in range(1000):
        order = rng.permutation(residuals)
        kept, judged = np.sort(order[:KEPT]), order[KEPT:]
        p = (1 + KEPT - np.searchsorted(kept, judged)) / (1 + KEPT)
        shares.append(np.mean(p <= level))
    return float(np.mean(shares)), float(np.std(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=8)
    restarts = parser.parse_args().restarts
    weights = Path(gd.__file__).parent / "weights"
    pair = [gd.ReLUNetwork.load(weights / f"{name}.npz") for name in ("digits", "bells")]
    w, x = held_out()
    y = (w * x).astype("f4")
    reference = reference_residuals(y[:KEPT], *pair, restarts=restarts, seed=SEED)
    print(f"median {np.median(reference.residuals):.3g}, flagged above {reference.threshold():.3g}")
    print("\n| pictures | out of range | raised ground | median ratio |\n|---|---|---|---|")
    some = slice(KEPT, KEPT + STRANGE)
    for name, pictures in {"others of the kind": y[KEPT:], **strange(w[some], x[some])}.items():
        found = gd.demodulate(pictures.astype("f4"), *pair, restarts=restarts, seed=SEED)
        score = reference.compare(found.relative_residual, ground(found.w * found.x))
        cells = f"{score.out_of_range.mean():.0%} | {score.raised_ground.mean():.0%}"
        print(f"| {name} | {cells} | {np.median(score.ratio):.2f} |", flush=True)
        if name == "others of the kind":
            all_residuals = np.concatenate([reference.residuals, found.relative_residual])
    for level in (LEVEL, 0.05):
        mean, spread = false_alarms(all_residuals, level)
        print(f"\nfalse alarms at {level:g}: {mean:.4f}, standard deviation {spread:.4f}")


if __name__ == "__main__":
    main()
