"""Hides what mails say: plain text with one link, nothing to fetch, nothing of what a stranger wrote but two names."""

from msgspec import Struct


class Letter(Struct, frozen=True):
    """One mail."""

    to: str
    subject: str
    text: str


def invitation_letter(to: str, by: str, project: str, link: str) -> Letter:
    """Asks somebody to join a project."""
    who = _short(by) or "Somebody"
    text = f"{who} invites you to the project {_short(project)} on Ensue.\n\nJoin within 7 days:\n{link}\n\n"
    return Letter(to, f"{who} invites you to {_short(project)}", text + "The link works once, for this address only.\n")


def reset_letter(to: str, link: str) -> Letter:
    """Gives somebody the way to a new password."""
    text = f"Choose a new password within an hour:\n{link}\n\n"
    return Letter(to, "A new password for Ensue", text + "Whoever did not ask for this need not do anything.\n")


def _short(name: str) -> str:
    """A name on one line, cut, with nothing in it that a mail program would turn into a link."""
    return " ".join(name.replace("://", " ").replace("www.", " ").split())[:60]
