// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {RiskVault} from "src/RiskVault.sol";
import {IGuarded, Limits, Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Breaker, IRiskVault, Terms} from "src/interfaces/IRiskVault.sol";
import {Leg} from "src/libraries/OptionLeg.sol";
import {PoolDriver} from "test/utils/PoolDriver.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";

/// @notice Everything that anybody can do to a vault, and what was seen meanwhile.
contract Handler is Test {
    using FixedPointMathLib for int256;

    struct Actors {
        address governance;
        address guardian;
        address underwriter;
        address keeper;
        address writer;
        address saver;
    }

    struct World {
        RiskVault vault;
        PoolDriver driver;
        SettableFeed priceFeed;
        SettableFeed volFeed;
        TestToken base;
        TestToken quote;
    }

    World private _world;
    Actors private _actors;

    /* WITNESSES: each action that succeeded */

    uint256 public sells;
    uint256 public buys;
    uint256 public partialFills;
    uint256 public refusals;
    uint256 public deposits;
    uint256 public withdrawals;
    uint256 public shortsOpened;
    uint256 public longsOpened;
    uint256 public shortsSettled;
    uint256 public longsSettled;
    uint256 public ripcords;
    uint256 public exits;
    uint256 public tightenings;

    /* VIOLATIONS: what must stay zero */

    uint256 public gapsThatDidNotFall;
    uint256 public overshoots;
    uint256 public poorFills;
    uint256 public overspends;
    uint256 public allowancesLeft;
    uint256 public supplyChanges;
    uint256 public hastyHedges;
    uint256 public sequenceSlips;
    uint256 public hedgesAtBadPrices;
    uint256 public needlessHedges;

    uint256 public brokenWindows;
    uint256 public executionPricesKept;
    uint256 public needlessRipcords;
    uint256 public overpaidRipcords;
    uint256 public powersOfTheKey;

    struct Success {
        uint256 time;
        uint256 turnover;
        uint256 loss;
    }

    Success[] private _successes;
    uint256 private _lastSuccess;
    uint256 private _lastRewardAt;

    constructor(World memory world, Actors memory actors) {
        _world = world;
        _actors = actors;
    }

    /* MARKET */

    function moveMarket(uint256 price) external {
        uint256 moved = bound(price, 500e18, 4000e18);
        _world.priceFeed.push(int256(moved / 1e10));
        _world.driver.pushTo(moved);
    }

    function moveFeedAlone(uint256 price) external {
        _world.priceFeed.push(int256(bound(price, 500e8, 4000e8)));
    }

    function pushPool(uint256 price) external {
        _world.driver.pushTo(bound(price, 500e18, 4000e18));
    }

    function moveVolatility(uint256 vol) external {
        _world.volFeed.push(int256(bound(vol, 0.05e8, 3e8)));
    }

    function breakFeeds(uint256 seed) external {
        _world.priceFeed.setBroken(seed % 32 == 0);
        _world.volFeed.setBroken(seed % 32 == 1);
        if (seed % 32 == 2) _world.priceFeed.push(0);
    }

    function warp(uint256 seconds_, uint256 seed) external {
        skip(bound(seconds_, 1, seconds_ % 4 == 0 ? 10 days : 2 hours));
        if (seed % 8 != 0) _refresh();
        if (seed % 16 != 1) _reappoint();
    }

    /* HOLDERS AND STRANGERS */

    function deposit(uint256 assets) external {
        assets = bound(assets, 0, 1_000_000e6);
        if (assets > _world.vault.maxDeposit(_actors.saver)) return;
        _world.quote.mint(_actors.saver, assets);
        vm.startPrank(_actors.saver);
        _world.quote.approve(address(_world.vault), assets);
        _world.vault.deposit(assets, _actors.saver);
        vm.stopPrank();
        ++deposits;
    }

    function withdraw(uint256 shares) external {
        shares = bound(shares, 0, _world.vault.maxRedeem(_actors.saver));
        vm.prank(_actors.saver);
        if (_world.vault.redeem(shares, _actors.saver, _actors.saver) > 0) ++withdrawals;
    }

    function donate(uint256 amount, bool ofBase) external {
        if (ofBase) _world.base.mint(address(_world.vault), bound(amount, 0, 10e18));
        else _world.quote.mint(address(_world.vault), bound(amount, 0, 20_000e6));
    }

    /* GOVERNANCE */

    function retarget(int256 target) external {
        Limits memory rules = _world.vault.limits();
        rules.targetDelta = int128(bound(target, -200e18, 300e18));
        vm.prank(_actors.governance);
        _world.vault.setLimits(rules);
    }

    function togglePause(uint256 seed) external {
        if (seed % 16 == 0) {
            vm.prank(_actors.guardian);
            _world.vault.pause("test");
        } else {
            vm.prank(_actors.governance);
            _world.vault.unpause();
        }
    }

    /// @dev Makes everything a little stricter that it may, and never so much that nothing could happen any more.
    function tighten(uint256 seed) external {
        Limits memory rules = _world.vault.limits();
        if (seed % 8 == 0 && rules.cooldown < 400) rules.cooldown += 10;
        if (seed % 8 == 1 && rules.lossCapPips > 900) rules.lossCapPips -= 10;
        if (seed % 8 == 2 && rules.maxPriceAge > 3000) rules.maxPriceAge -= 60;
        vm.prank(_actors.guardian);
        _world.vault.tighten(rules);
        ++tightenings;
    }

    /* ANYBODY */

    function ripcord() external {
        (bool priced, int256 gapBefore) = _gap();
        vm.prank(_actors.writer);
        try _world.vault.ripcord() returns (uint256, uint256, uint256 reward) {
            ++ripcords;
            if (!priced || gapBefore.abs() <= _world.vault.limits().emergencyGap) ++needlessRipcords;
            if (reward != 0) {
                if (_lastRewardAt != 0 && vm.getBlockTimestamp() < _lastRewardAt + 1 days) {
                    ++overpaidRipcords;
                }
                if (reward > _world.vault.limits().ripcordReward) ++overpaidRipcords;
                _lastRewardAt = vm.getBlockTimestamp();
            }
            _lastSuccess = vm.getBlockTimestamp();
            // Its turnover and loss are in the vault's buckets too: only more room would show, and is looked for.
        } catch {
            ++refusals;
        }
    }

    /// @dev Must succeed in every state: a revert here fails the run.
    function exitInKind(uint256 shares) external {
        shares = bound(shares, 0, _world.vault.balanceOf(_actors.saver) / 10);
        vm.prank(_actors.saver);
        _world.vault.redeemInKind(shares, _actors.saver, 0, 0);
        ++exits;
    }

    function tripAndCheckpoint(uint256 seed) external {
        if (seed % 64 != 0) return;
        try _world.vault.trip(Breaker(seed / 64 % 3)) {} catch {}
        try _world.vault.checkpoint() {} catch {}
    }

    /// @dev Whatever the key calls that is no hedge changes nothing that it could wish for.
    function useTheKeyOtherwise(uint256 seed, uint256 x, uint256 y) external {
        bytes4[10] memory selectors = [
            IGuarded.setLimits.selector,
            IGuarded.setKeeper.selector,
            IGuarded.setGuardian.selector,
            IRiskVault.setUnderwriter.selector,
            IGuarded.unpause.selector,
            IRiskVault.depositBase.selector,
            IGuarded.revokeKeeper.selector,
            IGuarded.tighten.selector,
            IRiskVault.openLeg.selector,
            Ownable.transferOwnership.selector
        ];
        bytes32 before = _authority();
        vm.prank(_actors.keeper);
        (bool ok,) = address(_world.vault).call(abi.encodePacked(selectors[seed % 10], x, y, new bytes(1024)));
        if (ok || _authority() != before) ++powersOfTheKey;
    }

    function _authority() private view returns (bytes32) {
        RiskVault vault = _world.vault;
        return keccak256(
            abi.encode(
                vault.stateHash(),
                vault.paused(),
                vault.owner(),
                vault.underwriter(),
                vault.keeperUntil(_actors.keeper),
                _world.base.balanceOf(address(vault)),
                _world.quote.balanceOf(address(vault))
            )
        );
    }

    /* OPTIONS */

    function openLeg(bool isCall, uint256 strike, uint256 tenor, int256 size, uint256 premium) external {
        Terms memory terms = Terms({
            isCall: isCall,
            strike: uint56(bound(strike, 500e8, 4000e8)),
            expiry: uint32(vm.getBlockTimestamp() + bound(tenor, 1 hours, 20 days)),
            size: int88(bound(size, -20e18, 20e18)),
            premium: uint96(bound(premium, 0, 2000e6)),
            counterparty: _actors.writer
        });
        vm.prank(_actors.writer);
        _world.vault.agree(terms, true);
        vm.prank(_actors.underwriter);
        try _world.vault.openLeg(terms) {
            if (terms.size < 0) ++shortsOpened;
            else ++longsOpened;
        } catch {
            ++refusals;
        }
    }

    function settle(uint256 seed) external {
        uint256 count = _world.vault.legCount();
        if (count == 0) return;
        uint256 index = seed % count;
        (uint256 word,,) = _world.vault.legAt(index);
        uint80 round = _firstRoundAfter(Leg.wrap(word).expiry());
        try _world.vault.settle(index, round) {
            if (Leg.wrap(word).size() < 0) ++shortsSettled;
            else ++longsSettled;
        } catch {
            ++refusals;
        }
    }

    /* KEEPER */

    function rebalance(bool sellBase, uint256 amountIn, uint256 minOut) external {
        amountIn = sellBase ? bound(amountIn, 0, 60e18) : bound(amountIn, 0, 120_000e6);
        minOut = minOut % 4 == 0 ? bound(minOut, 0, 1e24) : 0;
        _hedge(sellBase, amountIn, minOut);
    }

    /// @notice Hedges what the vault asks for, a fraction of it, or up to three times as much.
    function rebalanceAsTold(uint256 percent, bool fairPool) external {
        (bool ok, bytes memory args) = _world.vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        if (fairPool) _world.driver.pushTo(need.price);
        _hedge(need.sellBase, need.maxAmountIn * bound(percent, 1, 300) / 100, 0);
    }

    /// @notice Hedges where the pool holds too little to fill the whole.
    function rebalanceInThinPool(uint128 depth) external {
        (bool ok, bytes memory args) = _world.vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        _world.driver.pushTo(need.price);
        _world.driver.concentrate(1e18, uint128(bound(depth, 1e16, 1e17)));
        _hedge(need.sellBase, need.maxAmountIn, 0);
        _world.driver.pushTo(need.price);
        _world.driver.deepen(1e18);
    }

    /// @notice Removes every hindrance and hedges on both sides: shows that the properties are not kept by paralysis.
    function clearAndHedge() external {
        _world.priceFeed.setBroken(false);
        _world.volFeed.setBroken(false);
        vm.prank(_actors.governance);
        _world.vault.unpause();
        _reappoint();
        _world.base.mint(address(_world.vault), 100e18);
        _world.quote.mint(address(_world.vault), 10_000_000e6);
        _hedgeAtGap(400e18);
        _hedgeAtGap(-400e18);
    }

    function _hedgeAtGap(int256 gap) private {
        // So long that any price is no jump, and both budgets are whole.
        skip(5 days);
        _reappoint();
        _refresh();
        (, int256 price,,,) = _world.priceFeed.latestRoundData();
        _world.driver.pushTo(uint256(price) * 1e10);
        Limits memory rules = _world.vault.limits();
        rules.targetDelta += int128(_world.vault.gap() - gap);
        vm.prank(_actors.governance);
        _world.vault.setLimits(rules);
        Need memory need = _world.vault.need();
        _hedge(need.sellBase, need.maxAmountIn, 0);
    }

    function _hedge(bool sellBase, uint256 amountIn, uint256 minOut) private {
        RiskVault vault = _world.vault;
        Proposal memory proposal = Proposal({
            sellBase: sellBase,
            amountIn: uint128(amountIn),
            minOut: uint128(minOut),
            deadline: uint64(vm.getBlockTimestamp() + 60),
            stateHash: vault.stateHash()
        });
        (bool priced, int256 gapBefore) = _gap();
        (uint256 supply, uint256 sequence) = (vault.totalSupply(), vault.sequence());
        int256 netValue = priced ? _netValue() : int256(0);
        vm.prank(_actors.keeper);
        try vault.rebalance(proposal) returns (uint256 spent, uint256 got) {
            if (sellBase) ++sells;
            else ++buys;
            if (spent < amountIn) ++partialFills;
            if (!priced) ++hedgesAtBadPrices;
            if (gapBefore.abs() <= vault.limits().band) ++needlessHedges;
            if (spent > amountIn) ++overspends;
            if (got < minOut) ++poorFills;
            if (vault.totalSupply() != supply) ++supplyChanges;
            if (vault.sequence() != sequence + 1) ++sequenceSlips;
            _judgeGap(gapBefore);
            _judgeFill(sellBase, spent, got);
            _judgeWindows(netValue, sellBase, amountIn, spent, got);
            _judgeTime(gapBefore);
            _judgeAllowance();
        } catch {
            ++refusals;
        }
    }

    /* JUDGEMENT, in arithmetic of its own */

    function _judgeGap(int256 gapBefore) private {
        int256 gapAfter = _world.vault.gap();
        if (gapAfter.abs() >= gapBefore.abs()) ++gapsThatDidNotFall;
        bool turned = (gapAfter > 0) != (gapBefore > 0);
        if (turned && gapAfter.abs() > _world.vault.limits().band) ++overshoots;
    }

    function _judgeFill(bool sellBase, uint256 spent, uint256 got) private {
        (, int256 price,,,) = _world.priceFeed.latestRoundData();
        // Base has 18 decimals, quote 6, the price 8.
        (uint256 inBase, uint256 inQuote) = sellBase ? (spent, got) : (got, spent);
        uint256 baseAtOracle = inBase * uint256(price);
        uint256 quoteAtOracle = inQuote * 1e20;
        (uint256 given, uint256 taken) =
            sellBase ? (baseAtOracle, quoteAtOracle) : (quoteAtOracle, baseAtOracle);
        if (taken * 10_000 < given * (10_000 - _world.vault.limits().maxSlippageBps)) ++poorFills;
    }

    /// @dev Over every time between two hedges no more than the budget's cap and what it gains in that time. The rules
    /// at the start of the run are the loosest there ever are.
    function _judgeWindows(int256 netValue, bool sellBase, uint256 amountIn, uint256 spent, uint256 got)
        private
    {
        (, int256 answer,,,) = _world.priceFeed.latestRoundData();
        uint256 price = uint256(answer);
        if (_world.vault.referencePrice() != price * 1e10) ++executionPricesKept;
        uint256 asked = sellBase ? amountIn * price / 1e8 : amountIn * 1e12;
        uint256 given = sellBase ? spent * price / 1e8 : spent * 1e12;
        uint256 taken = sellBase ? got * 1e12 : got * price / 1e8;
        uint256 loss = given > taken ? given - taken : 0;
        uint256 whole = uint256(netValue) * 1e12;
        _successes.push(Success(vm.getBlockTimestamp(), asked * 1e18 / whole, loss * 1e18 / whole));
        (uint256 turnovers, uint256 losses) = (0, 0);
        for (uint256 i = _successes.length; i > 0; --i) {
            Success memory each = _successes[i - 1];
            turnovers += each.turnover;
            losses += each.loss;
            uint256 elapsed = vm.getBlockTimestamp() - each.time;
            if (turnovers > 0.25e18 + 0.24e18 * elapsed / 1 days + 1e6) ++brokenWindows;
            if (losses > 0.001e18 + 0.0005e18 * elapsed / 1 days + 1e6) ++brokenWindows;
        }
    }

    function _netValue() private view returns (int256) {
        (, int256 price,,,) = _world.priceFeed.latestRoundData();
        (, int256 vol,,,) = _world.volFeed.latestRoundData();
        return _world.vault.netValueDown(uint256(price) * 1e10, uint256(vol) * 1e10);
    }

    function _judgeTime(int256 gapBefore) private {
        uint256 now_ = vm.getBlockTimestamp();
        Limits memory rules = _world.vault.limits();
        bool hasty = _lastSuccess != 0 && now_ - _lastSuccess < rules.cooldown;
        if (hasty && gapBefore.abs() <= rules.emergencyGap) ++hastyHedges;
        _lastSuccess = now_;
    }

    function _judgeAllowance() private {
        address venue = address(_world.vault.venue());
        uint256 left = _world.base.allowance(address(_world.vault), venue)
            + _world.quote.allowance(address(_world.vault), venue);
        if (left != 0) ++allowancesLeft;
    }

    function _gap() private view returns (bool, int256) {
        try _world.vault.gap() returns (int256 value) {
            return (true, value);
        } catch {
            return (false, 0);
        }
    }

    function _reappoint() private {
        vm.prank(_actors.governance);
        _world.vault.setKeeper(_actors.keeper, uint64(vm.getBlockTimestamp() + 30 days));
    }

    /* FEEDS */

    function _refresh() private {
        int256 price = _lastPositive(_world.priceFeed);
        _world.priceFeed.push(price);
        _world.volFeed.push(_lastPositive(_world.volFeed));
    }

    function _lastPositive(SettableFeed feed) private view returns (int256 answer) {
        for (uint80 id = feed.latest(); answer <= 0; --id) {
            (answer,) = feed.rounds(id);
        }
    }

    function _firstRoundAfter(uint256 time) private view returns (uint80 id) {
        id = _world.priceFeed.latest();
        while (id > 1) {
            (, uint256 updatedAt) = _world.priceFeed.rounds(id - 1);
            if (updatedAt < time) return id;
            --id;
        }
    }
}
