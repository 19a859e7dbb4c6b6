// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {DeployChecks} from "script/DeployChecks.sol";
import {Plan} from "script/DeployPlan.sol";
import {Deployer, Made} from "script/Deployer.sol";
import {DeployFixture} from "test/utils/DeployFixture.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";

/// @notice A feed behind which another answers, as behind Chainlink's.
contract FeedProxy {
    SettableFeed public immutable aggregator;

    constructor(SettableFeed aggregator_) {
        aggregator = aggregator_;
    }

    function decimals() external view returns (uint8) {
        return aggregator.decimals();
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return aggregator.latestRoundData();
    }
}

/// @notice The deployment script: what it makes, and every plan that it refuses.
contract DeployTest is DeployFixture {
    /* WHAT IT MAKES */

    function test_gives_each_role_to_whom_the_plan_names_and_none_to_the_deployer() public {
        Made memory made = _deploy(_plan());
        TimelockController timelock = made.timelock;
        assertEq(vault.owner(), address(timelock));
        assertEq(timelock.getMinDelay(), 48 hours);
        assertTrue(vault.isKeeper(keeper));
        assertEq(vault.keeperUntil(keeper), block.timestamp + 90 days);
        assertTrue(vault.isGuardian(guardian) && vault.isGuardian(safe));
        assertEq(vault.underwriter(), underwriter);
        bytes32[3] memory roles =
            [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.DEFAULT_ADMIN_ROLE()];
        for (uint256 i = 0; i < 3; ++i) {
            assertFalse(timelock.hasRole(roles[i], address(deployment)));
        }
        assertTrue(timelock.hasRole(timelock.CANCELLER_ROLE(), guardian));
        assertFalse(vault.isGuardian(address(deployment)));
    }

    function test_what_loosens_waits_from_the_first_block_on() public {
        Made memory made = _deploy(_plan());
        bytes memory call = abi.encodeCall(vault.setKeeper, (stranger, uint64(block.timestamp + 1 days)));
        vm.startPrank(safe);
        vm.expectPartialRevert(TimelockController.TimelockInsufficientDelay.selector);
        made.timelock.schedule(address(vault), 0, call, 0, 0, 48 hours - 1);
        made.timelock.schedule(address(vault), 0, call, 0, 0, 48 hours);
        vm.stopPrank();
        bytes32 id = made.timelock.hashOperation(address(vault), 0, call, 0, 0);
        vm.prank(guardian);
        made.timelock.cancel(id);
        assertFalse(made.timelock.isOperation(id));
    }

    function test_a_guardian_named_later_cancels_once_governance_has_given_him_both() public {
        Made memory made = _deploy(_plan());
        TimelockController timelock = made.timelock;
        bytes32 canceller = timelock.CANCELLER_ROLE();
        vm.prank(address(timelock));
        vault.setGuardian(stranger, true);
        assertFalse(timelock.hasRole(canceller, stranger));
        vm.prank(address(timelock));
        vault.setGuardian(stranger, false);

        _govern(timelock, true);
        assertTrue(vault.isGuardian(stranger) && timelock.hasRole(canceller, stranger));
        _govern(timelock, false);
        assertFalse(vault.isGuardian(stranger) || timelock.hasRole(canceller, stranger));
    }

    /// @dev As docs/deployment.md says: both at once, in one operation.
    function _govern(TimelockController timelock, bool named) private {
        address[] memory targets = new address[](2);
        bytes[] memory calls = new bytes[](2);
        (targets[0], targets[1]) = (address(vault), address(timelock));
        calls[0] = abi.encodeCall(vault.setGuardian, (stranger, named));
        calls[1] = named
            ? abi.encodeCall(timelock.grantRole, (timelock.CANCELLER_ROLE(), stranger))
            : abi.encodeCall(timelock.revokeRole, (timelock.CANCELLER_ROLE(), stranger));
        vm.prank(safe);
        timelock.scheduleBatch(targets, new uint256[](2), calls, 0, bytes32(uint256(1)), 48 hours);
        skip(48 hours);
        timelock.executeBatch(targets, new uint256[](2), calls, 0, bytes32(uint256(1)));
    }

    function test_the_example_is_a_plan() public view {
        Plan memory plan = deployment.read(vm.readFile("script/deploy.example.toml"));
        assertTrue(plan.production);
        assertEq(plan.timelockDelay, 48 hours);
        assertEq(plan.limits.maxPrice, 10_000e18);
        assertEq(plan.limits.ripcordReward, 50e6);
        assertEq(plan.guardians.length, 1);
    }

    function test_the_book_pins_code_rules_and_libraries() public {
        Plan memory plan = _plan();
        Made memory made = _deploy(plan);
        string memory book = deployment.compose(plan, made);
        assertEq(vm.parseJsonAddress(book, ".contracts.vault.address"), address(vault));
        assertEq(vm.parseJsonBytes32(book, ".contracts.vault.code_hash"), address(vault).codehash);
        assertEq(vm.parseJsonBytes32(book, ".contracts.price_feed.code_hash"), address(priceFeed).codehash);
        assertEq(vm.parseJsonBytes32(book, ".rules_id"), keccak256(abi.encode(vault.limits())));
        assertEq(vm.parseJsonUint(book, ".chain_id"), block.chainid);
        assertEq(vm.parseJsonUint(book, ".decimals.price_feed"), 8);
        assertGt(vm.parseJsonAddress(book, ".libraries.RulesLib.address").code.length, 0);
        assertFalse(vm.keyExistsJson(book, ".aggregators.price_feed"));
        assertEq(vm.parseJsonAddress(book, ".contracts.check_feed.address"), address(checkFeed));
        assertEq(vm.parseJsonAddress(book, ".underwriter"), underwriter);
        assertFalse(vm.keyExistsJson(book, ".safe"));
    }

    function test_the_book_pins_what_of_the_timelock_is_storage() public {
        Plan memory plan = _plan();
        string memory book = deployment.compose(plan, _deploy(plan));
        assertEq(vm.parseJsonUint(book, ".governance.delay_s"), 48 hours);
        assertEq(vm.parseJsonAddress(book, ".governance.deployer"), address(deployment));
        assertEq(vm.parseJsonAddressArray(book, ".governance.proposers"), _one(safe));
        address[] memory cancellers = vm.parseJsonAddressArray(book, ".governance.cancellers");
        assertEq(cancellers.length, 3);
        assertEq(cancellers[0], safe);
        assertEq(cancellers[1], guardian);
        assertEq(vm.parseJsonAddressArray(book, ".governance.executors"), _one(address(0)));
    }

    /* POWER */

    function test_refuses_a_timelock_of_less_than_48_hours() public {
        Plan memory plan = _plan();
        plan.timelockDelay -= 1;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.DelayTooShort.selector, 48 hours - 1, 48 hours));
    }

    function test_refuses_a_key_in_each_role_of_power() public {
        string[3] memory roles = ["proposer", "underwriter", "guardian"];
        address[3] memory accounts = [safe, underwriter, guardian];
        for (uint256 i = 0; i < 3; ++i) {
            Plan memory plan = _plan();
            plan.guardians[1] = guardian;
            bytes memory code = accounts[i].code;
            bytes memory refusal =
                abi.encodeWithSelector(DeployChecks.PrivilegedKey.selector, roles[i], accounts[i]);
            vm.etch(accounts[i], "");
            _refuses(plan, refusal);
            vm.etch(accounts[i], abi.encodePacked(hex"ef0100", address(vault)));
            _refuses(plan, refusal);
            vm.etch(accounts[i], code);
        }
    }

    function test_a_keeper_may_be_a_key_and_in_development_everybody() public {
        Plan memory plan = _plan();
        assertEq(keeper.code.length, 0);
        deployment.check(plan);
        plan.production = false;
        plan.timelockDelay = 0;
        (plan.proposer, plan.underwriter) = (makeAddr("a key"), makeAddr("another key"));
        _deploy(plan);
        assertEq(vault.underwriter(), plan.underwriter);
    }

    function test_refuses_a_role_that_nobody_holds() public {
        Plan memory plan = _plan();
        plan.guardians = new address[](0);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NobodyIn.selector, "guardians"));
        plan = _plan();
        plan.keepers = new address[](0);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NobodyIn.selector, "keepers"));
        plan = _plan();
        plan.proposer = address(0);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NobodyIn.selector, "proposer"));
    }

    function test_afterwards_a_deployer_that_kept_something_is_found() public {
        Plan memory plan = _plan();
        Made memory made = _deploy(plan);
        vm.expectRevert(
            abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "deployer as guardian", guardian)
        );
        plan.guardians[0] = safe;
        deployment.requireAsPlanned(plan, made, guardian);
        plan = _plan();
        plan.underwriter = stranger;
        vm.expectRevert(abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "underwriter", underwriter));
        deployment.requireAsPlanned(plan, made, address(deployment));
    }

    function test_afterwards_a_vault_of_another_market_is_found() public {
        Plan memory plan = _plan();
        Made memory made = _deploy(plan);
        plan.checkFeed = priceFeed;
        vm.expectRevert(
            abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "check feed", address(checkFeed))
        );
        deployment.requireAsPlanned(plan, made, address(deployment));
        (plan.checkFeed, plan.base) = (checkFeed, quote);
        vm.expectRevert(abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "base", address(base)));
        deployment.requireAsPlanned(plan, made, address(deployment));
    }

    /* PRICES: incidents 15 and 16 */

    function test_in_production_a_price_without_a_second_source_is_refused() public {
        Plan memory plan = _plan();
        (plan.checkFeed, plan.decimals.check) = (SettableFeed(address(0)), 0);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NoSecondSource.selector, address(0)));
        plan.production = false;
        Made memory made = _deploy(plan);
        assertFalse(vm.keyExistsJson(deployment.compose(plan, made), ".contracts.check_feed"));
    }

    function test_the_same_source_twice_is_one() public {
        Plan memory plan = _plan();
        plan.checkFeed = priceFeed;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NoSecondSource.selector, priceFeed));
        FeedProxy proxy = new FeedProxy(priceFeed);
        plan.checkFeed = SettableFeed(address(proxy));
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NoSecondSource.selector, proxy));
        plan.priceFeed = SettableFeed(address(new FeedProxy(priceFeed)));
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NoSecondSource.selector, proxy));
        plan.priceFeed = SettableFeed(address(new FeedProxy(checkFeed)));
        deployment.check(plan);
    }

    function test_refuses_a_price_2_1_percent_off_the_pools_mean_and_takes_1_9() public {
        Plan memory plan = _plan();
        priceFeed.push(int256(PRICE * 1019 / 1000 / 1e10));
        deployment.check(plan);
        priceFeed.push(int256(PRICE * 1021 / 1000 / 1e10));
        vm.expectPartialRevert(DeployChecks.PriceUnconfirmed.selector);
        deployment.check(plan);
        priceFeed.push(int256(PRICE * 979 / 1000 / 1e10));
        vm.expectPartialRevert(DeployChecks.PriceUnconfirmed.selector);
        deployment.check(plan);
    }

    function test_moonwell_2026_refuses_a_wrapper_that_lacks_its_second_leg() public {
        Plan memory plan = _plan();
        plan.limits.minPrice = 1e18;
        plan.limits.maxPrice = 100e18;
        priceFeed.push(1.12e8);
        vm.expectPartialRevert(DeployChecks.PriceUnconfirmed.selector);
        deployment.check(plan);
    }

    function test_ribbon_2025_refuses_18_decimals_for_8() public {
        Plan memory plan = _plan();
        plan.priceFeed = new SettableFeed(18, int256(PRICE));
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WrongDecimals.selector, "price", 8, 18));
        // A feed that says 8 and answers with 18, and one that says 18 and answers with 8.
        plan.priceFeed = new SettableFeed(8, int256(PRICE));
        _refusesAnyhow(plan, DeployChecks.FeedBroken.selector);
        plan.limits.minPrice = 1;
        plan.limits.maxPrice = type(uint128).max;
        _refusesAnyhow(plan, DeployChecks.PriceUnconfirmed.selector);
        plan.priceFeed = new SettableFeed(18, int256(PRICE / 1e10));
        plan.decimals.price = 18;
        _refusesAnyhow(plan, DeployChecks.PriceUnconfirmed.selector);
    }

    function test_refuses_decimals_of_tokens_that_are_not_those_believed() public {
        Plan memory plan = _plan();
        plan.decimals.quote = 18;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WrongDecimals.selector, "quote", 18, 6));
        plan = _plan();
        plan.decimals.base = 8;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WrongDecimals.selector, "base", 8, 18));
        plan = _plan();
        plan.decimals.vol = 18;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WrongDecimals.selector, "vol", 18, 8));
    }

    function test_a_second_feed_must_agree_too() public {
        Plan memory plan = _plan();
        SettableFeed check = new SettableFeed(18, int256(PRICE));
        (plan.checkFeed, plan.decimals.check) = (check, 18);
        deployment.check(plan);
        check.push(int256(PRICE * 103 / 100));
        _refusesAnyhow(plan, DeployChecks.PriceUnconfirmed.selector);
        plan.decimals.check = 8;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WrongDecimals.selector, "check", 8, 18));
    }

    function test_refuses_a_feed_that_is_stale_or_says_nothing_possible() public {
        Plan memory plan = _plan();
        skip(plan.limits.maxPriceAge + 1);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.FeedStale.selector, "price", 3601, 3600));
        priceFeed.push(0);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.FeedBroken.selector, "price", 0));
        priceFeed.pushAt(int256(PRICE / 1e10), block.timestamp + 1);
        _refusesAnyhow(plan, DeployChecks.FeedBroken.selector);
        priceFeed.push(int256(PRICE / 1e10));
        volFeed.push(70e8);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.FeedBroken.selector, "vol", 70e18));
        plan.volFeed = SettableFeed(stranger);
        _refuses(plan, abi.encodeWithSelector(DeployChecks.NoContract.selector, "vol", stranger));
    }

    /* THE POOL */

    function test_refuses_the_pool_of_another_pair() public {
        Plan memory plan = _plan();
        (plan.quote, plan.decimals.quote) = (base, 18);
        _refusesAnyhow(plan, DeployChecks.WrongPool.selector);
    }

    function test_refuses_a_pool_that_does_not_remember_the_window() public {
        Plan memory plan = _plan();
        plan.twapSeconds = 2 hours;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.PoolForgets.selector, 1, 2 hours));
        plan.twapSeconds = 299;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.WindowTooShort.selector, 299, 300));
    }

    /// @dev The pool has 22,361 base within its range: selling 100 costs 0.45 % and 0.05 % of fee, 103 half a point more.
    function test_refuses_a_pool_in_which_the_greatest_hedge_is_too_dear() public {
        Plan memory plan = _plan();
        plan.limits.maxTradeBase = 98e18;
        deployment.check(plan);
        plan.limits.maxTradeBase = 103e18;
        _refuses(plan, abi.encodeWithSelector(DeployChecks.PoolTooShallow.selector, 51, 50));
    }

    function test_the_cost_foreseen_is_the_cost_met() public {
        Plan memory plan = _plan();
        plan.limits.maxTradeBase = 98e18;
        _deploy(plan);
        uint256 got = _fill(true, 98e18);
        uint256 fair = 98 * 2000e6;
        assertApproxEqAbs((fair - got) * 10_000 / fair, 49, 1);
    }

    /* HELPERS */

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function _refuses(Plan memory plan, bytes memory reason) private {
        vm.expectRevert(reason);
        deployment.check(plan);
    }

    function _refusesAnyhow(Plan memory plan, bytes4 reason) private {
        vm.expectPartialRevert(reason);
        deployment.check(plan);
    }
}
