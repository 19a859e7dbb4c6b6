"""The process that moves the local world along a market path, block by block."""
