// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {AddressBook} from "script/AddressBook.sol";
import {DeployChecks} from "script/DeployChecks.sol";
import {Plan, PlanReader} from "script/DeployPlan.sol";
import {Deployer, Made} from "script/Deployer.sol";
import {Lens} from "src/Lens.sol";
import {RiskVault} from "src/RiskVault.sol";

/// @notice The deployment script without its broadcast, which a test cannot have. It is its own deployer.
contract Deployment {
    function run(Plan calldata plan) external returns (Made memory made) {
        DeployChecks.check(plan);
        made = Deployer.deploy(plan, address(this));
        Deployer.requireAsPlanned(plan, made, address(this));
    }

    /// @notice What `Book` does, without its files.
    function write(Plan calldata plan, RiskVault vault, Lens lens, address deployer)
        external
        returns (string memory)
    {
        DeployChecks.check(plan);
        Made memory made = Deployer.standing(vault, lens);
        Deployer.requireAsPlanned(plan, made, deployer);
        return AddressBook.compose(plan, made, deployer);
    }

    function check(Plan calldata plan) external view {
        DeployChecks.check(plan);
    }

    function requireAsPlanned(Plan calldata plan, Made calldata made, address deployer) external view {
        Deployer.requireAsPlanned(plan, made, deployer);
    }

    function compose(Plan calldata plan, Made calldata made) external returns (string memory) {
        return AddressBook.compose(plan, made, address(this));
    }

    function read(string calldata toml) external view returns (Plan memory) {
        return PlanReader.read(toml);
    }
}
