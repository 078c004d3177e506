import os

import pytest

from sigctl.app.secrets import key_file, read_secret, there
from sigctl.errors import UsageError


def test_a_secret_comes_from_the_environment_and_does_not_show_itself():
    secret = read_secret("env:TOKEN", {"TOKEN": "s3cret\n"})
    assert secret.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{secret} {secret!r}"


def test_a_secret_comes_from_a_file_of_ones_own(tmp_path):
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    assert read_secret(f"file:{file}", {}).get_secret_value() == "s3cret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    file = tmp_path / "token"
    file.write_text("s3cret")
    file.chmod(mode)
    with pytest.raises(UsageError, match="others than its owner") as caught:
        read_secret(f"file:{file}", {})
    assert "s3cret" not in str(caught.value)
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_file_without_a_usable_secret_is_refused(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(UsageError):
        read_secret(f"file:{file}", {})


@pytest.mark.parametrize("reference", ["env:NOT_SET", "file:/does/not/exist", "ghp_literal", "vault:x"])
def test_what_points_nowhere_is_refused_without_repeating_a_literal(reference):
    with pytest.raises(UsageError) as caught:
        read_secret(reference, {})
    assert "ghp_literal" not in str(caught.value)


def test_a_key_is_a_file_that_only_its_owner_reads(tmp_path):
    key = tmp_path / "key"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    key.chmod(0o600)
    assert key_file(f"file:{key}") == str(key)
    key.chmod(0o644)
    with pytest.raises(UsageError, match="others than its owner"):
        key_file(f"file:{key}")


def test_a_key_is_never_in_the_environment():
    with pytest.raises(UsageError):
        key_file("env:KEY")


def test_host_keys_are_in_a_file_that_is_there(tmp_path):
    hosts = tmp_path / "known_hosts"
    with pytest.raises(UsageError, match="is no file"):
        there(f"file:{hosts}")
    hosts.write_text("")
    assert there(f"file:{hosts}") == str(hosts)


@pytest.fixture
def kept(tmp_path):
    """Return an environment whose git has a helper that knows one password, and nothing of this machine's settings."""
    store = tmp_path / "store"
    store.write_text("https://bot:s3cret@git.example.org\nhttps://other:0ther@git.example.org\n")
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[credential]\n\thelper = store --file={store}\n")
    return {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.mark.parametrize(
    ("where", "found"), [("git.example.org", "s3cret"), ("other@git.example.org", "0ther")]
)
def test_a_secret_comes_from_what_gits_helpers_keep(kept, where, found):
    assert read_secret(f"credential:{where}", kept).get_secret_value() == found


@pytest.mark.parametrize("where", ["elsewhere.example.org", "git.example.org:8443", "nobody@git.example.org"])
def test_what_no_helper_knows_is_asked_of_nobody(kept, where):
    with pytest.raises(UsageError, match="know no password") as caught:
        read_secret(f"credential:{where}", kept)
    assert "git credential approve" in caught.value.hint


@pytest.mark.parametrize("where", ["", "git.example.org\nhost=x", "https://git.example.org", "--help", "a b"])
def test_what_is_no_host_is_not_handed_to_git(kept, where):
    with pytest.raises(UsageError):
        read_secret(f"credential:{where}", kept)


def test_without_git_there_is_nobody_to_ask(kept, tmp_path):
    with pytest.raises(UsageError, match="no git"):
        read_secret("credential:git.example.org", kept | {"PATH": str(tmp_path)})
