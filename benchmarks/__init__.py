"""How fast the migration is, as ratios to its peers and to the limits set by the machine."""
