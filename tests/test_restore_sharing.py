"""`gendemod solve` on frames of one camera, and with a known distortion."""

import numpy as np
import pytest

import gendemod as gd
from gendemod.pictures import write_picture
from solving import (
    ELL,
    G1,
    SIDE,
    aligned_error,
    assert_refused,
    colour_factors,
    command_in,
    factors,
    report_of,
    single_precision,
)


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


@pytest.fixture
def solve_knowing(tmp_path, solve, capsys):
    """The command with a known x in the place of the second generator."""
    from gendemod.cli import main

    def run(picture, x, *options):
        np.save(tmp_path / "x.npy", x)
        paths = {"--g1": "g1.npz", "--known-x": "x.npy", "-o": "out"}
        given = [text for name, file in paths.items() for text in (name, str(tmp_path / file))]
        code = main(["solve", str(picture), *given, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def write_frames(folder, pictures):
    folder.mkdir()
    for place, picture in enumerate(pictures):
        np.save(folder / f"{place}.npy", picture)
    return folder


def arrays_of(folder, name):
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays}


# Frames.


def test_frames_have_one_distortion(tmp_path, solve):
    _, x = factors(70)
    scenes = [factors(k)[0] for k in range(71, 75)]
    code, _, _ = solve(write_frames(tmp_path / "in", [w * x for w in scenes]), "--frames")
    assert code == 0
    found = [arrays_of(tmp_path / "out", k) for k in range(4)]
    for arrays, w in zip(found, scenes, strict=True):
        assert (arrays["h"].shape, arrays["m"].shape) == ((5,), (4,))
        np.testing.assert_array_equal(arrays["x"], found[0]["x"])
        np.testing.assert_array_equal(arrays["m"], found[0]["m"])
        assert aligned_error(arrays["x"], x) < 1e-9
        assert aligned_error(arrays["w"], w) < 1e-9
        np.testing.assert_allclose(G1(arrays["h"]).reshape(SIDE, SIDE), arrays["w"])
    # One scale for all frames.
    everything = np.stack([arrays["w"] for arrays in found])
    assert aligned_error(everything, np.stack(scenes)) < 1e-9
    for picture in report_of(tmp_path / "out")["pictures"]:
        assert [one["channel"] for one in picture["channels"]] == ["grey"]


def test_each_frame_has_its_own_residual(tmp_path, solve):
    _, x = factors(70)
    clean = [factors(k)[0] * x for k in range(71, 74)]
    noise = 0.05 * clean[2].std() * np.random.default_rng(0).normal(size=x.shape)
    mask = np.random.default_rng(1).random(x.shape) < 0.8
    pictures = [*clean[:2], clean[2] + noise]
    folder = write_frames(tmp_path / "in", [np.where(mask, y, np.nan) for y in pictures])
    np.save(tmp_path / "mask.npy", mask)
    solve(folder, "--frames", "--mask", str(tmp_path / "mask.npy"))
    for place, picture in enumerate(report_of(tmp_path / "out")["pictures"]):
        arrays = arrays_of(tmp_path / "out", place)
        misfit = (arrays["w"] * arrays["x"] - pictures[place])[mask]
        expected = np.linalg.norm(misfit) / np.linalg.norm(pictures[place][mask])
        assert picture["relative_residual"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("dtype", "scale"), [("f4", 1e-23), ("f4", 1e20), ("f4", 1e37), ("f8", 1e-300), ("f8", 1e300)]
)
def test_the_residual_of_a_frame_is_right_at_any_scale(tmp_path, solve, dtype, scale):
    _, x = factors(70)
    pictures = [(scale * (factors(k)[0] * x).clip(0, 0.2)).astype(dtype) for k in (71, 72)]
    options = single_precision(tmp_path) if dtype == "f4" else ()
    solve(write_frames(tmp_path / "in", pictures), "--frames", *options)
    for place, picture in enumerate(report_of(tmp_path / "out")["pictures"]):
        arrays = arrays_of(tmp_path / "out", place)
        y, fit = (z.astype(float) / scale for z in (pictures[place], arrays["w"] * arrays["x"]))
        expected = np.linalg.norm(fit - y) / np.linalg.norm(y)
        assert expected > 0.1
        assert picture["relative_residual"] == pytest.approx(expected, rel=1e-6)


def test_colour_frames_have_a_distortion_for_each_channel(tmp_path, solve):
    x = np.stack([factors(80 + k)[1] for k in range(3)], axis=-1)
    scenes = [colour_factors(k)[0] for k in (90, 91, 92)]
    code, _, _ = solve(write_frames(tmp_path / "in", [w * x for w in scenes]), "--frames")
    assert code == 0
    for place, w in enumerate(scenes):
        arrays = arrays_of(tmp_path / "out", place)
        assert (arrays["h"].shape, arrays["m"].shape) == ((3, 5), (3, 4))
        for k in range(3):
            assert aligned_error(arrays["w"][..., k], w[..., k]) < 1e-9
            assert aligned_error(arrays["x"][..., k], x[..., k]) < 1e-9
    channels = report_of(tmp_path / "out")["pictures"][0]["channels"]
    assert [one["channel"] for one in channels] == ["red", "green", "blue"]


def test_colour_frames_under_a_shared_distortion_have_one_for_everything(tmp_path, solve):
    _, x = factors(93)
    scenes = [colour_factors(k)[0] for k in (90, 91)]
    folder = write_frames(tmp_path / "in", [w * x[..., None] for w in scenes])
    code, _, _ = solve(folder, "--frames", "--shared-distortion")
    assert code == 0
    found = [arrays_of(tmp_path / "out", place) for place in range(2)]
    np.testing.assert_array_equal(found[0]["x"], found[1]["x"])
    assert found[0]["x"].shape == (SIDE, SIDE)
    assert aligned_error(np.stack([a["w"] for a in found]), np.stack(scenes)) < 1e-9
    channels = report_of(tmp_path / "out")["pictures"][1]["channels"]
    assert [one["channel"] for one in channels] == ["all"]


def test_a_single_frame_is_a_picture(tmp_path, solve):
    np.save(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    solve(tmp_path / "p.npy", output="plain")
    solve(tmp_path / "p.npy", "--frames", output="frames")
    plain, frames = (arrays_of(tmp_path / name, "p") for name in ("plain", "frames"))
    np.testing.assert_array_equal(plain["w"], frames["w"])


@pytest.mark.parametrize("other", [(SIDE, SIDE, 3), (SIDE // 2, 2 * SIDE)])
def test_frames_of_one_camera_have_one_shape(tmp_path, solve, other):
    folder = write_frames(tmp_path / "in", [np.ones((SIDE, SIDE)), np.ones(other)])
    code, _, err = solve(folder, "--frames")
    assert_refused(tmp_path, code, err, "`input` must hold pictures of one shape", str(other))


@pytest.mark.parametrize("option", ["--frames", "--shared-distortion"])
def test_what_is_shared_needs_the_second_order_solver(tmp_path, solve, option):
    np.save(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    code, _, err = solve(tmp_path / "p.npy", option, "--solver", "alternating")
    assert_refused(tmp_path, code, err, "`solver` must be levenberg-marquardt", "alternating")


# A known distortion.


@pytest.mark.parametrize("solver", ["levenberg-marquardt", "alternating"])
def test_a_known_distortion_gives_the_picture_at_its_own_scale(tmp_path, solve_knowing, solver):
    w, x = factors(95)
    np.save(tmp_path / "p.npy", w * x)
    code, _, _ = solve_knowing(tmp_path / "p.npy", x, "--solver", solver)
    assert code == 0
    arrays = arrays_of(tmp_path / "out", "p")
    assert set(arrays) == {"w", "x", "h"}
    np.testing.assert_array_equal(arrays["x"], x)
    np.testing.assert_allclose(arrays["w"], w, atol=1e-8)
    np.testing.assert_allclose(G1(arrays["h"]).reshape(SIDE, SIDE), arrays["w"])
    assert (tmp_path / "out" / "p-x.png").exists()


def test_a_known_distortion_is_that_of_all_pictures_and_channels(tmp_path, solve_knowing):
    w, x = colour_factors(96)
    folder = write_frames(tmp_path / "in", [w * x[..., None], w[..., 0] * x])
    code, _, _ = solve_knowing(folder, x)
    assert code == 0
    np.testing.assert_allclose(arrays_of(tmp_path / "out", 0)["w"], w, atol=1e-8)
    np.testing.assert_allclose(arrays_of(tmp_path / "out", 1)["w"], w[..., 0], atol=1e-8)


def test_a_known_distortion_may_be_a_picture(tmp_path, solve_knowing):
    w, x = factors(97)
    np.save(tmp_path / "p.npy", w * x)
    write_picture(tmp_path / "x.png", x)
    options = ("--known-x", str(tmp_path / "x.png"), "--restarts", "8")
    code, _, _ = solve_knowing(tmp_path / "p.npy", x, *options)
    assert code == 0
    assert aligned_error(arrays_of(tmp_path / "out", "p")["w"], w) < 0.01


@pytest.mark.parametrize(
    ("x", "options", "culprit"),
    [
        (np.ones((SIDE, SIDE + 1)), (), "`known-x` must be a grey picture of 256 pixels"),
        (np.ones((SIDE, SIDE, 3)), (), "`known-x` must be a grey picture of 256 pixels"),
        (np.zeros((SIDE, SIDE)), (), "`known-x` must be a grey picture of 256 pixels, not all"),
        (np.ones((SIDE // 2, 2 * SIDE)), (), "`known-x` must be of the shape of the picture"),
        (np.full((SIDE, SIDE), np.nan), (), "x.npy, whose pixel at row 0, column 0 is not finite"),
        (np.ones((SIDE, SIDE)), ("--frames",), "`known-x` must not be given with --frames"),
        (np.ones((SIDE, SIDE)), ("--g2", "g2.npz"), "--g2: not allowed with argument --known-x"),
    ],
)
def test_bad_known_distortions(tmp_path, solve_knowing, x, options, culprit):
    np.save(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    code, _, err = solve_knowing(tmp_path / "p.npy", x, *options)
    assert_refused(tmp_path, code, err, culprit)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_a_known_distortion_must_be_a_number_in_the_type_of_the_generator(
    tmp_path, solve_knowing, scale
):
    single_precision(tmp_path)
    np.save(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    narrow = ("--g1", str(tmp_path / "g1-single.npz"))
    code, _, err = solve_knowing(tmp_path / "p.npy", np.full((SIDE, SIDE), scale), *narrow)
    assert_refused(tmp_path, code, err, "`known-x` must be", "float32", "x.npy")


def test_a_mask_must_leave_something_of_a_known_distortion(tmp_path, solve_knowing):
    x = np.eye(SIDE)
    np.save(tmp_path / "p.npy", x)
    np.save(tmp_path / "mask.npy", 1 - x)
    options = ("--mask", str(tmp_path / "mask.npy"))
    code, _, err = solve_knowing(tmp_path / "p.npy", x, *options)
    assert_refused(tmp_path, code, err, "`mask` must be positive somewhere where `known-x`")


def test_the_report_agrees_with_demodulate(tmp_path, solve_knowing):
    w, x = factors(98)
    np.save(tmp_path / "p.npy", w * x + 0.01)
    solve_knowing(tmp_path / "p.npy", x)
    result = gd.demodulate((w * x + 0.01).ravel(), G1, None, x=x.reshape(ELL), seed=0)
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert picture["relative_residual"] == result.relative_residual
    assert picture["restarts"] == result.restarts
