"""Where settings come from, which source wins, and how a wrong one is told."""

from pathlib import Path

import pytest

from ensue.config import SETTINGS, Config, Setting, SettingError, client_defaults, load, local_url, wants_colour


def test_defaults_need_nothing() -> None:
    """Without any source every setting has its default."""
    assert load({}, {}) == Config()
    assert load({}, {}).port == 4122


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    """The nearer source wins, setting by setting; a flag that was not given hides nothing."""
    file = tmp_path / "ensue.toml"
    file.write_text('port = 1\nhost = "file"\nlease = "1s"\n')
    config = load({"port": 3, "host": None}, {"ENSUE_PORT": "2", "ENSUE_HOST": "environment"}, file)
    assert (config.port, config.host, config.lease) == (3, "environment", 1.0)


def test_a_default_in_a_nearer_source_wins(tmp_path: Path) -> None:
    """A setting that is set to its default is set: unset is something else."""
    file = tmp_path / "ensue.toml"
    file.write_text("port = 9\n")
    assert load({}, {"ENSUE_PORT": "4122"}, file).port == 4122


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    """ENSUE_CONFIG names a file of settings."""
    file = tmp_path / "ensue.toml"
    file.write_text("grace = 7\n")
    assert load({}, {"ENSUE_CONFIG": str(file)}).grace == 7.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5.0), ("250ms", 0.25), ("2m", 120.0), ("1h", 3600.0), ("7d", 604_800.0), ("1.5", 1.5)]
)
def test_times_have_units(text: str, seconds: float) -> None:
    """A time is seconds, or has a unit."""
    assert load({}, {"ENSUE_LEASE": text}).lease == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ENSUE_PORT", "http"),
        ("ENSUE_PORT", ""),
        ("ENSUE_LEASE", "5x"),
        ("ENSUE_LEASE", "-1s"),
        ("ENSUE_LEASE", "nan"),
        ("ENSUE_LEASE", "inf"),
        ("ENSUE_MAX_EVENT_BYTES", "1.5"),
    ],
)
def test_a_wrong_value_is_named(variable: str, text: str) -> None:
    """The message names the setting, where it was set, and what was found there."""
    with pytest.raises(SettingError, match=variable):
        load({}, {variable: text})


@pytest.mark.parametrize("content", ["prot = 1\n", "port = \n", "port = 'x'\n"])
def test_a_wrong_file_is_named(tmp_path: Path, content: str) -> None:
    """A misspelt setting, a broken file and a wrong value name the file."""
    file = tmp_path / "ensue.toml"
    file.write_text(content)
    with pytest.raises(SettingError, match=r"ensue\.toml"):
        load({}, {}, file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(SettingError, match="nowhere"):
        load({}, {"ENSUE_CONFIG": str(tmp_path / "nowhere.toml")})


def test_the_environment_of_others_is_left_alone() -> None:
    """Variables that are no settings of the server are not its business."""
    assert load({}, {"ENSUE_URL": "x", "ENSUE_KEY": "y", "PORT": "z", "ENSUE": "1"}) == Config()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_can_be_set(setting: Setting) -> None:
    """Each setting is read from its variable, and its default as the docs write it is read back as the default."""
    text = "" if setting.shown_default == "unset" else setting.shown_default
    assert getattr(load({}, {setting.variable: text}), setting.name) == setting.default


HERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("url", "environment", "found"),
    [
        (None, {}, (HERE, "ens_first")),
        (HERE + "/", {}, (HERE + "/", "ens_first")),
        (None, {"ENSUE_KEY": "ens_e"}, (HERE, "ens_e")),
        (None, {"ENSUE_URL": "https://x"}, ("https://x", None)),
        (None, {"ENSUE_URL": "https://x", "ENSUE_KEY": "ens_e"}, ("https://x", "ens_e")),
        ("https://y", {}, ("https://y", None)),
        ("https://y", {"ENSUE_KEY": "ens_e"}, ("https://y", "ens_e")),
        ("https://y", {"ENSUE_URL": "https://x", "ENSUE_KEY": "ens_e"}, ("https://y", None)),
        (HERE, {"ENSUE_URL": "https://x", "ENSUE_KEY": "ens_e"}, (HERE, "ens_first")),
        ("https://x", {"ENSUE_URL": "https://x/", "ENSUE_KEY": "ens_e"}, ("https://x", "ens_e")),
    ],
)
def test_a_client_finds_server_and_key(
    tmp_path: Path, url: str | None, environment: dict[str, str], found: tuple[str, str | None]
) -> None:
    """What was said wins over what is found here; no key goes to a server that it was not meant for."""
    (tmp_path / "first-key").write_text("ens_first\n")
    assert client_defaults(url, {"ENSUE_DATA": str(tmp_path), "ENSUE_PORT": "9", **environment}) == found


def test_a_client_without_a_key_is_told_of_none(tmp_path: Path) -> None:
    """No file, an empty one, and one that is no text are all no key."""
    here = {"ENSUE_DATA": str(tmp_path)}
    assert client_defaults(None, here).key is None
    for content in (b"\n", b"\xff\xfe"):
        (tmp_path / "first-key").write_bytes(content)
        assert client_defaults(None, here).key is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104 - what is listened on
        ("", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
        ("fe80::1", "http://[fe80::1]:1"),
        ("box.example", "http://box.example:1"),
    ],
)
def test_a_server_is_reached_where_it_listens(host: str, url: str) -> None:
    """Listening everywhere is reached by loopback; version 6 addresses get their brackets."""
    assert local_url(host, 1) == url


def test_colour_can_be_declined() -> None:
    """NO_COLOR, if not empty, and dumb terminals mean no colour."""
    assert wants_colour({"TERM": "xterm"})
    assert wants_colour({"NO_COLOR": ""})
    assert not wants_colour({"NO_COLOR": "1"})
    assert not wants_colour({"TERM": "dumb"})
