"""`keeper backtest` compares, draws, and says in words what it cannot use."""

import gzip
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from keeper.cli.simulated import BOOKS, MARKETS
from keeper.simulation import study, table
from keeper.simulation.book import STRUCTURES
from keeper.simulation.study import MARKETS as KINDS
from tests.cli.conftest import Keeper

POLICY = Path(__file__).parents[2] / "config" / "policies" / "strangle.yaml"
DESK = POLICY.with_name("strangle-desk.yaml")
SHORT = ("--days", "3", "--step", "3600", "--units", "1000")


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A version of the policy that bears ten times the risk."""
    path = tmp_path / "wide.yaml"
    path.write_text(POLICY.read_text().replace("risk_tolerance_usd: 2_000", "risk_tolerance_usd: 20_000"))
    return path


@pytest.mark.parametrize("market", MARKETS)
def test_two_policies_are_compared_on_any_market(keeper: Keeper, wide: Path, market: str) -> None:
    ran = keeper("backtest", str(POLICY), str(wide), "--market", market, *SHORT, "--json")
    assert ran.code == Exit.OK
    narrow, other = ran.json["policies"]
    assert narrow["score"]["trades"] > other["score"]["trades"]
    assert narrow["score"]["cost_usd"] > other["score"]["cost_usd"]
    assert sum(narrow["reasons"].values()) == 3 * 24 + 1
    again = keeper("backtest", str(POLICY), str(wide), "--market", market, *SHORT, "--json")
    assert again.json == ran.json


def test_the_table_names_versions_of_one_policy_by_their_files(keeper: Keeper, wide: Path) -> None:
    shown = keeper("backtest", str(POLICY), str(wide), *SHORT)
    assert shown.code == Exit.OK
    for word in ("hedging error", "CVaR 95 %", "outside", "wide.yaml", "tape of our own from 3,000 at 70%"):
        assert word in shown.out


def test_tables_are_solved_where_they_are_asked_for_and_their_use_is_told(
    keeper: Keeper, tmp_path: Path
) -> None:
    market = ("--market", "gbm", "--days", "2", "--step", "14400", "--book", "covered-call")
    asked = ("backtest", str(POLICY), *market)
    ran = keeper(*asked, "--tables", "--json")
    assert ran.code == Exit.OK
    (told,) = ran.json["policies"]
    assert ran.json["study"]["bands"] == "tables"
    assert told["score"]["tables"] >= 1
    assert told["tiers"]["no-table"] == 1
    assert told["score"]["by_table"] == told["tiers"]["table"] / 13
    without = keeper(*asked, "--json").json
    assert without["study"]["bands"] == "closed form"
    assert without["policies"][0]["score"]["tables"] == 0
    words = "tables solved for a vault, used at"
    page = tmp_path / "report.html"
    (line,) = [
        each for each in keeper(*asked, "--tables", "--html", str(page)).out.splitlines() if words in each
    ]
    assert line in page.read_text()
    assert words not in keeper(*asked, "--html", str(page)).out
    assert words not in page.read_text()


def test_several_paths_are_run_in_processes_and_pooled(keeper: Keeper) -> None:
    ran = keeper("backtest", str(POLICY), *SHORT, "--market", "gbm", "--paths", "3", "--json")
    assert ran.json["study"]["seeds"] == [1, 2, 3]
    lone = [
        keeper("backtest", str(POLICY), *SHORT, "--market", "gbm", "--seed", seed, "--json").json
        for seed in ("1", "2", "3")
    ]
    costs = [each["policies"][0]["score"]["cost_usd"] for each in lone]
    (pooled,) = ran.json["policies"]
    assert pooled["score"]["cost_usd"] == pytest.approx(sum(costs) / 3)
    for counted in ("reasons", "tiers"):
        counts = [Counter(each["policies"][0][counted]) for each in lone]
        assert pooled[counted] == sum(counts, Counter())


def test_what_a_desk_was_advised_is_shown_and_paid_for(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a policy that lists instruments, and of the same without: the same limits on the same market."""
    text = DESK.read_text().replace("gamma_usd: 200_000", "gamma_usd: 60_000")
    listed, bare = tmp_path / "listed.yaml", tmp_path / "bare.yaml"
    listed.write_text(text)
    without = re.sub(r"^instruments:\n.*?(?=^#)", "", text, flags=re.MULTILINE | re.DOTALL)
    bare.write_text(without.replace("name: strangle-desk", "name: bare"))
    options = ("--market", "gbm", "--days", "18", "--step", "3600", "--units", "1000")
    page = tmp_path / "report.html"
    shown = keeper("backtest", str(bare), str(listed), *options, "--html", str(page))
    assert "strangle-desk: advised, and done, in the first market" in shown.out
    assert "bare: advised" not in shown.out
    assert "more; --json has all" not in shown.out + page.read_text()
    assert "call-110-30d" in page.read_text()
    assert "strangle-desk: advised, and done, in the first market" in page.read_text()
    alone, with_them = keeper("backtest", str(bare), str(listed), *options, "--json").json["policies"]
    assert (alone["score"]["advised"], alone["advised"]) == (0, [])
    assert with_them["score"]["advised"] == len(with_them["advised"]) > 0
    costs = [each["cost_usd"] for each in with_them["advised"]]
    assert with_them["score"]["advised_usd"] == pytest.approx(sum(costs))
    _, both = keeper("backtest", str(bare), str(listed), *options, "--paths", "2", "--json").json["policies"]
    assert both["score"]["advised"] * 2 == len(both["advised"])
    assert [each for each in both["advised"] if each["seed"] == 1] == with_them["advised"]
    assert {each["seed"] for each in both["advised"]} == {1, 2}
    monkeypatch.setattr(table, "MOST_ORDERS", 1)
    shown = keeper("backtest", str(listed), *options, "--html", str(page))
    for told in (shown.out, page.read_text()):
        assert f"{len(costs) - 1} more; --json has all" in told


def test_a_policy_that_does_not_believe_the_price_is_not_shown_as_the_cheapest(
    keeper: Keeper, wide: Path, tmp_path: Path
) -> None:
    page, trusting = tmp_path / "report.html", tmp_path / "trusting.yaml"
    trusting.write_text(POLICY.read_text().replace("max_usd: 100_000", "max_usd: 1_000_000"))
    dear = ("--market", "gbm", "--price", "120000", *SHORT, "--html", str(page))
    shown = keeper("backtest", str(wide), str(trusting), *dear)
    line = f"{wide}: held at 100.0% of looks (price-out-of-bounds)"
    assert line in shown.out
    assert line in page.read_text()
    assert f"{trusting}: held" not in shown.out + page.read_text()


class Tags(HTMLParser):
    """What a page is made of, and every address that it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "srcset", "data"}]


def test_the_report_stands_alone_and_has_a_picture_of_everything(
    keeper: Keeper, wide: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    assert keeper("backtest", str(POLICY), str(wide), *SHORT, "--html", str(page)).code == Exit.OK
    text = page.read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.fetched == []
    assert tags.seen.count("svg") == 6
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert "strangle of 1000" in text
    assert not re.search(r"url\((?!#)", text)


def tape(folder: Path, *rows: str) -> Path:
    path = folder / "tape.csv.gz"
    path.write_bytes(gzip.compress("\n".join(("ts,close", *rows)).encode()))
    return path


def test_a_tape_of_ones_own_is_followed_to_its_end(keeper: Keeper, tmp_path: Path) -> None:
    rows = [f"{3600 * hour},{100 + hour % 7}" for hour in range(30)]
    ran = keeper("backtest", str(POLICY), "--tape", str(tape(tmp_path, *rows)), *SHORT, "--json")
    assert ran.code == Exit.OK
    assert sum(ran.json["policies"][0]["reasons"].values()) == 30
    shown = keeper("backtest", str(POLICY), "--tape", str(tmp_path / "tape.csv.gz"), *SHORT)
    assert "strangle of 1000, tape tape.csv.gz from 3,000" in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--tape", "none.csv"), Exit.USAGE, "does not exist"),
        (("--market", "gbm", "--vol", "0"), Exit.USAGE, "--vol"),
        (("--market", "gbm", "--vol", "nan"), Exit.USAGE, "--vol"),
        (("--price", "inf"), Exit.USAGE, "--price"),
        (("--market", "gbm", "--vol", "1e9"), Exit.USAGE, "--vol"),
        (("--market", "jump", "--vol", "0.1"), Exit.CONFIGURATION, "jumps alone"),
        (("--market", "moon"), Exit.USAGE, "moon"),
        (("--book", "butterfly"), Exit.USAGE, "butterfly"),
        (("--html", "no/such/folder/report.html"), Exit.FAILED, "cannot be written"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_message(
    keeper: Keeper, arguments: tuple[str, ...], code: Exit, words: str
) -> None:
    ran = keeper("backtest", str(POLICY), *SHORT, *arguments)
    assert ran.code == code
    assert words in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("price", ["nan", "0", "-3", "abc"])
def test_a_tape_with_a_price_that_is_none_is_refused_with_its_line(
    keeper: Keeper, tmp_path: Path, price: str
) -> None:
    path = tape(tmp_path, "0,100", f"3600,{price}", "7200,100")
    ran = keeper("backtest", str(POLICY), "--tape", str(path), *SHORT, "--json")
    assert ran.code == Exit.CONFIGURATION
    assert "tape.csv.gz:3: " in ran.err
    assert ran.json["error"]["kind"] == "configuration"


def test_a_policy_with_an_unknown_key_is_refused_with_the_nearest_name(
    keeper: Keeper, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(POLICY.read_text().replace("delta_usd", "dleta_usd"))
    ran = keeper("backtest", str(bad), *SHORT)
    assert ran.code == Exit.CONFIGURATION
    assert "did you mean `delta_usd`?" in ran.err


def test_a_tape_goes_with_no_other_market_and_no_paths(keeper: Keeper, tmp_path: Path) -> None:
    path = str(tape(tmp_path, "0,1", "3600,2"))
    assert keeper("backtest", str(POLICY), "--tape", path, "--market", "gbm").code == Exit.USAGE
    assert keeper("backtest", str(POLICY), "--tape", path, "--paths", "2").code == Exit.USAGE
    assert keeper("backtest").code == Exit.USAGE


def test_where_nothing_can_draw_it_is_said_before_anything_is_run(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    ran = keeper("backtest", str(POLICY), *SHORT, "--html", str(tmp_path / "report.html"))
    assert ran.code == Exit.FAILED
    assert "install keeper[demo]" in ran.err


@pytest.mark.parametrize("command", [("backtest",), ("tune", "--days", "1")])
def test_a_folder_that_is_not_there_is_told_before_anything_is_run(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    def run(*_: object) -> None:
        pytest.fail("it ran")

    monkeypatch.setattr(study, "_tracks", run)
    ran = keeper(*command, str(POLICY), "--html", str(tmp_path / "none" / "report.html"))
    assert ran.code == Exit.FAILED
    assert f"there is no folder {tmp_path / 'none'}" in ran.err


def test_the_command_offers_all_that_there_is() -> None:
    assert set(MARKETS) == set(KINDS)
    assert set(BOOKS) == set(STRUCTURES)
