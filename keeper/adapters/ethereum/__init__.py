"""The chain as the keeper reads it: one node, one pinned block, packed words in, core values out."""
