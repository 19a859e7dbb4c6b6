"""What is found out about a run: from a journal of our own reading, and from a log."""

import sqlite3
from contextlib import closing
from pathlib import Path

from keeper.demo.chaos.endpoints import knows
from keeper.demo.chaos.evidence import told_of, tracebacks_in

LOG = """\
{"event": "decided", "vault": "strangle"}
{"event": "failed", "exception": "Traceback (most recent call last):\\n  KeyError"}
Traceback (most recent call last):
"""


def test_a_traceback_is_found_as_text_and_within_a_line() -> None:
    assert len(tracebacks_in(LOG)) == 2
    assert "KeyError" in tracebacks_in(LOG)[0]
    assert tracebacks_in('{"event": "decided"}') == ()


def test_a_secret_is_found_in_any_case_and_told_by_its_name() -> None:
    assert told_of("key=ABCDEF", {"key": "abcdef", "password": "hunter2"}) == ("key",)
    assert told_of(LOG, {"key": "abcdef"}) == ()


def test_a_journal_knows_what_is_committed_and_nothing_else(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(journal)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE attempts (tx_hash TEXT)")
        writer.commit()
        writer.execute("INSERT INTO attempts VALUES ('0xa1')")
        assert not knows(journal, "0xa1")
        writer.commit()
        assert knows(journal, "0xa1")
        assert not knows(journal, "0xb2")
