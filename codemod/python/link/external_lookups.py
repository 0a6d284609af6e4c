"""The functions and mappings of libraries by which a program looks up a named setting."""

from __future__ import annotations

from typing import NamedTuple


class Lookup(NamedTuple):
    """How a function or mapping reads a named setting.

    ``raises``: a missing name without a default raises; otherwise it gives None. ``environment``: it reads the
    process's environment, so ``os.environ[...]`` can take its place. ``name`` and ``default`` are argument positions.
    ``sets``: a name that is missing gets the default from then on.
    """

    raises: bool
    environment: bool
    name: int = 0
    default: int | None = 1
    sets: bool = False


LOOKUPS = {
    "os.getenv": Lookup(False, True),
    "os.environ.get": Lookup(False, True),
    "os.environ.pop": Lookup(True, True),
    "os.environ.setdefault": Lookup(False, True, sets=True),
    "os.getenvb": Lookup(False, False),
    "decouple.config": Lookup(True, False),
    "decouple.Config().get": Lookup(True, False),
    "starlette.config.Config()": Lookup(True, False, 0, 2),
    "environs.Env()": Lookup(True, False),
    "environs.Env().str": Lookup(True, False),
    "environs.env": Lookup(True, False),
    "environs.env.str": Lookup(True, False),
    "environ.Env()": Lookup(True, False, 0, 2),
    "environ.Env().str": Lookup(True, False),
    "dotenv.get_key": Lookup(False, False, 1, None),
    "dotenv.dotenv_values().get": Lookup(False, False),
    "streamlit.secrets.get": Lookup(False, False),
    "google.colab.userdata.get": Lookup(True, False),
    "kaggle_secrets.UserSecretsClient().get_secret": Lookup(True, False),
    "modal.Secret.from_name": Lookup(True, False),
}
# What is looked up inside of `with env.prefixed("OPENAI_"):` has another name than the one that is given.
PREFIXERS = frozenset({"environs.Env().prefixed", "environs.env.prefixed"})
# Mappings read by item: `mapping[name]` raises when the name is missing.
MAPPINGS = {
    "os.environ": True,
    "streamlit.secrets": False,
    "dotenv.dotenv_values()": False,
}
