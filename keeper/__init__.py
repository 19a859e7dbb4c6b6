"""An off-chain risk keeper for on-chain option vaults."""

__version__ = "0.1.0"
