// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {ISafe} from "src/interfaces/ISafe.sol";

/// @notice What the owners of a Safe do with it.
interface IOwnedSafe is ISafe {
    function setup(
        address[] calldata owners,
        uint256 threshold,
        address to,
        bytes calldata data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address payable paymentReceiver
    ) external;
    function execTransaction(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address payable refundReceiver,
        bytes calldata signatures
    ) external payable returns (bool);
    function getTransactionHash(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        uint256 nonce
    ) external view returns (bytes32);
    function enableModule(address module) external;
    function disableModule(address previous, address module) external;
    function getOwners() external view returns (address[] memory);
    function getThreshold() external view returns (uint256);
    function nonce() external view returns (uint256);
}

interface ISafeProxyFactory {
    function createProxyWithNonce(address singleton, bytes calldata initializer, uint256 salt)
        external
        returns (address);
}

/// @notice Genuine Safes, to the byte those of mainnet, owned by three people of whom two must sign.
abstract contract SafeHouse is Test {
    string private constant SAFE = "../.cache/protocols/safe/build/artifacts/contracts/";
    address private constant SENTINEL = address(1);

    uint256 internal constant THRESHOLD = 2;

    address internal singleton;

    /// @dev Keys by the order of their addresses, in which a Safe wants the signatures.
    uint256[] private _keys;

    function _deploySafe() internal returns (IOwnedSafe) {
        singleton = deployCode(string.concat(SAFE, "Safe.sol/Safe.json"));
        address factory =
            deployCode(string.concat(SAFE, "proxies/SafeProxyFactory.sol/SafeProxyFactory.json"));
        address[] memory owners = _nameOwners();
        bytes memory initializer = abi.encodeCall(
            IOwnedSafe.setup,
            (owners, THRESHOLD, address(0), "", address(0), address(0), 0, payable(address(0)))
        );
        return IOwnedSafe(ISafeProxyFactory(factory).createProxyWithNonce(singleton, initializer, 0));
    }

    /// @dev Two of the owners sign a call, and anybody sends it.
    function _execute(IOwnedSafe safe, address to, bytes memory data) internal {
        bytes memory signatures = _signed(safe, to, data);
        safe.execTransaction(to, 0, data, 0, 0, 0, 0, address(0), payable(address(0)), signatures);
    }

    function _signed(IOwnedSafe safe, address to, bytes memory data)
        internal
        view
        returns (bytes memory signatures)
    {
        uint256 nonce = safe.nonce();
        bytes32 digest = safe.getTransactionHash(to, 0, data, 0, 0, 0, 0, address(0), address(0), nonce);
        for (uint256 i = 0; i < THRESHOLD; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], digest);
            signatures = abi.encodePacked(signatures, r, s, v);
        }
    }

    function _enable(IOwnedSafe safe, address module) internal {
        _execute(safe, address(safe), abi.encodeCall(IOwnedSafe.enableModule, (module)));
    }

    /// @dev The module must be the one that was enabled last.
    function _disable(IOwnedSafe safe, address module) internal {
        _execute(safe, address(safe), abi.encodeCall(IOwnedSafe.disableModule, (SENTINEL, module)));
    }

    function _nameOwners() private returns (address[] memory owners) {
        owners = new address[](3);
        for (uint256 i = 0; i < owners.length; ++i) {
            (address owner, uint256 key) = makeAddrAndKey(string.concat("owner ", vm.toString(i)));
            uint256 place = i;
            _keys.push(key);
            for (; place > 0 && owners[place - 1] > owner; --place) {
                (owners[place], _keys[place]) = (owners[place - 1], _keys[place - 1]);
            }
            (owners[place], _keys[place]) = (owner, key);
        }
    }
}
