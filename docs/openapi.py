"""Hides how the API's document is had without a server: `python -m docs.openapi` prints it, for the console's types."""

import json

from ensue.dialects.native import ROUTES
from ensue.http.openapi import describe
from ensue.version import VERSION


def main() -> None:
    """Print the document as JSON."""
    print(json.dumps(describe(ROUTES, VERSION)))


if __name__ == "__main__":
    main()
