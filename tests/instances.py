"""Small problems for demodulate, and what it means that two results are the same."""

import numpy as np

import gendemod as gd
from reference import random_weights

DIMS1, DIMS2, ELL = (4, 20, 60), (3, 15, 60), 60
FIELDS = ["h", "m", "w", "x", "objective", "relative_residual", "iterations", "restarts"]


def networks(dtype=np.float64):
    return tuple(gd.ReLUNetwork(random_weights(d, i, dtype)) for i, d in enumerate((DIMS1, DIMS2)))


def observations(batch, g1, g2, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    h, m = rng.standard_normal((batch, DIMS1[0])), rng.standard_normal((batch, DIMS2[0]))
    y = np.array([g1(a) * g2(b) for a, b in zip(h, m, strict=True)]).reshape(batch, ELL)
    return y + noise * rng.standard_normal(y.shape)


def few(iterations=30):
    """A solver that stops before anything has converged."""
    return gd.AlternatingDescent(max_iterations=iterations, tolerance=0)


def assert_same(a, b):
    for name in [*FIELDS, "converged", "status", "message"]:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    np.testing.assert_array_equal(np.concatenate(a.history), np.concatenate(b.history))


rng = np.random.default_rng(5)
WDC_MATRICES = {
    "gaussian": rng.standard_normal((60, 4)) / 60**0.5,
    "few rows": rng.standard_normal((3, 6)),
    "one row": rng.standard_normal((1, 3)),
    "orthogonal": np.linalg.qr(rng.standard_normal((5, 5)))[0],
    "duplicates": np.repeat(rng.standard_normal((10, 3)), 4, axis=0) / 40**0.5,
    "zero rows": np.vstack([np.zeros((5, 3)), rng.standard_normal((20, 3))]) / 5,
    "all zero": np.zeros((4, 3)),
    "rank one": np.outer(rng.standard_normal(30), rng.standard_normal(4)) / 30**0.5,
    "integers": rng.integers(-1, 2, (40, 3)) / 40**0.5,
    "huge": 1e120 * rng.standard_normal((30, 3)),
    "tiny": 1e-120 * rng.standard_normal((30, 3)),
    "wide": rng.standard_normal((200, 24)) / 200**0.5,
}
