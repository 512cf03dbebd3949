"""Batches of a split: order, augmentation, mixing, masks and targets."""
