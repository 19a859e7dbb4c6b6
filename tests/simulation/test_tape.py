import gzip
from pathlib import Path

import numpy as np
import pytest

from keeper.simulation.paths import Start
from keeper.simulation.tape import TapeError, closes, read_tape

START = Start(3000.0, 0.7)
HEADER = "ts,open,high,low,close,volume"


def tape(folder: Path, *lines: str) -> Path:
    path = folder / "tape.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_a_tape_begins_at_the_worlds_price_and_keeps_proportions(tmp_path: Path) -> None:
    path = tape(tmp_path, "ts,close", "0,100", "600,110", "1200,50")
    market = read_tape(path, START, 600, 1)
    assert market.price == pytest.approx([3000, 3300, 1500])


def test_between_closes_the_price_moves_in_proportion(tmp_path: Path) -> None:
    market = read_tape(tape(tmp_path, "ts,close", "0,100", "1200,400"), START, 600, 1)
    assert market.price == pytest.approx([3000, 6000, 12_000])


def test_a_longer_step_picks_fewer_prices(tmp_path: Path) -> None:
    lines = [f"{60 * minute},{100 + minute}" for minute in range(61)]
    market = read_tape(tape(tmp_path, "ts,close", *lines), START, 1800, 1)
    assert market.price == pytest.approx([3000, 3900, 4800])


def test_a_bar_goes_through_both_its_extremes(tmp_path: Path) -> None:
    path = tape(tmp_path, HEADER, "0,100,120,80,110,7", "3600,110,130,60,90,7")
    market = read_tape(path, START, 900, 1)
    assert market.price[:8] == pytest.approx([3000, 2400, 3600, 3300, 3300, 3900, 1800, 2700])


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    ordered = tape(tmp_path, HEADER, "0,100,120,80,110,7", "3600,110,130,60,90,7")
    expected = read_tape(ordered, START, 900, 1).price
    shuffled = tape(tmp_path, "volume,Close,low,ts,high,open", "7,110,80,0,120,100", "7,90,60,3600,130,110")
    assert np.array_equal(read_tape(shuffled, START, 900, 1).price, expected)


def test_a_tape_is_cut_at_the_steps_asked_for(tmp_path: Path) -> None:
    path = tape(tmp_path, "ts,close", *[f"{600 * index},{100 + index}" for index in range(50)])
    assert len(read_tape(path, START, 600, 1, max_steps=20)) == 20
    assert len(read_tape(path, START, 600, 1, max_steps=200)) == 50


def test_a_plain_file_will_do(tmp_path: Path) -> None:
    path = tmp_path / "tape.csv"
    path.write_text("ts,close\n0,1\n600,2\n")
    assert len(read_tape(path, START, 600, 1)) == 2


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "tape.csv.gz:1: no column ts and close"),
        (["time,close", "0,1"], "tape.csv.gz:1: no column ts"),
        (["ts,open,close", "0,1,1"], "only open"),
        (["ts,close", "0,1"], "two bars"),
        (["ts,close", "0,1", "600,abc"], "tape.csv.gz:3: .*abc"),
        (["ts,close", "0,1", "600"], "tape.csv.gz:3: "),
        (["ts,close", "1,1", "600,0"], "tape.csv.gz:3: .*positive"),
        (["ts,close", "1,1", "600,nan"], "tape.csv.gz:3: .*positive"),
        (["ts,close", "1,1", "1,2"], "tape.csv.gz:3: ts 1 does not come after 1"),
        (["ts,close", "600,1", "60,2"], "tape.csv.gz:3: ts 60 does not come after 600"),
        ([HEADER, "1,100,90,80,95,0"], "tape.csv.gz:2: open 100"),
    ],
)
def test_a_malformed_tape_is_refused_with_its_line(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(TapeError, match=complaint):
        read_tape(tape(tmp_path, *lines), START, 600, 1)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tape(tmp_path, "ts,close", *[f"{600 * index},{index + 1}" for index in range(2_000)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TapeError, match="unreadable from here"):
        read_tape(path, START, 600, 1)


def test_a_file_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tape.csv.gz"
    path.write_text("ts,close\n0,1\n")
    with pytest.raises(TapeError, match="unreadable"):
        read_tape(path, START, 600, 1)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_tape(tmp_path / "none.csv.gz", START, 600, 1)


def test_what_closes_a_bar_is_taken_at_its_end_and_nothing_is_made_up_within(tmp_path: Path) -> None:
    times, prices = closes(tape(tmp_path, HEADER, "0,100,120,80,110,7", "3600,110,130,60,90,7"))
    assert times.tolist() == [3600, 7200]
    assert prices.tolist() == [110, 90]
    times, prices = closes(tape(tmp_path, "ts,close", "0,100", "600,110"))
    assert times.tolist() == [0, 600]
    with pytest.raises(TapeError, match="needs two bars"):
        closes(tape(tmp_path, "ts,close", "0,100"))
