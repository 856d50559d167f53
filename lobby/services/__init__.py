"""What may be done, by subject; what the subjects share is in ``base``."""
