// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Plan} from "./DeployPlan.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Lens} from "src/Lens.sol";
import {RiskVault} from "src/RiskVault.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {IGuarded} from "src/interfaces/IGuarded.sol";
import {Config} from "src/interfaces/IRiskVault.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";

/// @notice What a deployment has made.
struct Made {
    TimelockController timelock;
    UniswapV3Venue venue;
    Lens lens;
    RiskVault vault;
}

/// @title Deployer
/// @notice Deploys a vault and gives each role to whom the plan names.
/// @dev The vault is born under its timelock, and the deployer governs only through that timelock, which has no delay until
/// the roles are given. The same operation that gives them sets the delay; then the deployer resigns.
library Deployer {
    error NotAsPlanned(string what, address found);
    error DeploysNoModule(address safe);

    function deploy(Plan memory plan, address deployer) internal returns (Made memory made) {
        if (plan.safe != address(0)) revert DeploysNoModule(plan.safe);
        made.timelock = new TimelockController(0, _one(deployer), _one(address(0)), deployer);
        made.venue = new UniswapV3Venue(plan.pool, address(plan.base));
        made.lens = new Lens();
        made.vault = new RiskVault(_config(plan, made));
        _giveRoles(plan, made, deployer);
    }

    function _config(Plan memory plan, Made memory made) private pure returns (Config memory) {
        return Config({
            name: plan.name,
            symbol: plan.symbol,
            quote: plan.quote,
            base: plan.base,
            venue: made.venue,
            priceFeed: plan.priceFeed,
            volFeed: plan.volFeed,
            checkFeed: plan.checkFeed,
            sequencerFeed: plan.sequencerFeed,
            owner: address(made.timelock),
            guardian: plan.guardians[0],
            underwriter: plan.underwriter,
            limits: plan.limits
        });
    }

    function _giveRoles(Plan memory plan, Made memory made, address deployer) private {
        TimelockController timelock = made.timelock;
        (address[] memory targets, bytes[] memory calls) = _operation(plan, made);
        uint256[] memory values = new uint256[](targets.length);
        timelock.scheduleBatch(targets, values, calls, 0, 0, 0);
        timelock.executeBatch(targets, values, calls, 0, 0);
        timelock.grantRole(timelock.PROPOSER_ROLE(), plan.proposer);
        timelock.grantRole(timelock.CANCELLER_ROLE(), plan.proposer);
        for (uint256 i = 0; i < plan.guardians.length; ++i) {
            timelock.grantRole(timelock.CANCELLER_ROLE(), plan.guardians[i]);
        }
        timelock.renounceRole(timelock.PROPOSER_ROLE(), deployer);
        timelock.renounceRole(timelock.CANCELLER_ROLE(), deployer);
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), deployer);
    }

    /// @dev The keepers, the guardians but the first, and the delay at last.
    function _operation(Plan memory plan, Made memory made)
        private
        view
        returns (address[] memory targets, bytes[] memory calls)
    {
        (uint256 keepers, uint256 more) = (plan.keepers.length, plan.guardians.length - 1);
        targets = new address[](keepers + more + 1);
        calls = new bytes[](targets.length);
        uint64 until = uint64(block.timestamp + plan.keeperDays * 1 days);
        for (uint256 i = 0; i < keepers; ++i) {
            targets[i] = address(made.vault);
            calls[i] = abi.encodeCall(IGuarded.setKeeper, (plan.keepers[i], until));
        }
        for (uint256 i = 0; i < more; ++i) {
            targets[keepers + i] = address(made.vault);
            calls[keepers + i] = abi.encodeCall(IGuarded.setGuardian, (plan.guardians[i + 1], true));
        }
        targets[keepers + more] = address(made.timelock);
        calls[keepers + more] = abi.encodeCall(TimelockController.updateDelay, (plan.timelockDelay));
    }

    /* AFTERWARDS */

    /// @notice What belongs to a vault or module that somebody else made.
    function standing(RiskVault vault, Lens lens) internal view returns (Made memory) {
        return Made({
            timelock: TimelockController(payable(vault.owner())),
            venue: UniswapV3Venue(address(vault.venue())),
            lens: lens,
            vault: vault
        });
    }

    /// @notice Looks at what stands there, as if somebody else had made it.
    function requireAsPlanned(Plan memory plan, Made memory made, address deployer) internal view {
        RiskVault vault = made.vault;
        _require(vault.owner() == address(made.timelock), "owner", vault.owner());
        _require(vault.pendingOwner() == address(0), "pending owner", vault.pendingOwner());
        (string memory role, address principal) = plan.principal();
        address found =
            plan.safe == address(0) ? vault.underwriter() : address(TreasuryModule(address(vault)).safe());
        _require(found == principal, role, found);
        for (uint256 i = 0; i < plan.keepers.length; ++i) {
            _require(vault.isKeeper(plan.keepers[i]), "keeper", plan.keepers[i]);
        }
        for (uint256 i = 0; i < plan.guardians.length; ++i) {
            _require(vault.isGuardian(plan.guardians[i]), "guardian", plan.guardians[i]);
            _requireRole(made.timelock, made.timelock.CANCELLER_ROLE(), plan.guardians[i], "canceller");
        }
        bytes32 rules = keccak256(abi.encode(vault.limits()));
        _require(rules == keccak256(abi.encode(plan.limits)), "limits", address(vault));
        _requireMarket(plan, made);
        _requireGoverned(plan, made.timelock);
        _requireGone(plan, made, deployer);
    }

    function _requireMarket(Plan memory plan, Made memory made) private view {
        (RiskVault vault, UniswapV3Venue venue) = (made.vault, made.venue);
        _require(venue.pool() == plan.pool, "pool", address(venue.pool()));
        _require(venue.quote() == address(plan.quote), "quote", venue.quote());
        _require(venue.base() == address(plan.base), "base", venue.base());
        _require(vault.priceFeed() == plan.priceFeed, "price feed", address(vault.priceFeed()));
        _require(vault.volFeed() == plan.volFeed, "vol feed", address(vault.volFeed()));
        _require(vault.checkFeed() == plan.checkFeed, "check feed", address(vault.checkFeed()));
        address sequencer = address(vault.sequencerFeed());
        _require(sequencer == address(plan.sequencerFeed), "sequencer feed", sequencer);
    }

    function _requireGoverned(Plan memory plan, TimelockController timelock) private view {
        _require(timelock.getMinDelay() == plan.timelockDelay, "delay", address(timelock));
        _requireRole(timelock, timelock.PROPOSER_ROLE(), plan.proposer, "proposer");
        _requireRole(timelock, timelock.EXECUTOR_ROLE(), address(0), "executor");
        _requireRole(timelock, timelock.DEFAULT_ADMIN_ROLE(), address(timelock), "admin");
    }

    /// @dev Who is named in the plan for a role may hold that role though he deploys, in development.
    function _requireGone(Plan memory plan, Made memory made, address deployer) private view {
        TimelockController timelock = made.timelock;
        _require(!timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), deployer), "deployer as admin", deployer);
        bool proposes = timelock.hasRole(timelock.PROPOSER_ROLE(), deployer);
        _require(!proposes || deployer == plan.proposer, "deployer as proposer", deployer);
        bool guards = made.vault.isGuardian(deployer);
        for (uint256 i = 0; i < plan.guardians.length; ++i) {
            if (plan.guardians[i] == deployer) guards = false;
        }
        _require(!guards, "deployer as guardian", deployer);
    }

    function _requireRole(TimelockController timelock, bytes32 role, address account, string memory what)
        private
        view
    {
        _require(timelock.hasRole(role, account), what, account);
    }

    function _require(bool planned, string memory what, address found) private pure {
        if (!planned) revert NotAsPlanned(what, found);
    }

    function _one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
