"""The running keeper's status page, read and drawn with little: `status` must answer at once."""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keeper.cli.books import drawn

FOUND = 200


def fetch_status(url: str, timeout_s: float) -> dict[str, object] | None:
    """The status page below `url`; None when no keeper answers there."""
    try:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    except ValueError:
        return None
    try:
        connection.request("GET", "/status")
        answer = connection.getresponse()
        body = json.loads(answer.read())
        return body if answer.status == FOUND and isinstance(body, dict) else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def state(found: Mapping[str, object]) -> RenderableType:
    """What the status page says."""
    ready = Text("ready", style="green") if found.get("ready") else Text("NOT READY", style="red")
    live = "armed" if found.get("live_mode") else "dry"
    table = Table("vault", "reason", "delta usd", "band by", "decided", "pending", box=None, pad_edge=False)
    vaults = found.get("vaults")
    for name, vault in (vaults if isinstance(vaults, dict) else {}).items():
        delta, age = vault.get("delta_usd"), vault.get("decided_s_ago")
        table.add_row(
            name,
            str(vault.get("reason", "not decided yet")),
            f"{delta:,.0f}" if isinstance(delta, int | float) else "",
            str(vault.get("band_from", "")),
            f"{age:.0f} s ago" if isinstance(age, int | float) else "never",
            "yes" if vault.get("pending") else "",
        )
    books = found.get("books")
    why, refused = found.get("why"), found.get("policies_refused")
    return Group(
        Text.assemble(ready, f", {live}, chain {found.get('chain_id')}, block {found.get('head')}"),
        *[Text(f"  {line}") for line in (why if isinstance(why, list) else [])],
        *[Text(f"  refused: {line}", style="red") for line in (refused if isinstance(refused, list) else [])],
        "",
        table,
        *drawn(books if isinstance(books, list) else []),
    )
