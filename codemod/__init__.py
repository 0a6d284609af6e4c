"""ablit-migrate: move Python code that uses the ``openai`` SDK to abliteration.ai."""

__version__ = "0.1.0"
