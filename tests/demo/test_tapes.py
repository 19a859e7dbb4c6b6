"""A long tape is cut to the part worth watching."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from keeper.demo.tapes import cut, first_step, write_there_and_back
from keeper.simulation.paths import Start, simulate
from keeper.simulation.tape import TapeError, read_tape


def write(path: Path, closes: list[float]) -> Path:
    lines = ["ts,close", *(f"{1_600_000_000 + 300 * i},{close}" for i, close in enumerate(closes))]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_the_steepest_fall_is_in_the_middle() -> None:
    price = np.concatenate([np.full(500, 100.0), np.linspace(100, 60, 40), np.full(480, 60.0)])
    first = first_step(price, 60)
    assert first + 10 in {499, 500}
    assert price[first : first + 60].min() == 60


@pytest.mark.parametrize("where", [0, 950])
def test_a_fall_at_an_end_keeps_the_window_inside(where: int) -> None:
    price = np.full(1_000, 100.0)
    price[where + 1 :] = 50.0
    assert 0 <= first_step(price, 90) <= 910


def test_a_long_tape_is_cut_to_as_many_steps_as_there_are_blocks(tmp_path: Path) -> None:
    tape = write(tmp_path / "long.csv.gz", [100.0] * 300 + [70.0] * 300)
    part = cut(tape, tmp_path / "part.csv.gz", blocks=60, step_s=300)
    market = read_tape(part, Start(3_000, 0.7), 300, seed=1, max_steps=60)
    assert len(market) == 60
    assert market.price[0] == pytest.approx(3_000)
    assert market.price[-1] == pytest.approx(2_100)


def test_a_short_tape_is_left_as_it_is(tmp_path: Path) -> None:
    tape = write(tmp_path / "short.csv.gz", [100.0] * 30)
    assert cut(tape, tmp_path / "part.csv.gz", blocks=60, step_s=300) == tape


def test_what_is_no_tape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TapeError, match="no column"):
        cut(tmp_path / "bad.csv", tmp_path / "part.csv.gz", blocks=60, step_s=300)


def test_a_market_without_end_begins_as_its_path_does_and_comes_back(tmp_path: Path) -> None:
    path = simulate(Start(3_000, 0.7), steps=50, step_s=300, seed=3)
    tape = write_there_and_back(path, tmp_path / "endless.csv.gz", times=3)
    market = read_tape(tape, Start(3_000, 0.7), 300, seed=3)
    assert len(market) == 300
    assert market.price[:50] == pytest.approx(path.price)
    assert market.base_fee_wei[:50] == pytest.approx(path.base_fee_wei, rel=1e-6)
    assert market.price[-1] == pytest.approx(3_000)
