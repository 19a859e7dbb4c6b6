// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {AddressBook} from "script/AddressBook.sol";
import {DeployChecks} from "script/DeployChecks.sol";
import {Plan} from "script/DeployPlan.sol";
import {Deployer, Made} from "script/Deployer.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {Lens} from "src/Lens.sol";
import {RiskVault} from "src/RiskVault.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {ISafe} from "src/interfaces/ISafe.sol";
import {TreasuryConfig} from "src/interfaces/ITreasuryModule.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";
import {DeployFixture} from "test/utils/DeployFixture.sol";
import {SafeHouse} from "test/utils/SafeHouse.sol";

/// @notice The address book of what the deployment script did not make: a Safe's module, and a vault since governed.
contract DeployModuleTest is DeployFixture, SafeHouse {
    TimelockController private _timelock;
    TreasuryModule private _module;
    ISafe private _treasury;
    Lens private _lens;

    function setUp() public override {
        super.setUp();
        _treasury = _deploySafe();
        _lens = new Lens();
        _timelock = new TimelockController(0, _one(safe), _one(address(0)), address(this));
        _module = new TreasuryModule(_config(_modulePlan()));
        vm.startPrank(address(_timelock));
        _module.setKeeper(keeper, uint64(block.timestamp + 90 days));
        _module.setGuardian(safe, true);
        _timelock.updateDelay(48 hours);
        vm.stopPrank();
        _timelock.grantRole(_timelock.CANCELLER_ROLE(), guardian);
        _timelock.renounceRole(_timelock.DEFAULT_ADMIN_ROLE(), address(this));
    }

    function test_the_book_of_a_module_names_its_safe_and_no_underwriter() public {
        string memory book = _write(_modulePlan());
        assertEq(vm.parseJsonAddress(book, ".safe"), address(_treasury));
        assertFalse(vm.keyExistsJson(book, ".underwriter"));
        assertEq(vm.parseJsonAddress(book, ".contracts.vault.address"), address(_module));
        assertEq(vm.parseJsonAddress(book, ".contracts.timelock.address"), address(_timelock));
        assertEq(vm.parseJsonBytes32(book, ".rules_id"), keccak256(abi.encode(_module.limits())));
        assertGt(vm.parseJsonAddress(book, ".libraries.RulesLib.address").code.length, 0);
        assertFalse(vm.keyExistsJson(book, ".libraries.DealLib"));
    }

    function test_a_module_linked_to_other_libraries_than_those_named_is_found() public {
        Plan memory plan = _modulePlan();
        address named = vm.parseJsonAddress(_write(plan), ".libraries.RulesLib.address");
        bytes memory other =
            LibBytes.replace(address(_module).code, abi.encodePacked(named), abi.encodePacked(stranger));
        vm.etch(address(_module), other);
        vm.expectRevert(abi.encodeWithSelector(AddressBook.NotLinked.selector, "RulesLib", named));
        _write(plan);
    }

    function test_a_module_of_another_safe_is_found() public {
        Plan memory plan = _modulePlan();
        plan.safe = safe;
        vm.expectRevert(abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "safe", address(_treasury)));
        _write(plan);
    }

    function test_a_module_meets_the_checks_of_every_production_plan() public {
        Plan memory plan = _modulePlan();
        plan.safe = keeper;
        vm.expectRevert(abi.encodeWithSelector(DeployChecks.PrivilegedKey.selector, "safe", keeper));
        _write(plan);
        plan = _modulePlan();
        plan.limits.band += 1;
        vm.expectRevert(abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "limits", address(_module)));
        _write(plan);
    }

    function test_a_module_is_written_down_and_not_deployed() public {
        Plan memory plan = _modulePlan();
        vm.expectRevert(abi.encodeWithSelector(Deployer.DeploysNoModule.selector, address(_treasury)));
        deployment.run(plan);
    }

    function test_who_deployed_and_kept_the_timelock_is_found_where_transactions_are_missing() public {
        Plan memory plan = _modulePlan();
        vm.prank(address(_timelock));
        _timelock.grantRole(bytes32(0), address(this));
        vm.expectRevert(
            abi.encodeWithSelector(Deployer.NotAsPlanned.selector, "deployer as admin", address(this))
        );
        _write(plan);
    }

    function test_what_governance_has_changed_gets_a_new_book() public {
        Plan memory plan = _plan();
        Made memory made = _deploy(plan);
        string memory before = deployment.compose(plan, made);
        plan.limits.maxSlippageBps += 1;
        vm.prank(address(made.timelock));
        vault.setLimits(plan.limits);
        string memory book = deployment.write(plan, vault, made.lens, address(deployment));
        assertNotEq(vm.parseJsonBytes32(book, ".rules_id"), vm.parseJsonBytes32(before, ".rules_id"));
        assertEq(
            vm.parseJsonBytes32(book, ".contracts.vault.code_hash"),
            vm.parseJsonBytes32(before, ".contracts.vault.code_hash")
        );
    }

    function test_a_plan_names_an_underwriter_or_a_safe() public view {
        string memory example = vm.readFile("script/deploy.example.toml");
        assertEq(deployment.read(example).safe, address(0));
        Plan memory plan = deployment.read(vm.replace(example, "underwriter =", "safe ="));
        assertEq(plan.underwriter, address(0));
        assertEq(uint160(plan.safe), 0xA3);
    }

    /* HELPERS */

    function _modulePlan() private view returns (Plan memory plan) {
        plan = _plan();
        (plan.underwriter, plan.safe) = (address(0), address(_treasury));
        plan.limits.ripcordReward = 0;
    }

    function _config(Plan memory plan) private returns (TreasuryConfig memory) {
        return TreasuryConfig({
            safe: _treasury,
            quote: plan.quote,
            base: plan.base,
            venue: new UniswapV3Venue(plan.pool, address(plan.base)),
            priceFeed: plan.priceFeed,
            volFeed: plan.volFeed,
            checkFeed: plan.checkFeed,
            sequencerFeed: plan.sequencerFeed,
            owner: address(_timelock),
            guardian: guardian,
            limits: plan.limits
        });
    }

    function _write(Plan memory plan) private returns (string memory) {
        return deployment.write(plan, RiskVault(address(_module)), _lens, address(this));
    }

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
