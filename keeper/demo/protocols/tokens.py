"""The tokens of the world: a dollar of 6 decimals that anyone may mint, and wrapped ether."""

from typing import Final

from web3.contract import Contract

from keeper.demo.artifacts import protocol
from keeper.demo.chain import Chain

MAX_UINT: Final = 2**256 - 1

MINTABLE = "aave-core-v3/artifacts/contracts/mocks/tokens/MintableERC20.sol/MintableERC20.json"
WETH = "aave-core-v3/artifacts/contracts/dependencies/weth/WETH9.sol/WETH9.json"


def deploy_token(chain: Chain, name: str, symbol: str, decimals: int) -> Contract:
    """An ERC-20 that anyone may mint."""
    return chain.deploy(protocol(MINTABLE), name, symbol, decimals)


def deploy_weth(chain: Chain) -> Contract:
    """Wrapped ether, as on mainnet."""
    return chain.deploy(protocol(WETH))


def mint(chain: Chain, token: Contract, to: str, amount: int) -> None:
    """Create `amount` token units for `to`."""
    chain.send(token, "mint(address,uint256)", to, amount)


def wrap(chain: Chain, weth: Contract, owner: str, amount_wei: int) -> None:
    """Give `owner` the ether for it, and wrap it."""
    balance = chain.web3.eth.get_balance(chain.web3.to_checksum_address(owner))
    set_balance(chain, owner, balance + amount_wei)
    chain.send(weth, "deposit", sender=owner, value=amount_wei)


def set_balance(chain: Chain, owner: str, amount_wei: int) -> None:
    """Set the native balance of an account."""
    chain.rpc("anvil_setBalance", owner, hex(amount_wei))


def approve(chain: Chain, token: Contract, owner: str, spender: str) -> None:
    """Let `spender` move any amount of `owner`'s tokens."""
    chain.send(token, "approve", spender, MAX_UINT, sender=owner)
