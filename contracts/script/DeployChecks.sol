// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Plan} from "./DeployPlan.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";
import {BPS, WAD} from "src/libraries/ConstantsLib.sol";
import {TickLib} from "src/libraries/TickLib.sol";

/// @title DeployChecks
/// @notice What must be true of a plan before anything is sent: who holds power, what the feeds say, what the pool is.
/// @dev Ribbon lost 2.7 million to a feed of other decimals, Moonwell 1.8 million to one that lacked its second leg. Both
/// are a price that no other source confirms, so that is what is asked, and everything else besides.
library DeployChecks {
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    uint256 internal constant LEAST_DELAY = 48 hours;
    uint256 internal constant LEAST_WINDOW = 5 minutes;
    uint256 internal constant MOST_APART_BPS = 200;

    /// @dev What an account that delegates to code begins with (EIP-7702), and how long it is: a key still signs for it.
    bytes3 private constant DELEGATION = 0xef0100;
    uint256 private constant DELEGATION_BYTES = 23;

    error DelayTooShort(uint256 delay, uint256 least);
    error PrivilegedKey(string role, address account);
    error NobodyIn(string role);
    error NoContract(string what, address at);
    error WrongDecimals(string what, uint256 expected, uint256 found);
    error FeedBroken(string feed, int256 answer);
    error FeedStale(string feed, uint256 age, uint256 most);
    error PriceUnconfirmed(string source, uint256 price, uint256 other, uint256 apartBps);
    error WrongPool(address token0, address token1);
    error WindowTooShort(uint256 window, uint256 least);
    error PoolForgets(uint256 cardinality, uint256 window);
    error PoolTooShallow(uint256 costBps, uint256 maxSlippageBps);
    error NoSecondSource(address check);

    function check(Plan memory plan) internal view {
        _checkPower(plan);
        if (plan.production) _requireTwoSources(plan);
        _checkTokens(plan);
        uint256 price = _checkFeeds(plan);
        _checkPool(plan);
        uint256 mean = twap(plan);
        _confirm("the pool's mean", price, mean);
        if (address(plan.checkFeed) != address(0)) {
            _confirm("the check feed", price, _read("check", plan.checkFeed, plan.limits.maxCheckAge));
        }
    }

    /* POWER */

    function _checkPower(Plan memory plan) private view {
        _some("proposer", plan.proposer);
        (string memory role, address principal) = plan.principal();
        _some(role, principal);
        if (plan.guardians.length == 0) revert NobodyIn("guardians");
        if (plan.keepers.length == 0) revert NobodyIn("keepers");
        if (!plan.production) return;
        if (plan.timelockDelay < LEAST_DELAY) revert DelayTooShort(plan.timelockDelay, LEAST_DELAY);
        _noKey("proposer", plan.proposer);
        _noKey(role, principal);
        for (uint256 i = 0; i < plan.guardians.length; ++i) {
            _noKey("guardian", plan.guardians[i]);
        }
    }

    function _some(string memory role, address account) private pure {
        if (account == address(0)) revert NobodyIn(role);
    }

    function _noKey(string memory role, address account) private view {
        bytes memory code = account.code;
        // Casting takes the first three bytes, which is what is compared.
        // forge-lint: disable-next-line(unsafe-typecast)
        bool delegated = code.length == DELEGATION_BYTES && bytes3(code) == DELEGATION;
        if (code.length == 0 || delegated) revert PrivilegedKey(role, account);
    }

    /* TOKENS AND FEEDS */

    /// @dev The error that the rules allow a price, and the bound of what a stolen key can take, are worth what a second
    /// source says of the first. The same one twice is one.
    function _requireTwoSources(Plan memory plan) private view {
        address second = address(plan.checkFeed);
        if (second == address(0) || behind(second) == behind(address(plan.priceFeed))) {
            revert NoSecondSource(second);
        }
    }

    /// @notice What answers behind a feed that is a proxy; any other feed itself.
    function behind(address feed) internal view returns (address) {
        (bool ok, bytes memory data) = feed.staticcall(abi.encodeWithSignature("aggregator()"));
        return ok && data.length == 32 ? abi.decode(data, (address)) : feed;
    }

    function _checkTokens(Plan memory plan) private view {
        _decimals("quote", address(plan.quote), plan.decimals.quote);
        _decimals("base", address(plan.base), plan.decimals.base);
    }

    function _checkFeeds(Plan memory plan) private view returns (uint256 price) {
        _decimals("price", address(plan.priceFeed), plan.decimals.price);
        _decimals("vol", address(plan.volFeed), plan.decimals.vol);
        if (address(plan.checkFeed) != address(0)) {
            _decimals("check", address(plan.checkFeed), plan.decimals.check);
        }
        price = _read("price", plan.priceFeed, plan.limits.maxPriceAge);
        uint256 vol = _read("vol", plan.volFeed, plan.limits.maxVolAge);
        if (price <= plan.limits.minPrice || price >= plan.limits.maxPrice) {
            revert FeedBroken("price", price.toInt256());
        }
        if (vol <= plan.limits.minVol || vol >= plan.limits.maxVol) revert FeedBroken("vol", vol.toInt256());
    }

    /// @dev A feed has the same function as a token.
    function _decimals(string memory what, address source, uint256 expected) private view {
        if (source.code.length == 0) revert NoContract(what, source);
        uint256 found = IERC20Metadata(source).decimals();
        if (found != expected) revert WrongDecimals(what, expected, found);
    }

    function _read(string memory what, IAggregatorV3 feed, uint256 most) private view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        if (answer <= 0 || updatedAt > block.timestamp) revert FeedBroken(what, answer);
        if (block.timestamp - updatedAt > most) revert FeedStale(what, block.timestamp - updatedAt, most);
        return answer.toUint256() * 10 ** (18 - feed.decimals());
    }

    function _confirm(string memory source, uint256 price, uint256 other) private pure {
        uint256 apart = FixedPointMathLib.dist(price, other) * BPS;
        if (apart > other * MOST_APART_BPS) {
            revert PriceUnconfirmed(source, price, other, other == 0 ? type(uint256).max : apart / other);
        }
    }

    /* THE POOL */

    function _checkPool(Plan memory plan) private view {
        if (address(plan.pool).code.length == 0) revert NoContract("pool", address(plan.pool));
        (address token0, address token1) = (plan.pool.token0(), plan.pool.token1());
        (address quote, address base) = (address(plan.quote), address(plan.base));
        bool pair = token0 == base ? token1 == quote : token0 == quote && token1 == base;
        if (!pair) revert WrongPool(token0, token1);
        uint256 cost = costBps(plan);
        if (cost > plan.limits.maxSlippageBps) revert PoolTooShallow(cost, plan.limits.maxSlippageBps);
    }

    /// @notice What the greatest hedge would cost in the pool within its range, fee included, rounded up.
    function costBps(Plan memory plan) internal view returns (uint256) {
        (uint160 root,,,,,,) = plan.pool.slot0();
        uint256 depth = plan.pool.liquidity();
        if (depth == 0) return BPS;
        uint256 size = plan.limits.maxTradeBase / 10 ** (18 - plan.decimals.base);
        bool baseIsToken0 = plan.pool.token0() == address(plan.base);
        uint256 part = baseIsToken0
            ? FixedPointMathLib.fullMulDivUp(size * WAD, root, depth << 96)
            : FixedPointMathLib.fullMulDivUp(size * WAD, 1 << 96, depth * root);
        return FixedPointMathLib.divUp(part * BPS, WAD + part) + FixedPointMathLib.divUp(plan.pool.fee(), 100);
    }

    /// @notice The pool's geometric mean price over the window, WAD of quote for one base.
    function twap(Plan memory plan) internal view returns (uint256) {
        uint32 window = plan.twapSeconds;
        if (window < LEAST_WINDOW) revert WindowTooShort(window, LEAST_WINDOW);
        uint32[] memory ago = new uint32[](2);
        ago[0] = window;
        try plan.pool.observe(ago) returns (int56[] memory sums, uint160[] memory) {
            return TickLib.price(
                TickLib.meanDown(sums[0], sums[1], window),
                plan.pool.token0() == address(plan.base),
                plan.decimals.base,
                plan.decimals.quote
            );
        } catch {
            (,,, uint16 cardinality,,,) = plan.pool.slot0();
            revert PoolForgets(cardinality, window);
        }
    }
}
