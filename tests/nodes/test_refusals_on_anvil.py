"""What stands on file as anvil's words is what this anvil says."""

import json

from record_refusals import FIXTURE, record


def test_anvils_refusals_are_on_file_word_for_word() -> None:
    assert record() == json.loads(FIXTURE.read_text()), "anvil has changed: run tools/record_refusals.py"
