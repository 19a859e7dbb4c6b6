"""What agreement costs can be measured. No figure is held to anything."""

import pytest

from benchmarks.nodes import main


def test_each_way_of_asking_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["3"])
    lines = capsys.readouterr().out.splitlines()
    assert [line[:10].strip() for line in lines] == ["", "direct", "pool of 1", "pool of 3"]
