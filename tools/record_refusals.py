#!/usr/bin/env python3
"""Record how anvil refuses, word for word, into tests/fixtures/refusals/anvil.json.

The other clients' refusals were read in their sources; anvil is here, so it is asked. A test records again
and compares, so that a new anvil with other words is noticed when it is installed.

    record_refusals.py
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

from eth_account import Account
from repository import ROOT

from keeper.demo.anvil import CHAIN_ID, Anvil

FIXTURE = ROOT / "tests" / "fixtures" / "refusals" / "anvil.json"
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
REVERTING = "0x00000000000000000000000000000000000000Ab"
REVERTING_CODE = "0x63deadbeef6000526004601cfd"
GWEI = 10**9
FEES = {"maxFeePerGas": 100 * GWEI, "maxPriorityFeePerGas": GWEI}
SENT = {"nonce": 0, **FEES}
"""The transaction that the others are held against."""

SITUATIONS: dict[str, tuple[str, dict[str, int]]] = {
    "same-bytes": ("already-known", SENT),
    "replacement-cheap": ("replacement-underpriced", SENT | {"maxPriorityFeePerGas": 2 * GWEI}),
    "below-base-fee": ("underpriced", {"nonce": 1, "maxFeePerGas": 1, "maxPriorityFeePerGas": 1}),
    "funds": ("insufficient-funds", {"nonce": 1, **FEES, "value": 10**30}),
    "gas-too-low": ("forbidden", {"nonce": 1, **FEES, "gas": 20_000}),
    "gas-above-block": ("forbidden", {"nonce": 1, **FEES, "gas": 10**9}),
    "tip-above-fee": ("forbidden", {"nonce": 1, **FEES, "maxPriorityFeePerGas": 101 * GWEI}),
    "wrong-chain": ("forbidden", {"nonce": 1, **FEES, "chainId": CHAIN_ID + 1}),
}


def raw(fields: dict[str, int]) -> str:
    """A signed transfer to oneself with these fields."""
    account = Account.from_key(KEY)
    usual = {"type": 2, "chainId": CHAIN_ID, "to": account.address, "value": 0, "gas": 21_000}
    return "0x" + bytes(account.sign_transaction(usual | fields).raw_transaction).hex()


def ask(url: str, method: str, *params: object) -> dict[str, object]:
    """The whole JSON-RPC answer, its code included."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return dict(answer)


def record() -> dict[str, object]:
    """The fixture, from an anvil started for it."""
    with Anvil.start() as node:
        version = ask(node.url, "web3_clientVersion")["result"]
        rows = _refusals(node.url)
    return {"client": "anvil", "stands_for": version, "how": "executed", "repository": "foundry-rs/foundry",
            "commit": "", "refusals": rows}  # fmt: skip


def _refusals(url: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []

    def add(when: str, answer: str, method: str, *params: object) -> None:
        row = {"when": when, "answer": answer, "method": method, "error": ask(url, method, *params)["error"]}
        rows.append(row | {"where": "tools/record_refusals.py"})

    ask(url, "evm_setAutomine", False)  # noqa: FBT003 JSON-RPC has no keywords
    ask(url, "anvil_setCode", REVERTING, REVERTING_CODE)
    ask(url, "eth_sendRawTransaction", raw(SENT))
    for when, (answer, fields) in SITUATIONS.items():
        add(when, answer, "eth_sendRawTransaction", raw(fields))
    ask(url, "evm_mine")
    add("nonce-used", "nonce-too-low", "eth_sendRawTransaction", raw(SENT | {"value": 1}))
    add("undecodable", "forbidden", "eth_sendRawTransaction", "0x1234")
    add("revert", "would-revert", "eth_call", {"to": REVERTING}, "latest")
    add("no-method", "unknown", "txpool_contentFrom", REVERTING)
    return rows


def main() -> int:
    """Write the fixture anew; 0."""
    FIXTURE.write_text(json.dumps(record(), indent=2) + "\n")
    print(f"recorded: {FIXTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
