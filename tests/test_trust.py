"""Scores against a reference: what p means, what is flagged, what is refused."""

from pathlib import Path

import numpy as np
import pytest

import gendemod as gd
from gendemod import trust
from gendemod._origin import Origin, fingerprint
from gendemod.trust import LEVEL, Reference, ground, reference_residuals

G1 = gd.ReLUNetwork.gaussian((3, 40, 100), seed=1)
G2 = gd.ReLUNetwork.gaussian((3, 40, 100), seed=2)
ORIGIN = Origin.of(G1, G2, gd.LevenbergMarquardt(), 8, 0)


def reference_of(residuals, grounds=None):
    residuals = np.asarray(residuals, dtype=float)
    return Reference(residuals, np.zeros_like(residuals) if grounds is None else grounds, ORIGIN)


def noisy(count, seed):
    rng = np.random.default_rng(seed)
    y = G1(rng.normal(size=(count, 3))) * G2(rng.normal(size=(count, 3)))
    return y + 0.05 * np.sqrt(np.mean(y**2, axis=1, keepdims=True)) * rng.normal(size=y.shape)


# What p means.


def test_p_is_the_share_of_residuals_at_least_as_large():
    residuals = np.round(np.random.default_rng(0).uniform(0.01, 0.3, 120), 2)
    values = np.array([0.0, 0.01, 0.1, 0.105, residuals.max(), 0.9])
    expected = [(1 + sum(r >= value for r in residuals)) / 121 for value in values]
    score = reference_of(residuals).compare(values, np.zeros(6), level=0.05)
    np.testing.assert_allclose(score.p, expected)
    assert score.p[0] == 1
    assert score.p[-1] == 1 / 121
    np.testing.assert_allclose(score.ratio, values / np.median(residuals))
    np.testing.assert_array_equal(score.out_of_range, np.array(expected) <= 0.05)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.29])
def test_the_level_is_the_share_of_false_alarms(level):
    # Whichever of 100 exchangeable pictures is the new one, it is flagged for `level` of them.
    values = np.random.default_rng(1).lognormal(-4, 0.3, 100)
    flagged = [
        reference_of(np.delete(values, i)).compare(values[i], 0.0, level=level).out_of_range
        for i in range(100)
    ]
    assert sum(flagged) == round(100 * level)


@pytest.mark.parametrize("level", [0.01, 0.07, 0.29, 0.5])
def test_above_the_threshold_a_picture_is_out_of_range(level):
    reference = reference_of(np.random.default_rng(2).uniform(0.01, 0.3, 99))
    threshold = reference.threshold(level)
    values = [threshold, np.nextafter(threshold, 1)]
    score = reference.compare(values, [0.0, 0.0], level=level)
    np.testing.assert_array_equal(score.out_of_range, [False, True])


def test_the_ground_is_the_first_percentile_over_the_maximum():
    fit = np.stack([np.linspace(0.2, 2.0, 101), np.zeros(101)])
    np.testing.assert_allclose(ground(fit), [0.218 / 2.0, 0])


def test_a_raised_ground_is_compared_with_the_grounds():
    reference = reference_of(np.full(99, 0.1), np.linspace(0, 0.1, 99))
    score = reference.compare([0.1, 0.1], [0.05, 0.2])
    np.testing.assert_array_equal(score.raised_ground, [False, True])
    np.testing.assert_allclose(score.ground_p, [0.51, 0.01])
    assert not score.out_of_range.any()


# Made by solving.


@pytest.fixture(scope="module")
def made():
    return reference_residuals(noisy(99, 3), G1, G2, restarts=6, seed=5)


def test_a_reference_holds_the_residuals_of_demodulate(made):
    result = gd.demodulate(noisy(99, 3), G1, G2, restarts=6, seed=5)
    np.testing.assert_array_equal(made.residuals, np.sort(result.relative_residual))
    np.testing.assert_array_equal(made.grounds, np.sort(ground(result.w * result.x)))
    assert made.origin == Origin.of(G1, G2, gd.LevenbergMarquardt(), 6, 5)


def test_one_picture_and_a_batch_get_the_same_scores(made):
    y = np.concatenate([noisy(2, 4), np.random.default_rng(0).random((1, 100))])
    batch = made.score(gd.demodulate(y, G1, G2, restarts=6, seed=5), G1, G2)
    one = made.score(gd.demodulate(y[0], G1, G2, restarts=6, seed=5), G1, G2)
    assert batch.p[0] == pytest.approx(one.p, abs=0.01)
    assert batch.p.shape == (3,)
    assert one.level == LEVEL
    assert not one.out_of_range
    assert batch.out_of_range[2]


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_numbers_of_numpy_are_saved_as_numbers(tmp_path, kind):
    y = noisy(4, 3)
    plain = reference_residuals(y, G1, G2, restarts=4, seed=4)
    reference = reference_residuals(y, G1, G2, restarts=kind(4), seed=kind(4))
    reference.save(tmp_path / "r.npz")
    assert Reference.load(tmp_path / "r.npz").origin == plain.origin


def test_a_drawn_seed_is_recorded():
    y = noisy(3, 3)
    drawn = reference_residuals(y, G1, G2, restarts=2, seed=None)
    again = reference_residuals(y, G1, G2, restarts=2, seed=drawn.origin.seed)
    np.testing.assert_array_equal(again.residuals, drawn.residuals)


def test_a_picture_of_which_nothing_is_restored_is_out_of_range(made):
    y = np.concatenate([noisy(1, 4), np.zeros((1, 100))])
    score = made.score(gd.demodulate(y, G1, G2, restarts=6, seed=5), G1, G2)
    np.testing.assert_array_equal(score.out_of_range, [False, True])
    black = made.score(gd.demodulate(y[1], G1, G2, restarts=6, seed=5), G1, G2)
    assert black.p == 1 / 100
    assert black.ratio == 1 / np.median(made.residuals)


def test_black_pictures_make_no_reference():
    y = np.concatenate([noisy(4, 3), np.zeros((1, 100))])
    with pytest.raises(ValueError, match=r"`residuals` must exceed 1/2 .* got 1 of 5"):
        reference_residuals(y, G1, G2, restarts=6)


def test_a_file_holds_the_reference(made, tmp_path):
    made.save(tmp_path / "r.npz")
    again = Reference.load(tmp_path / "r.npz")
    np.testing.assert_array_equal(again.residuals, made.residuals)
    np.testing.assert_array_equal(again.grounds, made.grounds)
    assert again.origin == made.origin
    assert [file.name for file in tmp_path.iterdir()] == ["r.npz"]


def test_a_fingerprint_is_of_the_weights_whatever_their_dtype():
    single = gd.ReLUNetwork([W.astype("f4") for W in G1.weights])
    double = gd.ReLUNetwork([W.astype("f8") for W in single.weights])
    assert fingerprint(single) == fingerprint(double)
    first, last = (np.array(W) for W in double.weights)
    first[2, 1] = np.nextafter(first[2, 1], 9)
    assert fingerprint(gd.ReLUNetwork([first, last])) != fingerprint(double)


# What is refused.


def test_another_pair_is_refused(made):
    result = gd.demodulate(noisy(1, 4), G1, G2, restarts=1, seed=5)
    other = gd.ReLUNetwork.gaussian((3, 40, 100), seed=3)
    with pytest.raises(ValueError, match=r"`reference` must have been made with this `g2` because"):
        made.score(result, G1, other)


class Generic:
    """A generator that is no ReLUNetwork."""

    dims, dtype, homogeneous = G2.dims, G2.dtype, True

    def __call__(self, z):
        return G2(z)

    def vjp(self, z, r):
        return G2.vjp(z, r)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"g2": Generic()}, TypeError, "`g2` must be a ReLUNetwork because .*; got Generic"),
        ({"restarts": 0}, ValueError, "`restarts` must be at least 1"),
        ({"restarts": True}, TypeError, "`restarts` must be an integer"),
        ({"seed": 0.5}, TypeError, "`seed` must be an integer"),
    ],
)
def test_a_reference_that_cannot_be_made_is_refused_before_the_work(
    monkeypatch, given, error, message
):
    monkeypatch.setattr(trust, "demodulate", lambda *_, **__: pytest.fail("solved"))
    arguments = {"g1": G1, "g2": G2, "solver": gd.AlternatingDescent(), "restarts": 1, **given}
    with pytest.raises(error, match=message):
        reference_residuals(noisy(3, 3), **arguments)


@pytest.mark.parametrize("given", [{"shared": "x"}, {"x": np.ones(100)}, {"m": np.ones(3)}])
def test_a_result_of_another_problem_is_refused(made, given):
    result = gd.demodulate(noisy(2, 4), G1, G2, restarts=1, seed=5, **given)
    with pytest.raises(ValueError, match=r"`result` must be of two unknown factors a picture"):
        made.score(result, G1, G2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, G1, G2), "`result` must be a Result because .*; got int"),
        ((None, G1, None), "`result` must be a Result because .*; got NoneType"),
        ((gd.demodulate(noisy(1, 4), G1, G2, restarts=1, seed=5), G1, None), "`g2` must be a ReLU"),
    ],
)
def test_what_cannot_be_scored_is_refused(made, arguments, message):
    with pytest.raises(TypeError, match=message):
        made.score(*arguments)


@pytest.mark.parametrize("fit", [np.zeros((2, 0)), 3.0, [np.nan], [1.0, np.nan]])
def test_what_is_no_picture_has_no_ground(fit):
    with pytest.raises(ValueError, match="`fit` must"):
        ground(fit)


def test_a_level_that_no_p_can_reach_is_refused():
    reference = reference_of(np.full(98, 0.1))
    with pytest.raises(ValueError, match=r"`level` must be at least 0.0101, below 1 because"):
        reference.compare(0.1, 0.0)
    with pytest.raises(TypeError, match=r"`level` must be a number"):
        reference.compare(0.1, 0.0, level=True)


@pytest.mark.parametrize(
    ("residuals", "message"),
    [
        ([], "`residuals` must be a row"),
        ([[0.1]], "`residuals` must be a row"),
        ([-0.1, 0.1], "at least 0 because"),
        ([0.1, np.nan], "`residuals` must be finite"),
        ([0.0, 0.0, 0.1], "positive median"),
        ([0.1] * 98 + [0.6] * 2, r"try more restarts.*; got 2 of 100"),
    ],
)
def test_residuals_that_say_nothing_are_refused(residuals, message):
    with pytest.raises(ValueError, match=message):
        reference_of(residuals)


def test_there_are_as_many_grounds_as_residuals():
    with pytest.raises(ValueError, match=r"`grounds` must be as many as `residuals`"):
        reference_of([0.1, 0.2], np.zeros(3))


@pytest.mark.parametrize(
    "arrays",
    [
        {"residuals": np.ones(3)},
        {"residuals": np.full(3, 0.1), "grounds": np.zeros(3), "origin": np.array("{}")},
        {"residuals": np.full(3, 0.1), "grounds": np.zeros(3), "origin": np.array("no")},
        {"residuals": np.array([None]), "grounds": np.zeros(1), "origin": np.array("{}")},
    ],
)
def test_a_file_without_a_reference_is_refused(tmp_path, arrays):
    np.savez(tmp_path / "r.npz", **arrays)
    with pytest.raises(ValueError, match=r"`path` must .* because .*r\.npz"):
        Reference.load(tmp_path / "r.npz")


# The pair of the demo, on digits that it was not trained on.


@pytest.fixture(scope="module")
def demo():
    """Held-out digits and fresh bells, and how pictures score against 100 others of them."""
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    from gendemod.data import bells, digits, split

    images, _ = digits(32)
    _, held_out = split(len(images), seed=0)
    w = images[np.random.default_rng(0).permutation(held_out)[:150]].astype("f4")
    x = bells(150, 32, seed=1_000_000).astype("f4")
    folder = Path(gd.__file__).parent / "weights"
    pair = [gd.ReLUNetwork.load(folder / f"{name}.npz") for name in ("digits", "bells")]
    reference = reference_residuals(w[:100] * x[:100], *pair, restarts=4)

    def score(y):
        return reference.score(gd.demodulate(y, *pair, restarts=4, seed=0), *pair, level=0.05)

    return w[100:], x[100:], score


def test_few_digits_are_called_out_of_range(demo):
    w, x, score = demo
    found = score(w * x)
    # Of 50 at the level 0.05: 2.5 in the mean, with a standard deviation of 1.9.
    assert found.out_of_range.sum() <= 8
    assert found.raised_ground.sum() <= 8
    assert 0.8 < np.median(found.ratio) < 1.25


@pytest.mark.parametrize("kind", ["inverted", "turned", "texture", "stripes"])
def test_pictures_of_another_kind_are_out_of_range(demo, kind):
    w, x, score = demo
    w, x = w[:16], x[:16]
    if kind == "inverted":
        w = 1 - w
    elif kind == "turned":
        w = np.rot90(w.reshape(-1, 32, 32), axes=(1, 2)).reshape(16, -1)
    elif kind == "texture":
        w = np.random.default_rng(0).random(w.shape, dtype="f4")
    else:
        x = np.tile(0.6 + 0.4 * np.sign(np.sin(np.arange(32, dtype="f4"))), (16, 32))
    found = score(w * x)
    assert found.out_of_range.sum() >= 15
    assert np.median(found.ratio) > 3


def test_an_added_ground_shows_in_the_ground_and_not_in_the_residual(demo):
    w, x, score = demo
    found = score(w[:30] * x[:30] + np.float32(0.2))
    assert found.raised_ground.sum() >= 28
    assert found.out_of_range.sum() <= 8
