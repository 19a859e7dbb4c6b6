"""Tables solved beside the daemon, by a process that may die without harm."""
