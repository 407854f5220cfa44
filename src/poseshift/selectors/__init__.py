"""Who judges a checkpoint without target labels: one small file each."""
