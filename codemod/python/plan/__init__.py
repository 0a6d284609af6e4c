"""What moving a client takes, in parts that rules share: its key, its URL, the ids of its models."""
