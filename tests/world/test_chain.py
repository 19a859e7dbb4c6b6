"""The thin clients of the local world say what went wrong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from keeper.demo.anvil import Anvil
from keeper.demo.artifacts import contract
from keeper.demo.chain import Chain, DeploymentError
from keeper.demo.protocols.tokens import deploy_token, deploy_weth, mint, wrap
from keeper.demo.rpc import Json, NodeUnreachableError, Rpc, RpcError, as_bytes, as_int, as_object
from tests.fixtures.world import World

pytestmark = pytest.mark.world


def test_a_transaction_that_reverts_says_why(anvil: Anvil) -> None:
    with Chain(anvil.url) as chain:
        token = deploy_token(chain, "Some Dollar", "SD", 6)
        with pytest.raises(DeploymentError, match=r"transfer reverted.*exceeds balance"):
            chain.send(token, "transfer", chain.accounts[1], 1)


def test_a_constructor_that_reverts_says_which(world: World) -> None:
    with pytest.raises(DeploymentError, match="UniswapV3Venue reverted"):
        world.chain.deploy(contract("UniswapV3Venue"), world.book.usdc, world.book.weth)


def test_tokens_are_minted_and_wrapped_for_anybody(anvil: Anvil) -> None:
    with Chain(anvil.url) as chain:
        token, weth, owner = (
            deploy_token(chain, "Some Dollar", "SD", 6),
            deploy_weth(chain),
            chain.accounts[3],
        )
        mint(chain, token, owner, 7)
        wrap(chain, weth, owner, 10**24)
        assert chain.read_int(token, "balanceOf", owner) == 7
        assert chain.read_int(weth, "balanceOf", owner) == 10**24


def test_an_answer_of_another_type_is_refused(world: World) -> None:
    with pytest.raises(DeploymentError, match="not an integer"):
        world.chain.read_int(world.vault("strangle"), "name")


@pytest.mark.parametrize(("reader", "value"), [(as_int, None), (as_bytes, 5), (as_object, "0x")])
def test_a_value_of_another_type_is_refused(reader: Callable[[Json], object], value: Json) -> None:
    with pytest.raises(TypeError, match="not "):
        reader(value)


@pytest.mark.parametrize("answer", [b"busy, come back later", b"", b"[1,"])
def test_what_is_no_json_counts_as_unreachable(answer: bytes) -> None:
    with _server(answer) as url, Rpc(url) as rpc, pytest.raises(NodeUnreachableError):
        rpc.call("eth_chainId")


@pytest.mark.parametrize("answer", [b"null", b'"late"', b'{"error":"late"}', b'{"error":{"message":"late"}}'])
def test_json_that_is_no_answer_is_an_error_of_the_call(answer: bytes) -> None:
    with _server(answer) as url, Rpc(url) as rpc, pytest.raises(RpcError, match="eth_chainId"):
        rpc.call("eth_chainId")


def test_a_batch_that_gets_no_list_is_refused() -> None:
    with _server(b'{"error":{"message":"no batches here"}}') as url, Rpc(url) as rpc, pytest.raises(RpcError):
        rpc.batch([("eth_chainId", [])])


def test_an_empty_batch_asks_nobody() -> None:
    with Rpc("http://127.0.0.1:1") as rpc:
        assert rpc.batch([]) == []


@contextmanager
def _server(answer: bytes) -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
