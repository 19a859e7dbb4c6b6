"""From prices to bars to a band: primed, explained, lived through, started again, replayed."""

import json
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from tests.cli.conftest import Daemon, Keeper, Site, daemon
from tests.cli.tapes import HOUR_S, tape
from tests.fixtures.world import World

pytestmark = pytest.mark.world

ASKS = """forecast:
  models: [ewma, har, garch]
  turbulence: 150%
  max: 300%
oracle:
"""
MODELS = ("ewma", "har", "garch")


def metric(running: Daemon, name: str, **labels: str) -> float:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    lines = running.page("/metrics")[1].splitlines()
    return next(float(each.rsplit(" ", 1)[1]) for each in lines if each.startswith(f"{name}{{{inner}}}"))


def test_a_policy_that_asks_for_nothing_is_shown_nothing(keeper: Keeper, site: Site) -> None:
    shown = keeper("explain", "strangle", *site.config())
    assert "implied (oracle)" not in shown.out
    told = keeper("explain", "strangle", "--json", *site.config()).json
    assert told["foresight"]["volatility"] == told["decision"]["exposure"]["volatility"]


def test_without_a_past_models_are_silent_and_the_oracle_stands(keeper: Keeper, site: Site) -> None:
    site.edit("oracle:\n", ASKS)
    shown = keeper("explain", "strangle", *site.config())
    assert shown.code == Exit.OK
    for words in ("implied (oracle)", "silent", "too few bars", "no model that was asked has anything to say",
                  "no bar of the price's past is over yet", "turbulence: not known"):  # fmt: skip
        assert words in shown.out
    assert not site.folder.journal.exists()


def test_a_primed_vault_draws_its_band_by_the_blend_at_once(
    keeper: Keeper, site: Site, world: World, tmp_path: Path
) -> None:
    narrow = keeper("explain", "strangle", "--json", *site.config()).json["decision"]["band"]
    site.edit("oracle:\n", ASKS)
    done = keeper("prime", "strangle", tape(world, tmp_path / "t.csv"), "--json", *site.config())
    assert done.code == Exit.OK, done.err
    assert done.json["added"] > 200
    shown = keeper("explain", "strangle", *site.config())
    for words in (*MODELS, "50%", "17%", "days ago", "the forecast", "probable, version 1"):
        assert words in shown.out, shown.out
    told = keeper("explain", "strangle", "--json", *site.config()).json
    foresight, decision = told["foresight"], told["decision"]
    assert [each["source"] for each in foresight["used"]] == [*MODELS, "implied"]
    assert foresight["volatility"] > 1.1 * foresight["implied"] == 1.1 * decision["exposure"]["volatility"]
    assert decision["band"] != narrow


def test_a_tape_of_the_wrong_kind_is_refused_and_changes_nothing(
    keeper: Keeper, site: Site, world: World, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("ts,close\n100,3000\n200,nan\n")
    ran = keeper("prime", "strangle", str(bad), *site.config())
    assert ran.code == Exit.CONFIGURATION
    assert "bad.csv:3: a price that is not positive and finite" in ran.err
    short = tmp_path / "short.csv"
    now = world.timestamp()
    short.write_text(f"ts,close\n{now - 900},3000\n{now},3001\n")
    ran = keeper("prime", "strangle", str(short), *site.config())
    assert ran.code == Exit.CONFIGURATION
    assert "make no bar" in ran.err
    assert keeper("prime", "stranglr", str(bad), *site.config()).code == Exit.CONFIGURATION


def test_what_is_lived_through_is_kept_spoken_of_and_replayed(
    keeper: Keeper, site: Site, world: World, tmp_path: Path
) -> None:
    site.edit("oracle:\n", ASKS)
    config = site.config()
    keeper("prime", "strangle", tape(world, tmp_path / "t.csv"), *config)
    before = keeper("explain", "strangle", "--json", *config).json["outlook"]
    with daemon(site, "--live") as running:
        running.until_ready()
        running.until_said("forecast")
        world.wait(8 * HOUR_S)
        world.submit_volatility(0.7)
        world.move(2_900)

        def spoken_again() -> bool:
            world.wait(12)
            lines = [line for line in running.lines() if line["event"] == "plan accepted"]
            return bool(lines) and metric(running, "keeper_vault_turbulence", vault="strangle") >= 0.0

        running.until(spoken_again)
        for model in MODELS:
            found = metric(running, "keeper_vault_forecast_volatility", model=model, vault="strangle")
            assert 0.1 < found < 5.0
        assert running.terminate() == 0
    after = keeper("explain", "strangle", "--json", *config).json["outlook"]
    assert after["until"] > before["until"]
    replayed = keeper("replay", "--json", *config)
    assert replayed.code == Exit.OK, json.dumps(replayed.json)[:2_000]
    assert replayed.json["equal"] == replayed.json["decisions"] > 0
    # And it says the same when it is started again.
    with daemon(site, "--live") as running:
        running.until_ready()
        running.until_said("forecast")
        found = metric(running, "keeper_vault_forecast_volatility", model="har", vault="strangle")
        assert found == after["forecasts"][1]["volatility"]
        assert running.terminate() == 0
