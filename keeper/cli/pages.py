"""The running keeper's status page, read without a client library: `status` must answer at once."""

import http.client
import json
from urllib.parse import urlsplit

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
