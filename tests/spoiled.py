"""Values that spoil an argument, each with the error that it must raise."""

import numpy as np

import gendemod as gd
from reference import random_weights

N, P, ELL, OTHER = 3, 2, 11, 13
G1, G2 = (gd.ReLUNetwork(random_weights(dims, 0)) for dims in ((N, 7, ELL), (P, ELL)))
LONG = gd.ReLUNetwork(random_weights((P, OTHER), 0))
Y = np.linspace(0.1, 1, ELL)
PROBLEM = gd.Problem(Y, G1, G2)
H, M, R = np.ones(N), np.ones(P), np.ones(ELL)
NAN, INF = np.nan, np.inf


def with_entry(array, value):
    """A copy with one entry changed."""
    array = np.array(array, dtype=np.result_type(array, value))
    array.flat[-1] = value
    return array


class OnAnotherDevice(list):
    """What NumPy would read, but says that its memory is CUDA's."""

    __cuda_array_interface__ = {"version": 3}  # noqa: RUF012


class OfAnotherDevice(list):
    """The same by DLPack: kDLMetal."""

    def __dlpack_device__(self):
        return 8, 0


def kinds(array):
    """What is no array of numbers at all."""
    return [
        (None, TypeError),
        ("text", TypeError),
        ({}, TypeError),
        (np.asarray(array).astype(complex), TypeError),
        (np.asarray(array).astype(str), TypeError),
        (np.asarray(array).astype(object), TypeError),
        (OnAnotherDevice(np.asarray(array).tolist()), TypeError),
        (OfAnotherDevice(np.asarray(array).tolist()), TypeError),
    ]


def vectors(array, batch=True):
    """What does not do for an array whose last axis has a given length."""
    array = np.asarray(array)
    shapes = [(0,), (OTHER,), (2, OTHER), (2, 2, len(array)), ()]
    if not batch:
        shapes.append((2, len(array)))
    return [
        *kinds(array),
        (with_entry(array, NAN), ValueError),
        (with_entry(array, INF), ValueError),
        (with_entry(array, -INF), ValueError),
        *((np.ones(shape), ValueError) for shape in shapes),
    ]


def counts(lowest):
    return [
        (lowest - 1, ValueError),
        (-7, ValueError),
        (1.5, TypeError),
        (NAN, TypeError),
        ("many", TypeError),
        ([1], TypeError),
    ]


def numbers(*wrong):
    """What does not do for a number, and the values that do not."""
    values = [(value, ValueError) for value in (NAN, -INF, *wrong)]
    return [*values, ("0.1", TypeError), (None, TypeError), ([0.1], TypeError), (1j, TypeError)]


FLAGS = [(value, TypeError) for value in (None, "yes", 0.5, [True])]
THREADS = counts(1)
DEVICES = [
    ("gpu", ValueError),
    ("cuda:0", ValueError),
    ("CPU", ValueError),
    (None, TypeError),
    (0, TypeError),
    (True, TypeError),
]
NETWORKS = [(value, TypeError) for value in (None, "g1", Y, [Y[None]], gd.ReLUNetwork)]
WEIGHTS = [
    (None, TypeError),
    ("text", TypeError),
    (3, TypeError),
    ([None], TypeError),
    ([np.ones((2, 2)), "text"], TypeError),
    ([np.ones((2, 2), dtype=complex)], TypeError),
    ([], ValueError),
    ([np.ones(3)], ValueError),
    ([np.ones((2, 2, 2))], ValueError),
    ([np.ones((0, 3))], ValueError),
    ([np.ones((3, 0))], ValueError),
    ([np.ones((7, 3)), np.ones((11, 8))], ValueError),
    ([with_entry(np.ones((2, 2)), NAN)], ValueError),
    ([with_entry(np.ones((2, 2)), INF)], ValueError),
]
DIMS = [
    (None, TypeError),
    ("text", TypeError),
    (3, TypeError),
    ((2, 3.5), TypeError),
    ((), ValueError),
    ((3,), ValueError),
    ((3, 0), ValueError),
    ((-3, 4), ValueError),
]
SEEDS = [
    (-1, ValueError),
    (2**64, ValueError),
    (1.5, TypeError),
    ("one", TypeError),
    ([1], TypeError),
]
PATHS = [(value, TypeError) for value in (None, 1.5, 10**6, [])]
DTYPES = [(np.float16, ValueError), (int, ValueError), (complex, ValueError), ("text", TypeError)]
OBSERVATION_WEIGHTS = [*vectors(Y, batch=False)[1:], (with_entry(Y, -0.5), ValueError)]
STARTS = [
    ("text", TypeError),
    (3, TypeError),
    ((H, None), TypeError),
    ((H, "text"), TypeError),
    ((H,), ValueError),
    ((H, M, M), ValueError),
    ((H, np.ones(OTHER)), ValueError),
    ((np.ones((1, N)), np.ones((1, P))), ValueError),
    ((H, with_entry(M, NAN)), ValueError),
    ((with_entry(H, INF), M), ValueError),
]
STEPS = [
    *((value, ValueError) for value in (0, -1, NAN, INF, -INF, "0.1")),
    (None, TypeError),
    (1j, TypeError),
    ("fast", ValueError),
    ((0.1,), ValueError),
    ((0.1, 0.1, 0.1), ValueError),
    ((0.1, -0.1), ValueError),
    ((0.1, 0), ValueError),
    ((NAN, 0.1), ValueError),
    ((0.1, "0.1"), TypeError),
    ((None, 0.1), TypeError),
]
RESTARTS = [*counts(1)[:4], ("many", ValueError), (None, TypeError), ([1], TypeError)]
SOLVERS = [(value, TypeError) for value in ("auto", 0.1, [], gd.AlternatingDescent)]
