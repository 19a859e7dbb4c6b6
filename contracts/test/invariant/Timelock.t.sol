// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Test} from "forge-std/Test.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Limits} from "src/interfaces/IGuarded.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Whoever holds the keys of governance, in haste, and guardians who look now and then.
contract Queue is Test {
    TimelockController private immutable _timelock;
    RiskVault private immutable _vault;
    address private immutable _safe;
    address private immutable _guardian;
    uint256 private immutable _delay;

    bytes[] private _calls;
    mapping(uint256 call => uint256) private _queuedAt;
    mapping(uint256 call => bool) private _cancelled;

    uint256 public loosened;
    uint256 public cancelled;
    uint256 public tooEarly;
    uint256 public direct;
    uint256 public afterCancelling;
    uint256 public notCancellable;

    constructor(TimelockController timelock, RiskVault vault, address safe, address guardian) {
        (_timelock, _vault, _safe, _guardian) = (timelock, vault, safe, guardian);
        _delay = timelock.getMinDelay();
    }

    function queue(uint256 seed) external {
        Limits memory rules = _vault.limits();
        rules.ripcordReward = uint64(uint256(rules.ripcordReward) + bound(seed, 1, 1e6));
        _calls.push(abi.encodeCall(_vault.setLimits, (rules)));
        uint256 index = _calls.length - 1;
        _queuedAt[index] = vm.getBlockTimestamp();
        vm.prank(_safe);
        _timelock.schedule(address(_vault), 0, _calls[index], 0, bytes32(index), _delay);
    }

    function wait_(uint256 seconds_) external {
        skip(bound(seconds_, 1 hours, 30 hours));
    }

    function execute(uint256 seed) external {
        if (_calls.length == 0) return;
        uint256 index = seed % _calls.length;
        try _timelock.execute(address(_vault), 0, _calls[index], 0, bytes32(index)) {
            ++loosened;
            if (vm.getBlockTimestamp() < _queuedAt[index] + _delay) ++tooEarly;
            if (_cancelled[index]) ++afterCancelling;
        } catch {}
    }

    function cancel(uint256 seed) external {
        if (_calls.length == 0 || seed % 3 != 0) return;
        uint256 index = seed / 3 % _calls.length;
        bytes32 id = _id(index);
        bool pending = _timelock.isOperationPending(id);
        vm.prank(_guardian);
        try _timelock.cancel(id) {
            ++cancelled;
            _cancelled[index] = true;
        } catch {
            if (pending) ++notCancellable;
        }
    }

    /// @notice Past the queue, with every key there is.
    function loosen(uint256 seed) external {
        Limits memory rules = _vault.limits();
        rules.ripcordReward += 1;
        vm.prank(seed % 2 == 0 ? _safe : _guardian);
        try _vault.setLimits(rules) {
            ++direct;
        } catch {}
        vm.prank(_guardian);
        try _vault.tighten(rules) {
            ++direct;
        } catch {}
    }

    function _id(uint256 index) private view returns (bytes32) {
        return _timelock.hashOperation(address(_vault), 0, _calls[index], 0, bytes32(index));
    }
}

/// @notice Loosening takes the whole delay, and could be cancelled throughout.
contract TimelockInvariantTest is VaultFixture {
    Queue private queue;

    function setUp() public override {
        super.setUp();
        address safe = makeAddr("safe");
        address[] memory proposers = new address[](1);
        proposers[0] = safe;
        address[] memory executors = new address[](1);
        TimelockController timelock = new TimelockController(48 hours, proposers, executors, address(this));
        timelock.grantRole(timelock.CANCELLER_ROLE(), guardian);
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        vm.prank(governance);
        vault.transferOwnership(address(timelock));
        vm.prank(address(timelock));
        vault.acceptOwnership();
        queue = new Queue(timelock, vault, safe, guardian);
        targetContract(address(queue));
    }

    function test_some_is_loosened_and_some_cancelled() public {
        queue.queue(1);
        queue.execute(0);
        queue.wait_(30 hours);
        queue.queue(2);
        queue.cancel(3);
        queue.loosen(0);
        queue.wait_(30 hours);
        queue.execute(0);
        queue.wait_(30 hours);
        queue.execute(1);
        assertEq(queue.loosened(), 1);
        assertEq(queue.cancelled(), 1);
        _nothingWrong();
    }

    function invariant_loosening_waits_and_can_be_cancelled() public view {
        _nothingWrong();
    }

    function _nothingWrong() private view {
        assertEq(queue.tooEarly(), 0);
        assertEq(queue.direct(), 0);
        assertEq(queue.afterCancelling(), 0);
        assertEq(queue.notCancellable(), 0);
    }
}
