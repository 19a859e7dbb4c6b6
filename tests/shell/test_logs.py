"""One pipeline for all records; no planted secret gets through it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from keeper.logs import Redaction, configure

CANARY = "c4n4ry-pr1v4te-k3y"
KEYED = f"https://user:{CANARY}@node.example:8545/v3/{CANARY}?key={CANARY}"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_our_records_and_the_libraries_records_look_alike(out: io.StringIO) -> None:
    configure("json", "info", Redaction(), out)
    structlog.get_logger("keeper").info("decided", vault="strangle")
    logging.getLogger("some.library").warning("careful: %s", "hot", extra={"block": 7})
    ours, theirs = lines(out)
    assert ours["event"] == "decided"
    assert ours["vault"] == "strangle"
    assert theirs["event"] == "careful: hot"
    assert theirs["block"] == 7
    assert {"level", "timestamp", "event"} <= set(ours) & set(theirs)


def test_records_below_the_level_are_dropped_and_chatty_libraries_are_quiet(out: io.StringIO) -> None:
    configure("json", "info", Redaction(), out)
    structlog.get_logger("keeper").debug("nothing")
    logging.getLogger("httpx").info("GET %s", KEYED)
    assert out.getvalue() == ""


def test_a_terminal_is_not_assumed_where_there_is_none(out: io.StringIO) -> None:
    configure("auto", "info", Redaction(), out)
    structlog.get_logger("keeper").info("decided")
    assert lines(out)[0]["event"] == "decided"


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_planted_secret_reaches_the_log(out: io.StringIO, style: str) -> None:
    assert style in {"json", "console"}
    redaction = Redaction([KEYED, CANARY])
    configure("json" if style == "json" else "console", "debug", redaction, out)
    log = structlog.get_logger("keeper")
    local_secret = CANARY
    log.info("in a value", url=KEYED, nested={"deep": [KEYED, {"deeper": CANARY}]})
    log.info("under a name", password="p4ss-w0rd", api_key="4p1-k3y", private_key=b"k3y")  # noqa: S106 planted
    log.info(CANARY)
    log.info("as an object", error=ValueError(KEYED), key={KEYED: 1})
    logging.getLogger("lib").error("asked %s", KEYED)
    try:
        raise RuntimeError(f"no answer from {KEYED}") from ValueError(CANARY)  # noqa: TRY301 planted
    except RuntimeError:
        log.exception("failed", also=local_secret)
        logging.getLogger("lib").exception("failed too")
    text = out.getvalue()
    assert "RuntimeError" in text
    for planted in (CANARY, "p4ss-w0rd", "4p1-k3y", "k3y"):
        assert planted not in text


def test_an_unregistered_url_still_loses_its_keys(out: io.StringIO) -> None:
    configure("json", "info", Redaction(), out)
    logging.getLogger("lib").warning("redirected to wss://u:s3cr3t@other.example:1/p4th?k=s3cr3t and back")
    assert lines(out)[0]["event"] == "redirected to wss://other.example:1 and back"


def test_tracebacks_hold_no_locals(out: io.StringIO) -> None:
    configure("json", "info", Redaction(), out)
    unregistered = "l0cal-s3cr3t"
    try:
        raise RuntimeError("plain") if unregistered else ValueError
    except RuntimeError:
        structlog.get_logger("keeper").exception("failed")
    assert unregistered not in out.getvalue()
    assert lines(out)[0]["exception"]


def test_a_path_is_no_secret_and_a_word_is_none_either() -> None:
    redaction = Redaction(["abc"])
    event = redaction(None, "info", {"password_file": "/run/secrets/p", "event": "abc", "n": 3})
    assert event == {"password_file": "/run/secrets/p", "event": "abc", "n": 3}


def test_a_secret_may_be_registered_later() -> None:
    redaction = Redaction()
    assert redaction.text(CANARY) == CANARY
    redaction.register(CANARY)
    assert redaction.text(f"<{CANARY}>") == "<***>"


def test_a_log_that_nobody_takes_is_told_once_and_without_the_record(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", "info", Redaction([CANARY]), out)
    out.close()
    for _ in range(3):
        structlog.get_logger("keeper").info("decided", node=KEYED)
    said = capsys.readouterr().err
    assert said == "keeper: the log cannot be written (ValueError); the keeper goes on without\n"
