// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Limits, Need} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract RebalanceTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _setGap(10e18);
    }

    /* REFUSALS */

    function test_a_stranger_may_not_hedge() public {
        Proposal memory proposal = _proposal(true, 10e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, stranger));
        vm.prank(stranger);
        vault.rebalance(proposal);
    }

    function test_gap_is_ten() public {
        assertEq(vault.gap(), 10e18);
        (uint256 spent, uint256 got) = _rebalance(_proposal(true, 10e18));
        assertEq(spent, 10e18);
        assertEq(vault.gap(), 0);
        assertApproxEqRel(got, 20_000e6, 0.002e18);
    }
}
