"""Time the audit of the theorems against NumPy, float64, one thread each, by turns.

    python benchmarks/audit.py

A point costs both one-sided derivatives, along -g1 and along -g2. NumPy does it by the definition,
in batches of points: forward, backward, and forward again with tangents and lexicographic masks; or
without the last, where one knows that points are smooth; or by the idea of gendemod, where all
points of a grid of directions share their linear pieces. Derivatives are compared before anything
is timed. Then the same as the number of outputs grows.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from compare import medians, pin

import gendemod as gd
from gendemod import landscape
from gendemod.landscape import _radial_slopes, _scene, _walls

DIMS = (10, 250, 4096)
OUTPUTS = (1024, 2048, 4096, 8192, 16384)
RAYS, RADII, BATCH = 40, 8, 256  # those of an audit of 1,000,000 points, and the best batch

Array = np.ndarray


class Work:
    """A grid of points: all pairs of directions, some products of norms for each."""

    def __init__(self, dims: tuple[int, ...]) -> None:
        g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=i, last_layer="truncated") for i in (1, 2))
        rng = np.random.default_rng(0)
        h0, m0, *_ = rng.standard_normal((2, dims[0]))
        self.scene = _scene.scene(g1, g2, h0, m0)
        directions = rng.standard_normal((2, RAYS, dims[0]))
        directions /= np.linalg.norm(directions, axis=2, keepdims=True)
        self.h, self.m = directions
        self.a = 10 ** rng.uniform(-1, 1, (RAYS, RAYS, RADII))
        self.weights = [[np.ascontiguousarray(W) for W in g.weights] for g in (g1, g2)]
        self.count = self.a.size

    def points(self, start: int, size: int) -> tuple[Array, Array]:
        i, j, r = np.unravel_index(np.arange(start, min(start + size, self.count)), self.a.shape)
        root = np.sqrt(self.a[i, j, r])[:, None]
        return root * self.h[i], root * self.m[j]


def ours(work: Work) -> Array:
    h, m = _walls.without_walls(work.h), _walls.without_walls(work.m)
    of_h, of_m = _radial_slopes.products(work.scene, h, m, 1)
    first, _ = _radial_slopes.slopes(of_h, work.a, work.h)
    second, _ = _radial_slopes.slopes(of_m, work.a.swapaxes(0, 1), work.m)
    return np.stack([first, second.swapaxes(0, 1)]) * work.a


def forward(weights: list[Array], z: Array) -> tuple[list[Array], Array]:
    on = []
    for W in weights:
        z = z @ W.T
        on.append(z > 0)
        np.maximum(z, 0, out=z)
    return on, z


def pull(weights: list[Array], on: list[Array], r: Array) -> Array:
    for W, mask in zip(weights[::-1], on[::-1], strict=True):
        r = (r * mask) @ W
    return r


def along(weights: list[Array], z: Array, dz: Array) -> Array:
    for W in weights:
        z, dz = z @ W.T, dz @ W.T
        mask = (z > 0) | ((z == 0) & (dz > 0))
        z, dz = z * mask, dz * mask
    return dz


def by_definition(work: Work, smooth: bool = False) -> Array:
    out = np.empty((2, work.count))
    weights1, weights2 = work.weights
    for start in range(0, work.count, BATCH):
        h, m = work.points(start, BATCH)
        on1, w = forward(weights1, h)
        on2, x = forward(weights2, m)
        r = w * x - work.scene.y
        w_r, x_r = w * r, x * r
        g1, g2 = pull(weights1, on1, x_r), pull(weights2, on2, w_r)
        some = slice(start, start + len(h))
        if smooth:
            out[0, some], out[1, some] = -(g1**2).sum(1), -(g2**2).sum(1)
        else:
            out[0, some] = (x_r * along(weights1, h, -g1)).sum(1)
            out[1, some] = (w_r * along(weights2, m, -g2)).sum(1)
    return out.reshape(2, *work.a.shape)


def sharing(work: Work) -> Array:
    def pieces(weights: list[Array], z: Array) -> Array:
        out = []
        for direction in z:
            piece, on = np.eye(len(direction)), np.full(len(direction), True)
            for W in weights:
                piece = W[:, on] @ piece[on]
                on = piece @ direction > 0
            out.append(piece * on[:, None])
        return np.stack(out)

    def derivatives(piece: Array, w: Array, x: Array, a: Array) -> Array:
        flat = piece.transpose(0, 2, 1).reshape(-1, w.shape[1])
        scaled = (piece * w[:, :, None]).transpose(0, 2, 1).reshape(-1, w.shape[1])
        u, v = scaled @ (x**2).T, flat @ (x * work.scene.y).T
        u, v = (part.reshape(len(w), -1, len(x)).transpose(0, 2, 1) for part in (u, v))
        g = a[..., None] * u[:, :, None] - v[:, :, None]
        return -a * (g**2).sum(-1)

    first, second = pieces(work.weights[0], work.h), pieces(work.weights[1], work.m)
    w, x = np.einsum("iln,in->il", first, work.h), np.einsum("jln,jn->jl", second, work.m)
    other = derivatives(second, x, w, work.a.swapaxes(0, 1)).swapaxes(0, 1)
    return np.stack([derivatives(first, w, x, work.a), other])


PEERS = {
    "by the definition": by_definition,
    "without tangents": partial(by_definition, smooth=True),
    "with shared pieces": sharing,
}


def compared(work: Work) -> None:
    """Stop unless all derivatives agree."""
    expected = by_definition(work)
    for name, function in {**PEERS, "gendemod": ours}.items():
        gap = np.max(np.abs(function(work) - expected)) / np.max(np.abs(expected))
        if not gap < 1e-11:
            raise SystemExit(f"{name} differs by {gap:.1e}")


def microseconds(dims: tuple[int, ...], repetitions: int) -> dict[str, float]:
    work = Work(dims)
    compared(work)
    runs = {name: partial(function, work) for name, function in PEERS.items()}
    runs["gendemod"] = partial(ours, work)
    found = {k: v / work.count * 1e6 for k, v in medians(runs, repetitions).items()}
    scene, points = work.scene, 300_000
    audit = partial(landscape.descent, scene.g1, scene.g2, scene.h0, scene.m0, threads=1)
    seconds = medians({"audit": partial(audit, points=points)}, 1)["audit"]
    found["a whole audit"] = seconds / audit(points=points).points * 1e6
    return found


def main() -> None:
    pin(1)
    print(f"\n## {'-'.join(map(str, DIMS))} twice, µs a point\n")
    found = microseconds(DIMS, 5)
    print("| | µs | gendemod is faster by |\n|---|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value:.3g} | {value / found['gendemod']:.1f} |", flush=True)
    print("\n## Growth in the number of outputs, µs a point\n")
    rows = []
    print("| ℓ | " + " | ".join(found) + " |\n|" + "---|" * (len(found) + 1))
    for ell in OUTPUTS:
        rows.append(microseconds((*DIMS[:-1], ell), 3))
        print(f"| {ell} | " + " | ".join(f"{v:.3g}" for v in rows[-1].values()) + " |", flush=True)
    exponents = [np.polyfit(np.log(OUTPUTS), np.log([r[k] for r in rows]), 1)[0] for k in found]
    print("| exponent | " + " | ".join(f"{e:.2f}" for e in exponents) + " |")


if __name__ == "__main__":
    main()
