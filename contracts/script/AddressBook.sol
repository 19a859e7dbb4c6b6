// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Plan} from "./DeployPlan.sol";
import {Made} from "./Deployer.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {DealLib} from "src/libraries/DealLib.sol";
import {GuardLib} from "src/libraries/GuardLib.sol";
import {LensLib} from "src/libraries/LensLib.sol";
import {RulesLib} from "src/libraries/RulesLib.sol";

/// @title AddressBook
/// @notice Writes down what was deployed, and the hash of each code, for the keeper to hold the chain against.
library AddressBook {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice The book as JSON.
    function compose(Plan memory plan, Made memory made) internal returns (string memory) {
        VM.serializeUint("book", "version", 1);
        VM.serializeString("book", "profile", plan.production ? "production" : "development");
        VM.serializeString("book", "name", plan.name);
        VM.serializeUint("book", "chain_id", block.chainid);
        VM.serializeUint("book", "block_number", block.number);
        VM.serializeBytes32("book", "rules_id", keccak256(abi.encode(plan.limits)));
        VM.serializeAddress("book", "underwriter", plan.underwriter);
        VM.serializeAddress("book", "guardians", plan.guardians);
        VM.serializeString("book", "decimals", _decimals(plan));
        VM.serializeString("book", "libraries", _libraries());
        VM.serializeString("book", "aggregators", _aggregators(plan));
        return VM.serializeString("book", "contracts", _contracts(plan, made));
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
            (bool ok, bytes memory data) = feeds[i].staticcall(abi.encodeWithSignature("aggregator()"));
            if (ok && data.length == 32) json = _pin("aggregators", names[i], abi.decode(data, (address)));
        }
    }

    function _libraries() private returns (string memory) {
        _pin("libraries", "DealLib", address(DealLib));
        _pin("libraries", "GuardLib", address(GuardLib));
        _pin("libraries", "LensLib", address(LensLib));
        return _pin("libraries", "RulesLib", address(RulesLib));
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
