"""Hides how a command finds its server and its key."""

from argparse import Namespace

from ensue.cli.exits import UsageError
from ensue.client import Client
from ensue.config import client_defaults

_NO_KEY = (
    "No key was found. Start a server here with `ensue serve`, or say which key: "
    "set ENSUE_KEY (and ENSUE_URL), or give --key."
)


def connect(arguments: Namespace) -> Client:
    """A client as the arguments, the environment and this machine say. UsageError where there is no key."""
    found = client_defaults(arguments.url)
    key = arguments.key or found.key
    if not key:
        raise UsageError(_NO_KEY)
    return Client(found.url, key, retries=2)
