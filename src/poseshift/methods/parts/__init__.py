"""What methods share, as pure functions."""
