"""The SDK's module as a client."""
