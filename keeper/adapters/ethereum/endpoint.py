"""Where a node lives, without telling anyone how to get in.

Providers put the API key into the path, the query or the user-info of the URL, and such URLs end up in logs,
metrics and bug reports. So the URL is carried by a value that shows its host only; the one place that needs
the rest asks for it by name.
"""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "ws", "wss")


class EndpointError(ValueError):
    """A text that is not the address of a node. The message never repeats the text."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A node's address. `url` is secret; `host`, with the port, is what people and metrics see."""

    url: str = field(repr=False)
    host: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an http, https, ws or wss URL. Raises EndpointError."""
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise EndpointError("not a URL") from None
        if parts.scheme not in SCHEMES:
            raise EndpointError(
                f"a node's address starts with one of {', '.join(s + '://' for s in SCHEMES)}"
            )
        if not parts.hostname:
            raise EndpointError("the address names no host")
        shown = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(url=parts.geturl(), host=shown if port is None else f"{shown}:{port}")

    def __str__(self) -> str:
        return self.host
