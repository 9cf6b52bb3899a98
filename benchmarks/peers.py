"""Algorithm 1 with a fixed step as users of NumPy, PyTorch and JAX would write it.

Each function takes weights, observation, start and step, runs some iterations in float32, and
returns the latents as NumPy arrays. Networks and starts are the same for all; `ours` is gendemod.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gendemod as gd

SIGNS = ((1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass
class Work:
    """One problem, or a batch that shares its networks: y (ell,) or (batch, ell)."""

    weights1: list[np.ndarray]
    weights2: list[np.ndarray]
    y: np.ndarray
    h: np.ndarray
    m: np.ndarray
    step: float
    cache: dict[str, Any] = field(default_factory=dict)  # what a peer prepares once


def make(
    dims1: tuple[int, ...], dims2: tuple[int, ...], *, kappa: float = 0.25, batch: int = 0
) -> Work:
    """Draw a problem of truncated networks and codes of length sqrt(n).

    The step is kappa / (c0 a0), c0 a0 the curvature of the expected objective at the solution.
    """
    g1, g2 = (
        gd.ReLUNetwork.gaussian(dims, seed=i, last_layer="truncated", dtype=np.float32)
        for i, dims in enumerate((dims1, dims2), start=1)
    )
    rng = np.random.default_rng(0)
    shape = (max(batch, 1),)

    def code(size: int) -> np.ndarray:
        z = rng.standard_normal((*shape, size))
        return (z * np.sqrt(size) / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)

    h0, m0 = code(dims1[0]), code(dims2[0])
    a0 = np.sqrt(dims1[0] * dims2[0])
    scale = a0**0.5
    h, m = (
        scale * z / np.linalg.norm(z, axis=1, keepdims=True)
        for z in (code(dims1[0]), code(dims2[0]))
    )
    y = g1(h0) * g2(m0)
    step = float(kappa * 2.0 ** (len(dims1) + len(dims2) - 2) * dims1[-1] / a0)
    one = slice(None) if batch else 0
    return Work(
        [np.ascontiguousarray(W) for W in g1.weights],
        [np.ascontiguousarray(W) for W in g2.weights],
        y[one],
        h.astype(np.float32)[one],
        m.astype(np.float32)[one],
        step,
    )


def ours(work: Work, iterations: int, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """gendemod.demodulate with a fixed step."""
    if "ours" not in work.cache:
        work.cache["ours"] = gd.ReLUNetwork(work.weights1), gd.ReLUNetwork(work.weights2)
    solver = gd.AlternatingDescent(step_size=work.step, max_iterations=iterations, tolerance=0)
    result = gd.demodulate(
        work.y, *work.cache["ours"], solver, start=(work.h, work.m), threads=threads
    )
    return result.h, result.m


def numpy_peer(work: Work, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks and transposes by hand."""

    def forward(weights: list[np.ndarray], z: np.ndarray) -> list[np.ndarray]:
        values = []
        for W in weights:
            z = np.maximum(W @ z, 0)
            values.append(z)
        return values

    def pull(weights: list[np.ndarray], values: list[np.ndarray], r: np.ndarray) -> np.ndarray:
        for W, value in zip(weights[::-1], values[::-1], strict=True):
            r = W.T @ (r * (value > 0))
        return r

    h, m, y = work.h, work.m, work.y
    for _ in range(iterations):
        w = {s: forward(work.weights1, s * h) for s in (1, -1)}
        x = {s: forward(work.weights2, s * m) for s in (1, -1)}
        objectives = [np.sum((w[a][-1] * x[b][-1] - y) ** 2) for a, b in SIGNS]
        a, b = SIGNS[int(np.argmin(objectives))]
        h, m, w, x = a * h, b * m, w[a], x[b]
        h = h - work.step * pull(work.weights1, w, x[-1] * (w[-1] * x[-1] - y))
        w = forward(work.weights1, h)
        m = m - work.step * pull(work.weights2, x, w[-1] * (w[-1] * x[-1] - y))
        c = np.sqrt(np.linalg.norm(h) / np.linalg.norm(m))
        h, m = h / c, m * c
    return h, m


def torch_peer(work: Work, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Eager PyTorch with autograd; a leading axis of y, h and m is a batch."""
    import torch

    if "torch" not in work.cache:
        work.cache["torch"] = [
            [torch.from_numpy(W) for W in weights] for weights in (work.weights1, work.weights2)
        ]
    weights1, weights2 = work.cache["torch"]
    y, h, m = (torch.from_numpy(np.atleast_2d(z)) for z in (work.y, work.h, work.m))

    def forward(weights: list[Any], z: Any) -> Any:
        for W in weights:
            z = torch.relu(torch.nn.functional.linear(z, W))
        return z

    for _ in range(iterations):
        with torch.no_grad():
            w = {s: forward(weights1, s * h) for s in (1, -1)}
            x = {s: forward(weights2, s * m) for s in (1, -1)}
            sums = torch.stack([((w[a] * x[b] - y) ** 2).sum(1) for a, b in SIGNS])
            best = sums.argmin(0)
            signs = torch.tensor(SIGNS, dtype=h.dtype)[best]
            h, m = h * signs[:, :1], m * signs[:, 1:]
            x_now = torch.where(signs[:, 1:] > 0, x[1], x[-1])
        h = h.requires_grad_()
        f = 0.5 * ((forward(weights1, h) * x_now - y) ** 2).sum()
        (gradient,) = torch.autograd.grad(f, h)
        h = (h - work.step * gradient).detach()
        with torch.no_grad():
            w_now = forward(weights1, h)
        m = m.detach().requires_grad_()
        f = 0.5 * ((w_now * forward(weights2, m) - y) ** 2).sum()
        (gradient,) = torch.autograd.grad(f, m)
        m = (m - work.step * gradient).detach()
        c = torch.sqrt(h.norm(dim=1, keepdim=True) / m.norm(dim=1, keepdim=True))
        h, m = h / c, m * c
    h, m = h.numpy(), m.numpy()
    return (h, m) if work.y.ndim == 2 else (h[0], m[0])


def torch_batched(work: Work, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """PyTorch without autograd for a batch: gradients by hand, no pass made twice."""
    import torch

    if "torch" not in work.cache:
        work.cache["torch"] = [
            [torch.from_numpy(W) for W in weights] for weights in (work.weights1, work.weights2)
        ]
    weights1, weights2 = work.cache["torch"]
    y, h, m = (torch.from_numpy(z) for z in (work.y, work.h, work.m))
    all_signs = torch.tensor(SIGNS, dtype=h.dtype)

    def onward(weights: list[Any], first: Any) -> list[Any]:
        values = [torch.relu(first)]
        for W in weights[1:]:
            values.append(torch.relu_(values[-1] @ W.T))
        return values

    def pull(weights: list[Any], values: list[Any], r: Any) -> Any:
        for W, value in zip(weights[::-1], values[::-1], strict=True):
            r = (r * (value > 0)) @ W
        return r

    with torch.no_grad():
        for _ in range(iterations):
            first_h, first_m = h @ weights1[0].T, m @ weights2[0].T
            w = {1: onward(weights1, first_h), -1: onward(weights1, -first_h)}
            x = {1: onward(weights2, first_m), -1: onward(weights2, -first_m)}
            sums = torch.stack([(w[a][-1] * x[b][-1]).sub_(y).square_().sum(1) for a, b in SIGNS])
            signs = all_signs[sums.argmin(0)]
            s, t = signs[:, :1], signs[:, 1:]
            h, m, w_now, x_now = h * s, m * t, w[1], x[1]
            if bool((signs < 0).any()):
                w_now = [torch.where(s > 0, a, b) for a, b in zip(w[1], w[-1], strict=True)]
                x_now = [torch.where(t > 0, a, b) for a, b in zip(x[1], x[-1], strict=True)]
            r = w_now[-1] * x_now[-1] - y
            h = h - work.step * pull(weights1, w_now, x_now[-1] * r)
            moved = onward(weights1, h @ weights1[0].T)[-1]
            m = m - work.step * pull(weights2, x_now, moved * (moved * x_now[-1] - y))
            c = torch.sqrt(h.norm(dim=1, keepdim=True) / m.norm(dim=1, keepdim=True))
            h, m = h / c, m * c
    return h.numpy(), m.numpy()


def jax_peer(work: Work, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """JAX: one jit over the whole loop."""
    import jax
    import jax.numpy as jnp

    signs = jnp.array(SIGNS, dtype=jnp.float32)

    def forward(weights: Any, z: Any) -> Any:
        for W in weights:
            z = jnp.maximum(W @ z, 0)
        return z

    def iteration(state: Any, _: Any, weights1: Any, weights2: Any, y: Any, step: Any) -> Any:
        h, m = state
        w = jnp.stack([forward(weights1, h), forward(weights1, -h)])
        x = jnp.stack([forward(weights2, m), forward(weights2, -m)])
        pick = jnp.array([(0, 0), (1, 0), (0, 1), (1, 1)])
        sums = jnp.sum((w[pick[:, 0]] * x[pick[:, 1]] - y) ** 2, axis=1)
        best = jnp.argmin(sums)
        h, m, x_now = h * signs[best, 0], m * signs[best, 1], x[pick[best, 1]]
        h = h - step * jax.grad(lambda z: 0.5 * jnp.sum((forward(weights1, z) * x_now - y) ** 2))(h)
        w_now = forward(weights1, h)
        m = m - step * jax.grad(lambda z: 0.5 * jnp.sum((w_now * forward(weights2, z) - y) ** 2))(m)
        c = jnp.sqrt(jnp.linalg.norm(h) / jnp.linalg.norm(m))
        return (h / c, m * c), None

    def run(weights1: Any, weights2: Any, y: Any, h: Any, m: Any, step: Any) -> Any:
        def body(state: Any, k: Any) -> Any:
            return iteration(state, k, weights1, weights2, y, step)

        return jax.lax.scan(body, (h, m), None, length=iterations)[0]

    key = f"jax {iterations}"
    if key not in work.cache:
        weights = [[jnp.asarray(W) for W in ws] for ws in (work.weights1, work.weights2)]
        work.cache[key] = jax.jit(run), weights
    compiled, weights = work.cache[key]
    h, m = compiled(*weights, work.y, work.h, work.m, work.step)
    return np.asarray(h), np.asarray(m)
