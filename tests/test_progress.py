"""The progress bar: silent unless enabled, truthful about share, rate and time left."""

import pytest

from gendemod import _progress
from gendemod._progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Let the test set the time that the bar sees."""
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


def test_disabled_bar_writes_nothing(capsys):
    with Progress(3, "pictures", enabled=False) as bar:
        bar.update(1)
        bar.update(3)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == ""


def test_share_rate_and_time_left(capsys, clock):
    bar = Progress(100, "pictures", enabled=True)
    clock[0] = 30.0
    bar.update(25)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "\rpictures [######------------------] 25/100  0.833/s  1:30 left"


def test_the_end_is_always_drawn_with_the_whole_time(capsys, clock):
    bar = Progress(2, "pictures", enabled=True)
    clock[0] = 1.0
    bar.update(1)
    clock[0] = 1.01
    bar.update(2)
    bar.close()
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("pictures [########################] 2/2")
    assert last.rstrip(" \n").endswith("0:01 in all")
    assert last.endswith("\n")


def test_frequent_updates_are_drawn_at_most_ten_times_a_second(capsys, clock):
    bar = Progress(1000, "steps", enabled=True)
    for step in range(500):
        clock[0] = step / 500
        bar.update(step)
    assert capsys.readouterr().err.count("\r") == pytest.approx(10, abs=1)


def test_a_shorter_line_covers_a_longer_one(capsys, clock):
    bar = Progress(10, "x", enabled=True)
    clock[0] = 7000.0
    bar.update(1)
    long = capsys.readouterr().err
    clock[0] = 7001.0
    bar.update(9)
    short = capsys.readouterr().err
    assert len(short) == len(long)
    assert short.endswith(" ")


def test_nothing_is_drawn_after_close(capsys):
    bar = Progress(2, "x", enabled=True)
    bar.close()
    bar.update(2)
    bar.close()
    assert capsys.readouterr().err == ""


def test_an_interrupted_bar_ends_its_line(capsys):
    def interrupted():
        with Progress(2, "x", enabled=True) as bar:
            bar.update(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert capsys.readouterr().err.endswith("\n")


def test_no_items_at_all_is_a_full_bar(capsys, clock):
    bar = Progress(0, "pictures", enabled=True)
    bar.update(0)
    assert "[########################] 0/0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("left", "text"), [(3599, "59:59"), (3600, "1:00:00"), (360_000 + 125, "100:02:05")]
)
def test_an_hour_and_more_is_said_in_hours(capsys, clock, left, text):
    bar = Progress(left + 1, "x", enabled=True)
    clock[0] = 1.0
    bar.update(1)
    assert capsys.readouterr().err.endswith(f"  {text} left")


def test_what_was_done_before_counts_for_the_share_and_not_for_the_rate(capsys, clock):
    bar = Progress(160, "trials", enabled=True, already=140)
    clock[0] = 3.0
    bar.update(149)
    assert capsys.readouterr().err.endswith("--] 149/160  3/s  0:04 left")


@pytest.mark.parametrize("columns", [20, 50, 60, 80])
def test_a_line_fits_the_terminal(capsys, clock, monkeypatch, columns):
    monkeypatch.setattr(_progress, "_columns", lambda: columns)
    bar = Progress(100, "a long name of a sweep " * 5, enabled=True)
    clock[0] = 30.0
    bar.update(25)
    bar.update(100)
    for line in capsys.readouterr().err.split("\r")[1:]:
        assert len(line) < columns
    assert line.endswith("3.33/s  0:30 in all")


def test_a_label_is_shortened_before_the_numbers(capsys, clock, monkeypatch):
    monkeypatch.setattr(_progress, "_columns", lambda: 50)
    Progress(100, "transition, depth 3", enabled=True).update(25)
    expected = "\rtransition, ... [######------------------] 25/100"
    assert capsys.readouterr().err == expected
