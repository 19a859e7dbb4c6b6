"""What the keeper costs, measured on real parts."""
