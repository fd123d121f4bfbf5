"""Hides every sentence of the pages without script; those of the console stand in `web/src/words.ts`."""

from typing import Final

ASK: Final = "{label}?"
CALLS: Final = "{host} is called at once, as {name}."
CALLS_NOBODY: Final = "Triggers hear of it at once, as pressed by {name}."
FINAL: Final = "This cannot be undone from here."
BACK: Final = "Not now"
OPEN: Final = "Open the event"
AGAIN: Final = "Try again"
LOOK: Final = "Look again"

RUNNING: Final = "Running since {time}, pressed by {name}."
DONE: Final = "Done, by {name}, {time}"
FAILED: Final = "Failed: {why} · {name}, {time}"
STATUS_FROM: Final = "{status} from {host}"
NO_ANSWER: Final = "no answer"
EXPIRED: Final = "Expired {time}. It was not pressed."
EXPIRED_FAILED: Final = "It expired {time}, and cannot be tried again."
NOT_CHOSEN: Final = "Not chosen: {label} was, by {name}, {time}."
WAITS: Final = "{label} is running, pressed by {name}. One of the two can be chosen."
LOCKED: Final = "Your role in this project is viewer: viewers only look. An admin can change that."
LAST: Final = "Last by {name}, {time}"
EXTERNAL: Final = "This is a link. It opens {host} in a new tab; nothing is sent from here."
OPEN_LINK: Final = "Open {host}"

FASTER: Final = "{name} was faster."
YOU_WERE: Final = "You pressed it already, in another window."

CUT: Final = "… cut; the event has the rest."
IMAGE: Final = "An image at {host}"

LOG_IN: Final = "Log in"
LOG_IN_TO: Final = "to press a button of an event"
EMAIL: Final = "E-mail"
PASSWORD: Final = "Password"  # noqa: S105 - a label
WRONG: Final = "That e-mail and password do not belong together."
TOO_OLD: Final = "This page was open for too long, or cookies are off. Log in once more."
NO_SCRIPT: Final = "This page works without JavaScript."

FORM_OLD: Final = "This form belongs to another session or another button; look again, then press."
PROBLEMS: Final = {
    "unauthorized": "You are not logged in",
    "forbidden": "Not allowed",
    "not_found": "There is no such button",
    "unavailable": "Not now",
    "rate_limited": "Not so fast",
}
PROBLEM: Final = "This did not work"
NOTHING_HERE: Final = "The event was deleted, it is of a project that is not yours, or the link has a typo."
NO_PROJECT: Final = "This link does not say which project is meant: its end is missing. Open the whole link."
HOME: Final = "To the feed"

JUST_NOW: Final = "just now"
MINUTES: Final = "{count} min ago"
HOURS: Final = "{count} h ago"
DAY: Final = "1 day ago"
DAYS: Final = "{count} days ago"
ZONE: Final = "Times are in UTC: this page runs no script, so it does not know your time zone."
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
