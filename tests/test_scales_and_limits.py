"""Any scale of y, numbers beyond the core's, archives that are damaged, batches out of time."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import gendemod as gd
from gendemod import data

SOLVERS = [gd.AlternatingDescent(), gd.LevenbergMarquardt()]


def problem():
    g1, g2 = (gd.ReLUNetwork.gaussian((5, 40, 300), seed=i) for i in (1, 2))
    return g1, g2, g1(np.arange(5) - 2.2) * g2(np.arange(5) - 1.7)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("scale", [1e-300, 1e-90, 1e90, 1e300])
def test_the_scale_of_y_does_not_matter(solver, scale):
    g1, g2, y = problem()
    result = gd.demodulate(scale * y, g1, g2, solver, seed=0)
    assert result.converged
    assert result.relative_residual < 1e-8
    np.testing.assert_allclose(result.w * result.x / scale, y, atol=1e-8 * y.max())


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_power_of_four_changes_no_digit(solver):
    g1, g2, y = problem()
    one = gd.demodulate(y, g1, g2, solver, seed=0)
    other = gd.demodulate(4.0**9 * y, g1, g2, solver, seed=0)
    np.testing.assert_array_equal(other.h, 2.0**9 * one.h)
    np.testing.assert_array_equal(other.history, 16.0**9 * one.history)


def test_a_fixed_step_is_in_the_units_of_y():
    g1, g2, y = problem()
    start = (np.ones(5), -np.ones(5))
    problem_at = gd.Problem(1e6 * y, g1, g2)
    solver = gd.AlternatingDescent(
        step_size=1e-5, sign_check=0, balance=False, max_iterations=1, tolerance=0
    )
    result = gd.demodulate(1e6 * y, g1, g2, solver, start=start)
    expected = start[0] - 1e-5 * problem_at.gradient_h(*start)
    np.testing.assert_allclose(result.h, expected, rtol=1e-12)


def test_converging_at_a_kink_is_said():
    folder = Path(gd.__file__).parent / "weights"
    g1, g2 = (gd.ReLUNetwork.load(folder / f"{name}.npz") for name in ("digits", "bells"))
    u = np.linspace(-1, 1, 32)
    ring = 1 - np.exp(-20 * (np.hypot(*np.meshgrid(u, u)) - 0.5) ** 2).ravel()
    y = ring * data.bells(20, 32, seed=0)
    result = gd.demodulate(y, g1, g2, gd.LevenbergMarquardt(), restarts=1, seed=0)
    kinks = [message.startswith("Converged at a kink") for message in result.message]
    assert any(kinks)
    assert result.converged[kinks].all()
    assert (result.relative_residual[kinks] <= 0.5).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda g, y: gd.demodulate(y, g, g, threads=2**31),
        lambda g, y: gd.demodulate(y, g, g, restarts=2**64),
        lambda g, y: gd.demodulate(y, g, g, seed=2**64),
        lambda g, y: gd.AlternatingDescent(sign_check=2**70),
        lambda g, y: gd.LevenbergMarquardt(max_iterations=2**70),
        lambda g, y: g(np.ones(5), threads=2**40),
    ],
)
def test_numbers_beyond_the_core_are_refused(call):
    g1, _, y = problem()
    with pytest.raises(ValueError, match=r"`\w+` must be at most \d+ because .*; got \d+"):
        call(g1, y)


def archive(member, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(member, content)
    return buffer.getvalue()


def header(text):
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"random bytes",
        archive("W1", b"no array"),
        archive("W1.npy", b"no array"),
        archive("W1.npy", header(b"{'descr': '<f8', 'fortran_order': (, 'shape': (2, 2)}\n")),
        archive(
            "W1.npy",
            header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 99999999)}\n"),
        ),
        archive("W1.npy", header(b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}\n")),
    ],
)
def test_damaged_archives_are_refused(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"`path` must .* because .*; got .*weights\.npz") as error:
        gd.ReLUNetwork.load(path)
    assert "trust the file" not in str(error.value)


def test_what_was_not_begun_in_time_is_still_told_apart():
    g1, g2, y = problem()
    batch = np.tile(y, (2000, 1))
    batch[1::2] = 0
    result = gd.demodulate(batch, g1, g2, seed=0, time_limit=0.0, threads=1)
    assert result.status[1::2] == [gd.Status.HOPELESS] * 1000
    assert gd.Status.TIME_LIMIT in result.status
    assert np.isfinite(result.h).all()
    assert np.isfinite(result.objective).all()


@pytest.mark.parametrize("solver", [gd.LevenbergMarquardt(), gd.AlternatingDescent()])
@pytest.mark.parametrize("q", [1e-180, 1e-100, 1e100])
def test_problems_of_very_different_scale_share_a_batch(solver, q):
    g1, g2, y = problem()
    batch = gd.demodulate(np.stack([y, y * q]), g1, g2, solver, seed=0)
    assert batch.converged.all()
    np.testing.assert_allclose(batch.relative_residual[1], 0, atol=1e-8)
    np.testing.assert_allclose(batch.w[1] * batch.x[1], y * q, rtol=0, atol=1e-8 * q * y.max())


def test_too_many_restarts_are_refused():
    g1, g2, y = problem()
    with pytest.raises(ValueError, match=r"`restarts` must be at most 1000000 because"):
        gd.demodulate(y, g1, g2, restarts=10**12)
