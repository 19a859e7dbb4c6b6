"""Deployers of the real protocols from their published bytecode. Each returns the contracts that matter."""
