"""One argument spoiled at a time: the error names it, says what it must be, why, and what came."""

import numpy as np
import pytest

import gendemod as gd
import spoiled
from spoiled import ELL, G1, G2, INF, LONG, OTHER, PROBLEM, H, M, N, P, R, Y


def one_sided(h, m, direction, threads=None):
    return PROBLEM.one_sided_gradients(h, m, direction, threads=threads)


SOLVER = gd.AlternatingDescent(max_iterations=2)
LATENTS = {"h": spoiled.vectors(H), "m": spoiled.vectors(M)}
# Every public function: a call that works, and what spoils each of its arguments.
CALLS = {
    "ReLUNetwork": (gd.ReLUNetwork, {"weights": G1.weights}, {"weights": spoiled.WEIGHTS}),
    "gaussian": (
        gd.ReLUNetwork.gaussian,
        {"dims": (3, 4), "seed": 1, "last_layer": "gaussian", "dtype": np.float64},
        {
            "dims": spoiled.DIMS,
            "seed": [*spoiled.SEEDS, (None, TypeError)],
            "last_layer": [("uniform", ValueError), (None, TypeError), (3, TypeError)],
            "dtype": spoiled.DTYPES,
        },
    ),
    "call": (
        G1,
        {"z": H, "threads": 1, "device": "cpu"},
        {"z": spoiled.vectors(H), "threads": spoiled.THREADS, "device": spoiled.DEVICES},
    ),
    "masks": (
        G1.masks,
        {"z": H, "threads": 1},
        {"z": spoiled.vectors(H), "threads": spoiled.THREADS},
    ),
    "linear_piece": (
        G1.linear_piece,
        {"z": H, "threads": 1},
        {"z": spoiled.vectors(H), "threads": spoiled.THREADS},
    ),
    "jvp": (
        G1.jvp,
        {"z": H, "v": H, "threads": 1, "device": "cpu"},
        {
            "z": spoiled.vectors(H),
            "v": spoiled.vectors(H, batch=False),
            "threads": spoiled.THREADS,
            "device": spoiled.DEVICES,
        },
    ),
    "vjp": (
        G1.vjp,
        {"z": H, "r": R, "threads": 1, "device": "cpu"},
        {
            "z": spoiled.vectors(H),
            "r": spoiled.vectors(R, batch=False),
            "threads": spoiled.THREADS,
            "device": spoiled.DEVICES,
        },
    ),
    "load": (gd.ReLUNetwork.load, None, {"path": spoiled.PATHS}),
    "save": (G1.save, None, {"path": spoiled.PATHS}),
    "Problem": (
        gd.Problem,
        {"y": Y, "g1": G1, "g2": G2, "y_weights": R},
        {
            "y": spoiled.vectors(Y, batch=False),
            "g1": spoiled.NETWORKS,
            "g2": [*spoiled.NETWORKS, (LONG, ValueError)],
            "y_weights": spoiled.OBSERVATION_WEIGHTS,
        },
    ),
    **{
        name: (
            getattr(PROBLEM, name),
            {"h": H, "m": M, "threads": 1, "device": "cpu"},
            {**LATENTS, "threads": spoiled.THREADS, "device": spoiled.DEVICES},
        )
        for name in ("objective", "gradient_h", "gradient_m", "best_signs")
    },
    "one_sided_gradients": (
        one_sided,
        {"h": H, "m": M, "direction": (H, M), "threads": 1},
        {**LATENTS, "direction": spoiled.STARTS, "threads": spoiled.THREADS},
    ),
    "directional_derivative": (
        PROBLEM.directional_derivative,
        {"h": H, "m": M, "dh": H, "dm": M, "threads": 1},
        {
            **LATENTS,
            "dh": spoiled.vectors(H, batch=False),
            "dm": spoiled.vectors(M, batch=False),
            "threads": spoiled.THREADS,
        },
    ),
    "AlternatingDescent": (
        gd.AlternatingDescent,
        {
            "step_size": 0.1,
            "momentum": 0.5,
            "sign_check": 1,
            "balance": True,
            "simultaneous": False,
            "max_iterations": 5,
            "tolerance": 1e-6,
        },
        {
            "step_size": spoiled.STEPS,
            "momentum": spoiled.numbers(-0.1, 1.0, INF),
            "sign_check": spoiled.counts(0),
            "balance": spoiled.FLAGS,
            "simultaneous": spoiled.FLAGS,
            "max_iterations": [*spoiled.counts(1), (None, TypeError)],
            "tolerance": spoiled.numbers(-1e-3, INF),
        },
    ),
    "demodulate": (
        gd.demodulate,
        {"y": Y, "g1": G1, "g2": G2, "solver": SOLVER, "seed": 1},
        {
            "y": spoiled.vectors(Y),
            "g1": spoiled.NETWORKS,
            "g2": [*spoiled.NETWORKS, (LONG, ValueError)],
            "solver": spoiled.SOLVERS,
            "restarts": spoiled.RESTARTS,
            "seed": spoiled.SEEDS,
            "y_weights": spoiled.OBSERVATION_WEIGHTS,
            "threads": spoiled.THREADS,
            "device": spoiled.DEVICES,
            "progress": spoiled.FLAGS,
            "time_limit": [*spoiled.numbers(-1)[:-3], ([0.1], TypeError)],
        },
    ),
    "demodulate from a start": (
        gd.demodulate,
        {"y": Y, "g1": G1, "g2": G2, "solver": SOLVER, "start": (H, M)},
        {"start": spoiled.STARTS},
    ),
}
SPOILED = [
    pytest.param(call, valid, name, value, error, id=f"{label}-{name}-{i}")
    for label, (call, valid, spoils) in CALLS.items()
    for name, wrong in spoils.items()
    for i, (value, error) in enumerate(wrong)
]


@pytest.mark.parametrize("label", [label for label, (_, valid, _) in CALLS.items() if valid])
def test_the_call_works_before_it_is_spoiled(label):
    call, valid, _ = CALLS[label]
    assert call(**valid) is not None


@pytest.mark.parametrize(("call", "valid", "name", "value", "error"), SPOILED)
def test_a_spoiled_argument_is_named(call, valid, name, value, error):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(**{**(valid or {}), name: value})
    assert caught.type is error, str(caught.value)
    names = "direction|dh|dm" if name == "direction" else name
    assert caught.match(rf"^`({names})` must .+ because .+; got .+")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "arguments", "expected", "got"),
    [
        (G1, (np.ones(OTHER),), N, OTHER),
        (G1.jvp, (H, np.ones(OTHER)), N, OTHER),
        (G1.vjp, (H, np.ones(OTHER)), ELL, OTHER),
        (gd.Problem, (Y, G1, LONG), ELL, OTHER),
        (gd.Problem, (np.ones(OTHER), G1, G2), ELL, OTHER),
        (PROBLEM.objective, (H, np.ones(OTHER)), P, OTHER),
        (gd.ReLUNetwork, ([np.ones((7, 3)), np.ones((11, 8))],), 7, 8),
        (gd.demodulate, (np.ones((2, OTHER)), G1, G2, SOLVER), ELL, OTHER),
    ],
)
def test_a_wrong_size_is_reported_with_both_values(call, arguments, expected, got):
    with pytest.raises(ValueError, match=rf"\b{expected}\b.*; got .*\b{got}\b"):
        call(*arguments)


class Own:
    """A generator of one's own, W z."""

    def __init__(self, **attributes):
        self.W = np.ones((ELL, N))
        self.dims, self.dtype, self.homogeneous = (N, ELL), np.dtype(float), True
        self.__dict__.update(attributes)

    def __call__(self, z):
        return z @ self.W.T

    def vjp(self, z, r):
        return r @ self.W


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("dims", (3.0, ELL), TypeError),
        ("dims", ELL, TypeError),
        ("dims", (ELL,), TypeError),
        ("dims", (0, ELL), ValueError),
        ("dtype", int, ValueError),
        ("dtype", np.dtype(np.float16), ValueError),
        ("homogeneous", None, TypeError),
        ("assumed_homogeneous", 1, TypeError),
    ],
)
def test_a_spoiled_attribute_of_a_generator_is_named(name, value, error):
    assert gd.demodulate(Y, Own(), G2, SOLVER, seed=0).h.shape == (N,)
    for side, spoil in (("g1", (Own(**{name: value}), G2)), ("g2", (G2, Own(**{name: value})))):
        with pytest.raises(error, match=rf"^`{side}(.{name})?` must .+ because .+; got .+"):
            gd.demodulate(Y, *spoil, SOLVER, seed=0)


def test_a_generator_returns_numbers():
    class Text(Own):
        def __call__(self, z):
            return super().__call__(z).astype(str)

    with pytest.raises(TypeError, match=r"^`generator` must hold real numbers because .+; got .+"):
        gd.demodulate(Y, Text(), G2, SOLVER, seed=0)
