"""Prices from outside the chain, as a second opinion on the feeds that contracts read."""
