"""Values and sensitivities of what a vault holds, and what a venue gives for it."""
