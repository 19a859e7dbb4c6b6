// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SymbolicFixture} from "./SymbolicFixture.sol";
import {RiskVault} from "src/RiskVault.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {IRiskVault} from "src/interfaces/IRiskVault.sol";

/// @notice Where the rules can be brought: by governance never past a ceiling, by a guardian never to anything looser.
contract RulesProof is SymbolicFixture {
    /* P6, FOR RULES: A GUARDIAN NEVER LOOSENS */

    function check_P6_a_guardian_only_tightens(Limits memory next) public {
        _anyStorage(uint64(START));
        Limits memory old = vault.limits();
        if (!_succeeds(GUARDIAN, abi.encodeCall(IGuarded.tighten, (next)))) return;
        next = vault.limits();
        assert(next.cooldown >= old.cooldown && next.maxDeadline <= old.maxDeadline);
        assert(next.maxPriceAge <= old.maxPriceAge && next.maxVolAge <= old.maxVolAge);
        assert(next.maxCheckAge <= old.maxCheckAge && next.maxSlippageBps <= old.maxSlippageBps);
        assert(
            next.marginBps >= old.marginBps && next.priceErrorBps == old.priceErrorBps
                && next.volErrorBps == old.volErrorBps
        );
        assert(next.maxJumpBps <= old.maxJumpBps && next.minTradeBps == old.minTradeBps);
        assert(next.maxDrawdownBps <= old.maxDrawdownBps && next.band == old.band);
        assert(next.targetDelta == old.targetDelta && next.maxTradeBase <= old.maxTradeBase);
        assert(next.emergencyTradeBase <= old.emergencyTradeBase && next.emergencyGap == old.emergencyGap);
        assert(next.turnoverCapPips <= old.turnoverCapPips && next.lossCapPips <= old.lossCapPips);
        assert(next.turnoverPerDayPips <= old.turnoverPerDayPips);
        assert(next.lossPerDayPips <= old.lossPerDayPips && next.ripcordReward <= old.ripcordReward);
        assert(next.minPrice == old.minPrice && next.maxPrice == old.maxPrice);
        assert(next.minVol >= old.minVol && next.maxVol <= old.maxVol);
    }

    function check_P6_tightened_rules_keep_emergencies_small(Limits memory next) public {
        _anyStorage(uint64(START));
        if (!_succeeds(GUARDIAN, abi.encodeCall(IGuarded.tighten, (next)))) return;
        next = vault.limits();
        assert(next.emergencyTradeBase <= next.maxTradeBase);
    }

    function witness_P6_a_guardian_tightens(Limits memory next) public {
        bytes32 before = keccak256(abi.encode(vault.limits()));
        _succeeds(GUARDIAN, abi.encodeCall(IGuarded.tighten, (next)));
        assert(keccak256(abi.encode(vault.limits())) == before);
    }

    /* P30: NOBODY PASSES A CEILING */

    function check_P30_no_rule_passes_its_ceiling(address caller, Limits memory next) public {
        _anyStorage(uint64(START));
        if (!_succeeds(caller, abi.encodeCall(IGuarded.setLimits, (next)))) return;
        next = vault.limits();
        assert(next.maxSlippageBps <= 100);
        assert(next.turnoverCapPips <= 250_000 && next.turnoverPerDayPips <= 250_000);
        assert(next.lossCapPips <= 5000 && next.lossPerDayPips <= 5000);
        assert(next.maxDeadline <= 300 && next.cooldown >= 60);
        assert(next.maxPriceAge <= 3 days && next.maxVolAge <= 3 days && next.maxCheckAge <= 3 days);
        assert(next.volErrorBps <= 5000);
        assert(next.priceErrorBps <= 500 && next.maxJumpBps <= 5000 && next.maxDrawdownBps <= 5000);
        assert(next.emergencyTradeBase <= next.maxTradeBase && next.emergencyGap >= next.band);
        assert(next.maxPrice <= 1e36 && next.maxPrice <= uint256(next.minPrice) * 100);
    }

    function check_P30_no_term_passes_a_year(address caller, address keeper, uint64 until) public {
        _anyStorage(uint64(START));
        if (!_succeeds(caller, abi.encodeCall(IGuarded.setKeeper, (keeper, until)))) return;
        assert(vault.keeperUntil(keeper) <= START + 365 days);
    }

    function witness_P30_governance_sets_rules(Limits memory next) public {
        assert(!_succeeds(GOVERNANCE, abi.encodeCall(IGuarded.setLimits, (next))));
    }

    function witness_P30_governance_appoints(address keeper, uint64 until) public {
        assert(!_succeeds(GOVERNANCE, abi.encodeCall(IGuarded.setKeeper, (keeper, until))));
    }
}
