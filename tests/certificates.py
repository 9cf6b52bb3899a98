"""Certificates of WDC bounds, made by a branch and bound of a few lines of NumPy."""

import hashlib
import itertools

import numpy as np

from reference import angle, expected_gram

FORMAT = "gendemod wdc certificate 1"


def fingerprint(W):
    head = f"{W.shape[0]} {W.shape[1]} ".encode()
    return hashlib.sha256(head + W.astype("<f8").tobytes()).hexdigest()


def sealed(fields):
    """The fields as they are, with the digest that belongs to them."""
    text = [str(fields[name]).encode() for name in ("format", "W_sha256")]
    numbers = [fields[name].tobytes() for name in ("alpha", "lower", "upper", "x", "y")]
    digest = hashlib.sha256(b"".join([*text, *numbers, fields["tree"].tobytes()])).hexdigest()
    return fields | {"digest": np.array(digest)}


def certificate(W, alpha, lower, upper, x, y, tree):
    fields = {"format": np.array(FORMAT), "W_sha256": np.array(fingerprint(W))}
    numbers = {"alpha": alpha, "lower": lower, "upper": upper, "x": x, "y": y}
    fields |= {name: np.array(value, dtype="<f8") for name, value in numbers.items()}
    return sealed(fields | {"tree": np.array(tree, dtype=np.uint8)})


def write(path, fields):
    np.savez(path, **fields)
    return path


def grown(W, alpha, upper, most=5000):
    """The tree whose leaves are the first cells with a bound below `upper`, depth first.

    A cell is split at its longest edge, measured as an angle.
    """
    n = W.shape[1]
    edges = list(itertools.combinations(range(n), 2))
    if max(np.linalg.norm(W, 2) ** 2, alpha / 2) < upper:
        return [0]
    signs = [[-1.0 if a >> i & 1 else 1.0 for i in range(n)] for a in range(2**n)]
    orthants = [np.diag(s) for s in signs]
    pairs = [(X, orthants[b]) for a, X in enumerate(orthants) for b in range(a, 2**n)]
    tree, stack = [1], pairs[::-1]
    while stack:
        X, Y = stack.pop()
        if leaf_bound(W, X, Y, alpha) < upper * (1 - 1e-12):
            tree.append(0)
            continue
        assert len(tree) < most, "the target is out of reach"
        lengths = [angle(V[i], V[j]) for V in ((X,) if X is Y else (X, Y)) for i, j in edges]
        code = int(np.argmax(lengths))
        tree.append(code + 1)
        edge = edges[code % len(edges)]
        if X is Y:
            first, second = halves(X, edge)
            children = [(first, first), (first, second), (second, second)]
        elif code < len(edges):
            children = [(half, Y) for half in halves(X, edge)]
        else:
            children = [(X, half) for half in halves(Y, edge)]
        stack.extend(children[::-1])
    return tree


def halves(V, edge):
    middle = (V[edge[0]] + V[edge[1]]) / 2
    out = V.copy(), V.copy()
    for half, k in zip(out, edge, strict=True):
        half[k] = middle
    return out


def leaf_bound(W, X, Y, alpha):
    """The bound of a leaf (docs/wdc.md, "Certificates") in floating point."""
    centres = [np.sum(V / np.linalg.norm(V, axis=1, keepdims=True), axis=0) for V in (X, Y)]
    reach = sum(max(angle(c, v) for v in V) for c, V in zip(centres, (X, Y), strict=True))
    sure = (W @ X.T > 0).all(1) & (W @ Y.T > 0).all(1)
    possible = (W @ X.T > 0).any(1) & (W @ Y.T > 0).any(1)
    mean = alpha * expected_gram(*centres)
    above = np.linalg.eigvalsh(W[possible].T @ W[possible] - mean)[-1]
    below = np.linalg.eigvalsh(mean - W[sure].T @ W[sure])[-1]
    slack = alpha * reach / np.pi
    return max(above + slack, min(below + slack, alpha / 2))
