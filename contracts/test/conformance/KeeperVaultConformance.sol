// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {KeeperVaultPromises} from "./KeeperVaultPromises.sol";

/// @title KeeperVaultConformance
/// @notice Whether a vault can be kept. Inherit it in a test of an implementation, fill in the hooks of
/// `KeeperVaultPromises`, and run `forge test`.
/// @dev Every call of a test must be a transaction of its own (`isolate = true`), as operations are told apart by it.
abstract contract KeeperVaultConformance is KeeperVaultPromises {
    function testFuzz_workable_never_reverts(uint256 seed) public {
        _keeps(_answers(seed));
    }

    function testFuzz_a_hedge_succeeds_exactly_when_workable_says_so(
        uint256 seed,
        uint256 share,
        uint256 minOut
    ) public {
        _keeps(_agrees(seed, share, minOut));
    }

    function test_what_is_outside_one_bound_is_refused() public {
        _keeps(_keepsBounds(true));
        _keeps(_keepsBounds(false));
    }

    function testFuzz_hedges_and_decisions_move_the_state_hash(uint256 seed) public {
        _keeps(_hashMoves(seed));
    }

    function testFuzz_funds_leave_the_state_hash(uint256 seed) public {
        _keeps(_hashStays(seed));
    }

    function test_a_proposal_is_good_for_one_hedge() public {
        _keeps(_once(true));
        _keeps(_once(false));
    }

    function test_a_transaction_does_one_kind_of_thing() public {
        _keeps(_unmixed(true));
    }

    function testFuzz_the_fill_is_measured(bool sellBase, uint256 share) public {
        _keeps(_measures(sellBase, share));
    }

    function testFuzz_the_words_say_what_the_contracts_say(uint256 seed) public {
        _keeps(_describes(seed));
    }

    function test_the_words_tell_of_a_hedge() public {
        _keeps(_tells(true));
    }

    function _keeps(string memory broken) private pure {
        assertEq(broken, "");
    }
}
