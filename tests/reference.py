"""The definitions that the tests hold gendemod to: plain NumPy, one vector at a time."""

import itertools
from dataclasses import dataclass

import numpy as np

DIMS = [(4, 17), (3, 8, 21), (5, 6, 7, 19), (3, 5, 4, 6, 5, 12), (1, 9), (1, 3, 1), (6, 1), (1, 1)]
SIGNS = [(1, 1), (-1, 1), (1, -1), (-1, -1)]


# A network: G(z) = relu(W_d ... relu(W_1 z)).


def layers(weights, z):
    """The masks, strict > 0, of all layers, and the output."""
    on = []
    for weight in weights:
        z = weight @ z
        on.append(z > 0)
        z = np.where(z > 0, z, 0)
    return on, z


def masks(weights, z):
    return layers(weights, z)[0]


def forward(weights, z):
    return layers(weights, z)[1]


def linear_piece(weights, z):
    """The matrix with forward(weights, z) == piece @ z near z."""
    return masked_product(weights, masks(weights, z))


def masked_product(weights, on):
    piece = np.eye(weights[0].shape[1])
    for weight, mask in zip(weights, on, strict=True):
        piece = mask[:, None] * (weight @ piece)
    return piece


def lexicographic(weights, z, dz, zeros=(None, ())):
    """Masks of z + t dz for all small t > 0, and the output and its derivative in t.

    zeros = (i, units): their pre-activations in layer i (from 0) are taken to be zero.
    """
    on = []
    for i, weight in enumerate(weights):
        z, dz = weight @ z, weight @ dz
        if i == zeros[0]:
            z[list(zeros[1])] = 0
        mask = (z > 0) | ((z == 0) & (dz > 0))
        on.append(mask)
        z, dz = mask * z, mask * dz
    return on, z, dz


@dataclass
class Model:
    """The objective (2) of the paper; v are observation weights, with 0 for a missing entry."""

    y: np.ndarray
    weights1: list
    weights2: list
    v: np.ndarray | float = 1.0

    def outputs(self, h, m):
        return forward(self.weights1, h), forward(self.weights2, m)

    def error(self, h, m):
        w, x = self.outputs(h, m)
        return np.where(self.v == 0, 0, w * x - self.y)

    def objective(self, h, m):
        return 0.5 * np.sum(self.v * self.error(h, m) ** 2)

    def gradient_h(self, h, m):
        _, x = self.outputs(h, m)
        return linear_piece(self.weights1, h).T @ (x * self.v * self.error(h, m))

    def gradient_m(self, h, m):
        w, _ = self.outputs(h, m)
        return linear_piece(self.weights2, m).T @ (w * self.v * self.error(h, m))

    def one_sided_gradients(self, h, m, direction):
        """Eq. (4): the limits of both gradients along (h, m) + t direction."""
        on1, w, _ = lexicographic(self.weights1, h, direction[0])
        on2, x, _ = lexicographic(self.weights2, m, direction[1])
        r = self.v * self.error(h, m)
        pieces = masked_product(self.weights1, on1), masked_product(self.weights2, on2)
        return pieces[0].T @ (x * r), pieces[1].T @ (w * r)

    def directional_derivative(self, h, m, dh, dm):
        """The limit of (f((h, m) + t (dh, dm)) - f(h, m)) / t, t > 0."""
        _, w, dw = lexicographic(self.weights1, h, dh)
        _, x, dx = lexicographic(self.weights2, m, dm)
        return (self.v * self.error(h, m)) @ (dw * x + w * dx)

    def best_signs(self, h, m):
        """Line 3 of Algorithm 1; a tie goes to the first of SIGNS."""
        return SIGNS[int(np.argmin([self.objective(a * h, b * m) for a, b in SIGNS]))]


def norm(a):
    """The Euclidean norm, for numbers of any size."""
    largest = np.abs(a).max()
    return largest * np.linalg.norm(a / largest)


def balanced(h, m):
    """Line 5: the same product with norms that are equal."""
    c = np.sqrt(norm(h) / norm(m))
    return h / c, m * c


def algorithm_1(
    model,
    start,
    step_size,
    iterations,
    *,
    momentum=0.0,
    sign_check=1,
    balance=True,
    simultaneous=False,
):
    """Lines 3 to 5, with momentum. Returns the points (h, m), the start first, and their f.

    simultaneous: the gradient in m is that at the old h.
    """
    step_h, step_m = step_size if isinstance(step_size, tuple) else (step_size, step_size)
    h, m = start
    speed_h, speed_m = np.zeros_like(h), np.zeros_like(m)
    points = [(h, m)]
    for k in range(iterations):
        if sign_check and k % sign_check == 0:
            sign_h, sign_m = model.best_signs(h, m)
            h, m = sign_h * h, sign_m * m
        old_h = h
        speed_h = momentum * speed_h + model.gradient_h(h, m)
        h = h - step_h * speed_h
        speed_m = momentum * speed_m + model.gradient_m(old_h if simultaneous else h, m)
        m = m - step_m * speed_m
        if balance:
            h, m = balanced(h, m)
        points.append((h, m))
    return points, np.array([model.objective(h, m) for h, m in points])


# Random numbers: Philox4x32-10 (Salmon et al., 2011) and the Box-Muller transform.


def philox(counter, key):
    """Four 32-bit words for each counter (4, k); key is a pair of 32-bit words."""
    low = np.uint64(0xFFFFFFFF)
    x0, x1, x2, x3 = np.array(counter, dtype=np.uint64)
    k0, k1 = (int(k) for k in key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x0, np.uint64(0xCD9E8D57) * x2
        x0, x1, x2, x3 = (
            (b >> np.uint64(32)) ^ x1 ^ np.uint64(k0),
            b & low,
            (a >> np.uint64(32)) ^ x3 ^ np.uint64(k1),
            a & low,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x0, x1, x2, x3


def normals(seed, kind, major, minor, count):
    """`count` numbers N(0, 1), a function of the stream (seed, kind, major, minor)."""
    blocks = (count + 1) // 2
    counter = np.zeros((4, blocks), dtype=np.uint64)
    counter[0] = np.arange(blocks)
    counter[1:] = [[kind], [major], [minor]]
    x0, x1, x2, x3 = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))

    def uniform(high, low):
        return ((((high << np.uint64(32)) | low) >> np.uint64(11)) + 0.5) * 2.0**-53

    radius, angle = np.sqrt(-2 * np.log(uniform(x1, x0))), 2 * np.pi * uniform(x3, x2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:count]


def gaussian_weights(dims, seed):
    """W_i with entries N(0, 1 / n_i), filled row by row."""
    return [
        normals(seed, 1, i, 0, rows * columns).reshape(rows, columns) / np.sqrt(rows)
        for i, (columns, rows) in enumerate(itertools.pairwise(dims))
    ]


# What the tests share.


def random_weights(dims, seed, dtype=np.float64):
    """Weights of NumPy's own generator, scaled so that outputs are of the size of the input."""
    rng = np.random.default_rng(seed)
    return [
        (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(dtype)
        for columns, rows in itertools.pairwise(dims)
    ]


def relative_error(actual, expected):
    """Euclidean distance over the norm of what is expected; absolute where that is 0."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shapes {actual.shape} and {expected.shape}"
    scale = np.linalg.norm(expected.ravel().astype(np.float64))
    error = np.linalg.norm((actual.astype(np.float64) - expected).ravel())
    return float(error / scale) if scale > 0 else float(error)


# The weight distribution condition.


def angle(x, y):
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return 2 * np.arctan2(np.linalg.norm(x - y), np.linalg.norm(x + y))


def expected_gram(x, y):
    """Q of the WDC: the angle's part of I, and a swap of the directions of x and y."""
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    theta, out = angle(x, y), np.zeros((len(x), len(x)))
    for z, sign in ((x + y, 1), (x - y, -1)):
        if np.linalg.norm(z) > 0:
            out += sign * np.outer(z, z) / (z @ z)
    return (np.pi - theta) / (2 * np.pi) * np.eye(len(x)) + np.sin(theta) / (2 * np.pi) * out


def wdc_matrix(W, x, y, alpha):
    on = (W @ x > 0) & (W @ y > 0)
    return W[on].T @ W[on] - alpha * expected_gram(x, y)


def wdc_deviation(W, x, y, alpha):
    return np.linalg.norm(wdc_matrix(W, x, y, alpha), 2)


def joint_wdc_deviation(B, C, h, x, m, y, alpha):
    """Equations (6) and (7), scaled."""

    def one(B, C, h, x, m, y):
        gamma = np.maximum(C @ m, 0) * np.maximum(C @ y, 0)
        on = (B @ h > 0) & (B @ x > 0)
        gram = (B[on] * gamma[on, None]).T @ B[on]
        mean = alpha / len(B) * (m @ expected_gram(m, y) @ y) * expected_gram(h, x)
        return len(B) * np.linalg.norm(gram - mean, 2) / np.linalg.norm(m) / np.linalg.norm(y)

    return one(B, C, h, x, m, y), one(C, B, m, y, h, x)


def sides_of_walls(W):
    """Unit directions in the plane at both sides of every wall of the rows of W."""
    angles = np.arctan2(W[:, 1], W[:, 0])
    walls = np.concatenate([angles + turn for turn in (-np.pi / 2, np.pi / 2)])
    sides = np.concatenate([walls - 1e-9, walls + 1e-9])
    return np.stack([np.cos(sides), np.sin(sides)], axis=1)


def wdc_supremum_in_a_plane(W, alpha):
    """Two columns: the deviation at both sides of every wall, for all pairs of them."""
    directions = sides_of_walls(W)
    pairs = [wdc_deviation(W, x, y, alpha) for x in directions for y in directions]
    return max(*pairs, *(wdc_deviation(W, x, x, alpha) for x in directions))


def wdc_on_a_circle(W, x, s, u, alpha):
    """The deviations at both ends of every cell of y = s cos t + u sin t, and the cells' widths."""
    rows = W[W @ x > 0]
    walls = np.arctan2(rows @ u, rows @ s)
    edges = np.sort(
        np.angle(np.exp(1j * np.concatenate([walls + np.pi / 2, walls - np.pi / 2, [0]])))
    )
    ends = np.append(edges[1:], edges[0] + 2 * np.pi)
    values = []
    for begin, end in zip(edges, ends, strict=True):
        middle = s * np.cos((begin + end) / 2) + u * np.sin((begin + end) / 2)
        on = rows[rows @ middle > 0]
        for t in (begin, end):
            mean = expected_gram(x, s * np.cos(t) + u * np.sin(t))
            values.append(np.linalg.norm(on.T @ on - alpha * mean, 2))
    return np.array(values), ends - edges


# The theory of wide random networks.


def angle_map(theta):
    return np.arccos(((np.pi - theta) * np.cos(theta) + np.sin(theta)) / np.pi)


def mixture(theta, depth):
    """The weights of y and of x in the mean of 2^d piece_x' piece_y y, and the last angle."""
    angles = [theta]
    for _ in range(depth):
        angles.append(angle_map(angles[-1]))
    kept = [(np.pi - t) / np.pi for t in angles]
    mixed = sum(np.sin(angles[i]) / np.pi * np.prod(kept[i + 1 : depth]) for i in range(depth))
    return np.prod(kept[:depth]), mixed, angles[depth]


def hyperbola_ratio(c, h, m, h_ref, m_ref):
    """What the neighbourhoods (3) bound by epsilon, for an array of c."""
    curve_h, curve_m = c[:, None] * h_ref, m_ref / c[:, None]
    distance = np.hypot(np.linalg.norm(h - curve_h, axis=1), np.linalg.norm(m - curve_m, axis=1))
    return distance / np.hypot(np.linalg.norm(curve_h, axis=1), np.linalg.norm(curve_m, axis=1))


def hyperbola_distance(h, m, h_ref, m_ref):
    """The least ratio on ever finer grids of log c around every dip, at most 1."""
    grid = np.linspace(-40, 40, 4001)
    values = hyperbola_ratio(np.exp(grid), h, m, h_ref, m_ref)
    inner = values[1:-1]
    dips = grid[1:-1][(inner <= values[:-2]) & (inner <= values[2:]) & (inner < 1 - 1e-13)]
    least = [1.0]
    for dip in dips:
        center, width = dip, grid[1] - grid[0]
        for _ in range(16):
            finer = center + width * np.linspace(-1, 1, 21)
            values = hyperbola_ratio(np.exp(finer), h, m, h_ref, m_ref)
            center, width = finer[np.argmin(values)], width / 8
        least.append(values.min())
    return min(least)


# Pictures.


def bilinear(picture, size):
    """A square picture enlarged to size x size, the centres of its pixels aligned."""
    rows = len(picture)
    places = np.clip((np.arange(size) + 0.5) * rows / size - 0.5, 0, rows - 1)
    wide = np.stack([np.interp(places, np.arange(rows), row) for row in picture])
    return np.stack([np.interp(places, np.arange(rows), column) for column in wide.T], axis=1)


# Classical priors.


def low_pass(s, cutoff):
    """A Butterworth filter of order 2, the border continued by its nearest pixels."""
    side = max(s.shape)
    wide = np.pad(s, side, mode="edge")
    f1, f2 = np.meshgrid(*(np.fft.fftfreq(n) for n in wide.shape), indexing="ij")
    low = np.fft.ifft2(np.fft.fft2(wide) / (1 + (np.hypot(f1, f2) / cutoff) ** 4)).real
    return low[side:-side, side:-side]


def alternating_least_squares(y, first, second, iterations):
    """Both factors in the rows' spans, from x = the first row of `second`, and f on the way."""
    x, objectives = second[0], []
    for _ in range(iterations):
        w = np.linalg.lstsq((first * x).T, y, rcond=None)[0] @ first
        x = np.linalg.lstsq((second * w).T, y, rcond=None)[0] @ second
        objectives.append(0.5 * np.sum((w * x - y) ** 2))
    return w, x, np.array(objectives)
