"""What a run leaves behind."""

import re
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from keeper.demo.report import html, write_report
from keeper.demo.summary import RunFacts, Summary, as_json, fall_sentences, inside_share, rows, summarise
from tests.demo.build import NAME, blocks, hedge, record, reverted, wavy

FACTS = RunFacts(decisions=720, replayed_equal=720, wall_s=61.27, seed=7, tape=None, kills=0)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarise(wavy(), FACTS)


class Tags(HTMLParser):
    """Every address that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value for key, value in attrs if key in {"src", "href"} and value]


def test_the_object_has_the_promised_names(summary: Summary) -> None:
    printed = orjson.loads(orjson.dumps(as_json(summary)))
    assert {"blocks", "decisions", "replayed_equal", "wall_s", "seed", "vaults"} <= printed.keys()
    assert printed["vaults"]["strangle"].keys() == {
        "rebalances", "reverted", "gas_used", "gas_cost_usd", "slippage_and_fees_usd", "blocks_outside_band",
        "blocks_outside_hard_limit", "max_abs_delta_usd", "pnl_usd", "pnl_twin_usd", "delta_pnl_std_usd",
        "delta_pnl_std_twin_usd", "pnl_beyond_target_usd", "pnl_beyond_target_twin_usd",
    }  # fmt: skip


def test_a_tape_is_named_instead_of_a_seed() -> None:
    facts = RunFacts(decisions=0, replayed_equal=0, wall_s=1.0, seed=None, tape="march.csv.gz", kills=0)
    printed = as_json(summarise(wavy(10), facts))
    assert printed["tape"] == "march.csv.gz"
    assert "seed" not in printed


def test_a_crash_is_told_in_plain_words(summary: Summary) -> None:
    sentences = fall_sentences(summary)
    assert re.match(
        r"The price fell by 28%, from \$3,059.\d\d to \$2,2\d\d.\d\d, within 198 blocks \(33.0 hours\)\.",
        sentences[0],
    )
    assert len(sentences) == 5


def test_a_calm_market_is_not_called_a_crash() -> None:
    calm = summarise(record(blocks([100, 99, 100], own=[0, 0, 0])), FACTS)
    assert fall_sentences(calm) == []


def test_the_share_inside_the_hard_limit_counts_vault_blocks() -> None:
    run = record(blocks([100] * 4, own=[0, 0, 99, 0]), [hedge(101), reverted(102)])
    assert inside_share(summarise(run, FACTS)) == 0.75


def test_the_table_has_a_cell_for_each_vault(summary: Summary) -> None:
    assert {len(cells) for _, cells in rows(summary)} == {3}


def test_the_report_needs_no_other_file_and_no_script(summary: Summary) -> None:
    page = Tags()
    page.feed(html(wavy(), summary))
    assert "svg" in page.tags
    assert "script" not in page.tags
    assert all(address.startswith("#") for address in page.fetched)


def test_the_same_run_gives_the_same_report(summary: Summary) -> None:
    assert html(wavy(10), summary) == html(wavy(10), summary)


def test_names_are_escaped() -> None:
    facts = RunFacts(decisions=0, replayed_equal=0, wall_s=1.0, seed=None, tape="<b>.csv", kills=0)
    assert "<b>.csv" not in html(wavy(10), summarise(wavy(10), facts))


def test_a_run_of_one_block_can_be_reported(tmp_path: Path) -> None:
    run = record(blocks([100], own=[0]))
    write_report(tmp_path / "report.html", run, summarise(run, FACTS))
    assert NAME in (tmp_path / "report.html").read_text()
