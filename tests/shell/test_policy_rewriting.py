"""One number of a policy file is exchanged, and every other byte stays."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.policies import PolicyError, parse_policy, with_tolerance

EXAMPLES = sorted((Path(__file__).parents[2] / "config" / "policies").glob("*.yaml"))
GOOD = (EXAMPLES[0].parent / "strangle.yaml").read_text()
LINE = "  risk_tolerance_usd: 2_000  # larger: wider bands, fewer and cheaper hedges\n"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@given(tolerance=st.integers(1, 10**15))
def test_an_example_keeps_everything_but_the_number(path: Path, tolerance: int) -> None:
    raw = path.read_bytes()
    found = with_tolerance("p.yaml", raw, tolerance)
    before, after = parse_policy("p.yaml", raw), parse_policy("p.yaml", found)
    hedging = replace(before.hedging, risk_tolerance_usd=float(tolerance))
    assert after == replace(before, hedging=hedging, sha256=after.sha256)
    number = re.compile(rb"(risk_tolerance_usd: )[0-9_]+")
    assert number.sub(rb"\1", found) == number.sub(rb"\1", raw)


WRITTEN = {
    "a quoted number": ('risk_tolerance_usd: "2000.50"', "risk_tolerance_usd: 1_234"),
    "a single quote": ("risk_tolerance_usd: '2000'", "risk_tolerance_usd: 1_234"),
    "a decimal": ("risk_tolerance_usd:    2000.5", "risk_tolerance_usd:    1_234"),
    "a number on the next line": ("risk_tolerance_usd:\n    2_000", "risk_tolerance_usd:\n    1_234"),
}


@pytest.mark.parametrize(("old", "new"), WRITTEN.values(), ids=WRITTEN.keys())
def test_the_number_is_found_however_it_is_written(old: str, new: str) -> None:
    raw = GOOD.replace("risk_tolerance_usd: 2_000", old)
    assert with_tolerance("p.yaml", raw.encode(), 1_234).decode() == GOOD.replace(
        "risk_tolerance_usd: 2_000", new
    )


def test_a_mapping_on_one_line_is_changed_in_its_place() -> None:
    inline = (
        "hedging: {min_trade_usd: 250, risk_tolerance_usd: 2_000, look_interval: 12s, max_trade_usd: 1000}\n"
    )
    raw = re.sub(r"hedging:\n(  .*\n)+", inline, GOOD)
    assert with_tolerance("p.yaml", raw.encode(), 7).decode() == raw.replace(
        "risk_tolerance_usd: 2_000,", "risk_tolerance_usd: 7,"
    )


def test_ends_of_lines_and_a_byte_order_mark_stay() -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    found = with_tolerance("p.yaml", raw, 3_000)
    assert found == raw.replace(b"risk_tolerance_usd: 2_000", b"risk_tolerance_usd: 3_000")


def test_what_stands_before_may_be_in_any_script() -> None:
    raw = GOOD.replace("# A short", "# Ein Würgegriff \U0001f600 \u2028# A short")
    found = with_tolerance("p.yaml", raw.encode(), 3_000).decode()
    assert found == raw.replace("risk_tolerance_usd: 2_000", "risk_tolerance_usd: 3_000")


def test_a_number_that_is_a_block_of_text_is_left_to_its_writer() -> None:
    raw = GOOD.replace(LINE, "  risk_tolerance_usd: |-\n    2000\n")
    with pytest.raises(PolicyError, match="write it as one number"):
        with_tolerance("p.yaml", raw.encode(), 3_000)


def test_a_policy_that_is_wrong_is_refused_and_not_mended() -> None:
    with pytest.raises(PolicyError, match="above zero"):
        with_tolerance(
            "p.yaml", GOOD.replace("risk_tolerance_usd: 2_000", "risk_tolerance_usd: 0").encode(), 1
        )
