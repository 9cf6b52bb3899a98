"""How products of linear pieces and gradients approach their means."""

import numpy as np
import pytest

import gendemod as gd
from gendemod import landscape
from gendemod.landscape import _concentration
from reference import Model, forward, linear_piece, mixture, random_weights


def pairs(dims_of, sizes, last_layer="gaussian", repetitions=1):
    for i, size in enumerate(sizes):
        for seed in range(repetitions):
            yield tuple(
                gd.ReLUNetwork.gaussian(
                    dims_of(size), seed=100 * i + 2 * seed + k, last_layer=last_layer
                )
                for k in range(2)
            )


def expected_product(x, y, depth):
    theta = np.arccos(np.clip(x @ y / np.linalg.norm(x) / np.linalg.norm(y), -1, 1))
    kept, mixed, _ = mixture(theta, depth)
    return (kept * y + mixed * np.linalg.norm(y) / np.linalg.norm(x) * x) / 2**depth


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_errors_match_their_definition(dtype):
    weights = [random_weights(dims, i, dtype) for i, dims in enumerate(((3, 9, 40), (2, 7, 8, 40)))]
    g1, g2 = (gd.ReLUNetwork(part) for part in weights)
    levels = [0.9, 1.1, 1.2, 0.8, 1.3]
    products, gradients = _concentration._errors(g1, g2, levels, 9, np.random.default_rng(1), None)
    rng = np.random.default_rng(1)
    from gendemod.wdc._sample import random_pairs

    h0, h, _ = random_pairs(rng, 9, 3)
    m0, m, _ = random_pairs(rng, 9, 2)
    order = rng.permutation(9)
    m0, m = m0[order], m[order]
    alphas = np.prod(levels[:2]), np.prod(levels[2:])
    weights = [[W.astype(np.float64) for W in part] for part in weights]
    for k in range(9):
        y = forward(weights[0], h0[k]) * forward(weights[1], m0[k])
        model = Model(y, *weights)
        for i, (z, true, alpha) in enumerate(((h, h0, alphas[0]), (m, m0, alphas[1]))):
            depth = len(weights[i])
            found = linear_piece(weights[i], z[k]).T @ forward(weights[i], true[k])
            error = np.linalg.norm(found - alpha * expected_product(z[k], true[k], depth))
            assert products[i, k] == pytest.approx(error * 2**depth / alpha, rel=1e-6)
        t = gd.theory.expected_gradients(
            h[k], m[k], h0[k], m0[k], (2, 3), 40, float(alphas[0] * alphas[1])
        )
        size = alphas[0] * alphas[1] / 2**5 / 40 * 2  # |m|^2 |h| + |m| |m0| |h0| = 2
        for i, g in enumerate((model.gradient_h(h[k], m[k]), model.gradient_m(h[k], m[k]))):
            assert gradients[i, k] == pytest.approx(np.linalg.norm(g - t[i]) / size, rel=1e-6)


@pytest.mark.parametrize("last_layer", ["gaussian", "truncated"])
def test_errors_of_one_layer_shrink_like_the_root_of_ell(last_layer):
    sizes = np.repeat([200, 800, 3200, 12800], 2)
    networks = pairs(lambda ell: (3, ell), sizes[::2], last_layer, 2)
    found = landscape.concentration(networks, sizes, alpha="theory", points=60)
    for fit in (found.product_fit, found.gradient_fit):
        assert fit.exponent == pytest.approx(-0.5, abs=0.12)
        assert 0 < fit.standard_error < 0.1
    assert (found.product_worst >= found.product).all()
    assert (found.gradient_worst >= found.gradient).all()
    assert found.product.shape == found.gradient.shape == (8, 2)
    assert np.isnan(found.epsilon).all()


def test_wider_networks_are_closer_to_the_means():
    widths = [20, 80, 320]
    found = landscape.concentration(
        pairs(lambda k: (3, k, 20 * k), widths), widths, points=60, seed=3
    )
    assert (np.diff(found.product.mean(axis=1)) < 0).all()
    assert (np.diff(found.gradient.mean(axis=1)) < 0).all()


def test_fitted_alphas_take_any_scale():
    dims = (3, 30, 200)
    g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=i) for i in (1, 2))
    scaled = gd.ReLUNetwork([5 * g1.weights[0], g1.weights[1] / 3])
    plain = landscape.concentration([(g1, g2)], [1], points=20)
    other = landscape.concentration([(scaled, g2)], [1], points=20)
    np.testing.assert_allclose(other.product, plain.product, rtol=1e-9)
    np.testing.assert_allclose(other.gradient, plain.gradient, rtol=1e-9)
    assert np.isnan(plain.product_fit.exponent)


def test_epsilons_come_from_the_wdc():
    g1, g2 = (gd.ReLUNetwork.gaussian((2, 40), seed=i) for i in (1, 2))
    found = landscape.concentration([(g1, g2)], [40], points=4, wdc_time_limit=0.1)
    expected = max(
        gd.wdc.exact(g.weights[0], alpha).lower / alpha
        for g in (g1, g2)
        for alpha in [float(np.sum(g.weights[0] ** 2)) / 2]
    )
    assert found.epsilon == pytest.approx([expected], rel=1e-9)


def test_a_power_law_is_recovered():
    sizes = np.array([1.0, 2, 4, 8, 16])
    fit = _concentration.power_law(sizes, 3 * sizes**-0.7)
    assert fit.exponent == pytest.approx(-0.7)
    assert fit.constant == pytest.approx(3)
    assert fit.standard_error < 1e-12
    noise = np.exp([0.1, -0.1, 0.05, -0.1, 0.05])
    x = np.log(sizes)
    design = np.stack([x, np.ones(5)], axis=1)
    y = np.log(3 * sizes**-0.7 * noise)
    solution, rest, *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.sqrt(np.linalg.inv(design.T @ design)[0, 0] * rest[0] / 3)
    fit = _concentration.power_law(sizes, np.exp(y))
    assert (fit.exponent, fit.standard_error) == pytest.approx((solution[0], error))
    assert np.isnan(_concentration.power_law(sizes[:2], sizes[:2]).standard_error)


def test_thinned_networks_keep_some_outputs_of_both():
    g1, g2 = (gd.ReLUNetwork(random_weights((3, 9, 40), i, np.float32)) for i in (1, 2))
    few1, few2 = landscape.thinned(g1, g2, 10, seed=0)
    assert few1.dims == few2.dims == (3, 9, 10)
    assert few1.dtype == np.float32
    h = np.array([1.0, -2, 0.5])
    kept = [np.argmin(np.abs(g1(h) * 2 - value)) for value in few1(h)]
    np.testing.assert_allclose(few1(h), 2 * g1(h)[kept], rtol=1e-6)
    rows = [np.flatnonzero((g1.weights[1] * 2 == row).all(axis=1))[0] for row in few1.weights[1]]
    np.testing.assert_array_equal(few2.weights[1], 2 * g2.weights[1][rows])
    assert len(set(rows)) == 10
    whole, _ = landscape.thinned(g1, g2, 40, seed=5)
    np.testing.assert_array_equal(whole.weights[1], g1.weights[1])


def test_the_same_numbers_for_any_number_of_threads():
    results = [
        landscape.concentration(
            pairs(lambda ell: (3, 9, ell), [30, 60]), [30, 60], points=20, seed=1, threads=k
        )
        for k in (1, 3)
    ]
    np.testing.assert_array_equal(results[0].product_worst, results[1].product_worst)
    np.testing.assert_array_equal(results[0].gradient, results[1].gradient)
    assert results[0].to_dict()["against"] == [30.0, 60.0]


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"against": [1, 2]}, ValueError, r"`against` must have 1 entries"),
        ({"against": [0]}, ValueError, r"`against` must be a vector of positive numbers"),
        ({"against": [[1]]}, ValueError, r"`against` must be a vector of positive numbers"),
        ({"against": "1"}, TypeError, r"`against` must hold real numbers"),
        ({"networks": [gd.ReLUNetwork([np.eye(2)])]}, TypeError, r"`networks` must be a pair"),
        (
            {"networks": [(gd.ReLUNetwork([np.eye(2)]), gd.ReLUNetwork([np.eye(3)]))]},
            ValueError,
            r"`g2` must have 2 outputs",
        ),
        ({"alpha": "best"}, ValueError, r"`alpha` must be \"fitted\""),
        ({"points": 0}, ValueError, r"`points` must be at least 1"),
        ({"seed": -1}, ValueError, r"`seed` must be at least 0"),
        ({"wdc_time_limit": -1.0}, ValueError, r"`time_limit` must be at least 0"),
    ],
)
def test_bad_arguments_are_named(changed, kind, message):
    one = gd.ReLUNetwork([np.eye(2)])
    arguments = {"networks": [(one, one)], "against": [1.0], "points": 3}
    with pytest.raises(kind, match=message):
        landscape.concentration(**{**arguments, **changed})


def test_more_outputs_than_there_are_cannot_be_kept():
    one = gd.ReLUNetwork([np.eye(2)])
    with pytest.raises(ValueError, match=r"`ell` must be at most 2"):
        landscape.thinned(one, one, 3, seed=0)
