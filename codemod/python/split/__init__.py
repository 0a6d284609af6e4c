"""Clients that become two: what binds and carries them, and how the second one is made and named."""
