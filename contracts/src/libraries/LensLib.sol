// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IGuarded.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {CodeLib} from "./CodeLib.sol";
import {Leg} from "./OptionLeg.sol";
import {Feeds, OracleGate, Reading} from "./OracleGate.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @notice What the words say of a vault besides its rules, its feeds, its venue and its book.
struct Facts {
    bool paused;
    uint256 keeperUntil;
    uint256 quoteUnits;
    uint256 baseUnits;
    uint256 sequence;
    bytes32 stateHash;
    uint256 lastRebalanceAt;
    uint256 shares;
    uint256 turnoverUsed;
    uint256 lossUsed;
    address quote;
    address base;
    IVenue venue;
}

/// @title LensLib
/// @notice A vault in the words of `ILens`.
/// @dev Deployed by itself and linked.
library LensLib {
    uint256 internal constant VAULT_WORDS = 32;

    /// @notice 32 words, then one word per leg.
    /// @param charterAt Where rules and legs stand: see `CodeLib`.
    function words(Facts memory facts, Feeds memory feeds, address charterAt)
        external
        view
        returns (uint256[] memory out)
    {
        Leg[] memory legs = CodeLib.legs(charterAt);
        uint256 count = legs.length;
        out = new uint256[](VAULT_WORDS + count);
        _writeFacts(out, facts);
        _writeLimits(out, CodeLib.rules(charterAt));
        _writeFeeds(out, feeds);
        _writeVenue(out, facts.venue);
        out[22] = count;
        for (uint256 i = 0; i < count; ++i) {
            out[VAULT_WORDS + i] = Leg.unwrap(legs[i]);
        }
    }

    function _writeFacts(uint256[] memory out, Facts memory facts) private view {
        out[0] = uint256(uint160(address(this)));
        out[1] = 1 | (facts.paused ? 2 : 0) | (block.timestamp <= facts.keeperUntil ? 4 : 0);
        out[2] = facts.quoteUnits;
        out[3] = facts.baseUnits;
        out[6] = facts.sequence;
        out[7] = uint256(facts.stateHash);
        out[8] = facts.lastRebalanceAt;
        out[20] = IERC20Metadata(facts.quote).decimals() | uint256(IERC20Metadata(facts.base).decimals()) << 8;
        out[21] = facts.shares;
        out[24] = facts.turnoverUsed;
        out[25] = facts.lossUsed;
        out[26] = facts.keeperUntil;
    }

    function _writeLimits(uint256[] memory out, Limits memory limits) private pure {
        out[4] = uint256(int256(limits.targetDelta));
        out[5] = limits.band;
        out[9] = limits.cooldown;
        out[10] = limits.maxSlippageBps;
        out[11] = limits.marginBps;
        out[23] = limits.maxPriceAge | uint256(limits.maxVolAge) << 32 | uint256(limits.maxDeadline) << 64
            | uint256(limits.maxTradeBase) << 96;
        out[27] = limits.priceErrorBps | uint256(limits.minTradeBps) << 16 | uint256(limits.turnoverCapPips)
            << 32 | uint256(limits.lossCapPips) << 64 | uint256(limits.volErrorBps) << 96;
        out[28] = limits.maxCheckAge | uint256(limits.maxJumpBps) << 32 | uint256(limits.maxDrawdownBps) << 48
            | uint256(limits.turnoverPerDayPips) << 64 | uint256(limits.lossPerDayPips) << 96
            | uint256(limits.emergencyGap) << 128;
        out[29] = limits.minPrice | uint256(limits.maxPrice) << 128;
        out[30] = limits.minVol | uint256(limits.maxVol) << 64 | uint256(limits.ripcordReward) << 128;
        out[31] = limits.emergencyTradeBase;
    }

    function _writeFeeds(uint256[] memory out, Feeds memory feeds) private view {
        Reading memory reading = OracleGate.peek(feeds.price, feeds.priceScale);
        out[12] = uint256(reading.value);
        out[13] = reading.updatedAt;
        out[14] = reading.roundId;
        reading = OracleGate.peek(feeds.vol, feeds.volScale);
        out[15] = uint256(reading.value);
        out[16] = reading.updatedAt;
    }

    function _writeVenue(uint256[] memory out, IVenue venue) private view {
        try venue.state() returns (uint160 sqrtPriceX96, uint128 liquidity, uint24 fee, bool baseIsToken0) {
            out[17] = sqrtPriceX96;
            out[18] = liquidity;
            out[19] = fee;
            if (baseIsToken0) out[1] |= 8;
        } catch {}
    }
}
