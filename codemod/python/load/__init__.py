"""Which files are read, and which bodies of functions in them: on demand, as values lead there."""
