"""What each command shows and returns on a world where all is well."""

import sqlite3
import subprocess
import sys

import pytest

from keeper.cli.exits import Exit
from keeper.demo.daemon import environment
from tests.cli.conftest import Keeper, Site, daemon
from tests.fixtures.world import World

pytestmark = pytest.mark.world


def test_check_finds_nothing_wrong_but_the_clock_of_a_market_that_runs_ahead(
    keeper: Keeper, site: Site
) -> None:
    ran = keeper("check", "--json", *site.config())
    assert {finding["name"] for finding in ran.json["findings"] if not finding["ok"]} == {"clock"}
    assert any("KEEPER_SPEND_WASTED" in finding["advice"] for finding in ran.json["findings"])
    assert ran.code == Exit.FAILED
    shown = keeper("check", *site.config())
    assert "strangle role" in shown.out
    assert "check this host's clock" in shown.out


def test_explain_shows_measures_limits_band_and_reason(keeper: Keeper, site: Site) -> None:
    shown = keeper("explain", "strangle", *site.config())
    assert shown.code == Exit.OK
    for word in ("delta (usd from target)", "±400,000", "buy below", "sell above", "call", "3,000.0000",
                 "hold, because inside-band", "docs/reasons.md#inside-band"):  # fmt: skip
        assert word in shown.out


def test_explain_shows_the_plan_and_what_the_vault_says_of_it(
    keeper: Keeper, site: Site, world: World
) -> None:
    world.move(2_700)
    shown = keeper("explain", "strangle", *site.config())
    assert "because delta-" in shown.out
    assert "expected cost" in shown.out
    assert "dry-run: would" in shown.out
    told = keeper("explain", "strangle", "--json", *site.config()).json
    assert told["loss"]["risk"]["stress_loss_usd"] > 0
    assert len(told["loss"]["outcomes"]) == 35
    assert told["simulation"]["reason"] == "dry-run"
    assert told["policy"]["name"] == "strangle"


def test_once_holds_would_act_and_acts_with_their_codes(keeper: Keeper, site: Site, world: World) -> None:
    config = site.config()
    assert keeper("once", *config).code == Exit.OK
    world.move(2_700)
    assert keeper("once", "--vault", "strangle", *config).code == Exit.WOULD_ACT
    assert not site.folder.journal.exists(), "a look leaves no trace"
    before = abs(world.balance(world.book.weth, world.book.vaults["strangle"]))
    acted = keeper("once", "--live", "--vault", "strangle", "--json", *config)
    assert acted.code == Exit.ACTED
    assert acted.json["answers"]["strangle"]["intent"]
    assert world.balance(world.book.weth, world.book.vaults["strangle"]) != before
    world.wait(12)
    assert keeper("once", "--live", "--vault", "strangle", *config).code == Exit.OK


def test_a_look_sees_what_an_armed_keeper_has_in_flight(keeper: Keeper, site: Site, world: World) -> None:
    config = site.config()
    world.move(2_700)
    assert keeper("once", "--live", "--vault", "strangle", *config).code == Exit.ACTED
    world.wait(600)
    world.move(2_400)
    assert keeper("explain", "strangle", "--json", *config).json["in_flight"] is True
    assert "is in flight" in keeper("explain", "strangle", *config).out
    assert keeper("once", "--vault", "strangle", *config).code == Exit.OK
    assert keeper("explain", "covered-call", "--json", *config).json["in_flight"] is False


def test_replay_finds_a_changed_record(keeper: Keeper, site: Site) -> None:
    config = site.config()
    keeper("once", "--live", *config)
    same = keeper("replay", *config)
    assert same.code == Exit.OK
    assert "3 of 3 decisions" in same.out
    with sqlite3.connect(site.folder.journal) as journal:
        journal.execute(
            "update decisions set body = replace(body, 'inside-band', 'delta-band') where rowid = 1"
        )
    journal.close()
    changed = keeper("replay", "--json", *config)
    assert changed.code == Exit.DIFFERS
    assert changed.json["equal"] == 2
    assert "delta-band" in changed.json["differences"][0]["recorded"]
    assert "recorded" in keeper("replay", *config).out


def test_status_asks_the_running_daemon(keeper: Keeper, site: Site) -> None:
    with daemon(site) as running:
        running.until_ready()
        shown = keeper("status", *site.config())
        assert shown.code == Exit.OK
        assert "ready, dry, chain 31337" in shown.out
        assert "iron-condor" in shown.out
        told = keeper("status", "--ready", "--json", "--url", running.url)
        assert told.code == Exit.OK
        assert told.json["vaults"]["strangle"]["reason"] == "inside-band"
        assert running.terminate() == 0
    assert keeper("status", "--url", running.url).code == Exit.NOT_RUNNING


def test_a_terminal_of_another_alphabet_gets_a_mark_and_no_traceback(site: Site) -> None:
    command = [sys.executable, "-m", "keeper", "explain", "strangle", *site.config()]
    latin = {**environment(), "PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run(command, env=latin, capture_output=True, check=False)
    assert ran.returncode == Exit.OK, ran.stderr
    assert b"? 1.10" in ran.stdout
