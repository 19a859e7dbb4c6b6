// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {AddressBook} from "./AddressBook.sol";
import {DeployChecks} from "./DeployChecks.sol";
import {Plan, PlanReader} from "./DeployPlan.sol";
import {Deployer, Made} from "./Deployer.sol";
import {Script} from "forge-std/Script.sol";
import {Lens} from "src/Lens.sol";
import {RiskVault} from "src/RiskVault.sol";

/// @title Book
/// @notice Holds what stands on the chain against a plan, and writes its address book. It sends nothing.
/// @dev For what `Deploy` did not make, such as a Safe's module, and for rules and roles that governance changed.
contract Book is Script {
    /// @param planPath The TOML file.
    /// @param vault The vault or module.
    /// @param lens What the keeper reads it through.
    /// @param deployer Who deployed it and must have kept no power.
    /// @param bookPath Where to write the address book.
    function run(
        string calldata planPath,
        RiskVault vault,
        Lens lens,
        address deployer,
        string calldata bookPath
    ) external {
        // Forge lets it read and write in two folders only, see foundry.toml.
        // forge-lint: disable-next-line(unsafe-cheatcode)
        Plan memory plan = PlanReader.read(vm.readFile(planPath));
        DeployChecks.check(plan);
        Made memory made = Deployer.standing(vault, lens);
        Deployer.requireAsPlanned(plan, made, deployer);
        // forge-lint: disable-next-line(unsafe-cheatcode)
        vm.writeJson(AddressBook.compose(plan, made, deployer), bookPath);
    }
}
