"""The record of every cycle, transaction and outcome, in one SQLite file."""
