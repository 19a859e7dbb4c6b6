// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SymbolicFixture} from "./SymbolicFixture.sol";
import {IKeeperVault} from "src/interfaces/IKeeperVault.sol";
import {IRiskVault} from "src/interfaces/IRiskVault.sol";

/// @notice What each role can bring about with one call, whichever function it calls and with whatever arguments: the
/// prover takes the functions from the vault's interface.
contract PowersProof is SymbolicFixture {
    struct Purse {
        uint256 quote;
        uint256 base;
    }

    function _purse() private view returns (Purse memory) {
        return Purse(quote.balanceOf(address(vault)), base.balanceOf(address(vault)));
    }

    function _assertSame(Purse memory a, Purse memory b) private pure {
        assert(a.quote == b.quote && a.base == b.base);
    }

    /// @dev Any call to the vault but those that are left out.
    function _anyCallBut(bytes4 left, bytes4 out) private returns (bytes memory data) {
        data = PROVER.createCalldata("RiskVault");
        vm.assume(bytes4(data) != left && bytes4(data) != out);
    }

    /* P2: WHILE PAUSED NOTHING MOVES BUT WHAT IS REDEEMED IN KIND */

    function check_P2_nothing_moves_while_paused(address caller) public {
        vm.prank(GUARDIAN);
        vault.pause("");
        _nothingMoves(caller);
    }

    function witness_P2_things_move_otherwise(address caller) public {
        _nothingMoves(caller);
    }

    function _nothingMoves(address caller) private {
        Purse memory before = _purse();
        _succeeds(caller, _anyCallBut(IRiskVault.redeemInKind.selector, 0));
        _assertSame(before, _purse());
    }

    /* P4: THE KEEPER'S KEY OPENS NOTHING BUT THE HEDGE */

    function check_P4_the_key_does_nothing_else(address account) public {
        _keyDoesNothing(_anyCallBut(IKeeperVault.rebalance.selector, 0), account);
    }

    function witness_P4_the_key_hedges(address account, uint64 deadline) public {
        _keyDoesNothing(
            abi.encodeCall(IKeeperVault.rebalance, (_proposal(true, deadline, vault.stateHash()))), account
        );
    }

    function _keyDoesNothing(bytes memory data, address account) private {
        (Purse memory purse, Powers memory powers) = (_purse(), _powers(account));
        _succeeds(KEEPER, data);
        _assertSame(purse, _purse());
        _assertSame(powers, _powers(account));
    }
}
