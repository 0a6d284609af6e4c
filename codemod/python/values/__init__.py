"""Questions about the values of the linked program: where they come from, where they go, what surely holds."""
