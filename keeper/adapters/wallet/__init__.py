"""Carrying out what the transaction machine asks for: the one writer of an account."""
