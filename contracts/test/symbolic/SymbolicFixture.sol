// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {RiskVault} from "src/RiskVault.sol";
import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "src/interfaces/IKeeperVault.sol";
import {Config, Terms} from "src/interfaces/IRiskVault.sol";
import {IVenue} from "src/interfaces/IVenue.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";

/// @notice What only the prover knows: values that are all values at once.
interface Prover {
    function enableSymbolicStorage(address account) external;
    function createCalldata(string memory contractName) external returns (bytes memory);
    function createAddress(string memory name) external returns (address);
    function createBytes32(string memory name) external returns (bytes32);
}

/// @notice A venue that always pays 2,000.
contract FairVenue is IVenue {
    address public immutable base;
    address public immutable quote;

    constructor(TestToken base_, TestToken quote_) {
        (base, quote) = (address(base_), address(quote_));
    }

    function swapExactIn(bool sellBase, uint256 amountIn) external returns (uint256 spent, uint256 got) {
        (address tokenIn, address tokenOut) = sellBase ? (base, quote) : (quote, base);
        got = sellBase ? amountIn * 2000 / 1e12 : amountIn * 1e12 / 2000;
        TestToken(tokenIn).transferFrom(msg.sender, address(this), amountIn);
        TestToken(tokenOut).transfer(msg.sender, got);
        return (amountIn, got);
    }

    function state() external pure returns (uint160, uint128, uint24, bool) {
        return (0, 0, 0, true);
    }
}

/// @notice The vault as it is deployed, with its libraries, plain tokens, and a venue that fills everything at 2,000. It is
/// 10 base too long, so that the keeper has work; a written call of 1 base at 1,900 has expired and can be settled; terms
/// of another leg are agreed to. So every call could succeed for whoever may make it.
/// @dev No cooldown is running and no clock stands at zero: a property that holds because all calls fail is none. Each
/// proof has a twin which must be refuted, and which is the same but for the one thing that the proof rests on.
abstract contract SymbolicFixture is Test {
    Prover internal constant PROVER = Prover(address(uint160(uint256(keccak256("svm cheat code")))));
    uint256 internal constant START = 1_800_000_000;

    address internal constant GOVERNANCE = address(0xA001);
    address internal constant GUARDIAN = address(0xA002);
    address internal constant UNDERWRITER = address(0xA003);
    address internal constant KEEPER = address(0xA004);
    address internal constant WRITER = address(0xA005);
    address internal constant SAVER = address(0xA006);

    address private constant CHARTER = address(0xA007);

    /* WHERE THE VAULT KEEPS WHAT: see `storageLayout` in its artifact. */

    uint256 private constant BALANCES = 0;
    uint256 private constant SUPPLY = 2;
    uint256 private constant OWNER = 5;
    uint256 private constant PULSE = 7;
    uint256 private constant CHARTER_SLOT = 8;
    uint256 private constant GUARDIANS = 9;
    uint256 private constant KEEPERS = 10;
    uint256 private constant REWARD = 11;
    uint256 private constant BOOK = 12;
    uint256 private constant AGREED = 14;
    uint256 private constant OWED = 15;
    uint256 private constant MARKS = 16;
    uint256 private constant SLOTS = 17;

    TestToken internal base;
    TestToken internal quote;
    SettableFeed internal priceFeed;
    SettableFeed internal volFeed;
    FairVenue internal venue;
    RiskVault internal vault;

    function setUp() public virtual {
        vm.warp(START - 2 days);
        base = new TestToken("BASE", 18);
        quote = new TestToken("QUOTE", 6);
        priceFeed = new SettableFeed(8, 2000e8);
        volFeed = new SettableFeed(8, 0.7e8);
        venue = new FairVenue(base, quote);
        base.mint(address(venue), 1e24);
        quote.mint(address(venue), 1e16);
        vault = new RiskVault(_config());
        _endow();
        _write();
        vm.warp(START);
        priceFeed.push(2000e8);
        volFeed.push(0.7e8);
        vm.prank(GOVERNANCE);
        vault.setKeeper(KEEPER, uint64(START + 30 days));
    }

    /* THE SCENE */

    function _config() private view returns (Config memory) {
        return Config({
            name: "Vault",
            symbol: "vQUOTE",
            quote: quote,
            base: base,
            venue: venue,
            priceFeed: priceFeed,
            volFeed: volFeed,
            checkFeed: IAggregatorV3(address(0)),
            sequencerFeed: IAggregatorV3(address(0)),
            owner: GOVERNANCE,
            guardian: GUARDIAN,
            underwriter: UNDERWRITER,
            limits: _limits()
        });
    }

    function _limits() internal pure returns (Limits memory) {
        return Limits({
            cooldown: 300,
            maxDeadline: 300,
            maxPriceAge: 3600,
            maxVolAge: 86_400,
            maxCheckAge: 7200,
            maxSlippageBps: 50,
            marginBps: 2000,
            priceErrorBps: 50,
            volErrorBps: 1000,
            maxJumpBps: 2000,
            minTradeBps: 500,
            maxDrawdownBps: 1000,
            band: 1e18,
            targetDelta: 89e18,
            maxTradeBase: 500e18,
            emergencyTradeBase: 20e18,
            emergencyGap: 50e18,
            turnoverCapPips: 250_000,
            turnoverPerDayPips: 240_000,
            lossCapPips: 1000,
            lossPerDayPips: 500,
            minPrice: 100e18,
            maxPrice: 10_000e18,
            minVol: 0.01e18,
            maxVol: 5e18,
            ripcordReward: 100e6
        });
    }

    function _endow() private {
        quote.mint(SAVER, 2_000_000e6);
        base.mint(GOVERNANCE, 200e18);
        quote.mint(WRITER, 1_000_000e6);
        base.mint(WRITER, 1000e18);
        _allow(SAVER);
        _allow(GOVERNANCE);
        _allow(WRITER);
        quote.mint(address(vault), 1_000_000e6);
        base.mint(address(vault), 100e18);
        _giveShares(SAVER, 1_200_000e12);
    }

    /// @dev To the prover all of `setUp` is one transaction, in which a leg is opened: shares cannot be bought in it too.
    function _giveShares(address to, uint256 shares) private {
        vm.store(address(vault), keccak256(abi.encode(to, 0)), bytes32(shares));
        vm.store(address(vault), bytes32(uint256(2)), bytes32(shares));
        assert(vault.balanceOf(to) == shares && vault.totalSupply() == shares);
    }

    function _allow(address account) private {
        vm.startPrank(account);
        base.approve(address(vault), type(uint256).max);
        quote.approve(address(vault), type(uint256).max);
        vm.stopPrank();
    }

    /// @dev One leg that has expired by the time of the scene, and one that may still be opened.
    function _write() private {
        Terms memory terms = Terms(true, 1900e8, uint32(START - 1 days), -1e18, 1e6, WRITER);
        vm.prank(WRITER);
        vault.agree(terms, true);
        vm.prank(UNDERWRITER);
        vault.openLeg(terms);
        vm.prank(WRITER);
        vault.agree(_offered(), true);
        vm.warp(START - 1 days - 1);
        priceFeed.push(2000e8);
    }

    function _offered() internal pure returns (Terms memory) {
        return Terms(false, 1900e8, uint32(START + 1 days), 1e18, 1e6, WRITER);
    }

    /// @dev Any content of the storage, any time, and any rules, which are code; without legs, as no power hangs on those.
    function _anyState(uint64 time, Limits memory rules) internal {
        _anyStorage(time);
        _rule(rules);
    }

    /// @dev The leg that has expired is gone, as if somebody had settled it: until then nobody buys or sells shares at a mark.
    /// To the prover a test is one transaction, which cannot settle and then do that. All shares, and what they are redeemed
    /// for, are powers of two: dividing by anything else, the prover comes to no end.
    function _settled() internal {
        _rule(vault.limits());
        _giveShares(SAVER, 2 ** 60 - 1e6);
        quote.mint(address(vault), 2 ** 41 - vault.previewRedeem(2 ** 60));
        assert(vault.previewRedeem(2 ** 60) == 2 ** 41);
    }

    function _rule(Limits memory rules) private {
        vm.etch(CHARTER, abi.encodePacked(hex"00", abi.encode(rules)));
        vm.store(address(vault), bytes32(CHARTER_SLOT), bytes32(uint256(uint160(CHARTER))));
    }

    /// @dev Any content of the storage at any time, with the rules and the legs of the scene, which are code.
    function _anyStorage(uint64 time) internal {
        _anyPulseAndRoles();
        _forget(bytes32(SUPPLY));
        _forget(keccak256(abi.encode(SAVER, BALANCES)));
        for (uint256 slot = BOOK; slot <= AGREED; ++slot) {
            _forget(bytes32(slot));
        }
        _forget(keccak256(abi.encode(BOOK)));
        _forget(keccak256(abi.encode(keccak256(abi.encode(_offered())), AGREED)));
        vm.warp(time);
    }

    /// @dev The same at the time of the scene, and with its supply of shares, its saver's, and its book: with any of these too
    /// the prover comes to no end where a call may be any call. It takes for unknown only what `setUp` has not written: so
    /// each word that it wrote is made unknown by itself.
    function _anyPulseAndRoles() internal {
        assert(address(uint160(uint256(vm.load(address(vault), bytes32(CHARTER_SLOT))))).code.length > 800);
        PROVER.enableSymbolicStorage(address(vault));
        for (uint256 slot = OWNER; slot < SLOTS; ++slot) {
            if (slot != CHARTER_SLOT && (slot < BOOK || slot > OWED)) _forget(bytes32(slot));
        }
        _forget(keccak256(abi.encode(GUARDIAN, GUARDIANS)));
        _forget(keccak256(abi.encode(KEEPER, KEEPERS)));
    }

    /// @dev The scene after a hedge a day ago, at any sequence, with any use of the budgets, marks and rewards, and its keeper
    /// perhaps a guardian. For calls that go by prices: with any price and time of the last hedge, the prover tries both
    /// ways again wherever it is asked whether the price has jumped.
    function _anyBudgets() internal {
        _forget(keccak256(abi.encode(KEEPER, GUARDIANS)));
        _forget(bytes32(MARKS));
        bytes8 budgets = bytes8(PROVER.createBytes32("budgets"));
        bytes4 number = bytes4(PROVER.createBytes32("sequence"));
        bytes8 rewardedAt = bytes8(PROVER.createBytes32("rewarded at"));
        bytes memory pulse =
            abi.encodePacked(budgets, false, uint120(2000e18), uint32(START - 1 days), number);
        vm.store(address(vault), bytes32(PULSE), bytes32(pulse));
        bytes memory reward = abi.encodePacked(bytes4(0), UNDERWRITER, rewardedAt);
        vm.store(address(vault), bytes32(REWARD), bytes32(reward));
        assert(vault.underwriter() == UNDERWRITER && !vault.paused());
    }

    function _forget(bytes32 slot) private {
        vm.store(address(vault), slot, PROVER.createBytes32("word"));
    }

    /* WHAT IS WATCHED */

    struct Powers {
        bytes32 rules;
        address owner;
        address pendingOwner;
        address underwriter;
        bool paused;
        bool isGuardian;
        uint64 keeperUntil;
    }

    /// @dev Authority as it is for one account, which may be any.
    function _powers(address account) internal view returns (Powers memory) {
        return Powers({
            rules: keccak256(abi.encode(vault.limits())),
            owner: vault.owner(),
            pendingOwner: vault.pendingOwner(),
            underwriter: vault.underwriter(),
            paused: vault.paused(),
            isGuardian: vault.isGuardian(account),
            keeperUntil: vault.keeperUntil(account)
        });
    }

    function _assertSame(Powers memory a, Powers memory b) internal pure {
        assert(a.rules == b.rules);
        assert(a.owner == b.owner && a.pendingOwner == b.pendingOwner);
        assert(a.underwriter == b.underwriter);
        assert(a.paused == b.paused);
        assert(a.isGuardian == b.isGuardian);
        assert(a.keeperUntil == b.keeperUntil);
    }

    /* CALLS */

    function _proposal(bool sellBase, uint64 deadline, bytes32 expected)
        internal
        pure
        returns (Proposal memory)
    {
        return Proposal(sellBase, sellBase ? 10e18 : 20_000e6, 0, deadline, expected);
    }

    function _succeeds(address caller, bytes memory data) internal returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(vault).call(data);
    }

    function _refusal(address caller, Proposal memory proposal) internal returns (bytes4) {
        vm.prank(caller);
        (bool ok, bytes memory reason) =
            address(vault).call(abi.encodeCall(IKeeperVault.rebalance, (proposal)));
        return ok ? bytes4(0) : bytes4(reason);
    }

    function _hedges(address caller, Proposal memory proposal) internal returns (bool) {
        return _succeeds(caller, abi.encodeCall(IKeeperVault.rebalance, (proposal)));
    }
}
