// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SymbolicFixture} from "./SymbolicFixture.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "src/interfaces/IKeeperVault.sol";
import {IRiskVault} from "src/interfaces/IRiskVault.sol";

/// @notice What each role can bring about with one call, whichever function it calls and with whatever arguments (the
/// prover takes the functions from the vault's interface), and in whatever state the vault's storage is.
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

    /// @dev Of all calls this one, with whatever arguments.
    function _anyCallOf(bytes4 selector) private returns (bytes memory data) {
        data = PROVER.createCalldata("RiskVault");
        vm.assume(bytes4(data) == selector);
    }

    /// @dev Of the calls with which shares are had and given back.
    function _isOfShares(bytes4 selector) private pure returns (bool) {
        return selector == IERC4626.deposit.selector || selector == IERC4626.mint.selector
            || selector == IRiskVault.redeemInKind.selector;
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
        _anyPulseAndRoles();
        vm.assume(vault.paused());
        _nothingMoves(caller, _anyCallBut(IRiskVault.redeemInKind.selector));
    }

    function check_P2_nobody_withdraws_while_paused(bool inShares, uint256 amount, address receiver) public {
        _settled();
        _anyPulseAndRoles();
        vm.assume(vault.paused());
        _nothingMoves(SAVER, _exit(inShares, amount, receiver, SAVER));
    }

    function witness_P2_a_saver_withdraws_otherwise(bool inShares, address receiver) public {
        _settled();
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

    /* P4, P6: NEITHER THE KEY NOR A GUARDIAN MOVES A TOKEN, RESUMES OR APPOINTS. For hedges see HedgeProof, for rules RulesProof. */

    function check_P4_P6_who_does_not_govern_resumes_nothing(address account) public {
        _mayBeKeeperOrGuardian();
        vm.assume(vault.paused());
        bytes memory data = _anyCallBut(IGuarded.tighten.selector);
        vm.assume(!_isOfShares(bytes4(data)));
        _onlyStops(data, account);
    }

    function check_P4_P6_who_does_not_govern_only_stops(address account) public {
        _anyBudgets();
        bytes memory data = _anyCallBut(IKeeperVault.rebalance.selector);
        vm.assume(!_isOfShares(bytes4(data)) && bytes4(data) != IGuarded.tighten.selector);
        // Anybody's, and it pays whom the leg names.
        vm.assume(bytes4(data) != IRiskVault.settle.selector);
        _onlyStops(data, account);
    }

    function check_P4_P6_who_does_not_govern_gets_nothing_by_shares(address account) public {
        _settled();
        _anyBudgets();
        bytes memory data = _anyCallBut(IKeeperVault.rebalance.selector);
        vm.assume(_isOfShares(bytes4(data)));
        _onlyStops(data, account);
    }

    /// @dev Whoever asks for more than there is, is refused before it is reckoned: of that there are not 2^64 units.
    function check_P4_P6_who_does_not_govern_withdraws_nothing(bool inShares, uint64 amount, address receiver)
        public
    {
        _settled();
        _anyBudgets();
        _onlyStops(_exit(inShares, amount, receiver, SAVER), receiver);
    }

    function check_P4_the_key_tightens_nothing(Limits memory next) public {
        _mayBeKeeperOrGuardian();
        vm.assume(!vault.isGuardian(KEEPER));
        assert(!_succeeds(KEEPER, abi.encodeCall(IGuarded.tighten, (next))));
    }

    function witness_P4_the_key_hedges(address account, uint64 deadline) public {
        _onlyStops(
            abi.encodeCall(IKeeperVault.rebalance, (_proposal(true, deadline, vault.stateHash()))), account
        );
    }

    function witness_P4_who_may_withdraw_does(bool inShares, address receiver) public {
        _settled();
        vm.prank(SAVER);
        vault.approve(KEEPER, type(uint256).max);
        _onlyStops(_exit(inShares, 1e6, receiver, SAVER), receiver);
    }

    function witness_P6_a_guardian_revokes() public {
        _succeeds(GUARDIAN, _anyCallOf(IGuarded.revokeKeeper.selector));
        assert(vault.isKeeper(KEEPER));
    }

    function witness_P6_governance_resumes() public {
        _pause();
        _succeeds(GOVERNANCE, _anyCallOf(IGuarded.unpause.selector));
        assert(vault.paused());
    }

    /// @dev Any state in which the keeper of the scene may have that role and a guardian's, or either, or none; but no other,
    /// and no shares, which would be its own.
    function _mayBeKeeperOrGuardian() private {
        _anyPulseAndRoles();
        vm.assume(vault.owner() != KEEPER && vault.pendingOwner() != KEEPER);
        vm.assume(vault.underwriter() != KEEPER && vault.balanceOf(KEEPER) == 0);
    }

    /// @dev It stops: a guardian whatever he likes, and who is none the vault where a breaker is due, which anybody may show.
    function _onlyStops(bytes memory data, address account) private {
        (Purse memory purse, Powers memory before) = (_purse(), _powers(account));
        bool isGuardian = vault.isGuardian(KEEPER);
        _succeeds(KEEPER, data);
        _assertSame(purse, _purse());
        Powers memory now_ = _powers(account);
        bool mayPause = isGuardian || bytes4(data) == IRiskVault.trip.selector;
        if (now_.paused && mayPause) now_.paused = before.paused;
        if (now_.keeperUntil == 0 && isGuardian) now_.keeperUntil = before.keeperUntil;
        _assertSame(before, now_);
    }

    /* P7: A GUARDIAN CAN ALWAYS STOP. In every state that the storage could be in, at every time. */

    function check_P7_a_guardian_always_pauses(address guardian, uint64 time, bytes32 reason) public {
        _anyStorage(time);
        vm.assume(vault.isGuardian(guardian));
        assert(_succeeds(guardian, abi.encodeCall(IGuarded.pause, (reason))));
        assert(vault.paused());
    }

    /// @dev But where the sequence has come to its end, after 2^32 changes: there nobody hedges either.
    function check_P7_a_guardian_always_revokes(address guardian, uint64 time, address keeper) public {
        _anyStorage(time);
        vm.assume(vault.isGuardian(guardian) && vault.sequence() != type(uint32).max);
        assert(_succeeds(guardian, abi.encodeCall(IGuarded.revokeKeeper, (keeper))));
        assert(vault.keeperUntil(keeper) == 0);
    }

    function check_P7_nobody_hedges_where_the_sequence_ends(address caller, Proposal memory proposal) public {
        _anyPulseAndRoles();
        vm.assume(vault.sequence() == type(uint32).max);
        assert(!_hedges(caller, proposal));
    }

    function witness_P7_nobody_else_stops(address stranger, uint64 time, bytes32 reason) public {
        _anyStorage(time);
        assert(_succeeds(stranger, abi.encodeCall(IGuarded.pause, (reason))));
    }

    function witness_P7_a_keeper_is_there_to_revoke(address guardian, address keeper) public {
        _anyPulseAndRoles();
        vm.assume(vault.isGuardian(guardian));
        assert(vault.keeperUntil(keeper) == 0);
    }
}
