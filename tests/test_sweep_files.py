"""Files of results: whole, cut, damaged, foreign, and in the formats of others."""

import csv
import json
import tomllib

import numpy as np
import pytest

from gendemod import sweep as sweeps
from gendemod.sweep import _frames, _plan
from sweeping import SHORT, assert_same_as_uninterrupted, direct, measures, record_size, tiny

SWEEP = tiny(trials=30)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A finished sweep of many small chunks."""
    monkeypatch.setattr(_plan, "CHUNK_SECONDS", SHORT)
    sweeps.run(SWEEP, tmp_path / "whole.sweep", threads=1)
    return tmp_path / "whole.sweep"


def frames(path):
    with open(path, "rb") as file:
        return list(_frames.scan(file))


def count(chunk):
    """How many trials are in a chunk."""
    return len(chunk.payload) // record_size(SWEEP)


def overwrite(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def test_the_format_is_as_documented(path):
    data = path.read_bytes()
    offset, kinds = 0, []
    while offset < len(data):
        assert data[offset : offset + 4] == b"gdsw"
        kinds.append(data[offset + 4])
        length = int.from_bytes(data[offset + 8 : offset + 12], "little")
        first = int.from_bytes(data[offset + 12 : offset + 20], "little")
        payload = data[offset + 32 : offset + 32 + length]
        if len(kinds) == 1:
            definition = json.loads(payload)
        if kinds[-1] == 3:
            records = np.frombuffer(payload, [tuple(field) for field in definition["fields"]])
            for i, record in enumerate(records):
                np.testing.assert_equal(sweeps.trial(SWEEP, first + i)["error"], record["error"])
        offset += 32 + length
    assert kinds[:2] == [1, 2]
    assert set(kinds[2:]) == {3}
    assert tomllib.loads(definition["sweep"])["axes"] == {"n": [1, 2], "ell": [3, 6]}


def test_a_trial_takes_less_than_100_bytes_even_alone_in_its_chunk(path):
    for task in sweeps.TASKS.values():
        assert 32 + np.dtype(list(task.measures.items())).itemsize + 4 < 100
    chunks = frames(path)[2:]
    assert sum(one.size for one in chunks) == 32 * len(chunks) + record_size(SWEEP) * len(SWEEP)


def test_a_file_cut_anywhere_is_read_up_to_there_and_resumed(path, tmp_path):
    data, whole = path.read_bytes(), frames(path)
    begin = whole[1].offset
    for cut in np.random.default_rng(0).integers(begin, len(data), 20):
        short = tmp_path / "cut.sweep"
        short.write_bytes(data[:cut])
        results = sweeps.open(short)
        assert results.damage == []
        ends = {one.offset + one.size: count(one) for one in whole[2:]}
        assert results.done == sum(trials for end, trials in ends.items() if end <= cut)
        sweeps.resume(short, threads=1)
        assert_same_as_uninterrupted(short, SWEEP)


@pytest.mark.parametrize("cut", [0, 1, 31, 100])
def test_a_file_cut_in_its_definition_is_no_sweep_but_can_be_begun_again(path, cut):
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"`path` must be .+ start; `run` with one begins it\)"):
        sweeps.resume(path)
    sweeps.run(SWEEP, path, threads=1)
    assert_same_as_uninterrupted(path, SWEEP)


@pytest.mark.parametrize("where", ["tail", "middle", "head of a frame"])
def test_overwritten_bytes_are_told_and_everything_else_is_kept(path, tmp_path, where):
    chunks = frames(path)[2:]
    victim = chunks[{"tail": -1, "middle": 3, "head of a frame": 5}[where]]
    offset = victim.offset + (9 if where == "head of a frame" else _frames.HEAD_SIZE + 2)
    overwrite(path, offset, b"\xff\x00\xff")
    before = path.read_bytes()
    results = sweeps.open(path)
    lost = len(SWEEP) - results.done
    assert lost == count(victim)
    whole = np.frombuffer(direct(SWEEP)[: 8 * len(SWEEP)], "<i8")
    assert set(results.records["index"]) < set(whole)
    if where == "head of a frame":
        assert (results.damage[0].offset, results.damage[0].length) == (victim.offset, victim.size)
    with pytest.raises(
        ValueError, match=rf"undamaged .+ {victim.size} bytes .+ {victim.offset} on"
    ):
        sweeps.resume(path)
    assert path.read_bytes() == before
    copy = tmp_path / "copy.sweep"
    assert sweeps.salvage(path, copy).done == results.done
    sweeps.resume(copy, threads=1)
    assert_same_as_uninterrupted(copy, SWEEP)


def test_zeros_behind_the_end_as_after_a_power_cut_are_told(path, tmp_path):
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert sweeps.open(path).complete
    with pytest.raises(ValueError, match="undamaged"):
        sweeps.run(SWEEP, path)
    assert measures(sweeps.salvage(path, tmp_path / "copy.sweep")) == direct(SWEEP)


def test_a_changed_definition_is_refused_and_the_difference_shown(path):
    before = path.read_bytes()
    changed = tiny(
        axes={"n": [1, 3], "ell": [3, 6]},
        settings={"restarts": 2, "noise": 0.5, "max_iterations": 20},
        trials=31,
        name="another name",
    )
    with pytest.raises(ValueError, match=r"^`sweep` must be that of .+") as caught:
        sweeps.run(changed, path)
    text = str(caught.value)
    assert "axes.n = [1, 3] where the file has [1, 2]" in text
    assert "settings.restarts = 2 where the file has 1" in text
    assert "settings.noise = 0.5 where the file has nothing" in text
    assert "trials = 31 where the file has 30" in text
    assert "seed" not in text
    assert "name" not in text
    swapped = tiny(axes={"ell": [3, 6], "n": [1, 2]}, trials=30)
    with pytest.raises(ValueError, match=r"axes in the order \['ell', 'n'\] where"):
        sweeps.run(swapped, path)
    assert path.read_bytes() == before


def test_another_name_is_no_other_sweep(tmp_path):
    path = tmp_path / "named.sweep"
    sweeps.run(tiny(name="first"), path, threads=1, time_limit=1e-9)
    results = sweeps.run(tiny(name="a longer second"), path, threads=1)
    assert results.sweep.name == "first"
    assert_same_as_uninterrupted(path, tiny())


def test_foreign_files_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("do not lose this")
    for function in (sweeps.open, sweeps.resume, lambda path: sweeps.run(SWEEP, path)):
        with pytest.raises(ValueError, match=r"`path` must be the results .+ at its start\)$"):
            function(path)
    assert path.read_text() == "do not lose this"
    with pytest.raises(FileNotFoundError):
        sweeps.resume(tmp_path / "none.sweep")
    with pytest.raises(FileNotFoundError):
        sweeps.run(SWEEP, tmp_path / "none" / "none.sweep")


def test_files_of_other_versions_are_refused(path, tmp_path):
    content = json.loads(frames(path)[0].payload)
    newer = _frames.pack(_frames.DEFINITION, json.dumps({**content, "format": 2}).encode())
    (tmp_path / "newer.sweep").write_bytes(newer)
    with pytest.raises(ValueError, match="format 2, where this version reads 1"):
        sweeps.open(tmp_path / "newer.sweep")
    other = {**content, "fields": [["speed", "<f8"], ["error", "<f8"], ["seconds", "<f4"]]}
    old = _frames.pack(_frames.DEFINITION, json.dumps(other).encode())
    (tmp_path / "old.sweep").write_bytes(old)
    assert sweeps.open(tmp_path / "old.sweep").done == 0
    with pytest.raises(ValueError, match=r"hold what the task measures .+ columns speed, error"):
        sweeps.resume(tmp_path / "old.sweep")


def test_trials_that_are_there_twice_count_once(path):
    again = frames(path)[4]
    data = path.read_bytes()
    path.write_bytes(data + data[again.offset : again.offset + again.size])
    results = sweeps.open(path)
    assert results.done == len(SWEEP)
    assert measures(results) == direct(SWEEP)


def test_grids_have_the_axes_and_the_trials_last(path):
    results = sweeps.open(path)
    error = results.grid("error")
    assert error.shape == (2, 2, 30)
    for i in range(2):
        for j in range(2):
            expected = [sweeps.trial(SWEEP, 4 * k + 2 * i + j)["error"] for k in range(30)]
            np.testing.assert_array_equal(error[i, j], expected)
    np.testing.assert_array_equal(results.grid("success"), error < 1e-5)
    with pytest.raises(ValueError, match=r"`name` must be one of error, .+, success"):
        results.grid("speed")


def test_csv_has_a_line_for_each_trial(path, tmp_path):
    sweeps.export(path, tmp_path / "out.csv")
    with open(tmp_path / "out.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0])[:4] == ["n", "ell", "trial", "error"]
    assert len(lines) == len(SWEEP)
    for i in (0, 1, 6, 119):
        measured = sweeps.trial(SWEEP, i)
        np.testing.assert_equal(float(lines[i]["error"]), measured["error"])
        assert lines[i]["converged"] == str(measured["converged"])
        assert int(lines[i]["trial"]) == i // 4
        assert int(lines[i]["ell"]) == SWEEP.cells[i % 4]["ell"]


def test_parquet_has_the_same_table_and_the_definition(path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    sweeps.export(path, tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    for name, column in sweeps.open(path).columns().items():
        np.testing.assert_array_equal(table[name].to_numpy(), column)
    assert table.schema.metadata[b"sweep"].decode() == SWEEP.to_toml()


def test_netcdf_has_named_axes_and_nan_where_nothing_was_done(tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("netCDF4")
    sweep = tiny(
        axes={"widths": [[2, 3], [4]], "law": ["gaussian", "rademacher"]},
        settings={"n": 1, "ell": 4},
        trials=6,
    )
    path = tmp_path / "part.sweep"
    results = sweeps.run(sweep, path, threads=1, time_limit=1e-9)
    sweeps.export(path, tmp_path / "empty.nc")
    with xarray.open_dataset(tmp_path / "empty.nc") as data:
        assert int(data["error"].isnull().sum()) == len(sweep) - results.done
    sweeps.resume(path, threads=1)
    sweeps.export(path, tmp_path / "out.nc")
    with xarray.open_dataset(tmp_path / "out.nc") as data:
        assert data["error"].dims == ("widths", "law", "trial")
        assert data["widths"].values.tolist() == ["2-3", "4"]
        found = float(data["residual"].sel(widths="4", law="rademacher", trial=2))
        assert found == sweeps.trial(sweep, 2 * 4 + 3)["residual"]
        assert data.attrs["sweep"] == sweep.to_toml()


def test_other_endings_are_refused(path, tmp_path):
    with pytest.raises(ValueError, match=r"`target` must end in one of .csv, .parquet, .nc"):
        sweeps.export(path, tmp_path / "out.xlsx")


def test_a_sweep_of_one_cell_is_stored_resumed_and_exported(tmp_path):
    pytest.importorskip("xarray")
    pytest.importorskip("netCDF4")
    (tmp_path / "one.toml").write_text(
        'task = "demodulation"\ntrials = 40\n[settings]\nn = 2\nell = 6\n'
    )
    sweep, path = sweeps.Sweep.from_toml(tmp_path / "one.toml"), tmp_path / "one.sweep"
    assert sweep.axes == {}
    sweeps.run(sweep, path, threads=1, time_limit=1e-9)
    assert sweeps.resume(path, threads=1).complete
    assert_same_as_uninterrupted(path, sweep)
    results = sweeps.open(path)
    assert results.sweep == sweep
    assert results.grid("error").shape == (40,)
    for ending in ("csv", "nc"):
        sweeps.export(path, tmp_path / f"one.{ending}")
    assert (tmp_path / "one.csv").read_text().startswith("trial,error,")
