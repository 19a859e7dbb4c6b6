// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {DeployChecks} from "./DeployChecks.sol";
import {Plan} from "./DeployPlan.sol";
import {Made} from "./Deployer.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {DealLib} from "src/libraries/DealLib.sol";
import {GuardLib} from "src/libraries/GuardLib.sol";
import {LensLib} from "src/libraries/LensLib.sol";
import {RulesLib} from "src/libraries/RulesLib.sol";

/// @title AddressBook
/// @notice Writes down what was deployed, and the hash of each code, for the keeper to hold the chain against.
library AddressBook {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotLinked(string name, address account);

    /// @notice The book as JSON.
    /// @param deployer Who must have kept no power.
    function compose(Plan memory plan, Made memory made, address deployer) internal returns (string memory) {
        VM.serializeUint("book", "version", 1);
        VM.serializeString("book", "profile", plan.production ? "production" : "development");
        VM.serializeString("book", "name", plan.name);
        VM.serializeUint("book", "chain_id", block.chainid);
        VM.serializeUint("book", "block_number", block.number);
        VM.serializeBytes32("book", "rules_id", keccak256(abi.encode(plan.limits)));
        (string memory role, address principal) = plan.principal();
        VM.serializeAddress("book", role, principal);
        VM.serializeAddress("book", "guardians", plan.guardians);
        VM.serializeString("book", "governance", _governance(plan, deployer));
        VM.serializeString("book", "decimals", _decimals(plan));
        VM.serializeString("book", "libraries", _libraries(plan, address(made.vault).code));
        VM.serializeString("book", "aggregators", _aggregators(plan));
        return VM.serializeString("book", "contracts", _contracts(plan, made));
    }

    /// @dev What of a timelock is in its storage, where the hash of its code says nothing of it.
    function _governance(Plan memory plan, address deployer) private returns (string memory) {
        address[] memory proposers = new address[](1);
        proposers[0] = plan.proposer;
        address[] memory cancellers = new address[](plan.guardians.length + 1);
        cancellers[0] = plan.proposer;
        for (uint256 i = 0; i < plan.guardians.length; ++i) {
            cancellers[i + 1] = plan.guardians[i];
        }
        VM.serializeUint("governance", "delay_s", plan.timelockDelay);
        VM.serializeAddress("governance", "deployer", deployer);
        VM.serializeAddress("governance", "proposers", proposers);
        VM.serializeAddress("governance", "cancellers", cancellers);
        // Whoever wants may execute what has waited long enough.
        return VM.serializeAddress("governance", "executors", new address[](1));
    }

    function _contracts(Plan memory plan, Made memory made) private returns (string memory) {
        _pin("contracts", "vault", address(made.vault));
        _pin("contracts", "timelock", address(made.timelock));
        _pin("contracts", "lens", address(made.lens));
        _pin("contracts", "venue", address(made.venue));
        _pin("contracts", "pool", address(plan.pool));
        _pin("contracts", "quote", address(plan.quote));
        _pin("contracts", "base", address(plan.base));
        _pin("contracts", "price_feed", address(plan.priceFeed));
        if (address(plan.checkFeed) != address(0)) {
            _pin("contracts", "check_feed", address(plan.checkFeed));
        }
        if (address(plan.sequencerFeed) != address(0)) {
            _pin("contracts", "sequencer_feed", address(plan.sequencerFeed));
        }
        return _pin("contracts", "vol_feed", address(plan.volFeed));
    }

    /// @dev What answers behind a feed that is a proxy: it can be exchanged without a trace in the proxy's code.
    function _aggregators(Plan memory plan) private returns (string memory json) {
        json = VM.serializeJson("aggregators", "{}");
        address[4] memory feeds = [
            address(plan.priceFeed),
            address(plan.volFeed),
            address(plan.checkFeed),
            address(plan.sequencerFeed)
        ];
        string[4] memory names = ["price_feed", "vol_feed", "check_feed", "sequencer_feed"];
        for (uint256 i = 0; i < feeds.length; ++i) {
            address behind = DeployChecks.behind(feeds[i]);
            if (behind != feeds[i]) json = _pin("aggregators", names[i], behind);
        }
    }

    /// @dev What this script is linked to, which must be what the vault is linked to. A module deals in no options.
    function _libraries(Plan memory plan, bytes memory code) private returns (string memory) {
        if (plan.safe == address(0)) _pinLinked(code, "DealLib", address(DealLib));
        _pinLinked(code, "GuardLib", address(GuardLib));
        _pinLinked(code, "LensLib", address(LensLib));
        return _pinLinked(code, "RulesLib", address(RulesLib));
    }

    function _pinLinked(bytes memory code, string memory name, address account)
        private
        returns (string memory)
    {
        if (!LibBytes.contains(code, abi.encodePacked(account))) revert NotLinked(name, account);
        return _pin("libraries", name, account);
    }

    function _decimals(Plan memory plan) private returns (string memory) {
        VM.serializeUint("decimals", "quote", plan.decimals.quote);
        VM.serializeUint("decimals", "base", plan.decimals.base);
        VM.serializeUint("decimals", "price_feed", plan.decimals.price);
        if (address(plan.checkFeed) != address(0)) {
            VM.serializeUint("decimals", "check_feed", plan.decimals.check);
        }
        return VM.serializeUint("decimals", "vol_feed", plan.decimals.vol);
    }

    function _pin(string memory part, string memory name, address account) private returns (string memory) {
        string memory key = string.concat(part, ".", name);
        VM.serializeAddress(key, "address", account);
        return VM.serializeString(part, name, VM.serializeBytes32(key, "code_hash", account.codehash));
    }
}
