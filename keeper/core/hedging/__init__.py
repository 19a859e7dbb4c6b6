"""When a hedge is worth its cost, and how far to trade then."""
