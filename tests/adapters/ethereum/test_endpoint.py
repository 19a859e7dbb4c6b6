"""A node's address shows its host and nothing else, however it is turned into text."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.endpoint import Endpoint, EndpointError

SECRETIVE = "https://user:pa55@node.example:8443/v3/api-key?token=t0k#frag"


@pytest.mark.parametrize("shown", [str, repr, lambda e: f"{e}", lambda e: f"{e!r}", lambda e: f"{[e]}"])
def test_an_endpoint_shows_only_its_host(shown: object) -> None:
    assert callable(shown)
    text = shown(Endpoint.parse(SECRETIVE))
    assert "node.example:8443" in text
    for secret in ("user", "pa55", "v3", "api-key", "token", "t0k", "frag"):
        assert secret not in text


def test_the_whole_address_is_there_for_who_asks_by_name() -> None:
    assert Endpoint.parse(f"  {SECRETIVE}\n").url == SECRETIVE


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://127.0.0.1:8545", "127.0.0.1:8545"),
        ("https://node.example", "node.example"),
        ("ws://[::1]:8546/x", "[::1]:8546"),
        ("wss://NODE.example/y", "node.example"),
    ],
)
def test_hosts_are_read(text: str, host: str) -> None:
    assert Endpoint.parse(text).host == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "node.example",
        "ftp://secret@x",
        "http://",
        "http://:secret@",
        "http://x:99999/secret",
        "http://[secret",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(EndpointError) as caught:
        Endpoint.parse(text)
    assert "secret" not in str(caught.value)


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        Endpoint.parse(text)
    except EndpointError:
        return


def test_endpoints_are_values() -> None:
    assert Endpoint.parse(SECRETIVE) == pickle.loads(pickle.dumps(Endpoint.parse(SECRETIVE)))  # noqa: S301 our own bytes
