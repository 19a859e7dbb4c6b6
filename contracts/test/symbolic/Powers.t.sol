// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SymbolicFixture} from "./SymbolicFixture.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IGuarded} from "src/interfaces/IGuarded.sol";
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

    /// @dev Any call to the vault but one, and but the two that burn an owner's shares, which are proven by themselves:
    /// with any owner at all the prover does not come to an end.
    function _anyCallBut(bytes4 left) private returns (bytes memory data) {
        data = PROVER.createCalldata("RiskVault");
        bytes4 selector = bytes4(data);
        vm.assume(selector != left);
        vm.assume(selector != IERC4626.withdraw.selector && selector != IERC4626.redeem.selector);
    }

    /// @dev Nor one that settles: anybody may, and it pays whom the leg names.
    function _anyCallOfARole(bytes4 left) private returns (bytes memory data) {
        data = _anyCallBut(left);
        vm.assume(bytes4(data) != IRiskVault.settle.selector);
    }

    function _exit(bool inShares, uint256 amount, address receiver, address owner)
        private
        pure
        returns (bytes memory)
    {
        return inShares
            ? abi.encodeCall(IERC4626.redeem, (amount, receiver, owner))
            : abi.encodeCall(IERC4626.withdraw, (amount, receiver, owner));
    }

    /* P2: WHILE PAUSED NOTHING MOVES BUT WHAT IS REDEEMED IN KIND */

    function check_P2_nothing_moves_while_paused(address caller) public {
        _pause();
        _nothingMoves(caller, _anyCallBut(IRiskVault.redeemInKind.selector));
    }

    function check_P2_nobody_withdraws_while_paused(bool inShares, uint256 amount, address receiver) public {
        _pause();
        _nothingMoves(SAVER, _exit(inShares, amount, receiver, SAVER));
    }

    function witness_P2_a_saver_withdraws_otherwise(bool inShares, address receiver) public {
        _nothingMoves(SAVER, _exit(inShares, 1e6, receiver, SAVER));
    }

    function witness_P2_anybody_settles_otherwise(address caller) public {
        _nothingMoves(caller, abi.encodeCall(IRiskVault.settle, (0, 3)));
    }

    function witness_P2_a_keeper_hedges_otherwise(address caller, uint64 deadline) public {
        _nothingMoves(
            caller, abi.encodeCall(IKeeperVault.rebalance, (_proposal(true, deadline, vault.stateHash())))
        );
    }

    function _pause() private {
        vm.prank(GUARDIAN);
        vault.pause("");
    }

    function _nothingMoves(address caller, bytes memory data) private {
        Purse memory before = _purse();
        _succeeds(caller, data);
        _assertSame(before, _purse());
    }

    /* P4: THE KEEPER'S KEY OPENS NOTHING BUT THE HEDGE */

    function check_P4_the_key_does_nothing_else(address account) public {
        _changesNothing(KEEPER, _anyCallOfARole(IKeeperVault.rebalance.selector), account);
    }

    function check_P4_the_key_does_nothing_else_while_paused(address account) public {
        _pause();
        _changesNothing(KEEPER, _anyCallOfARole(IKeeperVault.rebalance.selector), account);
    }

    function check_P4_the_key_withdraws_nothing(bool inShares, uint256 amount, address receiver) public {
        _changesNothing(KEEPER, _exit(inShares, amount, receiver, SAVER), receiver);
    }

    function witness_P4_the_key_hedges(address account, uint64 deadline) public {
        _changesNothing(
            KEEPER,
            abi.encodeCall(IKeeperVault.rebalance, (_proposal(true, deadline, vault.stateHash()))),
            account
        );
    }

    function witness_P4_the_savers_key_withdraws(bool inShares, address receiver) public {
        _changesNothing(SAVER, _exit(inShares, 1e6, receiver, SAVER), receiver);
    }

    function _changesNothing(address caller, bytes memory data, address account) private {
        (Purse memory purse, Powers memory powers) = (_purse(), _powers(account));
        _succeeds(caller, data);
        _assertSame(purse, _purse());
        _assertSame(powers, _powers(account));
    }

    /* P6: A GUARDIAN NEITHER RESUMES, NOR APPOINTS, NOR MOVES ANYTHING. For rules see RulesProof. */

    function check_P6_a_guardian_only_stops(address account) public {
        _pause();
        Powers memory before = _powers(account);
        _succeeds(GUARDIAN, _anyCallOfARole(IGuarded.tighten.selector));
        Powers memory now_ = _powers(account);
        assert(now_.paused);
        assert(now_.keeperUntil == before.keeperUntil || now_.keeperUntil == 0);
        now_.keeperUntil = before.keeperUntil;
        _assertSame(before, now_);
    }

    function check_P6_a_guardian_moves_nothing(address account) public {
        Purse memory purse = _purse();
        _succeeds(GUARDIAN, _anyCallOfARole(IGuarded.tighten.selector));
        _assertSame(purse, _purse());
        assert(vault.isGuardian(account) == (account == GUARDIAN));
    }

    function witness_P6_a_guardian_revokes() public {
        _succeeds(GUARDIAN, _anyCallOfARole(IGuarded.tighten.selector));
        assert(vault.isKeeper(KEEPER));
    }

    function witness_P6_governance_resumes() public {
        _pause();
        _succeeds(GOVERNANCE, _anyCallOfARole(IGuarded.tighten.selector));
        assert(vault.paused());
    }

    /* P7: A GUARDIAN CAN ALWAYS STOP. In every state that the storage could be in, at every time. */

    function check_P7_a_guardian_always_pauses(address guardian, uint64 time, bytes32 reason) public {
        PROVER.enableSymbolicStorage(address(vault));
        vm.warp(time);
        vm.assume(vault.isGuardian(guardian));
        assert(_succeeds(guardian, abi.encodeCall(IGuarded.pause, (reason))));
        assert(vault.paused());
    }

    /// @dev But for a vault that has changed 2^64 times, whose sequence cannot go on.
    function check_P7_a_guardian_always_revokes(address guardian, uint64 time, address keeper) public {
        PROVER.enableSymbolicStorage(address(vault));
        vm.warp(time);
        vm.assume(vault.isGuardian(guardian) && vault.sequence() != type(uint64).max);
        assert(_succeeds(guardian, abi.encodeCall(IGuarded.revokeKeeper, (keeper))));
        assert(vault.keeperUntil(keeper) == 0);
    }

    function witness_P7_nobody_else_stops(address stranger, uint64 time, bytes32 reason) public {
        PROVER.enableSymbolicStorage(address(vault));
        vm.warp(time);
        assert(_succeeds(stranger, abi.encodeCall(IGuarded.pause, (reason))));
    }

    function witness_P7_a_keeper_is_there_to_revoke(address guardian, address keeper) public {
        PROVER.enableSymbolicStorage(address(vault));
        vm.assume(vault.isGuardian(guardian));
        assert(vault.keeperUntil(keeper) == 0);
    }
}
