"""`gendemod solve` on colour: channels by themselves, or under one shared distortion."""

import numpy as np
import pytest

from gendemod._restored_files import display_scales
from gendemod.pictures import read_picture
from solving import G1, G2, SIDE, aligned_error, colour_factors, command_in, factors, report_of


@pytest.fixture
def solve(tmp_path, capsys):
    pytest.importorskip("PIL")
    return command_in(tmp_path, capsys)


# Colour.


def test_colour_channels_have_their_own_distortions(tmp_path, solve):
    w = np.stack([factors(30 + k)[0] for k in range(3)], axis=-1)
    x = np.stack([factors(40 + k)[1] for k in range(3)], axis=-1)
    np.save(tmp_path / "p.npy", w * x)
    code, _, _ = solve(tmp_path / "p.npy")
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert arrays["w"].shape == arrays["x"].shape == (SIDE, SIDE, 3)
        assert (arrays["h"].shape, arrays["m"].shape) == ((3, 5), (3, 4))
        for k in range(3):
            assert aligned_error(arrays["w"][..., k], w[..., k]) < 1e-5
            assert aligned_error(arrays["x"][..., k], x[..., k]) < 1e-5
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert [solve["channel"] for solve in picture["channels"]] == ["red", "green", "blue"]
    assert picture["restarts"] == sum(solve["restarts"] for solve in picture["channels"])
    worst = max(solve["relative_residual"] for solve in picture["channels"])
    assert picture["relative_residual"] == worst


def test_a_picture_has_the_status_of_its_first_failing_channel(tmp_path, solve):
    picture = np.stack([np.prod(factors(k), axis=0) for k in (30, 31, 32)], axis=-1)
    picture[..., 1] = 0
    np.save(tmp_path / "p.npy", picture)
    code, out, _ = solve(tmp_path / "p.npy")
    assert code == 1
    assert "p.npy: hopeless" in out
    (entry,) = report_of(tmp_path / "out")["pictures"]
    assert entry["status"] == "hopeless"
    statuses = [channel["status"] for channel in entry["channels"]]
    assert statuses == ["converged", "hopeless", "converged"]


def test_a_shared_distortion_is_one_for_all_channels_and_keeps_the_colours(tmp_path, solve):
    w, x = colour_factors(50)
    np.save(tmp_path / "p.npy", w * x[..., None])
    code, _, _ = solve(tmp_path / "p.npy", "--shared-distortion")
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert arrays["x"].shape == (SIDE, SIDE)
        assert arrays["m"].shape == (4,)
        # One scale for all channels: their brightness relative to each other is recovered, too.
        assert aligned_error(arrays["w"], w) < 1e-5
        assert aligned_error(arrays["x"], x) < 1e-5
        np.testing.assert_allclose(G1(arrays["h"]).T.reshape(w.shape), arrays["w"])
        np.testing.assert_allclose(G2(arrays["m"]).reshape(x.shape), arrays["x"])
    shown = read_picture(tmp_path / "out" / "p-w.png")
    np.testing.assert_allclose(shown, w / w.max(), atol=1 / 255)
    assert read_picture(tmp_path / "out" / "p-x.png").shape == (SIDE, SIDE)
    (picture,) = report_of(tmp_path / "out")["pictures"]
    assert [solve["channel"] for solve in picture["channels"]] == ["all"]


def test_a_shared_distortion_uses_all_channels_against_noise(tmp_path, solve):
    w, x = colour_factors(51)
    rng = np.random.default_rng(0)
    noisy = w * x[..., None] + 0.02 * rng.normal(size=w.shape) * (w * x[..., None]).std()
    np.save(tmp_path / "p.npy", noisy)
    solve(tmp_path / "p.npy", output="separate")
    solve(tmp_path / "p.npy", "--shared-distortion", output="shared")
    with np.load(tmp_path / "separate" / "p.npz", allow_pickle=False) as arrays:
        separate = [aligned_error(arrays["x"][..., k], x) for k in range(3)]
    with np.load(tmp_path / "shared" / "p.npz", allow_pickle=False) as arrays:
        assert aligned_error(arrays["x"], x) < max(separate)


def test_grey_pictures_ignore_the_shared_distortion(tmp_path, solve):
    w, x = factors(3)
    np.save(tmp_path / "p.npy", w * x)
    solve(tmp_path / "p.npy", output="plain")
    solve(tmp_path / "p.npy", "--shared-distortion", output="shared")
    plain, shared = ((tmp_path / name / "p.npz").read_bytes() for name in ("plain", "shared"))
    assert plain == shared


def test_a_black_channel_does_not_spoil_the_others(tmp_path, solve):
    w, x = colour_factors(52)
    w[..., 1] = 0
    np.save(tmp_path / "p.npy", w * x[..., None])
    code, _, _ = solve(tmp_path / "p.npy", "--shared-distortion")
    assert code == 0
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        assert aligned_error(arrays["w"], w) < 1e-4


def test_display_scales_keep_the_colours():
    w = np.array([[2.0, 4.0], [1.0, 0.5]])
    x = np.array([[0.5, 0.25], [3.0, 1.0]])
    w_scale, x_scale = display_scales(w, x)
    np.testing.assert_allclose(x_scale, [2, 1 / 3])
    # w * max(x) is [1, 2] and [3, 1.5].
    np.testing.assert_allclose(w_scale[:, None] * w, np.array([[1, 2], [3, 1.5]]) / 3)
    w_scale, x_scale = display_scales(0 * w, 0 * x)
    np.testing.assert_array_equal(w_scale, [1, 1])
    np.testing.assert_array_equal(x_scale, [1, 1])
