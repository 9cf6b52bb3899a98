"""`gendemod solve`: pictures in, both factors and a true report out."""

import platform

import numpy as np
import pytest

import gendemod as gd
from gendemod import _restoration
from gendemod import restore as restore_module
from gendemod.pictures import read_picture, write_picture
from solving import (
    G1,
    G2,
    SIDE,
    aligned_error,
    command_in,
    factors,
    report_of,
)


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


# What comes out.


def test_a_grey_picture_is_split_into_its_true_factors(tmp_path, solve):
    w, x = factors(3)
    write_picture(tmp_path / "p.npy", w * x)
    code, out, err = solve(tmp_path / "p.npy")
    assert (code, err) == (0, "")
    assert "1 of 1 pictures converged" in out
    assert str(tmp_path / "out") in out
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert arrays["w"].shape == arrays["x"].shape == (SIDE, SIDE)
        assert aligned_error(arrays["w"], w) < 1e-5
        assert aligned_error(arrays["x"], x) < 1e-5
        np.testing.assert_allclose(arrays["w"] * arrays["x"], w * x, atol=1e-6)
        np.testing.assert_allclose(G1(arrays["h"]), arrays["w"].ravel())
        np.testing.assert_allclose(G2(arrays["m"]), arrays["x"].ravel())
    shown_w = read_picture(tmp_path / "out" / "p-w.png")
    shown_x = read_picture(tmp_path / "out" / "p-x.png")
    assert shown_w.max() == shown_x.max() == 1
    np.testing.assert_allclose(shown_w, w, atol=1 / 255)
    np.testing.assert_allclose(shown_x, x, atol=1 / 255)


def test_every_solver_can_be_asked_for(tmp_path, solve):
    w, x = factors(3)
    write_picture(tmp_path / "p.npy", w * x)
    iterations = []
    for solver in restore_module.SOLVERS:
        assert solve(tmp_path / "p.npy", "--solver", solver)[0] == 0
        report = report_of(tmp_path / "out")
        assert report["settings"]["solver"] == solver
        iterations.append(report["pictures"][0]["iterations"])
    assert len(set(iterations)) == len(restore_module.SOLVERS)


def test_only_the_named_files_are_written(tmp_path, solve):
    w, x = factors(3)
    write_picture(tmp_path / "p.npy", w * x)
    solve(tmp_path / "p.npy")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["p-w.png", "p-x.png", "p.npz", "report.json"]


def test_the_report_says_what_was_done(tmp_path, solve):
    w, x = factors(4)
    write_picture(tmp_path / "p.tiff", w * x)
    solve(tmp_path / "p.tiff", "--restarts", "3", "--seed", "7", "--threads", "1")
    report = report_of(tmp_path / "out")
    assert report["versions"] == {
        "gendemod": gd.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    settings = report["settings"]
    assert settings["input"] == str(tmp_path / "p.tiff")
    assert settings["g1"] == str(tmp_path / "g1.npz")
    assert (settings["restarts"], settings["seed"], settings["threads"]) == (3, 7, 1)
    assert (settings["solver"], settings["shared_distortion"]) == ("levenberg-marquardt", False)
    (picture,) = report["pictures"]
    assert picture["file"] == "p.tiff"
    assert picture["status"] == "converged"
    assert picture["message"]
    assert picture["relative_residual"] < 1e-5
    assert picture["iterations"] > 0
    assert picture["restarts"] == 3
    assert 0 < picture["seconds"] <= report["seconds"]
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert picture["display_scale"]["x"] == [pytest.approx(1 / arrays["x"].max())]
        assert picture["display_scale"]["w"] == [pytest.approx(1 / arrays["w"].max())]


def test_the_report_agrees_with_demodulate(tmp_path, solve):
    w, x = factors(5)
    np.save(tmp_path / "p.npy", w * x + 0.01)
    solve(tmp_path / "p.npy", "--seed", "3", "--restarts", "2", "--max-iterations", "40")
    result = gd.demodulate(
        (w * x + 0.01).ravel()[None],
        G1,
        G2,
        gd.LevenbergMarquardt(max_iterations=40),
        restarts=2,
        seed=3,
    )
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert picture["relative_residual"] == result.relative_residual[0]
    assert picture["relative_residual"] > 1e-4
    assert picture["status"] == result.status[0].name.lower()
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["h"], result.h[0])


def test_threads_and_the_time_that_is_left_reach_the_solver(tmp_path, solve, monkeypatch):
    given = {}

    def spy(*arguments, **options):
        given.update(options)
        return gd.demodulate(*arguments, **options)

    monkeypatch.setattr(_restoration, "demodulate", spy)
    write_picture(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    solve(tmp_path / "p.npy", "--threads", "2", "--time-limit", "50")
    assert given["threads"] == 2
    assert 40 < given["time_limit"] <= 50
    solve(tmp_path / "p.npy")
    assert given["threads"] is None
    assert given["time_limit"] is None


def test_float32_generators_give_float32_results(tmp_path, solve):
    for name, g in (("g1", G1), ("g2", G2)):
        gd.ReLUNetwork([np.float32(layer) for layer in g.weights]).save(tmp_path / f"{name}.npz")
    w, x = factors(3)
    np.save(tmp_path / "p.npy", w * x)
    code, _, _ = solve(tmp_path / "p.npy")
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype for name in ("w", "x", "h", "m")} == {np.dtype(np.float32)}
        assert aligned_error(arrays["w"], w) < 1e-3


def test_a_folder_is_restored_picture_by_picture(tmp_path, solve, monkeypatch):
    monkeypatch.setattr(restore_module, "_SLICE", 2)
    (tmp_path / "in").mkdir()
    truth = {}
    for place, suffix in enumerate((".npy", ".tif", ".png", ".npy", ".npy")):
        truth[f"p{place}"] = factors(10 + place)
        write_picture(tmp_path / "in" / f"p{place}{suffix}", np.prod(truth[f"p{place}"], axis=0))
    code, out, _ = solve(tmp_path / "in")
    assert code == 0, out
    assert "5 of 5 pictures converged" in out
    for stem, (w, x) in truth.items():
        with np.load(tmp_path / "out" / f"{stem}.npz", allow_pickle=False) as arrays:
            # A PNG has 8 bits a pixel.
            bound = 0.05 if stem == "p2" else 1e-5
            assert aligned_error(arrays["w"], w) < bound
            assert aligned_error(arrays["x"], x) < bound
    files = [entry["file"] for entry in report_of(tmp_path / "out")["pictures"]]
    assert files == ["p0.npy", "p1.tif", "p2.png", "p3.npy", "p4.npy"]


def test_results_are_the_same_for_any_number_of_threads(tmp_path, solve):
    (tmp_path / "in").mkdir()
    for place in range(3):
        w, x = factors(20 + place)
        write_picture(tmp_path / "in" / f"p{place}.npy", w * x)
    for threads in ("1", "2", "5"):
        solve(tmp_path / "in", "--threads", threads, output=f"out{threads}")
    for place in range(3):
        whole = [(tmp_path / f"out{t}" / f"p{place}.npz").read_bytes() for t in ("1", "2", "5")]
        assert whole[0] == whole[1] == whole[2]
