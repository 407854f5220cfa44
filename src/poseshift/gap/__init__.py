"""What separates two domains, before any training: appearance, crop, pose."""
