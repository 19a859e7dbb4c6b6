"""What `explain` concludes says all that the action rests on."""

from dataclasses import replace

from rich.console import Console

from keeper.cli.conclusions import conclusion
from keeper.core.decision import decide
from keeper.core.memory import Memory
from keeper.core.policy import Policy
from keeper.core.triggers import Slicing, Triggers
from keeper.core.units import WAD
from tests.core.build import POLICY, VAULT, situation, usd, vault

HEDGE = -situation().exposure.book_delta


def concluded(gap: float, policy: Policy = POLICY, memory: Memory = Memory(VAULT)) -> str:  # noqa: B008 frozen
    made = decide(policy, situation(vault(base_wei=round((HEDGE + gap) * WAD))), memory)
    console = Console(width=160, force_terminal=False)
    with console.capture() as captured:
        console.print(conclusion(made, "an answer"))
    return captured.get()


def test_a_plan_says_what_it_is_worth_and_what_reverts_are_expected_to_waste() -> None:
    text = concluded(90.0, memory=Memory(VAULT, reverts=49))
    for words in ("breach: delta-band", "sell-base", "because delta-band", "an answer"):
        assert words in text
    assert "pieces" not in text
    assert text.count("9.45 for attempts") == 1


def test_a_need_that_is_traded_in_pieces_says_in_how_many() -> None:
    sliced = replace(POLICY, triggers=Triggers(Slicing(usd(50_000), 4, 900)))
    assert "traded in 4 pieces, of at most " in concluded(90.0, sliced)


def test_a_hold_says_what_was_measured_and_where_its_page_is() -> None:
    text = concluded(0.0)
    assert "hold, because inside-band" in text
    assert "measured" in text
    assert "docs/reasons.md#inside-band" in text
