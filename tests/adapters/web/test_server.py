"""The pages over real sockets: what they say, when they say no, and what happens when the port is taken."""

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from keeper.adapters.web.server import CannotListenError, Pages, WebServer
from keeper.health import Health, Judgement

VAULT = ("strangle", "0x4A679253410272dd5232B3Ff7cF5dbB88f295319")


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def pages_of(health: Health) -> Pages:
    registry = CollectorRegistry()
    Gauge("keeper_rpc_head_block_number", "Newest block.", registry=registry).set(7)
    return Pages(registry, health.live, health.ready, health.status)


@contextlib.asynccontextmanager
async def served(pages: Pages) -> AsyncIterator[aiohttp.ClientSession]:
    async with WebServer(pages, port=0) as server:
        assert server.port > 0
        async with aiohttp.ClientSession(f"http://{server.host}:{server.port}") as session:
            yield session


async def test_metrics_are_prometheus_text() -> None:
    async with served(pages_of(Health(60.0))) as session, session.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert "keeper_rpc_head_block_number 7.0" in await answer.text()


async def test_metrics_are_openmetrics_for_who_asks_for_them() -> None:
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with served(pages_of(Health(60.0))) as session, session.get("/metrics", headers=headers) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await answer.text()).endswith("# EOF\n")


async def test_a_keeper_whose_node_is_down_lives_but_is_not_ready() -> None:
    clock = Hand()
    health = Health(60.0, clock)
    health.serves(*VAULT)
    async with served(pages_of(health)) as session:
        clock.now += 90
        health.beat()
        async with session.get("/livez") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True, "why": []})
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.json()) == (
                503,
                {"ok": False, "why": ["strangle: not decided yet"]},
            )
        health.decided("strangle", {"reason": "inside-band"})
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True, "why": []})


async def test_a_loop_that_stands_still_is_not_alive() -> None:
    clock = Hand()
    async with served(pages_of(Health(60.0, clock))) as session:
        clock.now += 3600
        async with session.get("/livez") as answer:
            assert answer.status == 503
            assert (await answer.json())["why"]


async def test_the_status_shows_every_vault() -> None:
    health = Health(60.0)
    health.serves(*VAULT)
    health.decided("strangle", {"reason": "inside-band", "margin": float("inf")})
    async with served(pages_of(health)) as session, session.get("/status") as answer:
        body = await answer.json()
    assert answer.status == 200
    assert body["vaults"]["strangle"]["reason"] == "inside-band"
    assert body["vaults"]["strangle"]["margin"] is None


async def test_a_status_with_unknown_values_is_shown_as_text() -> None:
    pages = replace(pages_of(Health(60.0)), status=lambda: {"journal": Path("x.sqlite"), 1: {2**70}})
    async with served(pages) as session, session.get("/status") as answer:
        assert (answer.status, await answer.json()) == (200, {"journal": "x.sqlite", "1": str({2**70})})


@pytest.mark.parametrize("page", ["/metrics", "/livez", "/readyz", "/status"])
async def test_pages_are_not_cached_and_take_no_commands(page: str) -> None:
    async with served(pages_of(Health(60.0))) as session:
        async with session.get(page) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
        async with session.post(page, data="resume") as answer:
            assert answer.status == 405


async def test_there_is_nothing_else() -> None:
    async with served(pages_of(Health(60.0))) as session, session.get("/") as answer:
        assert answer.status == 404


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


async def test_a_port_in_use_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(
        CannotListenError, match=f"cannot listen on 127.0.0.1:{taken}: another process .* another port"
    ):
        await WebServer(pages_of(Health(60.0)), taken).start()


async def test_an_address_of_another_host_is_named() -> None:
    with pytest.raises(CannotListenError, match="this host has no such address"):
        await WebServer(pages_of(Health(60.0)), 0, host="192.0.2.1").start()


async def test_the_port_is_free_again_after_the_server_stopped() -> None:
    async with WebServer(pages_of(Health(60.0)), 0) as first:
        port = first.port
    async with WebServer(pages_of(Health(60.0)), port) as second:
        assert second.port == port


async def test_a_probe_that_breaks_is_an_error_and_not_an_all_clear() -> None:
    def broken() -> Judgement:
        raise RuntimeError("a fault of ours")

    async with (
        served(replace(pages_of(Health(60.0)), live=broken)) as session,
        session.get("/livez") as answer,
    ):
        assert answer.status == 500
        assert "fault" not in await answer.text()
