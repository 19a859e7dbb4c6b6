"""A policy that asks for a second opinion gets one over HTTP, or holds."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.conftest import Keeper, Site
from tests.fixtures.world import World

pytestmark = pytest.mark.world

ASKS = "oracle:\n  reference:\n    max_age: 10m\n    max_deviation: 100 bps\n"


class Opinion(BaseHTTPRequestHandler):
    price = "3001.50"

    def do_GET(self) -> None:
        body = json.dumps({"data": {"price": self.price}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Dissent(Opinion):
    price = "3300"


@pytest.fixture(params=[Opinion])
def source(request: pytest.FixtureRequest) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), request.param) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ticker"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def today(world: World) -> None:
    """The world at the host's time, where a reference's age can be told."""
    world.wait(int(time.time()) - world.timestamp())
    world.submit_price(3_000)
    world.submit_volatility(0.7)


def reason(keeper: Keeper, site: Site, **changes: str) -> str:
    site.edit("oracle:\n", ASKS)
    ran = keeper("once", "--vault", "strangle", "--json", *site.config(**changes))
    return str(ran.json["decisions"][0]["reason"])


def test_without_a_second_opinion_a_policy_that_asks_for_one_holds(keeper: Keeper, site: Site) -> None:
    assert reason(keeper, site) == "reference-missing"


def test_a_second_opinion_that_cannot_be_had_holds(keeper: Keeper, site: Site) -> None:
    assert reason(keeper, site, reference_url="http://127.0.0.1:1/ticker") == "reference-missing"


def test_a_second_opinion_that_agrees_lets_the_policy_decide(keeper: Keeper, site: Site, source: str) -> None:
    found = reason(keeper, site, reference_url=source, reference_pointer="/data/price")
    assert found not in {"reference-missing", "price-deviation"}


@pytest.mark.parametrize("source", [Dissent], indirect=True)
def test_a_second_opinion_that_disagrees_holds(keeper: Keeper, site: Site, source: str) -> None:
    found = reason(keeper, site, reference_url=source, reference_pointer="/data/price")
    assert found == "price-deviation"
