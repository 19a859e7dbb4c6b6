"""The command line says what it cannot do before anything is started."""

from pathlib import Path

import pytest

from keeper.demo.chaos.command import DEFAULT_SECONDS, DEFAULT_SEED, parse


def test_a_plain_run_is_two_minutes_of_one_node_and_always_the_same() -> None:
    given = parse([])
    assert (given.seconds, given.seed, given.endpoints, given.agree) == (DEFAULT_SECONDS, DEFAULT_SEED, 1, 1)
    assert given.seconds == 120


def test_several_endpoints_are_asked_for_by_number() -> None:
    given = parse(["--endpoints", "3", "--agree", "2", "--longest-pause", "75", "--out", "run"])
    assert (given.endpoints, given.agree, given.longest_pause, given.out) == (3, 2, 75.0, Path("run"))


@pytest.mark.parametrize("agree", ["0", "3"])
def test_an_agreement_that_can_never_come_is_refused(agree: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--endpoints", "2", "--agree", agree])
    assert ended.value.code == 2
    assert "--agree must be between 1 and --endpoints" in capsys.readouterr().err
