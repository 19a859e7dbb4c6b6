"""What is shown while a run goes on."""

import io

import pytest
from rich.console import Console

from keeper.demo.samples import Record
from keeper.demo.view import LinesView, LiveView, Scene, bar, describe, render, sparkline, view_for
from tests.demo.build import NAME, hedge, reverted, wavy


def watched(run: Record) -> Scene:
    scene = Scene(len(run.blocks), run.limits_usd, reasons={NAME: "delta-band"})
    for block in run.blocks:
        scene.add(block, [each for each in run.sent if each.block == block.number])
    return scene


def drawn(width: int) -> str:
    run = wavy(60)
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(render(watched(run), run.blocks[-1], width))
    return capture.get()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_picture_fits_and_names_every_vault_and_reason(width: int) -> None:
    text = drawn(width)
    assert max(map(len, text.splitlines())) <= width
    for word in ("strangle", "covered-call", "iron-condor", "delta-band", "60 of 60"):
        assert word in text


def test_a_gap_beyond_the_limit_stands_at_the_end_of_the_bar() -> None:
    assert bar(9e9, -10, 10, 100, 21).plain.endswith("●")
    assert bar(-9e9, -10, 10, 100, 21).plain.startswith("●")


def test_no_gap_stands_in_the_middle() -> None:
    assert bar(0, -50, 50, 100, 21).plain.index("●") == 10
    assert bar(0, -50, 50, 100, 21).plain.index("[") == 5


def test_a_limit_of_zero_is_drawn_all_the_same() -> None:
    assert bar(5, -1, 1, 0, 21).plain.index("●") == 10


def test_a_sparkline_shows_the_shape() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([1] * 100, 10) == "▁" * 10
    assert sparkline([], 10) == ""


def test_transactions_are_described_by_what_became_of_them() -> None:
    assert describe(hedge(1)) == "sold 2.00 at $100"
    assert describe(hedge(1, sells_base=False)) == "bought 2.00 at $100"
    assert describe(reverted(1)) == "reverted"


def test_without_a_terminal_there_are_plain_lines() -> None:
    text = io.StringIO()
    console = Console(file=text, width=200)
    view = view_for(console)
    assert isinstance(view, LinesView)
    run = wavy(40)
    scene = Scene(40, run.limits_usd)
    view.say("starting [anvil]")
    for block in run.blocks:
        scene.add(block, [each for each in run.sent if each.block == block.number])
        view.show(scene, block)
    view.close()
    lines = text.getvalue().splitlines()
    assert lines[0] == "starting [anvil]"
    assert sum("blocks, price" in line for line in lines) == 2
    assert sum("bought" in line or "sold" in line for line in lines) == 4


def test_on_a_terminal_one_picture_is_drawn_over_itself() -> None:
    text = io.StringIO()
    view = view_for(Console(file=text, width=120, force_terminal=True))
    assert isinstance(view, LiveView)
    run = wavy(3)
    scene = Scene(3, run.limits_usd)
    for block in run.blocks:
        scene.add(block, ())
        view.show(scene, block)
    view.close()
    view.close()
    assert "3 of 3" in text.getvalue()
