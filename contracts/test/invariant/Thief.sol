// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Surroundings} from "./Surroundings.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Terms} from "src/interfaces/IRiskVault.sol";
import {ITransferHook} from "test/utils/HookedToken.sol";

/// @notice Who has the keeper's key, unlimited capital, the pool, the order of transactions, and tokens that call him in the
/// middle of a transfer: he deposits, redeems, donates, pushes, holds back, repeats, re-enters, waits, and calls everything.
/// @dev What goes on around him is in `Surroundings`. Prices do not move while he acts, so that what he wins is theft and not
/// luck. A depositor who knows the next answer is beyond this, as the vault's head says.
contract Thief is Surroundings, ITransferHook {
    /* WITNESSES */

    uint256 public deposits;
    uint256 public exits;
    uint256 public mixtures;
    uint256 public replays;
    uint256 public attemptsInside;

    /* VIOLATIONS */

    uint256 public mixed;
    uint256 public reentries;
    uint256 public powers;

    Proposal[] private _held;
    mapping(bytes32 proposal => uint256) private _executed;
    bool private _armed;
    bool private _inside;
    bytes4[] private _selectors;

    constructor(World memory world, bytes4[] memory selectors) Surroundings(world) {
        _selectors = selectors;
        _world.base.setHook(this);
        _world.quote.setHook(this);
        _world.quote.approve(address(_world.vault), type(uint256).max);
        _world.base.approve(address(_world.vault), type(uint256).max);
    }

    /* WITH HIS CAPITAL */

    function push(uint256 price) external {
        Before memory before = _look();
        _world.driver.pushTo(bound(price, 500e18, 4000e18));
        _reckon(before, false);
    }

    function donate(uint256 amount, bool ofBase) external {
        Before memory before = _look();
        if (ofBase) _world.base.mint(address(_world.vault), bound(amount, 0, 5e18));
        else _world.quote.mint(address(_world.vault), bound(amount, 0, 10_000e6));
        _reckon(before, false);
    }

    function deposit(uint256 assets) external {
        Before memory before = _look();
        _deposit(bound(assets, 0, 20_000_000e6));
        _reckon(before, false);
    }

    function withdraw(uint256 part, bool inKind) external {
        Before memory before = _look();
        uint256 shares = _world.vault.balanceOf(address(this)) * bound(part, 1, 4) / 4;
        if (inKind) _world.vault.redeemInKind(shares, address(this), 0, 0);
        else _redeem(shares);
        if (shares != 0) ++exits;
        _reckon(before, true);
    }

    function _deposit(uint256 assets) private returns (bool ok) {
        _world.quote.mint(address(this), assets);
        try _world.vault.deposit(assets, address(this)) {
            ++deposits;
            return assets != 0;
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
        }
    }

    function _redeem(uint256 shares) private returns (bool) {
        uint256 most = _world.vault.maxRedeem(address(this));
        if (shares > most) shares = most;
        try _world.vault.redeem(shares, address(this), address(this)) {
            return shares != 0;
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
            return false;
        }
    }

    /* WITH THE KEY */

    /// @notice The right side, the pool pushed to where the fill is as bad as anything lets it be, and back.
    function steal(uint256 percent, uint256 badBps, bool armed) external {
        _steal(percent, int256(bound(badBps, 0, 80)), armed);
    }

    /// @notice The same where a feed says one of the bounds.
    function stealAtABound(bool low, int256 gap, uint256 percent, uint256 badBps) external {
        _calmAfterTheCooldown(gap);
        _boundPrices(low, !low);
        _steal(percent, int256(bound(badBps, 0, 26)), false);
        _boundPrices(false, false);
    }

    /// @notice The same where the vault is worth its margin and little more.
    function stealAtTheMargin(uint256 part, int256 gap, uint256 percent, uint256 badBps) external {
        if (_world.vault.legCount() == 0) return _underwrite(true, 2500e8, 400e18);
        _calmAfterTheCooldown(gap);
        _squeeze(part);
        _steal(bound(percent, 50, 100), int256(bound(badBps, 0, 26)), false);
        _loosen();
    }

    /// @notice As much as there is and as bad as it may be, as soon as it may be again, until a budget is used up.
    function stealOnAndOn(uint256 times, uint256 percent, uint256 badBps) external {
        times = bound(times, 1, 6);
        for (uint256 i = 0; i < times; ++i) {
            _calmAfterTheCooldown(i % 2 == 0 ? int256(49e18) : -49e18);
            _steal(bound(percent, 90, 110), int256(bound(badBps, 10, 26)), false);
        }
    }

    /// @notice The pool pushed the other way: a gift, which may turn the gap over.
    function give(int256 gap, uint256 percent, uint256 goodBps) external {
        _calmAfterTheCooldown(gap);
        _steal(bound(percent, 50, 100), -int256(bound(goodBps, 0, 2000)), false);
    }

    /// @dev A fill of 40 base moves the pool by 20 basis points, and its fee is 5 more: beyond 26 a large one is refused.
    function _steal(uint256 percent, int256 badBps, bool armed) private {
        (bool ok, bytes memory args) = _world.vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        int256 off = int256(need.price) * badBps / 10_000;
        _world.driver.pushTo(uint256(int256(need.price) + (need.sellBase ? -off : off)));
        _armed = armed;
        _hedge(_proposal(need.sellBase, need.maxAmountIn * bound(percent, 1, 120) / 100, 60));
        _armed = false;
        _world.driver.pushTo(need.price);
    }

    function tryAnything(bool sellBase, uint256 amountIn, uint256 ahead, bool otherState) external {
        amountIn = sellBase ? bound(amountIn, 0, 60e18) : bound(amountIn, 0, 120_000e6);
        Proposal memory proposal = _proposal(sellBase, amountIn, bound(ahead, 0, 600));
        if (otherState) proposal.stateHash = keccak256(abi.encode(amountIn));
        _hedge(proposal);
    }

    function holdBack(bool sellBase, uint256 amountIn) external {
        amountIn = sellBase ? bound(amountIn, 0, 60e18) : bound(amountIn, 0, 120_000e6);
        _held.push(_proposal(sellBase, amountIn, 300));
    }

    /// @notice Any proposal there ever was, whether carried out or not.
    function repeat(uint256 seed) external {
        if (_held.length == 0) return;
        ++replays;
        _hedge(_held[seed % _held.length]);
    }

    /// @notice The same again, once it is time.
    function sendTwice(int256 gap, uint256 percent) external {
        _calmAfterTheCooldown(gap);
        (bool ok, bytes memory args) = _world.vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        _world.driver.pushTo(need.price);
        uint256 cooldown = _world.vault.limits().cooldown;
        Proposal memory proposal =
            _proposal(need.sellBase, need.maxAmountIn * bound(percent, 1, 40) / 100, cooldown);
        _hedge(proposal);
        skip(cooldown);
        ++replays;
        _hedge(proposal);
    }

    /// @notice Deposits, hedges and leaves in one transaction.
    function mix(uint256 assets, bool depositFirst) external {
        (bool ok, bytes memory args) = _world.vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        _world.driver.pushTo(need.price);
        Proposal memory proposal = _proposal(need.sellBase, need.maxAmountIn, 60);
        ++mixtures;
        Before memory before = _look();
        bool first = depositFirst && _deposit(bound(assets, 1e6, 20_000_000e6));
        _reckon(before, false);
        bool hedged = _hedge(proposal);
        before = _look();
        bool last = _redeem(_world.vault.balanceOf(address(this)));
        if (hedged && (first || last)) ++mixed;
        _reckon(before, true);
    }

    function ripcord() external {
        Before memory before = _look();
        try _world.vault.ripcord() returns (uint256 spent, uint256 got, uint256 reward) {
            ++ripcords;
            rewards += reward;
            bool sellBase = before.gap > 0;
            _judge(before, sellBase, spent, spent, got);
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
        }
        _reckon(before, true);
    }

    /// @notice Has the vault buy of him what is worth little, for a premium of his choice.
    function sellToTheVault(uint256 premium) external {
        Terms memory terms = Terms({
            isCall: false,
            strike: 1000e8,
            expiry: uint32(vm.getBlockTimestamp() + 1 days),
            size: 1e18,
            premium: uint96(bound(premium, 5000e6, 50_000e6)),
            counterparty: address(this)
        });
        Before memory before = _look();
        _world.vault.agree(terms, true);
        _world.quote.mint(address(this), 1000e6);
        try _world.vault.openLeg(terms) {
            ++powers;
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
        }
        _reckon(before, false);
    }

    /// @notice Every function of the vault but those that are anybody's, with the key.
    function callAnything(uint256 seed, uint256 x, uint256 y) external {
        bytes4 selector = _selectors[seed % _selectors.length];
        Before memory before = _look();
        bytes32 authority = _authority();
        (bool ok,) = address(_world.vault).call(abi.encodePacked(selector, x, y, new bytes(1024)));
        if (ok || _authority() != authority) ++powers;
        _reckon(before, false);
    }

    function onTransfer() external {
        if (!_armed || _inside) return;
        _inside = true;
        ++attemptsInside;
        _world.quote.mint(address(this), 1e6);
        Proposal memory proposal = _proposal(true, 1e18, 60);
        if (_tries(abi.encodeCall(_world.vault.rebalance, (proposal)))) ++reentries;
        if (_tries(abi.encodeCall(_world.vault.ripcord, ()))) ++reentries;
        if (_tries(abi.encodeCall(_world.vault.deposit, (1e6, address(this))))) ++reentries;
        if (_tries(abi.encodeCall(_world.vault.redeemInKind, (0, address(this), 0, 0)))) ++reentries;
        _inside = false;
    }

    function _tries(bytes memory data) private returns (bool ok) {
        (ok,) = address(_world.vault).call(data);
    }

    function _authority() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                _world.vault.stateHash(),
                _world.vault.paused(),
                _world.vault.owner(),
                _world.vault.underwriter(),
                _world.vault.keeperUntil(address(this))
            )
        );
    }

    function _proposal(bool sellBase, uint256 amountIn, uint256 ahead)
        private
        view
        returns (Proposal memory)
    {
        uint64 deadline = uint64(vm.getBlockTimestamp() + ahead);
        return Proposal(sellBase, uint128(amountIn), 0, deadline, _world.vault.stateHash());
    }

    function _hedge(Proposal memory proposal) private returns (bool) {
        Before memory before = _look();
        try _world.vault.rebalance(proposal) returns (uint256 spent, uint256 got) {
            ++hedges;
            bytes32 name = keccak256(abi.encode(proposal));
            if (++_executed[name] > 1) ++repetitions;
            _held.push(proposal);
            _judge(before, proposal.sellBase, proposal.amountIn, spent, got);
            _reckon(before, true);
            return true;
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
            _reckon(before, false);
            return false;
        }
    }
}
