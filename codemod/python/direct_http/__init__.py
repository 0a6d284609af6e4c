"""Requests that a program sends without the SDK, and the headers and parameters of those with it."""
