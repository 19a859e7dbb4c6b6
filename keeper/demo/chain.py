"""Deploying and calling contracts on a local node, with web3 behind three typed verbs.

web3's contract objects are built from ABIs at run time, so nothing of them can be type-checked; they stay
inside this module. A transaction that reverts is run again as a call to learn why: a bare "status 0" costs
an hour.
"""

from collections.abc import Mapping
from typing import Self, cast

from eth_typing import ChecksumAddress, HexStr
from requests import Session
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import Web3Exception
from web3.types import TxParams, TxReceipt, Wei

from keeper.demo.artifacts import Artifact
from keeper.demo.rpc import Json, Rpc

_GAS = 29_000_000
_POLL_S = 0.002


class DeploymentError(Exception):
    """A transaction of the set-up failed. The text names it and says why."""


class Chain:
    """A node with unlocked accounts that mines each transaction at once. `sender` pays by default."""

    def __init__(self, url: str, sender: str | None = None) -> None:
        self._session = Session()
        self._rpc = Rpc(url)
        self.web3 = Web3(HTTPProvider(url, request_kwargs={"timeout": 60}, session=self._session))
        self.accounts = list(self.web3.eth.accounts)
        self.sender = Web3.to_checksum_address(sender) if sender else self.accounts[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._rpc.close()

    def rpc(self, method: str, *params: Json) -> Json:
        """A call of the node's own, such as anvil_setCode. Raises RpcError."""
        return self._rpc.call(method, *params)

    def deploy(
        self, artifact: Artifact, *arguments: object, libraries: Mapping[str, str] | None = None
    ) -> Contract:
        """Create a contract. Raises DeploymentError."""
        factory = self.web3.eth.contract(abi=artifact.abi, bytecode=HexStr(artifact.linked(libraries or {})))
        receipt = self._mined(artifact.name, factory.constructor(*arguments).build_transaction(self._paid()))
        address = receipt["contractAddress"]
        if address is None:
            raise DeploymentError(f"{artifact.name}: no address in the receipt")
        return self.at(artifact, address)

    def at(self, artifact: Artifact, address: str) -> Contract:
        """A contract that exists already."""
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifact.abi)

    def send(
        self, contract: Contract, function: str, *arguments: object, sender: str | None = None, value: int = 0
    ) -> TxReceipt:
        """Call a function in a transaction. `function` is a name, or a signature where names are overloaded.

        Raises DeploymentError with the contract's own reason.
        """
        bound = self._bind(contract, function, arguments)
        paid = self._paid(sender, value)
        return self._mined(function, bound.build_transaction(paid))

    def read(self, contract: Contract, function: str, *arguments: object) -> object:
        """Call a view. The answer's type is what the ABI says."""
        return cast("object", self._bind(contract, function, arguments).call())

    def read_int(self, contract: Contract, function: str, *arguments: object) -> int:
        """Call a view that answers one integer."""
        answer = self.read(contract, function, *arguments)
        if not isinstance(answer, int):
            raise DeploymentError(f"{function}: not an integer: {answer!r}")
        return answer

    def read_address(self, contract: Contract, function: str, *arguments: object) -> ChecksumAddress:
        """Call a view that answers one address."""
        return Web3.to_checksum_address(str(self.read(contract, function, *arguments)))

    def _bind(self, contract: Contract, function: str, arguments: tuple[object, ...]) -> ContractFunction:
        signed = "(" in function
        found = (
            contract.get_function_by_signature(function)
            if signed
            else contract.get_function_by_name(function)
        )
        return cast("ContractFunction", found(*arguments))

    def _paid(self, sender: str | None = None, value: int = 0) -> TxParams:
        payer = Web3.to_checksum_address(sender) if sender else self.sender
        return {"from": payer, "gas": _GAS, "value": Wei(value), "gasPrice": self.web3.eth.gas_price}

    def _mined(self, what: str, transaction: TxParams) -> TxReceipt:
        try:
            sent = self.web3.eth.send_transaction(transaction)
            receipt = self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=_POLL_S)
        except Web3Exception as error:
            raise DeploymentError(f"{what}: {error}") from error
        if receipt["status"] != 1:
            raise DeploymentError(f"{what} reverted: {self._reason(transaction)}")
        return receipt

    def _reason(self, transaction: TxParams) -> str:
        try:
            self.web3.eth.call(transaction)
        except Web3Exception as error:
            return str(error)
        return "for a reason that a second run does not show"
