"""The edges: each package here speaks one foreign language to the world and knows no sibling."""
