"""The door for vectors with any number of leading axes, and their directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, common_dtype, finite, floats, integer, must, pair


def vectors(**named: ArrayLike) -> tuple[list[Array], np.dtype[Any]]:
    """Return vectors (..., n) in float64, whose leading axes go together, and the result's dtype.

    A name and the same name with an ending (h, h0, h_ref) are vectors of one space; so are x, y.
    """
    arrays = {name: finite(floats(value, name), name) for name, value in named.items()}
    spaces: dict[str, tuple[str, int]] = {}
    leading: tuple[int, ...] = ()
    for name, z in arrays.items():
        if z.ndim == 0 or z.shape[-1] == 0:
            reason = "it is a vector, or an array of vectors along the last axis"
            raise ValueError(must(name, "have shape (..., n)", reason, f"shape {z.shape}"))
        space = "x" if name == "y" else name[0]
        first, size = spaces.setdefault(space, (name, z.shape[-1]))
        if z.shape[-1] != size:
            requirement = f"have the size {size} of `{first}`"
            raise ValueError(must(name, requirement, "they lie in one space", z.shape[-1]))
        try:
            leading = np.broadcast_shapes(leading, z.shape[:-1])
        except ValueError:
            requirement = f"have leading axes that go with {leading}"
            reason = "the vectors are taken together"
            raise ValueError(must(name, requirement, reason, f"shape {z.shape}")) from None
    dtype = common_dtype(*(z.dtype for z in arrays.values()))
    return [z.astype(np.float64) for z in arrays.values()], dtype


def nonzero(z: Array, name: str, reason: str) -> Array:
    if not z.any(axis=-1).all():
        raise ValueError(must(name, "not be zero", reason, "a zero vector"))
    return z


def layers(depths: object) -> tuple[int, int]:
    """Return the depths (d, s) of the two networks."""
    reason = "the networks have d and s layers"
    d, s = pair(depths, "depths", "(d, s)", reason)
    return integer(d, "depths", 1, reason), integer(s, "depths", 1, reason)


def unit(z: Array) -> tuple[Array, Array]:
    """Return the direction of z, 0 where z is 0, and its norm (..., 1), for numbers of any size."""
    power = np.frexp(np.abs(z).max(axis=-1, keepdims=True))[1]
    scaled = np.ldexp(z, -power)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    direction = np.divide(scaled, length, out=np.zeros_like(scaled), where=length > 0)
    return direction, np.ldexp(length, power)


def settled(value: Array, dtype: np.dtype[Any]) -> Any:
    """Return the result in its dtype; a single number is a float."""
    out = np.asarray(value, dtype=dtype)
    return float(out) if out.ndim == 0 else out
