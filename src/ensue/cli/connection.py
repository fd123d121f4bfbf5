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
    """A client as the arguments, the environment and this machine say. UsageError where there is no key.

    The first key found on this machine is for the server on this machine: with --url it is not used.
    """
    found = client_defaults()
    elsewhere = arguments.url is not None and arguments.url.rstrip("/") != found.url
    key = arguments.key or (None if elsewhere else found.key)
    if not key:
        raise UsageError(_NO_KEY)
    return Client(arguments.url or found.url, key, retries=2)
