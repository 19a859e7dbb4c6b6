// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {IUniswapV3Pool} from "src/interfaces/IUniswapV3Pool.sol";

/// @notice What decimals the tokens and feeds are believed to have. Zero for a check feed that there is none of.
struct Decimals {
    uint8 quote;
    uint8 base;
    uint8 price;
    uint8 vol;
    uint8 check;
}

/// @notice Everything that a deployment is told. See `deploy.example.toml` for what each means.
struct Plan {
    bool production;
    string name;
    string symbol;
    IERC20 quote;
    IERC20 base;
    IUniswapV3Pool pool;
    IAggregatorV3 priceFeed;
    IAggregatorV3 volFeed;
    IAggregatorV3 checkFeed;
    IAggregatorV3 sequencerFeed;
    Decimals decimals;
    uint32 twapSeconds;
    uint256 timelockDelay;
    address proposer;
    address[] guardians;
    address underwriter;
    address safe;
    address[] keepers;
    uint256 keeperDays;
    Limits limits;
}

using Principals for Plan global;

/// @title Principals
/// @notice Whose book is hedged: the underwriter of a vault writes its options, and a module's Safe declares what it owes.
library Principals {
    /// @return role What that role is called in plan, vault and address book.
    function principal(Plan memory plan) internal pure returns (string memory role, address account) {
        return plan.safe == address(0) ? ("underwriter", plan.underwriter) : ("safe", plan.safe);
    }
}

/// @title PlanReader
/// @notice Reads a plan from the TOML of an operator. A key that is missing ends the script with its name.
library PlanReader {
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    function read(string memory toml) internal view returns (Plan memory plan) {
        plan.production = _isProduction(VM.parseTomlString(toml, ".profile"));
        plan.name = VM.parseTomlString(toml, ".vault.name");
        plan.symbol = VM.parseTomlString(toml, ".vault.symbol");
        plan.quote = IERC20(VM.parseTomlAddress(toml, ".market.quote"));
        plan.base = IERC20(VM.parseTomlAddress(toml, ".market.base"));
        plan.pool = IUniswapV3Pool(VM.parseTomlAddress(toml, ".market.pool"));
        plan.twapSeconds = VM.parseTomlUint(toml, ".market.twap_seconds").toUint32();
        _readFeeds(plan, toml);
        _readRoles(plan, toml);
        plan.limits = _limits(toml);
    }

    function _isProduction(string memory profile) private pure returns (bool) {
        bytes32 hash = keccak256(bytes(profile));
        require(
            hash == keccak256("production") || hash == keccak256("development"),
            "profile: must be production or development"
        );
        return hash == keccak256("production");
    }

    function _readFeeds(Plan memory plan, string memory toml) private pure {
        plan.priceFeed = IAggregatorV3(VM.parseTomlAddress(toml, ".feeds.price"));
        plan.volFeed = IAggregatorV3(VM.parseTomlAddress(toml, ".feeds.vol"));
        plan.checkFeed = IAggregatorV3(VM.parseTomlAddress(toml, ".feeds.check"));
        plan.sequencerFeed = IAggregatorV3(VM.parseTomlAddress(toml, ".feeds.sequencer"));
        plan.decimals = Decimals({
            quote: VM.parseTomlUint(toml, ".decimals.quote").toUint8(),
            base: VM.parseTomlUint(toml, ".decimals.base").toUint8(),
            price: VM.parseTomlUint(toml, ".decimals.price").toUint8(),
            vol: VM.parseTomlUint(toml, ".decimals.vol").toUint8(),
            check: VM.parseTomlUint(toml, ".decimals.check").toUint8()
        });
    }

    function _readRoles(Plan memory plan, string memory toml) private view {
        plan.timelockDelay = VM.parseTomlUint(toml, ".roles.timelock_delay");
        plan.proposer = VM.parseTomlAddress(toml, ".roles.proposer");
        plan.guardians = VM.parseTomlAddressArray(toml, ".roles.guardians");
        bool isModule = VM.keyExistsToml(toml, ".roles.safe");
        if (isModule) plan.safe = VM.parseTomlAddress(toml, ".roles.safe");
        else plan.underwriter = VM.parseTomlAddress(toml, ".roles.underwriter");
        plan.keepers = VM.parseTomlAddressArray(toml, ".roles.keepers");
        plan.keeperDays = VM.parseTomlUint(toml, ".roles.keeper_days");
    }

    function _limits(string memory toml) private pure returns (Limits memory limits) {
        limits.cooldown = _limit(toml, "cooldown").toUint32();
        limits.maxDeadline = _limit(toml, "max_deadline").toUint32();
        limits.maxPriceAge = _limit(toml, "max_price_age").toUint32();
        limits.maxVolAge = _limit(toml, "max_vol_age").toUint32();
        limits.maxCheckAge = _limit(toml, "max_check_age").toUint32();
        limits.maxSlippageBps = _limit(toml, "max_slippage_bps").toUint16();
        limits.marginBps = _limit(toml, "margin_bps").toUint16();
        limits.priceErrorBps = _limit(toml, "price_error_bps").toUint16();
        limits.volErrorBps = _limit(toml, "vol_error_bps").toUint16();
        limits.maxJumpBps = _limit(toml, "max_jump_bps").toUint16();
        limits.minTradeBps = _limit(toml, "min_trade_bps").toUint16();
        limits.maxDrawdownBps = _limit(toml, "max_drawdown_bps").toUint16();
        limits.band = _limit(toml, "band").toUint128();
        limits.targetDelta = VM.parseTomlInt(toml, ".limits.target_delta").toInt128();
        limits.maxTradeBase = _limit(toml, "max_trade_base").toUint128();
        limits.emergencyTradeBase = _limit(toml, "emergency_trade_base").toUint128();
        limits.emergencyGap = _limit(toml, "emergency_gap").toUint128();
        _readBudgets(limits, toml);
    }

    function _readBudgets(Limits memory limits, string memory toml) private pure {
        limits.turnoverCapPips = _limit(toml, "turnover_cap_pips").toUint32();
        limits.turnoverPerDayPips = _limit(toml, "turnover_per_day_pips").toUint32();
        limits.lossCapPips = _limit(toml, "loss_cap_pips").toUint32();
        limits.lossPerDayPips = _limit(toml, "loss_per_day_pips").toUint32();
        limits.minPrice = _limit(toml, "min_price").toUint128();
        limits.maxPrice = _limit(toml, "max_price").toUint128();
        limits.minVol = _limit(toml, "min_vol").toUint64();
        limits.maxVol = _limit(toml, "max_vol").toUint64();
        limits.ripcordReward = _limit(toml, "ripcord_reward").toUint128();
    }

    function _limit(string memory toml, string memory name) private pure returns (uint256) {
        return VM.parseTomlUint(toml, string.concat(".limits.", name));
    }
}
