"""Keys, and the gate before them."""
