// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice The rules: each is one word of the encoded struct, so that none is forgotten here when one is added.
contract RulesTest is VaultFixture {
    struct Rule {
        bytes32 name;
        /// @dev 1: less is stricter. -1: more is stricter. 0: neither is.
        int8 stricter;
        uint256 least;
        uint256 most;
    }

    Rule[] private _rules;

    function setUp() public override {
        super.setUp();
        uint256 huge = type(uint128).max;
        _rule("cooldown", -1, 60, type(uint32).max);
        _rule("maxDeadline", 1, 1, 300);
        _rule("maxPriceAge", 1, 1, 3 days);
        _rule("maxVolAge", 1, 1, 3 days);
        _rule("maxCheckAge", 1, 1, 3 days);
        _rule("maxSlippageBps", 1, 1, 100);
        _rule("marginBps", -1, 0, type(uint16).max);
        _rule("priceErrorBps", 0, 1, 500);
        _rule("volErrorBps", 0, 1, 5000);
        _rule("maxJumpBps", 1, 1, 5000);
        _rule("minTradeBps", 0, 1, 10_000);
        _rule("maxDrawdownBps", 1, 1, 5000);
        _rule("band", 0, 1, 50e18);
        _rule("targetDelta", 0, 0, huge / 2);
        _rule("maxTradeBase", 1, 20e18, huge);
        _rule("emergencyTradeBase", 1, 0, 500e18);
        _rule("emergencyGap", 0, 1e18, huge);
        _rule("turnoverCapPips", 1, 1, 250_000);
        _rule("turnoverPerDayPips", 1, 1, 250_000);
        _rule("lossCapPips", 1, 1, 5000);
        _rule("lossPerDayPips", 1, 1, 5000);
        _rule("minPrice", 0, 100e18, 10_000e18);
        _rule("maxPrice", 0, 100e18, 10_000e18);
        _rule("minVol", -1, 1, 5e18);
        _rule("maxVol", 1, 0.01e18, type(uint64).max);
        _rule("ripcordReward", 1, 0, huge);
    }

    function test_every_rule_is_known_here() public view {
        assertEq(abi.encode(vault.limits()).length, _rules.length * 32);
    }

    function test_no_rule_passes_its_ceiling() public {
        for (uint256 i = 0; i < _rules.length; ++i) {
            Rule memory rule = _rules[i];
            _setLimits(_with(i, rule.least));
            _setLimits(_with(i, rule.most));
            _setLimits(_limits());
            if (rule.least > 0) _refuses(i, rule.least - 1);
            if (rule.most < type(uint32).max && rule.most != type(uint16).max) _refuses(i, rule.most + 1);
        }
    }

    function test_governance_may_loosen_and_tighten() public {
        for (uint256 i = 0; i < _rules.length; ++i) {
            _setLimits(_with(i, _rules[i].most));
            _setLimits(_with(i, _rules[i].least));
            assertEq(_word(i), _rules[i].least);
            _setLimits(_limits());
        }
    }

    function test_a_guardian_makes_each_rule_stricter_and_none_looser() public {
        for (uint256 i = 0; i < _rules.length; ++i) {
            Rule memory rule = _rules[i];
            uint256 middle = _word(i);
            bytes32 state = vault.stateHash();
            if (rule.stricter == 0) {
                _cannotTighten(i, middle - 1);
                _cannotTighten(i, middle + 1);
                continue;
            }
            uint256 stricter = rule.stricter > 0 ? middle - 1 : middle + 1;
            _cannotTighten(i, rule.stricter > 0 ? middle + 1 : middle - 1);
            Limits memory next = _with(i, stricter);
            vm.expectEmit(address(vault));
            emit EventsLib.PolicyTightened(guardian);
            vm.prank(guardian);
            vault.tighten(next);
            assertEq(_word(i), stricter);
            assertNotEq(vault.stateHash(), state);
        }
    }

    function test_steps_in_an_emergency_stay_the_smaller_ones() public {
        Limits memory next = vault.limits();
        next.maxTradeBase = next.emergencyTradeBase - 1;
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTighter.selector, bytes32("emergencyTradeBase")));
        vm.prank(guardian);
        vault.tighten(next);
        next.emergencyTradeBase = uint128(next.maxTradeBase);
        vm.prank(guardian);
        vault.tighten(next);
        assertEq(vault.limits().maxTradeBase, vault.limits().emergencyTradeBase);
    }

    function testFuzz_what_a_guardian_sets_is_nowhere_looser(uint256[26] memory values) public {
        Limits memory before = vault.limits();
        bytes memory words = abi.encode(before);
        for (uint256 i = 0; i < _rules.length; ++i) {
            if (values[i] % 4 == 0) continue;
            uint256 old = _word(i);
            uint256 next = bound(values[i], old > 3 ? old - 3 : 0, old + (values[i] % 64 == 1 ? 1 : 0));
            if (_rules[i].stricter < 0) next = bound(values[i], old, old + 3);
            if (_rules[i].stricter == 0) next = old;
            _put(words, i, next);
        }
        vm.prank(guardian);
        try vault.tighten(abi.decode(words, (Limits))) {
            bytes memory old = abi.encode(before);
            for (uint256 i = 0; i < _rules.length; ++i) {
                if (_rules[i].stricter > 0) assertLe(_word(i), _get(old, i));
                else if (_rules[i].stricter < 0) assertGe(_word(i), _get(old, i));
                else assertEq(_word(i), _get(old, i));
            }
        } catch {
            assertEq(abi.encode(vault.limits()), abi.encode(before));
        }
    }

    /* HELPERS */

    function _rule(bytes32 name, int8 stricter, uint256 least, uint256 most) private {
        _rules.push(Rule(name, stricter, least, most));
    }

    function _with(uint256 i, uint256 value) private view returns (Limits memory) {
        bytes memory words = abi.encode(vault.limits());
        _put(words, i, value);
        return abi.decode(words, (Limits));
    }

    function _word(uint256 i) private view returns (uint256) {
        return _get(abi.encode(vault.limits()), i);
    }

    function _get(bytes memory words, uint256 i) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(words, 32), mul(i, 32)))
        }
    }

    function _put(bytes memory words, uint256 i, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 32), mul(i, 32)), value)
        }
    }

    function _refuses(uint256 i, uint256 value) private {
        Limits memory next = _with(i, value);
        vm.expectPartialRevert(ErrorsLib.LimitOutOfRange.selector);
        vm.prank(governance);
        vault.setLimits(next);
    }

    function _cannotTighten(uint256 i, uint256 value) private {
        Limits memory next = _with(i, value);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTighter.selector, _rules[i].name));
        vm.prank(guardian);
        vault.tighten(next);
    }
}
