// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Lens} from "src/Lens.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {Burner, HostileVenue, Parrot, Refuser} from "test/utils/Doubles.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract LensTest is VaultFixture {
    Lens private lens;
    SettableFeed private nativeFeed;

    function setUp() public override {
        super.setUp();
        lens = new Lens();
        nativeFeed = new SettableFeed(8, 2000e8);
        vm.deal(keeper, 3 ether);
        vm.fee(7 gwei);
        vm.roll(1234);
    }

    /* EVERY WORD */

    function test_the_header() public view {
        uint256[] memory words = _read(new address[](0), address(nativeFeed));
        assertEq(words.length, 8);
        assertEq(words[0], 4, "version");
        assertEq(words[1], 1234, "block number");
        assertEq(words[2], START, "timestamp");
        assertEq(words[3], 7 gwei, "base fee");
        assertEq(words[4], 3 ether, "native balance");
        assertEq(words[5], 2000e18, "native price");
        assertEq(words[6], START, "native price time");
        assertEq(words[7], 0, "vaults");
    }

    function test_a_vault_word_for_word() public {
        _open(_terms(true, 2200e8, block.timestamp + 30 days, -10e18, 700e6));
        _open(_terms(true, 2400e8, block.timestamp + 30 days, 5e18, 50e6));
        _open(_terms(false, 1800e8, block.timestamp + 30 days, 5e18, 50e6));
        _setGap(10e18);
        _rebalance(_proposal(true, 4e18));
        skip(9);
        priceFeed.push(2001e8);
        volFeed.push(0.71e8);
        uint256[] memory words = _read(_one(address(vault)), address(nativeFeed));
        assertEq(words.length, 8 + 32 + 3);
        assertEq(words[7], 1, "vaults");
        assertEq(words[8], uint256(uint160(address(vault))), "address");
        assertEq(words[9], 1 | 4 | (_baseIsToken0() ? 8 : 0), "readable, authorised");
        assertEq(words[10], quote.balanceOf(address(vault)) - 9000e6, "quote without escrow");
        assertEq(words[11], 96e18, "base without escrow");
        assertEq(int256(words[12]), vault.limits().targetDelta, "target");
        assertEq(words[13], 1e18, "band");
        assertEq(words[14], vault.sequence(), "sequence");
        assertEq(bytes32(words[15]), vault.stateHash(), "state hash");
        assertEq(words[16], START, "last rebalance");
        assertEq(words[17], 300, "cooldown");
        assertEq(words[18], 50, "slippage");
        assertEq(words[19], 2000, "margin");
        assertEq(words[20], 2001e18, "price");
        assertEq(words[21], START + 9, "price time");
        assertEq(words[22], priceFeed.latest(), "price round");
        assertEq(words[23], 0.71e18, "volatility");
        assertEq(words[24], START + 9, "volatility time");
        (uint160 sqrtPriceX96, uint128 liquidity,,) = venue.state();
        assertEq(words[25], sqrtPriceX96, "pool price");
        assertEq(words[26], liquidity, "liquidity");
        assertEq(words[27], FEE, "fee");
        assertEq(words[28], 6 | 18 << 8, "decimals");
        assertEq(words[29], vault.totalSupply(), "supply");
        assertEq(words[30], 3, "legs");
        uint256 largest = vault.limits().maxTradeBase;
        assertEq(words[31], 3600 | 86_400 << 32 | 300 << 64 | largest << 96, "ages, deadline, largest trade");
        (uint256 turnover, uint256 loss) = vault.budgetsUsed();
        assertGt(turnover, 0);
        assertEq(words[32], turnover, "turnover used");
        assertEq(words[33], loss, "loss used");
        assertEq(words[34], START + 30 days, "term");
        assertEq(
            words[35], 50 | 500 << 16 | 250_000 << 32 | 1000 << 64 | 1000 << 96, "errors, least trade, caps"
        );
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 word,,) = vault.legAt(i);
            assertEq(words[40 + i], word, "leg");
        }
    }

    function test_every_rule_is_in_the_words() public view {
        Limits memory rules = vault.limits();
        uint256[] memory words = _read(_one(address(vault)), address(0));
        uint256 first =
            rules.maxCheckAge | uint256(rules.maxJumpBps) << 32 | uint256(rules.maxDrawdownBps) << 48;
        uint256 daily = uint256(rules.turnoverPerDayPips) << 64 | uint256(rules.lossPerDayPips) << 96;
        assertEq(
            words[36], first | daily | uint256(rules.emergencyGap) << 128, "check, jump, fall, days, gap"
        );
        assertEq(words[37], rules.minPrice | uint256(rules.maxPrice) << 128, "prices");
        uint256 vols = rules.minVol | uint256(rules.maxVol) << 64;
        assertEq(words[38], vols | uint256(rules.ripcordReward) << 128, "volatilities, reward");
        assertEq(words[39], rules.emergencyTradeBase, "emergency trade");
    }

    function test_the_state_hash_is_of_what_the_words_say() public {
        _open(_terms(true, 2200e8, block.timestamp + 30 days, -10e18, 700e6));
        _open(_terms(false, 1800e8, block.timestamp + 30 days, 5e18, 50e6));
        uint256[] memory words = _read(_one(address(vault)), address(0));
        bytes32 rules = keccak256(abi.encode(vault.limits()));
        bytes32 book = keccak256(abi.encodePacked(words[40], words[41]));
        bytes32 seal = keccak256(abi.encode(rules, book));
        assertEq(
            keccak256(abi.encode(block.chainid, address(vault), words[14], seal)), bytes32(words[15]), "hash"
        );
    }

    function test_a_paused_vault_and_another_keeper() public {
        vm.prank(guardian);
        vault.pause("test");
        vm.prank(governance);
        vault.setKeeper(keeper, 0);
        assertEq(_read(_one(address(vault)), address(0))[9], 1 | 2 | (_baseIsToken0() ? 8 : 0));
    }

    function test_a_negative_target_and_price_keep_their_sign() public {
        _setGap(1000e18);
        priceFeed.push(-5);
        uint256[] memory words = _read(_one(address(vault)), address(0));
        assertEq(int256(words[12]), -900e18);
        assertEq(int256(words[20]), -5e10);
    }

    /* BROKEN THINGS */

    function test_broken_vaults_between_good_ones() public {
        _open(_terms(true, 2200e8, block.timestamp + 30 days, -10e18, 0));
        (uint256 leg,,) = vault.legAt(0);
        uint256[] memory short = new uint256[](31);
        uint256[] memory wrongCount = new uint256[](34);
        wrongCount[22] = 3;
        uint256[] memory tooMany = new uint256[](32 + 17);
        tooMany[22] = 17;
        address[] memory vaults = new address[](13);
        vaults[0] = address(vault);
        vaults[1] = makeAddr("no code");
        vaults[2] = address(new Refuser());
        vaults[3] = address(new Burner());
        vaults[4] = address(new Parrot(hex""));
        vaults[5] = address(new Parrot(abi.encode(short)));
        vaults[6] = address(new Parrot(abi.encode(wrongCount)));
        vaults[7] = address(new Parrot(abi.encode(tooMany)));
        vaults[8] = address(new Parrot(new bytes(24_000)));
        vaults[9] = address(new Parrot(bytes.concat(bytes32(uint256(64)), new bytes(33 * 32))));
        vaults[10] = address(
            new Parrot(bytes.concat(bytes32(uint256(32)), bytes32(type(uint256).max), new bytes(32 * 32)))
        );
        vaults[11] = address(0);
        vaults[12] = address(vault);
        uint256[] memory words = _read(vaults, address(0));
        assertEq(words.length, 8 + 13 * 32 + 2);
        for (uint256 i = 0; i < 13; ++i) {
            uint256 at = 8 + i * 32;
            assertEq(words[at], uint256(uint160(vaults[i])), "address");
            if (i == 0 || i == 12) continue;
            for (uint256 j = 1; j < 32; ++j) {
                assertEq(words[at + j], 0, vm.toString(i));
            }
        }
        assertEq(words[9] & 1, 1);
        assertEq(words[8 + 12 * 32 + 1] & 1, 1);
        assertEq(words[8 + 13 * 32], leg);
        assertEq(words[8 + 13 * 32 + 1], leg);
    }

    function test_a_well_formed_answer_is_believed_but_for_its_address() public {
        uint256[] memory answer = new uint256[](33);
        (answer[0], answer[1], answer[22], answer[32]) = (99, 4, 1, 42);
        address parrot = address(new Parrot(abi.encode(answer)));
        uint256[] memory words = _read(_one(parrot), address(0));
        assertEq(words[8], uint256(uint160(parrot)));
        assertEq(words[9], 5);
        assertEq(words[40], 42);
    }

    function test_a_vault_with_broken_feeds_is_readable() public {
        priceFeed.setBroken(true);
        volFeed.setBroken(true);
        uint256[] memory words = _read(_one(address(vault)), address(0));
        assertEq(words[9] & 1, 1);
        for (uint256 i = 20; i <= 24; ++i) {
            assertEq(words[i], 0);
        }
        assertEq(words[10], 1_000_000e6);
    }

    function test_a_vault_with_a_broken_venue_is_readable() public {
        venue = new HostileVenue(address(base), address(quote));
        vault = new RiskVault(_config());
        uint256[] memory words = _read(_one(address(vault)), address(0));
        assertEq(words[9], 1);
        assertEq(words[25] + words[26] + words[27], 0);
        assertEq(words[20], PRICE);
    }

    function test_a_bad_native_feed_is_no_price() public {
        _assertNoNativePrice(address(0), 0);
        _assertNoNativePrice(address(new Refuser()), 0);
        _assertNoNativePrice(address(new SettableFeed(19, 1)), 0);
        _assertNoNativePrice(address(new SettableFeed(8, -1)), START);
        nativeFeed.setBroken(true);
        _assertNoNativePrice(address(nativeFeed), 0);
    }

    /* HELPERS */

    function _assertNoNativePrice(address feed, uint256 updatedAt) private view {
        uint256[] memory words = _read(new address[](0), feed);
        assertEq(words[5], 0);
        assertEq(words[6], updatedAt);
    }

    function _one(address one) private pure returns (address[] memory vaults) {
        vaults = new address[](1);
        vaults[0] = one;
    }

    function _read(address[] memory vaults, address feed) private view returns (uint256[] memory words) {
        bytes memory packed = lens.read(vaults, keeper, feed);
        assertEq(packed.length % 32, 0);
        words = new uint256[](packed.length / 32);
        for (uint256 i = 0; i < words.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(words, 32), mul(i, 32)), mload(add(add(packed, 32), mul(i, 32))))
            }
        }
    }
}

/// @notice The same with the pair the other way round.
contract LensMirroredTest is LensTest {
    function _baseIsToken0() internal pure override returns (bool) {
        return false;
    }
}
