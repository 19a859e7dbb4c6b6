"""Getting exactly one transaction of an intent mined, or none."""
