"""The driver against the real protocols."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import orjson
import psutil
import pytest
from eth_account import Account

from keeper.demo.accounts import Role, private_key
from keeper.demo.driver.command import BAD_USAGE, OK, DriverOptions, Pace, drive, main, moment_of
from keeper.demo.driver.market import BlockReport, Market
from keeper.demo.rpc import Rpc, as_object
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start, simulate
from tests.fixtures.driving import go
from tests.fixtures.world import World

pytestmark = pytest.mark.world
DAY = 86_400
GWEI = 10**9

PARENT = """
import pathlib, subprocess, time
lines = pathlib.Path({lines!r})
child = subprocess.Popen({command!r}, stdout=lines.open("wb"), stderr=subprocess.DEVNULL)
while not lines.stat().st_size:
    time.sleep(0.01)
print(child.pid)
"""


@pytest.fixture
def market(world: World) -> Market:
    market = Market(world.rpc, world.book)
    market.take_over()
    return market


def test_a_block_has_the_time_and_the_base_fee_it_was_given(world: World, market: Market) -> None:
    before = world.timestamp()
    (report,) = go(market, 3000.0)
    assert world.timestamp() == report.ts == before + 600
    block = world.chain.web3.eth.get_block("latest")
    assert block["baseFeePerGas"] == report.base_fee_wei == 20 * GWEI


def test_a_calm_market_is_written_once_per_heartbeat(market: Market) -> None:
    reports = go(market, *[3000.0] * 18)
    rounds = [
        index
        for index, report in enumerate(reports)
        if any("price round" in event for event in report.events)
    ]
    assert np.diff(rounds).tolist() == [6, 6]


def test_a_move_of_half_a_percent_is_written_in_the_same_block(world: World, market: Market) -> None:
    go(market, 3010.0)
    assert _answer(world, "price") == 3000
    go(market, 3015.1)
    assert _answer(world, "price") == 3015.1


def test_volatility_is_written_when_it_moved_two_points(world: World, market: Market) -> None:
    go(market, 3000.0, volatility=0.715)
    assert _answer(world, "volatility") == 0.7
    go(market, 3000.0, volatility=0.725)
    assert _answer(world, "volatility") == 0.725


def test_the_pool_follows_the_market_up_to_the_fee(world: World, market: Market) -> None:
    fee = world.book.pool_fee_pips / 1e6
    for price in (2900.0, 2700.0, 3100.0):
        go(market, price)
        assert world.pool_price() == pytest.approx(price, rel=fee * 1.01)
        assert world.pool_price() != pytest.approx(price, rel=fee / 2)


def test_a_market_beyond_the_pools_range_leaves_the_pool_at_its_edge(world: World, market: Market) -> None:
    go(market, 200.0, 100_000.0)
    assert world.pool_price() == pytest.approx(world.book.pool_high, rel=0.002)
    assert _answer(world, "price") == 100_000


def test_nothing_of_the_drivers_own_is_refused_on_a_rough_path(market: Market) -> None:
    path = simulate(Start(3000, 0.7), 150, 600, seed=11)
    events = [event for index in range(150) for event in market.advance(moment_of(path, index)).events]
    assert not [event for event in events if event.startswith(("refused", "reverted"))]


def test_a_keepers_transaction_is_executed_before_the_drivers(world: World, market: Market) -> None:
    keeper = world.account(Role.KEEPER)
    transfer = {
        "to": keeper, "value": 0, "gas": 21_000, "chainId": world.book.chain_id, "type": 2,
        "nonce": world.chain.web3.eth.get_transaction_count(world.chain.web3.to_checksum_address(keeper)),
        "maxFeePerGas": 50 * GWEI, "maxPriorityFeePerGas": GWEI,
    }  # fmt: skip
    signed = Account.sign_transaction(transfer, private_key(Role.KEEPER))
    sent = world.rpc.call("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
    (report,) = go(market, 2900.0)
    assert report.transactions > 4
    receipt = as_object(world.rpc.call("eth_getTransactionReceipt", sent))
    assert receipt["transactionIndex"] == "0x0"


def test_a_driver_goes_on_where_another_left_off(world: World, market: Market) -> None:
    go(market, 2900.0, 2800.0)
    second = Market(world.rpc, world.book)
    second.take_over()
    reports = go(second, 2700.0, 2600.0)
    assert reports[-1].ts == market.timestamp + 1200
    assert not [
        event for report in reports for event in report.events if event.startswith(("refused", "reverted"))
    ]
    assert _answer(world, "price") == 2600


def test_a_lost_nonce_is_noticed_and_counted_again(world: World, market: Market) -> None:
    market.sender.nonces[world.account(Role.ARBITRAGEUR)] += 3
    go(market, 2900.0)
    assert world.pool_price() == pytest.approx(3000)
    go(market, 2900.0)
    assert world.pool_price() == pytest.approx(2900, rel=0.001)


def test_the_driver_waits_out_a_node_that_is_away(own_world: World) -> None:
    path = simulate(Start(3000, 0.7), 6, 600, seed=1)
    reports: list[BlockReport] = []
    node = psutil.Process(own_world.node.pid)
    with Rpc(own_world.url, timeout_s=0.2) as rpc:
        market = Market(rpc, own_world.book)

        def note(report: BlockReport) -> None:
            reports.append(report)
            if len(reports) == 3:
                node.suspend()
                threading.Timer(0.7, node.resume).start()

        assert drive(market, path, Pace(0.0), note) == OK
    assert [report.price for report in reports] == pytest.approx(path.price.tolist())
    assert all(np.diff([report.ts for report in reports]) >= 600)


def test_the_process_prints_a_line_per_block_and_ends_with_its_path(own_world: World, tmp_path: Path) -> None:
    done = subprocess.run(
        _options(own_world, tmp_path, blocks=5).command(), capture_output=True, check=False, timeout=60
    )
    assert done.returncode == OK, done.stderr
    lines = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 5
    assert np.diff([line["block"] for line in lines]).tolist() == [1] * 4
    assert np.diff([line["ts"] for line in lines]).tolist() == [600] * 4
    assert {"block", "ts", "price", "oracle_price", "pool_price", "volatility", "base_fee_wei"} <= lines[
        0
    ].keys()


def test_sigterm_ends_the_process_cleanly_between_blocks(own_world: World, tmp_path: Path) -> None:
    command = _options(own_world, tmp_path, blocks=10_000, interval_s=0.05).command()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == OK
    assert errors == b""
    assert all(orjson.loads(line)["ts"] for line in rest.splitlines())


def test_a_process_whose_parent_is_gone_ends(own_world: World, tmp_path: Path) -> None:
    command = _options(own_world, tmp_path, blocks=10_000, interval_s=0.05).command()
    lines = tmp_path / "lines"
    parent = PARENT.format(command=command, lines=str(lines))
    gone = subprocess.run([sys.executable, "-c", parent], stdout=subprocess.PIPE, check=True, timeout=60)
    _wait_for_the_end_of(int(gone.stdout))


def test_a_process_that_nobody_reads_any_more_ends(own_world: World, tmp_path: Path) -> None:
    command = _options(own_world, tmp_path, blocks=10_000).command()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == OK


def test_the_same_seed_drives_two_nodes_to_the_same_block(
    own_world: World, world: World, market: Market
) -> None:
    path = simulate(Start(3000, 0.7), 12, 600, seed=3)
    other = Market(own_world.rpc, own_world.book)
    other.take_over()
    for index in range(len(path)):
        market.advance(moment_of(path, index))
        other.advance(moment_of(path, index))
    hashes = [node.chain.web3.eth.get_block("latest")["hash"] for node in (world, own_world)]
    assert hashes[0] == hashes[1]


def test_a_tape_that_is_no_tape_is_bad_usage(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = tmp_path / "tape.csv"
    tape.write_text("nonsense\n")
    options = _options(world, tmp_path, blocks=3)
    arguments = [*options.command()[3:], "--tape", str(tape)]
    assert main(arguments) == BAD_USAGE
    assert "tape.csv:1" in capsys.readouterr().err


def test_a_block_costs_the_driver_little(market: Market) -> None:
    path = simulate(Start(3000, 0.7), 40, 600, seed=5)
    before = sum(os.times()[:2])
    _drive_all(market, path)
    assert (sum(os.times()[:2]) - before) / len(path) < 0.06


def _wait_for_the_end_of(pid: int) -> None:
    try:
        psutil.Process(pid).wait(60)
    except psutil.NoSuchProcess:
        return


def _drive_all(market: Market, path: MarketPath) -> Sequence[BlockReport]:
    return [market.advance(moment_of(path, index)) for index in range(len(path))]


def _options(world: World, folder: Path, blocks: int, interval_s: float = 0.0) -> DriverOptions:
    book = folder / "book.json"
    world.book.write(book)
    return DriverOptions(world.url, book, seed=2, blocks=blocks, block_interval_s=interval_s)


def _answer(world: World, feed: str) -> float:
    assert feed in ("price", "volatility")
    proxy = world.feed("price" if feed == "price" else "volatility")
    return cast("list[int]", world.chain.read(proxy, "latestRoundData"))[1] / 1e8
