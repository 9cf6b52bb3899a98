"""The joint deviation (6) as a function of (m, y), at fixed (h, x)."""

from __future__ import annotations

import numpy as np

from .._arrays import Array

LADDER = 0.6 * 0.4 ** np.arange(10.0)  # the angles that a line search tries
STEPS = 40  # line searches for one eigenvector
ROUNDS = 10  # eigenvectors
LEAST_GAIN = 1e-7  # relative, below which an ascent ends


def unit(z: Array) -> Array:
    """Return vectors divided by their lengths."""
    length = np.linalg.norm(z, axis=-1, keepdims=True)
    out: Array = z / length
    return out


def angle(x: Array, y: Array) -> Array:
    """Return the angles between unit vectors, accurate near 0 and pi."""
    apart, together = (np.linalg.norm(z, axis=-1) for z in (x - y, x + y))
    theta: Array = 2 * np.arctan2(apart, together)
    return theta


def mean_product(x: Array, y: Array) -> Array:
    """Return x^T Q_{x,y} y of unit vectors, the mean of relu(w.x) relu(w.y), w ~ N(0, I)."""
    theta = angle(x, y)
    mean: Array = ((np.pi - theta) * np.cos(theta) + np.sin(theta)) / (2 * np.pi)
    return mean


def mean_slope(x: Array, y: Array) -> Array:
    """Return Q_{x,y} y at unit x and y, the gradient of x^T Q_{x,y} y over x."""
    theta = angle(x, y)
    slope: Array = ((np.pi - theta) * y + np.sin(theta) * x) / (2 * np.pi)
    return slope


def expected_gram(x: Array, y: Array) -> Array:
    """Return Q_{x,y} of unit x and y."""
    theta = angle(x, y)
    swap = np.zeros((len(x), len(x)))  # M, a swap of x and y: p p^T / |p|^2 - q q^T / |q|^2
    for z, sign in ((x + y, 1.0), (x - y, -1.0)):
        if z.any():
            swap += sign * np.outer(unit(z), unit(z))
    gram: Array = ((np.pi - theta) * np.eye(len(x)) + np.sin(theta) * swap) / (2 * np.pi)
    return gram


def ascend(
    B: Array, C: Array, alpha: float, pair: tuple[Array, Array], m: Array, y: Array
) -> tuple[float, Array, Array]:
    """Return (m, y) with a large (6) beside the pair (h, x), found up the slope, and (6) there.

    For a top eigenvector v of the matrix E in (6), +- v^T E v is a function of (m, y) with a slope.
    Ascents of it and new eigenvectors alternate; the value only rises. All directions are unit.
    """
    h, x = pair
    on = (B @ h > 0) & (B @ x > 0)
    B, C, ell = B[on], C[on], len(B)
    Q = alpha * expected_gram(h, x)
    value = -1.0
    for rounds_left in reversed(range(ROUNDS)):
        gamma = ell * np.maximum(C @ m, 0) * np.maximum(C @ y, 0)
        eigenvalues, vectors = np.linalg.eigh((gamma[:, None] * B).T @ B - mean_product(m, y) * Q)
        top = int(np.argmax(np.abs(eigenvalues)))
        before, value = value, abs(float(eigenvalues[top]))
        if rounds_left == 0 or value <= before * (1 + LEAST_GAIN):
            break
        v, sign = vectors[:, top], float(np.sign(eigenvalues[top]))
        m, y = _Form(C, sign * ell * (B @ v) ** 2, sign * float(v @ Q @ v)).ascended(m, y)
    return value, m, y


class _Form:
    """sum_i w_i relu(c_i.m) relu(c_i.y) - q m^T Q_{m,y} y over unit m, y; w and q of any sign."""

    def __init__(self, C: Array, weights: Array, mean: float) -> None:
        self._C, self._weights, self._mean = C, weights, mean

    def __call__(self, m: Array, y: Array) -> Array:
        products = np.maximum(m @ self._C.T, 0) * np.maximum(y @ self._C.T, 0)
        value: Array = products @ self._weights - self._mean * mean_product(m, y)
        return value

    def slope(self, m: Array, y: Array) -> Array:
        """Return the gradient over m, the part across m."""
        Cm, Cy = self._C @ m, self._C @ y
        gradient = (self._weights * (Cm > 0) * np.maximum(Cy, 0)) @ self._C
        gradient -= self._mean * mean_slope(m, y)
        tangent: Array = gradient - (gradient @ m) * m
        return tangent

    def ascended(self, m: Array, y: Array) -> tuple[Array, Array]:
        """Return (m, y) after line searches up the slope, both along great circles at once."""
        value = float(self(m, y))
        for _ in range(STEPS):
            up = self.slope(m, y), self.slope(y, m)
            speeds = np.array([np.linalg.norm(tangent) for tangent in up])
            if not speeds.any():
                break
            speeds /= np.hypot(*speeds)
            ms, ys = (_turned(z, t, s) for z, t, s in zip((m, y), up, speeds, strict=True))
            values = self(ms, ys)
            best = int(np.argmax(values))
            if values[best] <= value + LEAST_GAIN * abs(value):
                break
            m, y, value = ms[best], ys[best], float(values[best])
        return m, y


def _turned(z: Array, tangent: Array, speed: float) -> Array:
    """Return the unit vectors at the angles LADDER speed from z along the tangent."""
    if speed == 0:
        return np.tile(z, (len(LADDER), 1))
    angles = speed * LADDER[:, None]
    return unit(np.cos(angles) * z + np.sin(angles) * unit(tangent))
