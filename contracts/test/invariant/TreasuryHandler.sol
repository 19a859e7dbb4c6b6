// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Position} from "src/interfaces/ITreasuryModule.sol";
import {PoolDriver} from "test/utils/PoolDriver.sol";
import {IOwnedSafe} from "test/utils/SafeHouse.sol";
import {SafeWitness} from "test/utils/SafeWitness.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";

/// @notice Everything that anybody can do with a module, its Safe watched all the while.
contract TreasuryHandler is Test {
    using SafeWitness for SafeWitness.Watched;

    struct World {
        TreasuryModule module;
        IOwnedSafe safe;
        address singleton;
        PoolDriver driver;
        SettableFeed priceFeed;
        SettableFeed volFeed;
        TestToken base;
        TestToken quote;
    }

    address private constant SENTINEL = address(1);

    World private _world;
    /// @dev Governance, guardian, keeper, stranger.
    address[4] private _people;
    bytes4[] private _selectors;

    /* WITNESSES */

    uint256 public hedges;
    uint256 public ripcords;
    uint256 public refusals;
    uint256 public otherCalls;

    /* VIOLATIONS */

    uint256 public foreignDeeds;
    uint256 public oddTrades;
    uint256 public tokensElsewhere;
    uint256 public overpaid;

    /* WHAT HEDGES COST */

    /// @notice All that hedges lost at the oracle's price, quote units; what others won is no credit.
    uint256 public lost;
    /// @notice The most that the Safe was ever worth when it hedged, what it owes left out, quote units.
    uint256 public mostWorth;
    uint256 public immutable startedAt = block.timestamp;

    constructor(World memory world, address[4] memory people, bytes4[] memory selectors) {
        _world = world;
        _people = people;
        _selectors = selectors;
    }

    /* THE MODULE */

    /// @notice The keeper hedges a part of what is admissible.
    function hedge(uint256 share) external {
        (bool ok, bytes memory answer) = _world.module.workable();
        if (!ok) return;
        Need memory need = abi.decode(answer, (Need));
        uint256 amountIn = need.maxAmountIn * bound(share, 1, 100) / 100;
        Proposal memory proposal =
            Proposal(need.sellBase, uint128(amountIn), 0, uint64(need.latestDeadline), need.stateHash);
        if (_watched(_people[2], abi.encodeCall(_world.module.rebalance, (proposal)), 3)) ++hedges;
        else ++refusals;
    }

    /// @notice Anybody hedges in an emergency.
    function ripcord() external {
        if (_watched(_people[3], abi.encodeCall(_world.module.ripcord, ()), 3)) ++ripcords;
    }

    /// @notice Anybody calls anything that the module has, with any arguments.
    function callAnything(uint256 who, uint256 what, bytes calldata arguments) external {
        bytes4 selector = _selectors[what % _selectors.length];
        if (_watched(_people[who % 4], abi.encodePacked(selector, arguments), 0)) ++otherCalls;
    }

    /* ITS GOVERNANCE AND THE SAFE'S OWNERS */

    /// @notice Governance sets another target, and resumes.
    function retarget(int256 target) external {
        Limits memory rules = _world.module.limits();
        rules.targetDelta = int128(bound(target, -50e18, 250e18));
        vm.startPrank(_people[0]);
        _world.module.setLimits(rules);
        _world.module.setKeeper(_people[2], uint64(block.timestamp + 30 days));
        _world.module.unpause();
        vm.stopPrank();
    }

    /// @notice The owners declare something written or owed.
    function declare(bool isCall, uint56 strike, int88 size) external {
        Position[] memory positions = new Position[](1);
        int256 sized = bound(size, -50e18, -1);
        positions[0] = Position(
            isCall, uint56(bound(strike, 1, 4000e8)), uint32(block.timestamp + 30 days), int88(sized)
        );
        vm.prank(address(_world.safe));
        _world.module.declare(positions);
    }

    /// @notice The owners pay in or out, as they like.
    function pay(bool inBase, bool out, uint256 amount) external {
        TestToken token = inBase ? _world.base : _world.quote;
        amount = bound(amount, 0, inBase ? 10e18 : 20_000e6);
        if (!out) return token.mint(address(_world.safe), amount);
        vm.prank(address(_world.safe));
        token.burn(address(_world.safe), FixedPointMathLib.min(amount, token.balanceOf(address(_world.safe))));
    }

    /// @notice The owners disable the module, or enable it again.
    function toggle() external {
        IOwnedSafe safe = _world.safe;
        bool enabled = safe.isModuleEnabled(address(_world.module));
        vm.prank(address(safe));
        if (enabled) safe.disableModule(SENTINEL, address(_world.module));
        else safe.enableModule(address(_world.module));
    }

    /* THE WORLD */

    /// @notice Time passes, and the market moves.
    function warp(uint256 seconds_, uint256 price) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 2 hours));
        price = bound(price, 1900e18, 2100e18);
        _world.priceFeed.push(int256(price / 1e10));
        _world.volFeed.push(0.7e8);
        _world.driver.pushTo(price);
    }

    /// @notice Somebody pushes the pool away from the oracle: a little, so that a hedge may still pass, or far.
    function part(uint256 price, bool far) external {
        uint256 fair = _price();
        uint256 most = far ? fair / 2 : fair / 200;
        _world.driver.pushTo(bound(price, fair - most, fair + most));
    }

    /* WATCHING */

    /// @dev A call by somebody, which makes the Safe do so many things if it succeeds and moves tokens.
    function _watched(address who, bytes memory data, uint256 deeds) private returns (bool ok) {
        (uint256 quoteSum, uint256 baseSum) = _sums();
        (uint256 quoteOwn, uint256 baseOwn) = _own();
        vm.startStateDiffRecording();
        vm.prank(who);
        (ok,) = address(_world.module).call(data);
        VmSafe.AccountAccess[] memory seen = vm.stopAndReturnStateDiff();
        SafeWitness.Watched memory watched =
            SafeWitness.Watched(_world.module, address(_world.safe), _world.singleton);
        (uint256 trades, uint256 foreign) = watched.count(seen);
        foreignDeeds += foreign;
        if (trades != (ok ? deeds : 0)) ++oddTrades;
        (uint256 quoteSumAfter, uint256 baseSumAfter) = _sums();
        if (quoteSumAfter != quoteSum || baseSumAfter != baseSum) ++tokensElsewhere;
        (uint256 quoteAfter, uint256 baseAfter) = _own();
        if (quoteAfter < quoteOwn && baseAfter <= baseOwn) ++overpaid;
        if (baseAfter < baseOwn && quoteAfter <= quoteOwn) ++overpaid;
        _count(_worth(quoteOwn, baseOwn), _worth(quoteAfter, baseAfter));
    }

    function _count(uint256 before, uint256 left) private {
        lost += FixedPointMathLib.zeroFloorSub(before, left);
        mostWorth = FixedPointMathLib.max(mostWorth, before);
    }

    /// @dev At the oracle's price.
    function _worth(uint256 quoteUnits, uint256 baseUnits) private view returns (uint256) {
        return quoteUnits + baseUnits * _price() / 1e30;
    }

    /// @dev WAD of quote.
    function _price() private view returns (uint256) {
        (, int256 answer,,,) = _world.priceFeed.latestRoundData();
        return uint256(answer) * 1e10;
    }

    /// @dev What the Safe and the pool hold together.
    function _sums() private view returns (uint256 quoteUnits, uint256 baseUnits) {
        (quoteUnits, baseUnits) = _own();
        address pool = address(_world.driver.pool());
        quoteUnits += _world.quote.balanceOf(pool);
        baseUnits += _world.base.balanceOf(pool);
    }

    function _own() private view returns (uint256 quoteUnits, uint256 baseUnits) {
        return (_world.quote.balanceOf(address(_world.safe)), _world.base.balanceOf(address(_world.safe)));
    }
}
