"""`keeper tune` shows a frontier, finds a tolerance on it, and writes one number."""

import re
import stat
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from keeper.cli.tuning import PERIODS
from keeper.policies import read_policy
from keeper.simulation import tuning
from keeper.simulation.tuning import Period
from tests.cli.conftest import Keeper, Site
from tests.cli.test_backtest import Tags
from tests.fixtures.world import World

EXAMPLES = Path(__file__).parents[2] / "config" / "policies"
SHORT = ("--days", "3", "--step", "3600", "--paths", "1")
NUMBER = re.compile(r"(risk_tolerance_usd: )[0-9_]+")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "strangle.yaml"
    path.write_text((EXAMPLES / "strangle.yaml").read_text())
    return path


def test_without_a_budget_the_frontier_is_shown_and_nothing_chosen(keeper: Keeper, mine: Path) -> None:
    ran = keeper("tune", str(mine), *SHORT, "--json")
    assert ran.code == Exit.OK
    assert ran.json["chosen"] is None
    assert ran.json["budget"] is None
    assert ran.json["now"] in ran.json["points"]
    assert ran.json["now"]["tolerance_usd"] == 2_000
    assert len(ran.json["points"]) == 10
    again = keeper("tune", str(mine), *SHORT, "--json")
    assert again.json == ran.json


def test_a_budget_is_looked_for_and_only_shown(keeper: Keeper, mine: Path) -> None:
    before = mine.read_bytes()
    shown = keeper("tune", str(mine), *SHORT, "--band", "0.1")
    assert shown.code == Exit.OK
    for words in (
        "cost a week",
        "CVaR 95 % a week",
        "now",
        "chosen",
        "a band at the money of 0.1 is kept by",
    ):
        assert words in shown.out
    assert "-   risk_tolerance_usd: 2_000  # larger" in shown.out
    assert "nothing is written without --write" in shown.out
    assert mine.read_bytes() == before


def test_what_is_written_is_one_number(keeper: Keeper, mine: Path) -> None:
    mine.chmod(0o640)
    before = mine.read_text()
    ran = keeper("tune", str(mine), *SHORT, "--nav-std", "0.05%/day", "--write", "--json")
    assert ran.code == Exit.OK
    assert ran.json["written"] is True
    assert ran.json["period"] == "day"
    chosen = ran.json["chosen"]
    assert chosen["deviation_usd"] <= 0.0005 * ran.json["nav_usd"]
    assert read_policy(mine).hedging.risk_tolerance_usd == chosen["tolerance_usd"] != 2_000
    assert NUMBER.sub(r"\1", mine.read_text()) == NUMBER.sub(r"\1", before)
    assert stat.S_IMODE(mine.stat().st_mode) == 0o640
    assert [path.name for path in mine.parent.iterdir()] == ["strangle.yaml"]


def test_a_link_stays_a_link(keeper: Keeper, mine: Path, tmp_path: Path) -> None:
    link = tmp_path / "link" / "strangle.yaml"
    link.parent.mkdir()
    link.symlink_to(mine)
    assert keeper("tune", str(link), *SHORT, "--band", "0.1", "--write").code == Exit.OK
    assert link.is_symlink()
    assert read_policy(mine).hedging.risk_tolerance_usd != 2_000


def test_a_policy_that_is_tuned_already_is_left_alone(keeper: Keeper, mine: Path) -> None:
    keeper("tune", str(mine), *SHORT, "--band", "0.1", "--write")
    before = mine.stat().st_mtime_ns
    ran = keeper("tune", str(mine), *SHORT, "--band", "0.1", "--write", "--json")
    assert ran.json["written"] is False
    assert ran.json["chosen"] == ran.json["now"]
    assert mine.stat().st_mtime_ns == before


def test_a_budget_that_cannot_be_kept_is_told_with_the_least_that_can(keeper: Keeper, mine: Path) -> None:
    before = mine.read_bytes()
    ran = keeper("tune", str(mine), *SHORT, "--nav-std", "0.001%/week", "--write")
    assert ran.code == Exit.FAILED
    assert "at most 0.001% of the net value a week cannot be kept: the least that was reached is" in ran.out
    assert mine.read_bytes() == before


def test_a_tail_of_too_few_periods_is_no_figure(keeper: Keeper, mine: Path) -> None:
    ran = keeper("tune", str(mine), *SHORT, "--cvar", "5000/week")
    assert ran.code == Exit.FAILED
    assert "the worst twentieth of 0.4 weeks is none: simulate more" in ran.err
    assert "too few" in keeper("tune", str(mine), *SHORT).out


def test_the_page_stands_alone_and_has_two_pictures(keeper: Keeper, mine: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = keeper(
        "tune",
        str(mine),
        "--days",
        "20",
        "--step",
        "7200",
        "--paths",
        "1",
        "--cvar",
        "5000/day",
        "--html",
        str(page),
    )
    assert ran.code == Exit.OK
    tags = Tags()
    tags.feed(page.read_text())
    assert tags.fetched == []
    assert tags.seen.count("svg") == 2
    assert "is kept by a risk tolerance of" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--nav-std", "2%/week", "--band", "0.1"), "one budget at a time"),
        (("--write",), "--write needs a budget"),
        (("--nav-std", "2/week"), "2%/week"),
        (("--nav-std", "2%"), "2%/week"),
        (("--nav-std", "nan%/week"), "2%/week"),
        (("--cvar", "-5/week"), "2/week"),
        (("--cvar", "5/fortnight"), "day, week, month, year"),
        (("--band", "0"), "--band"),
        (("--band", "nan"), "--band"),
        (("--vol", "0"), "--vol"),
        (("--book", "butterfly"), "butterfly"),
        (("--tape", "none.csv"), "does not exist"),
        (("--market", "gbm", "--paths", "0"), "--paths"),
    ],
)
def test_a_command_line_that_asks_for_nonsense_is_refused(
    keeper: Keeper, mine: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = keeper("tune", str(mine), *arguments)
    assert ran.code == Exit.USAGE
    assert words in ran.err
    assert ran.out == ""


def test_a_band_beyond_all_tolerances_is_told_in_one_message(keeper: Keeper, mine: Path) -> None:
    ran = keeper("tune", str(mine), *SHORT, "--band", "1e30")
    assert ran.code == Exit.FAILED
    assert "no risk aversion has a band so narrow or so wide" in ran.err
    assert "Traceback" not in ran.err


def test_a_policy_of_another_name_must_say_which_vault(keeper: Keeper, mine: Path) -> None:
    mine.write_text(mine.read_text().replace("name: strangle", "name: my-vault"))
    ran = keeper("tune", str(mine), *SHORT)
    assert ran.code == Exit.USAGE
    assert "no kind of vault is named my-vault: say --book, or --config" in ran.err
    assert keeper("tune", str(mine), *SHORT, "--book", "strangle").code == Exit.OK


def test_a_bad_policy_ends_with_its_place(keeper: Keeper, mine: Path) -> None:
    mine.write_text(mine.read_text().replace("risk_tolerance_usd: 2_000", "risk_tolerance_usd: 0"))
    ran = keeper("tune", str(mine), *SHORT, "--band", "0.1", "--write")
    assert ran.code == Exit.CONFIGURATION
    assert re.search(r"strangle\.yaml:\d+:23: hedging\.risk_tolerance_usd: must be above zero", ran.err)


def test_a_policy_that_someone_else_edits_meanwhile_is_not_written_over(
    keeper: Keeper, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tuning.Tuning.survey

    def edited(self: tuning.Tuning) -> tuning.Frontier:
        mine.write_text(mine.read_text() + "# mine\n")
        return found(self)

    monkeypatch.setattr(tuning.Tuning, "survey", edited)
    ran = keeper("tune", str(mine), *SHORT, "--band", "0.1", "--write")
    assert ran.code == Exit.FAILED
    assert "was changed while it was tuned: nothing is written" in ran.err
    assert mine.read_text().endswith("# mine\n")
    assert read_policy(mine).hedging.risk_tolerance_usd == 2_000


def test_periods_are_those_of_the_simulation() -> None:
    assert set(PERIODS) == {period.value for period in Period}


@pytest.mark.world
def test_with_a_node_the_vault_is_the_one_on_chain(keeper: Keeper, site: Site, world: World) -> None:
    world.submit_price(3_000)
    world.submit_volatility(0.7)
    policy = str(site.policy())
    ran = keeper("tune", policy, *SHORT, "--band", "0.1", "--json", *site.config())
    assert ran.code == Exit.OK
    seen = keeper("explain", "strangle", "--json", *site.config()).json["decision"]["exposure"]
    assert ran.json["nav_usd"] == pytest.approx(seen["nav_usd"], rel=1e-6)
    assert ran.json["study"]["course"]["start"] == {"price": 3_000.0, "volatility": 0.7}
    simulated = keeper("tune", policy, *SHORT, "--book", "strangle", "--json", *site.config())
    assert simulated.json["nav_usd"] == pytest.approx(1.8e6)


@pytest.mark.world
def test_a_policy_of_another_vault_than_the_folders_is_refused(
    keeper: Keeper, site: Site, mine: Path
) -> None:
    ran = keeper("tune", str(mine), *SHORT, *site.config())
    assert ran.code == Exit.FAILED
    assert "has another vault under the name strangle" in ran.err


@pytest.mark.world
def test_a_node_that_is_not_there_is_said_to_be(keeper: Keeper, site: Site) -> None:
    ran = keeper("tune", str(site.policy()), *SHORT, *site.config(rpc_url="http://127.0.0.1:1"))
    assert ran.code == Exit.UNREACHABLE
