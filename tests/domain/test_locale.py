"""Time zones and languages: known names, well-formed tags."""

import pytest

from ensue.domain.locale import check_locale, check_timezone, timezones


@pytest.mark.parametrize("name", ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "US/Eastern", "Etc/GMT+5"])
def test_zones_that_there_are(name: str) -> None:
    """Zones, and the old names that still lead to them, are known without the machine's own tables."""
    assert check_timezone(f" {name} ") == name
    assert len(timezones()) > 400


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "utc+1", "europe/paris", "../../etc/passwd", "/etc/localtime", "x\0"]
)
def test_zones_that_there_are_not(name: str) -> None:
    """A wrong name is named; it never becomes a path."""
    with pytest.raises(ValueError, match="invalid timezone"):
        check_timezone(name)


@pytest.mark.parametrize(
    "tag",
    ["en", "en-GB", "en_GB", "zh-Hant-TW", "es-419", "de-CH-1996", "sr-Latn-RS", "yue", "en-US-u-hc-h12", "en-x-own"],
)
def test_tags_that_are_well_formed(tag: str) -> None:
    """A tag is kept as it was written."""
    assert check_locale(tag) == tag


@pytest.mark.parametrize(
    "tag", ["", "e", "english", "en-", "-en", "en GB", "en--GB", "12", "en-GB-", "x" * 36, "en-a", "日本"]
)
def test_tags_that_are_not(tag: str) -> None:
    """Names of languages and broken tags are refused."""
    with pytest.raises(ValueError, match="invalid locale"):
        check_locale(tag)
