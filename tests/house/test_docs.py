"""What an operator reads must be complete and true."""

import re
from pathlib import Path

from keeper.core.advice import Left, Unadvised
from keeper.core.reason import Reason

ROOT = Path(__file__).parents[2]
REASONS = (ROOT / "docs" / "reasons.md").read_text()


def test_each_reason_has_a_page_that_says_what_to_do() -> None:
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", REASONS, re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(Reason)
    assert [name for name, text in sections.items() if "**Do:**" not in text] == []


def test_no_reason_is_listed_that_nothing_gives() -> None:
    sources = [path for path in (ROOT / "keeper").rglob("*.py") if path.name != "reason.py"]
    code = "\n".join(path.read_text() for path in sources)
    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in code] == []


def test_each_word_of_the_advice_is_explained() -> None:
    page = (ROOT / "docs" / "policy-engine.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \| .+ \|$", page, re.MULTILINE)
    assert set(Unadvised) <= set(rows)
    assert [each for each in Left if f"`{each}`" not in page] == []


def test_every_path_that_a_document_names_is_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {
        (page.name, path)
        for page in pages
        for path in re.findall(
            r"`((?:keeper|tests|contracts|config|docs|deploy|benchmarks)/[\w./-]*)`", page.read_text()
        )
    }
    assert named
    assert sorted(pair for pair in named if not (ROOT / pair[1]).exists()) == []


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    broken = [
        (page.name, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert broken == []
