"""`keeper run` as a process: it hedges, tells, reloads, outlives its node, keeps secrets, stops cleanly."""

import contextlib
import json
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from keeper.demo.anvil import free_port
from keeper.demo.rpc import as_object
from tests.cli.conftest import PATIENCE_S, Daemon, Keeper, Site, daemon, site_of
from tests.fixtures.world import LATEST, World

pytestmark = pytest.mark.world

CANARY = "c4n4ry-0123456789"


def decided(running: Daemon, name: str = "strangle") -> str:
    vaults = json.loads(running.page("/status")[1])["vaults"]
    return str(vaults[name].get("reason"))


def metric(running: Daemon, line: str) -> float:
    lines = running.page("/metrics")[1].splitlines()
    return next((float(each.rsplit(" ", 1)[1]) for each in lines if each.startswith(line + " ")), -1.0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(site: Site, how: signal.Signals) -> None:
    with daemon(site, "--live") as running:
        running.until_ready()
        running.process.send_signal(how)
        assert running.process.wait(PATIENCE_S) == 0
        assert running.events()[-2:] == ["stopping after this cycle", "keeper stopped"]


def test_live_it_hedges_and_what_it_did_replays(keeper: Keeper, site: Site, world: World) -> None:
    before = world.balance(world.book.weth, world.book.vaults["strangle"])
    with daemon(site, "--live") as running:
        running.until_ready()
        world.move(2_700)
        running.until_said("plan accepted")

        def hedged() -> bool:
            world.wait(12)
            return metric(running, 'keeper_hedges_total{outcome="mined",vault="strangle"}') >= 1

        running.until(hedged)
        assert metric(running, "keeper_live") == 1
        assert running.terminate() == 0
    assert world.balance(world.book.weth, world.book.vaults["strangle"]) != before
    assert keeper("replay", *site.config()).code == 0


def test_dry_it_says_what_it_would_do_and_sends_nothing(site: Site, world: World) -> None:
    before = world.balance(world.book.weth, world.book.vaults["strangle"])
    with daemon(site) as running:
        running.until_ready()
        world.move(2_700)
        running.until_said("plan not carried out")
        refused = next(line for line in running.lines() if line["event"] == "plan not carried out")
        assert refused["reason"] == "dry-run"
        assert metric(running, 'keeper_hedges_total{outcome="mined",vault="strangle"}') == 0
        assert metric(running, "keeper_live") == 0
        assert running.terminate() == 0
    assert world.balance(world.book.weth, world.book.vaults["strangle"]) == before


def test_an_edited_policy_takes_force_and_a_bad_one_does_not(
    keeper: Keeper, site: Site, world: World
) -> None:
    with daemon(site) as running:
        running.until_ready()
        site.edit("mode: armed", "mode: pausd")
        world.wait(12)
        running.until_said("policy files refused; what was in force stays so")
        assert metric(running, "keeper_policy_last_reload_successful") == 0
        assert "refused:" in keeper("status", "--url", running.url).out
        site.edit("mode: pausd", "mode: paused")
        world.wait(12)
        running.until_said("policy changed")
        assert metric(running, "keeper_policy_last_reload_successful") == 1
        assert metric(running, 'keeper_vault_mode{mode="paused",vault="strangle"}') == 1
        assert "refused:" not in keeper("status", "--url", running.url).out


def test_a_vault_whose_policy_arrives_while_it_runs_is_kept(site: Site, world: World) -> None:
    late = site.policy("iron-condor")
    text = late.read_text()
    late.unlink()
    with daemon(site) as running:
        running.until_ready()
        late.write_text(text)
        world.wait(12)
        running.until(lambda: "iron-condor" in running.page("/status")[1])
        world.wait(12)
        running.until(lambda: decided(running, "iron-condor") == "inside-band")


def test_a_node_that_is_down_at_the_start_is_waited_for(site: Site, world: World) -> None:
    del world
    with daemon(site, rpc_url=f"http://127.0.0.1:{free_port()}", ws_url="") as running:
        running.until_said("node lost; every vault holds until it is back")
        assert running.page("/livez")[0] == 200
        code, body = running.page("/readyz")
        assert code == 503
        assert "strangle: not decided yet" in body
        assert running.terminate() == 0


def test_a_node_that_goes_away_leaves_it_alive_not_ready_and_able_to_stop(
    own_world: World, tmp_path: Path
) -> None:
    site = site_of(own_world, tmp_path)
    with daemon(site, ready_seconds="1") as running:
        running.until_ready()
        own_world.node.stop()
        running.until_said("node lost; every vault holds until it is back")
        running.until(lambda: running.page("/readyz")[0] == 503)
        assert running.page("/livez")[0] == 200
        assert running.terminate() == 0


@pytest.fixture
def second(site: Site, world: World, tmp_path: Path) -> Site:
    """Another host of the same keeper: one journal, one account, ports of its own."""
    other = site_of(world, tmp_path / "second")
    for each in (site, other):
        each.config(lease_seconds="2")
    other.config(journal=str(site.folder.journal))
    return other


def test_31_a_second_daemon_stands_by_and_takes_over_when_the_leader_is_killed(
    keeper: Keeper, site: Site, second: Site, world: World
) -> None:
    with daemon(site, "--live") as leader:
        leader.until_ready()
        with daemon(second, "--live") as other:
            other.until_said("standing by")
            assert other.page("/livez")[0] == 200
            code, body = other.page("/readyz")
            assert (code, "standby: " in body) == (503, True)
            assert metric(other, "keeper_lease_held") == 0
            assert metric(leader, "keeper_lease_held") == 1
            assert keeper("once", *site.config()).code == 0, "a look needs no lease"
            held = keeper("once", "--live", *site.config())
            assert held.code == 9
            assert "is the writer of this account" in held.err
            leader.process.kill()
            other.until_said("leading")
            world.wait(12)
            other.until_ready()
            assert other.events().count("standing by") == 1
            assert metric(other, "keeper_lease_held") == 1
            assert other.terminate() == 0


def test_31_a_leader_that_stops_lets_go_of_the_lease(site: Site, second: Site, world: World) -> None:
    for each in (site, second):
        each.config(lease_seconds="600")
    with daemon(site) as leader:
        leader.until_ready()
        with daemon(second) as other:
            other.until_said("standing by")
            assert leader.terminate() == 0
    with daemon(second) as other:
        other.until_said("leading")
        world.wait(12)
        other.until_ready()


def test_31_a_daemon_that_stands_by_stops_cleanly(site: Site, second: Site) -> None:
    with daemon(site) as leader:
        leader.until_ready()
        with daemon(second) as other:
            other.until_said("standing by")
            assert other.terminate() == 0
            assert other.events()[-1] == "keeper stopped"
        assert leader.process.poll() is None


def test_32_a_leader_that_was_stopped_past_its_lease_writes_and_sends_nothing_more(
    site: Site, second: Site, world: World
) -> None:
    with daemon(site, "--live") as leader:
        leader.until_ready()
        with daemon(second, "--live") as other:
            other.until_said("standing by")
            leader.process.send_signal(signal.SIGSTOP)
            other.until_said("leading")
            before = written(site)
            world.move(2_700)
            leader.process.send_signal(signal.SIGCONT)
            assert leader.process.wait(PATIENCE_S) == 9
            assert "lease lost; nothing more is done" in leader.events()
            assert "broadcast" not in leader.events()
            assert "Traceback" not in leader.log.read_text()
            assert before[0] <= written(site)[0]
            other.until(lambda: written(site)[0] > before[0])
            assert other.terminate() == 0


def written(site: Site) -> tuple[int, int]:
    """How many cycles there are, and whose token it is."""
    with contextlib.closing(sqlite3.connect(site.folder.journal)) as journal:
        (cycles,) = journal.execute("select count(*) from cycles").fetchone()
        (token,) = journal.execute("select token from leases").fetchone()
    return cycles, token


def test_a_check_beside_a_running_daemon_finds_its_journal_well(keeper: Keeper, site: Site) -> None:
    with daemon(site) as running:
        running.until_ready()
        checked = keeper("check", "--json", *site.config())
        assert {"name": "journal", "ok": True}.items() <= checked.json["findings"][2].items()


def test_a_planted_secret_is_nowhere(keeper: Keeper, site: Site, world: World) -> None:
    port = world.url.rsplit(":", 1)[1]
    keyed = f"http://keeper:{CANARY}@127.0.0.1:{port}/?key={CANARY}"
    with daemon(site, "--live", rpc_url=keyed, ws_url="", log_level="debug") as running:
        running.until_ready()
        pages = "".join(running.page(path)[1] for path in ("/metrics", "/status", "/readyz", "/livez"))
        assert running.terminate() == 0
    down = keyed.replace(port, str(free_port()))
    errors = [keeper(command, *site.config(rpc_url=down)) for command in ("once", "check")]
    password = site.folder.password.read_text().strip()
    key = json.loads(site.folder.keystore.read_text())["crypto"]["ciphertext"]
    text = pages + running.log.read_text() + "".join(ran.out + ran.err for ran in errors)
    assert f"127.0.0.1:{port}" in text
    for secret in (CANARY, key):
        assert secret not in text
    assert f'"{password}"' not in text


def test_10_a_journal_that_cannot_be_written_any_more_ends_it(site: Site, world: World) -> None:
    with daemon(site) as running:
        running.until_ready()
        with contextlib.closing(sqlite3.connect(site.folder.journal, isolation_level=None)) as thief:
            thief.execute("begin exclusive")
            world.wait(12)
            assert running.process.wait(PATIENCE_S) == 7
        assert "journal failed; nothing more is done" in running.events()
        assert "another program holds a lock on it" in running.log.read_text()
        assert "Traceback" not in running.log.read_text()


@pytest.mark.slow
def test_books_are_solved_beside_it_and_what_they_decided_is_explained_and_replays(
    keeper: Keeper, site: Site, world: World
) -> None:
    def solved() -> bool:
        return metric(running, 'keeper_vault_table_stated_timestamp_seconds{vault="strangle"}') > 0

    def by_table() -> bool:
        if metric(running, 'keeper_vault_band_from{tier="table",vault="strangle"}') == 1:
            return True
        # Another block as dear as the last: with each empty one gas is an eighth cheaper.
        world.rpc.call("anvil_setNextBlockBaseFeePerGas", base_fee)
        world.wait(12)
        time.sleep(1)
        return False

    base_fee = as_object(world.rpc.call("eth_getBlockByNumber", *LATEST))["baseFeePerGas"]
    with daemon(site) as running:
        running.until_ready()
        running.until(solved)
        running.until(by_table)
        found = keeper("explain", "strangle", "--json", *site.config()).json
        assert (found["decision"]["tier"], found["band_from"]["same_as_recorded"]) == ("table", True)
        assert found["band_from"]["inputs"]["volatility"]["now"] > 0
        shown = keeper("explain", "strangle", *site.config()).out
        assert "band by the table that was solved for this book" in shown
        assert "within a factor of 1.35" in shown
        assert json.loads(running.page("/status")[1])["vaults"]["strangle"]["band_from"] == "table"
        assert metric(running, 'keeper_tables_solved_total{outcome="solved"}') >= 1
        assert running.terminate() == 0
    replayed = keeper("replay", "--json", *site.config())
    assert replayed.code == 0
    assert replayed.json["tables"] >= 1
    assert replayed.json["strange"] == []
