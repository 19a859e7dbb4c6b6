// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SymbolicFixture} from "./SymbolicFixture.sol";
import {Limits} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";

/// @notice Who may hedge, when, and for which state. Each property is proven twice: in a scene in which the hedge would
/// succeed but for what is proven, and for every state that the storage could be in, all rules, every time and every proposal.
/// There the twin shows that the check which refuses is reached.
contract HedgeProof is SymbolicFixture {
    /// @dev Not only is there no hedge: nothing is looked at that comes after this one of the checks 2 to 5.
    function _isRefusedBy(uint256 check, address caller, Proposal memory proposal) private {
        bytes4 reason = _refusal(caller, proposal);
        bool early = reason == ErrorsLib.NotKeeper.selector || reason == ErrorsLib.KeeperExpired.selector;
        if (check > 2) early = early || reason == ErrorsLib.IsPaused.selector;
        if (check > 3) early = early || reason == ErrorsLib.Expired.selector;
        if (check > 3) early = early || reason == ErrorsLib.DeadlineTooFar.selector;
        if (check > 4) early = early || reason == ErrorsLib.StateMoved.selector;
        assert(early);
    }

    /* P1: NOBODY BUT A KEEPER */

    function check_P1_nobody_but_a_keeper_hedges(address caller, uint64 deadline) public {
        vm.assume(caller != KEEPER);
        assert(!_hedges(caller, _proposal(true, deadline, vault.stateHash())));
    }

    function check_P1_nobody_hedges_after_his_term(uint64 until, uint64 deadline) public {
        vm.assume(until < START);
        vm.prank(GOVERNANCE);
        vault.setKeeper(KEEPER, until);
        assert(!_hedges(KEEPER, _proposal(true, deadline, vault.stateHash())));
    }

    function check_P1_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(!vault.isKeeper(caller));
        _isRefusedBy(2, caller, proposal);
    }

    function witness_P1_somebody_hedges(address caller, uint64 deadline) public {
        assert(!_hedges(caller, _proposal(true, deadline, vault.stateHash())));
    }

    function witness_P1_the_role_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(!vault.isKeeper(caller));
        assert(_refusal(caller, proposal) != ErrorsLib.NotKeeper.selector);
    }

    function witness_P1_the_term_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(!vault.isKeeper(caller));
        assert(_refusal(caller, proposal) != ErrorsLib.KeeperExpired.selector);
    }

    /* P2, FOR HEDGES: NOBODY WHILE PAUSED */

    function check_P2_no_hedge_while_paused(address caller, uint64 deadline) public {
        vm.prank(GUARDIAN);
        vault.pause("");
        assert(!_hedges(caller, _proposal(true, deadline, vault.stateHash())));
    }

    function check_P2_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(vault.paused());
        _isRefusedBy(3, caller, proposal);
    }

    function witness_P2_the_pause_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(vault.paused());
        assert(_refusal(caller, proposal) != ErrorsLib.IsPaused.selector);
    }

    /* P3: FOR NO OTHER STATE */

    function check_P3_no_hedge_for_another_state(uint64 deadline, bytes32 expected) public {
        vm.assume(expected != vault.stateHash());
        assert(!_hedges(KEEPER, _proposal(true, deadline, expected)));
    }

    function check_P3_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(proposal.stateHash != vault.stateHash());
        _isRefusedBy(5, caller, proposal);
    }

    function witness_P3_a_hedge_for_some_state(uint64 deadline, bytes32 expected) public {
        assert(!_hedges(KEEPER, _proposal(true, deadline, expected)));
    }

    function witness_P3_the_state_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(proposal.stateHash != vault.stateHash());
        assert(_refusal(caller, proposal) != ErrorsLib.StateMoved.selector);
    }

    /* P5: NEITHER TOO LATE NOR TOO FAR AHEAD */

    function check_P5_no_hedge_out_of_time(uint64 deadline) public {
        vm.assume(deadline < START || deadline > START + 300);
        assert(!_hedges(KEEPER, _proposal(true, deadline, vault.stateHash())));
    }

    function check_P5_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        uint256 ahead = vault.limits().maxDeadline;
        vm.assume(proposal.deadline < time || proposal.deadline > uint256(time) + ahead);
        _isRefusedBy(4, caller, proposal);
    }

    function witness_P5_a_hedge_at_some_time(uint64 deadline) public {
        assert(!_hedges(KEEPER, _proposal(true, deadline, vault.stateHash())));
    }

    function witness_P5_the_past_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(proposal.stateHash != vault.stateHash());
        assert(_refusal(caller, proposal) != ErrorsLib.Expired.selector);
    }

    function witness_P5_the_future_is_looked_at_in_every_state(
        address caller,
        uint64 time,
        Limits memory rules,
        Proposal memory proposal
    ) public {
        _anyState(time, rules);
        vm.assume(proposal.stateHash != vault.stateHash());
        assert(_refusal(caller, proposal) != ErrorsLib.DeadlineTooFar.selector);
    }
}
