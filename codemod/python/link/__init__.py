"""The facts of all files joined into one graph: what each expression may hold, and what libraries do with it."""
