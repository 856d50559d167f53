"""Arena: ships with inertia, shots, rocks; most kills when time is up wins."""
