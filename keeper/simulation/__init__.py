"""Markets to be tried against: seeded paths and recorded ones. Pure numpy; only a tape reads a file."""
