// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Deployment} from "./Deployment.sol";
import {IUniswapV3Factory} from "./GuardedFixture.sol";
import {PoolDriver} from "./PoolDriver.sol";
import {SettableFeed} from "./SettableFeed.sol";
import {TestToken} from "./TestToken.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {Decimals, Plan} from "script/DeployPlan.sol";
import {Made} from "script/Deployer.sol";
import {IUniswapV3Pool} from "src/interfaces/IUniswapV3Pool.sol";

/// @notice A market with a memory, and a plan for it that is right in production.
abstract contract DeployFixture is VaultFixture {
    Deployment internal deployment;
    address internal safe = makeAddr("safe");

    function setUp() public virtual override {
        vm.warp(START);
        deployment = new Deployment();
        for (uint256 i = 0; i < 3; ++i) {
            vm.etch([safe, guardian, underwriter][i], hex"00");
        }
        _market(18, 6, 8);
    }

    function _market(uint8 baseDecimals, uint8 quoteDecimals, uint8 feedDecimals) internal {
        base = new TestToken("BASE", baseDecimals);
        quote = new TestToken("QUOTE", quoteDecimals);
        priceFeed = new SettableFeed(feedDecimals, int256(PRICE / 10 ** (18 - feedDecimals)));
        volFeed = new SettableFeed(feedDecimals, int256(VOL / 10 ** (18 - feedDecimals)));
        checkFeed = new SettableFeed(feedDecimals, int256(PRICE / 10 ** (18 - feedDecimals)));
        address factory = deployCode(string.concat(UNISWAP, "UniswapV3Factory.sol/UniswapV3Factory.json"));
        pool = IUniswapV3Pool(IUniswapV3Factory(factory).createPool(address(base), address(quote), FEE));
        driver = new PoolDriver(pool, base, quote);
        driver.start(PRICE, uint128(1e6 * 10 ** (uint256(baseDecimals + quoteDecimals) / 2)));
        skip(1 hours);
        priceFeed.push(int256(PRICE / 10 ** (18 - feedDecimals)));
        volFeed.push(int256(VOL / 10 ** (18 - feedDecimals)));
        checkFeed.push(int256(PRICE / 10 ** (18 - feedDecimals)));
    }

    function _plan() internal view returns (Plan memory plan) {
        plan.production = true;
        plan.name = "Vault";
        plan.symbol = "vQUOTE";
        (plan.quote, plan.base, plan.pool) = (quote, base, pool);
        (plan.priceFeed, plan.volFeed, plan.checkFeed) = (priceFeed, volFeed, checkFeed);
        plan.decimals = Decimals({
            quote: quote.decimals(),
            base: base.decimals(),
            price: priceFeed.decimals(),
            vol: volFeed.decimals(),
            check: checkFeed.decimals()
        });
        plan.twapSeconds = 30 minutes;
        plan.timelockDelay = 48 hours;
        plan.proposer = safe;
        plan.guardians = new address[](2);
        (plan.guardians[0], plan.guardians[1]) = (guardian, safe);
        plan.underwriter = underwriter;
        plan.keepers = new address[](1);
        plan.keepers[0] = keeper;
        plan.keeperDays = 90;
        plan.limits = _limits();
        plan.limits.maxTradeBase = 50e18;
        plan.limits.emergencyTradeBase = 20e18;
        plan.limits.ripcordReward = uint128(100 * 10 ** quote.decimals());
    }

    function _deploy(Plan memory plan) internal returns (Made memory made) {
        made = deployment.run(plan);
        vault = made.vault;
        venue = made.venue;
        governance = address(made.timelock);
    }
}
