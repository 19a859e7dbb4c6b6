// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {DeployFixture} from "test/utils/DeployFixture.sol";

/// @notice P35: tokens of 6, 8 and 18 decimals, feeds of 8 and 18, each combination deployed, priced and hedged.
contract DecimalsTest is DeployFixture {
    function test_every_combination_of_decimals_is_priced_and_hedged_right() public {
        uint8[3] memory tokens = [6, 8, 18];
        uint8[2] memory feeds = [8, 18];
        uint256 hedged;
        for (uint256 b = 0; b < 3; ++b) {
            for (uint256 q = 0; q < 3; ++q) {
                for (uint256 f = 0; f < 2; ++f) {
                    uint256 snapshot = vm.snapshotState();
                    _hedges(tokens[b], tokens[q], feeds[f]);
                    vm.revertToState(snapshot);
                    ++hedged;
                }
            }
        }
        assertEq(hedged, 18);
    }

    /// @dev 1,000,000 quote and 120 base of which 20 are too many.
    function _hedges(uint8 baseDecimals, uint8 quoteDecimals, uint8 feedDecimals) private {
        _market(baseDecimals, quoteDecimals, feedDecimals);
        _deploy(_plan());
        uint256 unit = 10 ** quoteDecimals;
        _fund(1_000_000 * unit, 120 * 10 ** baseDecimals);
        assertEq(vault.totalAssets(), 1_240_000 * unit, "net value");
        assertEq(IERC20Metadata(address(vault)).decimals(), quoteDecimals + 6, "decimals of a share");
        Need memory need = vault.need();
        assertEq(need.price, PRICE, "price");
        assertEq(need.vol, VOL, "volatility");
        assertEq(need.gap, 20e18, "gap");
        assertEq(need.maxAmountIn, 20 * 10 ** baseDecimals, "size");

        (uint256 spent, uint256 got) = _rebalance(_proposal(true, need.maxAmountIn));
        assertEq(spent, 20 * 10 ** baseDecimals, "sold");
        assertApproxEqRel(got, 40_000 * unit, 0.005e18, "received");
        assertEq(vault.gap(), 0, "gap afterwards");
        (uint256 turnover, uint256 loss) = vault.budgetsUsed();
        assertApproxEqRel(turnover, uint256(40_000e18) / 1_240_000, 0.001e18, "turnover, P12");
        assertApproxEqRel(loss, (40_000 * unit - got) * 1e18 / (1_240_000 * unit), 0.001e18, "loss, P11");
    }
}
