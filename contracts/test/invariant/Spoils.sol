// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Limits} from "src/interfaces/IGuarded.sol";
import {HookedToken} from "test/utils/HookedToken.sol";
import {PoolDriver} from "test/utils/PoolDriver.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";

/// @notice What a thief has taken, and what went wrong while he did, in arithmetic that is not the vault's.
/// @dev The pool and whoever pushes it are the thief's too: so what he wins at the oracle's price is what the vault's
/// tokens lose, and what his shares gain.
abstract contract Spoils is Test {
    using FixedPointMathLib for int256;

    struct World {
        RiskVault vault;
        PoolDriver driver;
        SettableFeed priceFeed;
        SettableFeed volFeed;
        SettableFeed checkFeed;
        SettableFeed sequencerFeed;
        HookedToken base;
        HookedToken quote;
        address governance;
        address saver;
    }

    struct Before {
        uint256 tokens;
        uint256 shares;
        uint256 quote;
        uint256 base;
        uint256 supply;
        uint256 sequence;
        int256 gap;
        bool priced;
        int256 net;
        uint256 margin;
    }

    struct Hedge {
        uint256 time;
        uint256 turnover;
        uint256 loss;
    }

    World internal _world;

    /* WITNESSES */

    uint256 public hedges;
    uint256 public ripcords;
    uint256 public rewards;
    uint256 public lossesTaken;
    mapping(bytes4 reason => uint256) public refused;

    /* VIOLATIONS: what must stay zero */

    uint256 public leaks;
    uint256 public allowances;
    uint256 public badOracles;
    uint256 public brokenWindows;
    uint256 public poorFills;
    uint256 public lostMargins;
    uint256 public repetitions;
    uint256 public sequenceSlips;
    uint256 public hastyHedges;
    uint256 public gapsThatDidNotFall;
    uint256 public overshoots;
    uint256 public supplyChanges;
    uint256 public wrongReferences;

    int256 public profit;
    uint256 public othersAtMost;
    uint256 public immutable startedAt;

    Hedge[] private _hedges;
    uint256 private _lastAt;

    constructor(World memory world) {
        _world = world;
        startedAt = vm.getBlockTimestamp();
    }

    /* WHAT HE WINS */

    function _price() internal view returns (uint256) {
        (, int256 answer,,,) = _world.priceFeed.latestRoundData();
        return uint256(answer);
    }

    /// @dev WAD of quote: quote has 6 decimals, base 18, the price 8.
    function _tokensWorth() private view returns (uint256) {
        (address vault, uint256 price) = (address(_world.vault), _price());
        return _world.quote.balanceOf(vault) * 1e12 + _world.base.balanceOf(vault) * price / 1e8;
    }

    function _sharesWorth() private view returns (uint256) {
        return _world.vault.convertToAssets(_world.vault.balanceOf(address(this))) * 1e12;
    }

    function _look() internal returns (Before memory before) {
        RiskVault vault = _world.vault;
        before.tokens = _tokensWorth();
        before.shares = _sharesWorth();
        before.quote = _world.quote.balanceOf(address(vault));
        before.base = _world.base.balanceOf(address(vault));
        before.supply = vault.totalSupply();
        before.sequence = vault.sequence();
        (before.priced, before.gap) = _gap();
        before.net = vault.netValueDown(_price() * 1e10, _vol());
        before.margin = vault.marginUp(_price() * 1e10);
        uint256 others = uint256(before.net > 0 ? before.net : int256(0)) * 1e12;
        others = others > before.shares ? others - before.shares : 0;
        if (others > othersAtMost) othersAtMost = others;
    }

    /// @dev After whatever the thief did: his profit, and whether tokens left that had no way out.
    function _reckon(Before memory before, bool mayLeave) internal {
        profit += int256(_sharesWorth()) - int256(before.shares) + int256(before.tokens)
        - int256(_tokensWorth());
        address vault = address(_world.vault);
        bool left = _world.quote.balanceOf(vault) < before.quote || _world.base.balanceOf(vault) < before.base;
        if (left && !mayLeave) ++leaks;
        address venue = address(_world.vault.venue());
        if (_world.base.allowance(vault, venue) + _world.quote.allowance(vault, venue) != 0) ++allowances;
    }

    /// @notice What he may take of what is the others': the budget of losses since the start, and the rewards.
    function bound() external view returns (uint256) {
        uint256 time = vm.getBlockTimestamp() - startedAt;
        uint256 days_ = 1 + time / 1 days;
        return othersAtMost * (0.001e18 + 0.0005e18 * time / 1 days) / 1e18 + days_ * 100e18 + 1e15;
    }

    /* A HEDGE THAT SUCCEEDED */

    function _judge(Before memory before, bool sellBase, uint256 asked, uint256 spent, uint256 got) internal {
        RiskVault vault = _world.vault;
        if (vault.totalSupply() != before.supply) ++supplyChanges;
        if (vault.sequence() != before.sequence + 1) ++sequenceSlips;
        if (vault.referencePrice() != _price() * 1e10) ++wrongReferences;
        _judgeOracles(before.priced);
        _judgeGap(before.gap);
        _judgeMargin(before);
        _judgeTime(before.gap, sellBase, spent, got);
        _judgeMoney(uint256(before.net) * 1e12, sellBase, asked, spent, got);
    }

    function _judgeOracles(bool priced) private {
        (uint256 now_, Limits memory rules) = (vm.getBlockTimestamp(), _world.vault.limits());
        (, int256 price,, uint256 at,) = _world.priceFeed.latestRoundData();
        (, int256 check,, uint256 checkedAt,) = _world.checkFeed.latestRoundData();
        (, int256 down,, uint256 since,) = _world.sequencerFeed.latestRoundData();
        bool fresh = now_ - at <= rules.maxPriceAge && now_ - checkedAt <= rules.maxCheckAge;
        bool sane =
            price > int256(uint256(rules.minPrice / 1e10)) && price < int256(uint256(rules.maxPrice / 1e10));
        bool agreed = price > 0 && (price - check).abs() * 10_000 <= uint256(price) * rules.priceErrorBps;
        if (!priced || !fresh || !sane || !agreed || down != 0 || now_ <= since + 1 hours) ++badOracles;
    }

    function _judgeGap(int256 gapBefore) private {
        (, int256 gapAfter) = _gap();
        if (gapAfter.abs() >= gapBefore.abs()) ++gapsThatDidNotFall;
        bool turned = (gapAfter > 0) != (gapBefore > 0);
        if (turned && gapAfter.abs() > _world.vault.limits().band) ++overshoots;
    }

    function _judgeMargin(Before memory before) private {
        int256 net = _world.vault.netValueDown(_price() * 1e10, _vol());
        int256 margin = int256(_world.vault.marginUp(_price() * 1e10));
        if (before.net >= int256(before.margin) && net < margin) ++lostMargins;
    }

    function _judgeTime(int256 gapBefore, bool sellBase, uint256 spent, uint256 got) private {
        Limits memory rules = _world.vault.limits();
        bool hasty = _lastAt != 0 && vm.getBlockTimestamp() - _lastAt < rules.cooldown;
        uint256 size = sellBase ? spent : got;
        bool small = size <= uint256(rules.emergencyTradeBase) * 102 / 100;
        if (hasty && (gapBefore.abs() <= rules.emergencyGap || !small)) ++hastyHedges;
        _lastAt = vm.getBlockTimestamp();
    }

    /// @dev Over every time between two hedges no more than the caps and what they gain in that time.
    function _judgeMoney(uint256 net, bool sellBase, uint256 asked, uint256 spent, uint256 got) private {
        uint256 price = _price();
        uint256 traded = sellBase ? asked * price / 1e8 : asked * 1e12;
        uint256 given = sellBase ? spent * price / 1e8 : spent * 1e12;
        uint256 taken = sellBase ? got * 1e12 : got * price / 1e8;
        uint256 loss = given > taken ? given - taken : 0;
        if (loss * 10_000 > given * _world.vault.limits().maxSlippageBps + 1e16) ++poorFills;
        if (loss != 0) ++lossesTaken;
        _hedges.push(Hedge(vm.getBlockTimestamp(), traded * 1e18 / net, loss * 1e18 / net));
        (uint256 turnovers, uint256 losses) = (0, 0);
        for (uint256 i = _hedges.length; i > 0; --i) {
            Hedge memory each = _hedges[i - 1];
            turnovers += each.turnover;
            losses += each.loss;
            uint256 elapsed = vm.getBlockTimestamp() - each.time;
            if (turnovers > 0.25e18 + 0.24e18 * elapsed / 1 days + 1e6) ++brokenWindows;
            if (losses > 0.001e18 + 0.0005e18 * elapsed / 1 days + 1e6) ++brokenWindows;
        }
    }

    function _gap() private view returns (bool, int256) {
        try _world.vault.gap() returns (int256 value) {
            return (true, value);
        } catch {
            (, int256 price,,,) = _world.priceFeed.latestRoundData();
            return (false, price > 0 ? _world.vault.gapAt(uint256(price) * 1e10, _vol()) : int256(0));
        }
    }

    function _vol() internal view returns (uint256) {
        (, int256 vol,,,) = _world.volFeed.latestRoundData();
        return uint256(vol) * 1e10;
    }
}
