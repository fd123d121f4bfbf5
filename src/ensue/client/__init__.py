"""Hides the native API behind plain calls: the Python client (sync), whose first user is the command line.

    from ensue import Client

    with Client() as client:                      # finds the server and the first key on the same machine
        client.send("order.paid", {"amount": 120}, subject="ada")

Nothing but the standard library carries it: `http.client` keeps connections, is there already, and starts fast. What
the server answers comes back as the dictionaries of `docs/reference/api.md`; every refusal is an `ApiError`.
"""

from ensue.client.client import BatchReceipt, Client, Receipt
from ensue.client.events import EventFields, NewEvent
from ensue.client.stream import Streamed
from ensue.client.transport import ApiError

__all__ = ["ApiError", "BatchReceipt", "Client", "EventFields", "NewEvent", "Receipt", "Streamed"]
