"""When a vault is looked at again, and that nothing is sent for it before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector as selector
from eth_utils.crypto import keccak

from keeper.adapters.ethereum.deployed import LIMITS
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.app.pinned import LOOK_EVERY_S, PinnedVaults, books_of
from keeper.core.deployment import Deployment, Pin
from keeper.core.governance import Governance, Role, Seat, Unpinned
from keeper.core.units import WAD, Address
from keeper.ports import UnreachableError
from keeper.settings import Settings, SettingsError, Url
from tests.core.build import HEAD, OTHER, POLICY, VAULT, snapshot, vault

CODE = "0x6001"
MOST = 10**9 * WAD
RULES = [
    0,
    65_535,
    65_535,
    10**6,
    0,
    10_000,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    MOST,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    MOST,
    1,
    5 * WAD,
    0,
]
WORDS = encode(LIMITS, RULES)
GOVERNANCE = Governance.of(OTHER, VAULT, 172_800, {Role.PROPOSER: (OTHER,)})
ROLE_IDS = {
    Role.ADMIN: "00" * 32,
    Role.PROPOSER: "b09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc1",
    Role.CANCELLER: "fd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783",
    Role.EXECUTOR: "d8aa0f3194971a2a116679f7c2090f6939c8d4e01a2a8d7e41d55e5351469e63",
}
"""As they are known of OpenZeppelin's contract."""

BOOK = Deployment(
    chain_id=HEAD.chain_id,
    vault=VAULT,
    lens=OTHER,
    accounts={"owner": OTHER, "underwriter": OTHER},
    guardians=(OTHER,),
    governance=GOVERNANCE,
    rules_id="0x" + keccak(WORDS).hex(),
    contracts=(Pin("vault", VAULT, "0x" + keccak(hexstr=CODE).hex()),),
    aggregators=(),
    decimals={},
)


@dataclass
class Node:
    """A node that stands by the book unless told otherwise."""

    code: str = CODE
    refuses: frozenset[str] = frozenset()
    down: bool = False
    answers: dict[str, bytes] = field(default_factory=dict)
    seats: set[Seat] = field(default_factory=lambda: set(GOVERNANCE.taken))
    asked: list[str] = field(default_factory=list)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint.parse("http://node.example"))
    agree: int = 1

    async def call(self, method: str, params: Sequence[object]) -> object:
        self.asked.append(method)
        if self.down:
            raise UnreachableError("node.example does not answer")
        if method in self.refuses:
            raise RpcRefusedError(-32000, "no")
        if method == "eth_getCode":
            return self.code
        (call, block) = params
        assert block == {"blockHash": HEAD.hash, "requireCanonical": True}
        assert isinstance(call, dict)
        answers = {
            "owner()": encode(["address"], [OTHER]),
            "underwriter()": encode(["address"], [OTHER]),
            "isGuardian(address)": encode(["bool"], [True]),
            "limits()": WORDS,
            "getMinDelay()": encode(["uint256"], [172_800]),
            "hasRole(bytes32,address)": encode(["bool"], [self._has(call["data"])]),
        } | self.answers
        return next(
            "0x" + answer.hex()
            for signature, answer in answers.items()
            if call["data"].startswith("0x" + selector(signature).hex())
        )

    def _has(self, data: str) -> bool:
        role, account = data[10:74], data[-40:]
        return (role, account) in {
            (ROLE_IDS[seat.role], seat.account.removeprefix("0x").lower()) for seat in self.seats
        }


@dataclass
class Scene:
    node: Node = field(default_factory=Node)
    told: list[tuple[str, ...]] = field(default_factory=list)
    books: dict[Address, Deployment] = field(default_factory=lambda: {VAULT: BOOK})

    def __post_init__(self) -> None:
        settings = Settings(
            rpc_url=(Url("http://node.example"),), chain_id=HEAD.chain_id, lens=OTHER, native_feed=OTHER
        )
        self.watch = PinnedVaults(self.node, settings, self.books, lambda _, faults: self.told.append(faults))

    async def look(self, policy: object = POLICY, timestamp: int = HEAD.timestamp, **changes: object) -> int:
        """Look once; returns how many questions that took."""
        before = len(self.node.asked)
        seen = replace(snapshot(vault(**changes)), head=replace(HEAD, timestamp=timestamp))
        await self.watch.look(seen, {VAULT: policy})  # type: ignore[dict-item]
        return len(self.node.asked) - before


async def test_nothing_may_be_sent_before_the_first_look_and_all_after_a_good_one() -> None:
    scene = Scene()
    assert scene.watch.fault(VAULT) == "not looked at yet"
    assert await scene.look() > 0
    assert scene.watch.fault(VAULT) == ""
    assert scene.told == [()]


async def test_without_a_book_nothing_is_asked_and_nothing_is_held() -> None:
    scene = Scene(books={})
    assert await scene.look() == 0
    assert scene.watch.fault(VAULT) == ""


async def test_a_vault_that_no_book_names_is_held() -> None:
    scene = Scene(books={OTHER: replace(BOOK, vault=OTHER)})
    await scene.look()
    assert scene.watch.fault(VAULT) == "address book: found none of this vault, expected one"


async def test_it_looks_again_only_when_something_may_have_changed() -> None:
    scene = Scene()
    assert await scene.look(sequence=1) > 0
    assert await scene.look(sequence=1) == 0
    assert await scene.look(sequence=2) > 0
    assert await scene.look(replace(POLICY, sha256="other"), sequence=2) > 0
    phase = replace(vault().price, round_id=(2 << 64) + 1)
    assert await scene.look(sequence=2, price=phase) > 0
    assert await scene.look(sequence=2, price=replace(phase, round_id=(2 << 64) + 2)) == 0
    assert await scene.look(sequence=2, price=phase, timestamp=HEAD.timestamp + LOOK_EVERY_S) > 0
    assert scene.told == [()]


async def test_other_code_is_held_until_it_is_as_deployed_again() -> None:
    scene = Scene(Node(code="0x6002"))
    await scene.look(sequence=1)
    assert scene.watch.fault(VAULT).startswith("code of vault: found 0x")
    scene.node.code = CODE
    await scene.look(sequence=2)
    assert scene.watch.fault(VAULT) == ""
    assert len(scene.told) == 2


async def test_what_could_not_be_read_is_held_and_asked_again_at_the_next_head() -> None:
    scene = Scene(Node(down=True))
    await scene.look()
    assert "could not be read: node.example" in scene.watch.fault(VAULT)
    scene.node.down, scene.node.refuses = False, frozenset({"eth_getCode"})
    await scene.look()
    assert "could not be read" in scene.watch.fault(VAULT)
    scene.node.refuses = frozenset()
    await scene.look()
    assert scene.watch.fault(VAULT) == ""


async def test_a_vault_that_answers_nothing_differs_in_everything() -> None:
    scene = Scene(Node(refuses=frozenset({"eth_call"})))
    await scene.look()
    found = scene.watch.fault(VAULT)
    assert "owner: found nothing" in found
    assert "rules: found 0x" in found
    assert "guardian" in found


def test_a_book_that_is_no_book_is_a_setting_that_is_wrong(tmp_path: Path) -> None:
    settings = Settings(
        rpc_url=(Url("http://node.example"),), chain_id=1, lens=OTHER, native_feed=OTHER,
        address_book=(tmp_path / "a.json", tmp_path / "b.json"),
    )  # fmt: skip
    with pytest.raises(SettingsError) as refused:
        books_of(settings)
    assert [each.startswith("KEEPER_ADDRESS_BOOK: ") for each in refused.value.problems] == [True, True]


async def test_an_answer_that_is_no_code_is_no_answer() -> None:
    scene = Scene(Node(code="0xnothing"))
    await scene.look()
    assert "answered no hexadecimal data" in scene.watch.fault(VAULT)


async def test_a_deployer_who_still_governs_the_timelock_is_held() -> None:
    scene = Scene()
    scene.node.seats.add(Seat(Role.ADMIN, VAULT))
    await scene.look(sequence=1)
    assert scene.watch.fault(VAULT) == f"timelock admin {VAULT}: found True, expected False"
    scene.node.seats = {Seat(Role.ADMIN, OTHER)}
    scene.node.answers = {"getMinDelay()": encode(["uint256"], [0])}
    await scene.look(sequence=2)
    assert scene.watch.fault(VAULT).split("; ") == [
        "timelock delay (s): found 0, expected 172800",
        f"timelock proposer {OTHER}: found False, expected True",
    ]


async def test_of_an_old_book_the_timelock_is_asked_nothing() -> None:
    scene = Scene(books={VAULT: replace(BOOK, governance=Unpinned())})
    assert await scene.look() < await Scene().look()
    assert scene.watch.fault(VAULT) == ""


async def test_a_module_is_asked_for_its_safe_and_for_no_underwriter() -> None:
    scene = Scene(books={VAULT: replace(BOOK, accounts={"owner": OTHER, "safe": OTHER})})
    scene.node.answers = {"safe()": encode(["address"], [OTHER]), "underwriter()": b""}
    await scene.look(sequence=1)
    assert scene.watch.fault(VAULT) == ""
    scene.node.answers["safe()"] = encode(["address"], [VAULT])
    await scene.look(sequence=2)
    assert scene.watch.fault(VAULT) == f"safe: found {VAULT}, expected {OTHER}"


async def test_aggregators_and_decimals_are_asked_of_the_feed() -> None:
    feed = Pin("price_feed", OTHER, BOOK.contracts[0].code_hash)
    book = replace(BOOK, contracts=(*BOOK.contracts, feed), aggregators=(feed,), decimals={"price_feed": 8})
    scene = Scene(books={VAULT: book})
    scene.node.answers = {
        "aggregator()": encode(["address"], [OTHER]),
        "decimals()": encode(["uint8"], [8]),
    }
    await scene.look(sequence=1)
    assert scene.watch.fault(VAULT) == ""
    scene.node.answers = {"aggregator()": encode(["address"], [VAULT]), "decimals()": b""}
    await scene.look(sequence=2)
    assert f"aggregator of price_feed: found {VAULT}".lower() in scene.watch.fault(VAULT).lower()
    assert "decimals of price_feed: found -1, expected 8" in scene.watch.fault(VAULT)
