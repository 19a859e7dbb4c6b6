// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @title ILens
/// @notice Reads many vaults at one block, in 32-byte words which need no decoder.
///
/// Header, 8 words:
///   0 version (4) · 1 block number · 2 block timestamp · 3 block base fee · 4 native balance of the keeper
///   5 price of the native coin, WAD, 0 if unreadable · 6 its timestamp · 7 number of vaults
///
/// For each vault, 32 words:
///    0 address
///    1 flags: bit 0 readable, bit 1 paused, bit 2 keeper authorised, bit 3 base is token0 of the pool
///    2 quote of the vault, without escrow     3 base of the vault, without escrow
///    4 target delta (signed WAD)              5 band (WAD)
///    6 sequence                               7 state hash
///    8 time of the last rebalance             9 cooldown, seconds
///   10 slippage limit, basis points          11 margin, basis points
///   12 price as answered (signed WAD)        13 its timestamp          14 its round
///   15 volatility as answered (signed WAD)   16 its timestamp
///   17 square root of the pool's price       18 liquidity in range     19 pool fee, millionths
///   20 decimals of quote, decimals of base << 8
///   21 supply of shares                      22 number of legs
///   23 maximum price age | maximum volatility age << 32 | maximum deadline << 64
///      | maximum trade in base << 96
///   24 turnover used and 25 loss used, as fractions of the net value (WAD)
///   26 until when the keeper is authorised
///   27 error of the price, basis points | least trade, basis points of the greatest << 16
///      | turnover cap, millionths << 32 | loss cap, millionths << 64
///      | error of the volatility, basis points of it << 96
///   28 maximum age of the second source | greatest jump, basis points << 32 | greatest drawdown, basis points << 48
///      | turnover a day, millionths << 64 | loss a day, millionths << 96 | emergency gap << 128
///   29 least price | greatest price << 128
///   30 least volatility | greatest volatility << 64 | reward of the ripcord << 128
///   31 greatest trade in an emergency, in base
///
/// So all rules are there, and with the sequence and the legs everything that the state hash is made of: whoever reads
/// these words can find out whether they belong together.
///
/// Then the leg words of all vaults, in the order of the vaults (see `OptionLeg`).
///
/// A vault that cannot be read (no code, reverts, answers nonsense, burns its gas) has its address and zeros, and
/// bit 0 clear. A feed or a pool that cannot be read leaves zeros in its own words only.
interface ILens {
    /// @notice Reads all vaults. Does not revert on account of any vault or feed.
    /// @param vaults The vaults, in the order of the answer.
    /// @param keeper The account whose balance and authority are reported.
    /// @param nativeFeed A feed of the native coin's price in quote, or zero.
    function read(address[] calldata vaults, address keeper, address nativeFeed)
        external
        view
        returns (bytes memory words);
}
