"""One Python file at a time: its text and positions, its syntax tree, and the facts that are scanned from it."""
