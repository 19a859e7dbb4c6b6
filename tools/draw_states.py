#!/usr/bin/env python3
"""Draw the life of a nonce into docs/transactions.md, from the table that the engine runs by.

draw_states.py
"""

import re

from repository import ROOT

from keeper.core.transaction.states import diagram

DOCUMENT = ROOT / "docs" / "transactions.md"
BLOCK = re.compile(r"```mermaid\n.*?```", re.DOTALL)


def main() -> None:
    """Replace the one diagram of the document."""
    text = DOCUMENT.read_text()
    drawn, count = BLOCK.subn(f"```mermaid\n{diagram()}```", text)
    if count != 1:
        raise SystemExit(f"{DOCUMENT} holds {count} diagrams, and one was expected")
    DOCUMENT.write_text(drawn)


if __name__ == "__main__":
    main()
