// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {AddressBook} from "./AddressBook.sol";
import {DeployChecks} from "./DeployChecks.sol";
import {Plan, PlanReader} from "./DeployPlan.sol";
import {Deployer, Made} from "./Deployer.sol";
import {Script} from "forge-std/Script.sol";

/// @title Deploy
/// @notice Deploys one vault as a TOML file says, and writes its address book.
/// @dev Forge runs a script before it sends anything: whatever is refused here is refused before the first transaction.
contract Deploy is Script {
    /// @param planPath The TOML file.
    /// @param bookPath Where to write the address book.
    function run(string calldata planPath, string calldata bookPath) external returns (Made memory made) {
        // Forge lets it read and write in two folders only, see foundry.toml.
        // forge-lint: disable-next-line(unsafe-cheatcode)
        Plan memory plan = PlanReader.read(vm.readFile(planPath));
        DeployChecks.check(plan);
        vm.startBroadcast();
        made = Deployer.deploy(plan, msg.sender);
        vm.stopBroadcast();
        Deployer.requireAsPlanned(plan, made, msg.sender);
        // forge-lint: disable-next-line(unsafe-cheatcode)
        vm.writeJson(AddressBook.compose(plan, made, msg.sender), bookPath);
    }
}
