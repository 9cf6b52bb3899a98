"""The sweeps that come with gendemod."""

import math

import pytest

from gendemod import sweep as sweeps
from gendemod.sweep import _presets

PUBLISHED = ["branch-hull", "plugin", "plugin-noise", "r2wdc", "r2wdc-noise", "spiked"]
OWN = [
    "joint-wdc",
    "transition-depth-1",
    "transition-depth-2",
    "transition-depth-2-large",
    "transition-depth-3",
    "transition-depth-3-large",
    "transition-restarts",
    "transition-unequal",
    "wdc-effort",
    "wdc-expansion",
]


def text_of(name):
    return (_presets._FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def test_presets_are_these():
    assert list(sweeps.PRESETS) == sorted(PUBLISHED + OWN)


@pytest.mark.parametrize("name", PUBLISHED + OWN)
def test_a_preset_runs(name):
    sweep = sweeps.preset(name)
    assert sweep.name
    assert set(sweeps.trial(sweep, 0)) == set(sweep.kind.measures)


def head_of(name):
    """The comment at the beginning, a line each."""
    return text_of(name).split("name =", maxsplit=1)[0].splitlines()


@pytest.mark.parametrize("name", PUBLISHED + OWN)
def test_a_preset_begins_with_what_it_is(name):
    head = head_of(name)
    assert all(line.startswith("#") for line in head)
    assert head[0].endswith((".", "?"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_experiments_say_what_is_taken_over_and_what_is_not(name):
    head = "\n".join(head_of(name))
    assert "# Taken over: " in head
    assert "# Not taken over: " in head


def drawn(name):
    """What is drawn in all cells."""
    sweep = sweeps.preset(name)
    return [sweep.cell(i).drawn for i in range(math.prod(sweep.shape))]


def sizes(name):
    """The layers of both networks in all cells."""
    return [one[:2] for one in drawn(name)]


def different(cells):
    """How many cells draw something else."""
    return len({str(one) for one in cells})


def test_axes_of_plugin():
    widths = [1 + 20 * i for i in range(23)]
    wanted = [[[n, w, w, w]] * 2 for n in range(1, 20) for w in widths]
    assert widths[-1] == 441
    assert sizes("plugin") == wanted
    assert sweeps.preset("plugin").trials == 20
    assert sweeps.preset("plugin").criterion[1] == 1e-5
    assert sizes("plugin-noise") == [[[20, 600, 500, 500]] * 2] * 11
    noise = sweeps.preset("plugin-noise").axes["noise"]
    assert (noise[0], noise[-1]) == (0, 1)


def test_axes_of_r2wdc():
    ks = [*range(5, 61, 5), 70, 80, 90, 100, 120, 135, 150]
    wanted = [[[k, *w, 600]] * 2 for w in ([700], [150, 700]) for k in ks]
    assert sizes("r2wdc") == wanted
    assert sweeps.preset("r2wdc").trials == 30
    assert sweeps.preset("r2wdc").criterion[1] == 1e-3
    noisy = sweeps.preset("r2wdc-noise")
    assert noisy.axes["noise"] == (1e-2, 1e-4, 1e-8)
    assert noisy.axes["n"] == tuple(range(5, 46, 5))


def test_axes_of_the_spiked_matrix_experiment():
    sweep = sweeps.preset("spiked")
    assert sizes("spiked") == [[[k, 250, 1700]] * 2 for k in (10, 30, 70) for _ in range(8)]
    assert sweep.trials == 75
    assert len(sweep.axes["noise"]) == 8


def test_axes_of_branch_hull():
    wanted = [[[n, ell]] * 2 for n in range(1, 16) for ell in range(4, 141, 4)]
    assert sizes("branch-hull") == wanted
    assert sweeps.preset("branch-hull").trials == 10


@pytest.mark.parametrize(("depth", "most"), [(1, 64), (2, 32), (3, 16)])
def test_transitions_are_swept_for_both_solvers_and_no_size_is_tried_twice(depth, most):
    name = f"transition-depth-{depth}"
    sweep, cells = sweeps.preset(name), drawn(name)
    assert sweep.axes["solver"] == ("levenberg-marquardt", "algorithm-1")
    assert (sweep.axes["n"][0], sweep.axes["n"][-1]) == (2, most)
    assert sweep.criterion == ("latent_error", 1e-4)
    assert {len(dims) for g1, g2, _ in cells for dims in (g1, g2)} == {depth + 1}
    assert different(cells) == len(cells) / 2


@pytest.mark.parametrize("depth", [2, 3])
def test_larger_sizes_are_swept_for_the_default_solver_with_the_same_layers(depth):
    base, name = sweeps.preset(f"transition-depth-{depth}"), f"transition-depth-{depth}-large"
    sweep, cells = sweeps.preset(name), drawn(name)
    assert list(sweep.axes) == ["n", "ell_per_unknown"]
    assert sweep.settings == base.settings
    assert sweep.criterion == base.criterion
    largest = {2: 64, 3: 48}[depth]
    assert base.axes["n"][-1] < sweep.axes["n"][0] < sweep.axes["n"][-1] == largest
    assert different(cells) == len(cells)


def test_numbers_of_starts_are_compared_on_the_same_networks():
    sweep, cells = sweeps.preset("transition-restarts"), drawn("transition-restarts")
    starts = sweep.axes["restarts"]
    assert starts == tuple(sorted(starts))
    assert len(starts) > 1
    assert sweep.criterion == ("latent_error", 1e-4)
    assert different(cells) == len(cells) / len(starts)


def test_n_and_p_are_taken_apart():
    sweep, cells = sweeps.preset("transition-unequal"), sizes("transition-unequal")
    assert sweep.axes["n"] == (8,)
    assert (sweep.axes["p"][0], sweep.axes["p"][-1]) == (8, 128)
    for cell, ((n, *_), (p, *_)) in zip(sweep.cells, cells, strict=True):
        assert (n, p) == (8, cell["p"])


def test_searches_of_any_length_see_the_same_layers():
    sweep, cells = sweeps.preset("wdc-effort"), drawn("wdc-effort")
    assert 4000 in sweep.axes["max_evaluations"]  # the default, of wdc-expansion
    assert different(cells) == len(cells) / len(sweep.axes["max_evaluations"])


def test_constants_are_swept_over_ratios():
    for name, ratio, rows in (
        ("wdc-expansion", "expansion", 1),
        ("joint-wdc", "ell_per_product", 2),
    ):
        sweep = sweeps.preset(name)
        for i, cell in enumerate(sweep.cells):
            assert sweep.cell(i).ell == cell[ratio] * cell["n"] ** rows


def test_an_unknown_preset_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"`preset` must be one of branch-hull, joint-wdc.*'no'"):
        sweeps.preset("no")
    with pytest.raises(TypeError, match="`preset` must be one of"):
        sweeps.preset(3)
