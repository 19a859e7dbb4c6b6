// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Governance as it is meant to be: what loosens waits in a queue from which any guardian can take it, and what
/// tightens does not wait.
contract TimelockTest is VaultFixture {
    uint256 private constant DELAY = 48 hours;

    TimelockController private timelock;
    address private safe = makeAddr("safe");
    bytes private looser;

    function setUp() public override {
        super.setUp();
        timelock = new TimelockController(DELAY, _one(safe), _one(address(0)), address(this));
        timelock.grantRole(timelock.CANCELLER_ROLE(), guardian);
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        vm.prank(governance);
        vault.transferOwnership(address(timelock));
        _pass(abi.encodeCall(vault.acceptOwnership, ()));
        assertEq(vault.owner(), address(timelock));
        Limits memory rules = vault.limits();
        rules.lossCapPips += 1;
        looser = abi.encodeCall(vault.setLimits, (rules));
    }

    function test_what_loosens_waits_for_the_whole_delay() public {
        bytes32 id = _schedule(looser);
        skip(DELAY - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.execute(address(vault), 0, looser, 0, 0);
        skip(1);
        timelock.execute(address(vault), 0, looser, 0, 0);
        assertTrue(timelock.isOperationDone(id));
        assertEq(vault.limits().lossCapPips, 1001);
    }

    function test_any_guardian_cancels_it_at_any_time_before() public {
        for (uint256 waited = 0; waited <= 2 * DELAY; waited += DELAY / 2) {
            bytes32 id = _schedule(looser);
            skip(waited);
            vm.prank(guardian);
            timelock.cancel(id);
            vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
            timelock.execute(address(vault), 0, looser, 0, 0);
        }
        assertEq(vault.limits().lossCapPips, 1000);
    }

    function test_nobody_governs_past_the_queue() public {
        Limits memory rules = vault.limits();
        rules.lossCapPips += 1;
        address[4] memory others = [safe, guardian, keeper, governance];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert();
            vm.prank(others[i]);
            vault.setLimits(rules);
        }
        bytes32 role = timelock.PROPOSER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, guardian, role)
        );
        vm.prank(guardian);
        timelock.schedule(address(vault), 0, looser, 0, 0, DELAY);
    }

    function test_what_tightens_does_not_wait() public {
        Limits memory rules = vault.limits();
        rules.lossCapPips -= 1;
        vm.startPrank(guardian);
        vault.tighten(rules);
        vault.pause("");
        vault.revokeKeeper(keeper);
        assertEq(vault.limits().lossCapPips, 999);
        assertTrue(vault.paused());
        assertFalse(vault.isKeeper(keeper));
    }

    function test_to_resume_waits_too() public {
        vm.prank(guardian);
        vault.pause("");
        _schedule(abi.encodeCall(vault.unpause, ()));
        skip(DELAY);
        assertTrue(vault.paused());
        timelock.execute(address(vault), 0, abi.encodeCall(vault.unpause, ()), 0, 0);
        assertFalse(vault.paused());
    }

    /* HELPERS */

    function _pass(bytes memory call) private {
        _schedule(call);
        skip(DELAY);
        timelock.execute(address(vault), 0, call, 0, 0);
    }

    function _schedule(bytes memory call) private returns (bytes32) {
        vm.prank(safe);
        timelock.schedule(address(vault), 0, call, 0, 0, DELAY);
        return timelock.hashOperation(address(vault), 0, call, 0, 0);
    }

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
