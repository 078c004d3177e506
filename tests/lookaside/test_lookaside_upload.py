"""The upload form, played by a small HTTPS server that asks for a client certificate."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from lookaside_box import Box
from lookaside_server import Authority, UploadServer, hash_of

from sigctl.app.uploading import upload
from sigctl.errors import SigctlError, UsageError
from sigctl.spec.model import Lookaside

A, BIG = b"content of a\n", os.urandom(3_000_000)


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def form(authority, server) -> Iterator[UploadServer]:
    """A form whose files are those of the store that is read."""
    with UploadServer(authority) as running:
        running.files = _Below(server.files)
        yield running


class _Below(dict):
    """The form's own names for the files of the store: /PACKAGE/BRANCH/HASH, the same."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self._files = files

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __setitem__(self, path: str, content: bytes) -> None:
        self._files[path] = content


def lookaside(form: UploadServer, authority: Authority, certificate: object = None) -> Lookaside:
    store = {
        "url": "https://unused.example.org",
        "upload": form.url,
        "certificate": f"file:{certificate or authority.issue('member')}",
        "authority": f"file:{authority.file}",
    }
    return Lookaside.model_validate({"stores": {"here": store}})


def put(
    box: Box, form: UploadServer, authority: Authority, *paths: str, certificate: object = None, settle=False
):
    options = box.options(lookaside=lookaside(form, authority, certificate), stores=())
    given = [str(box.root / path) for path in paths]
    return upload(box.root, given, options, settle=settle)


def test_what_the_store_lacks_is_sent_and_what_it_has_is_not(box, form, authority):
    box.write("SOURCES/a", A)
    box.write("SOURCES/b", BIG)
    box.store(A)
    box.metadata(f"{hash_of(A, 'sha1')} SOURCES/a", f"{hash_of(BIG)} SOURCES/b")
    done = put(box, form, authority)
    assert [(one.path, one.state) for one in done.files] == [("SOURCES/a", "there"), ("SOURCES/b", "sent")]
    assert done.changed == ()
    sent = [post for post in form.posts if "file" in post]
    assert sent == [
        {"name": b"xen", "branch": b"c10s-sig-virt", "sha512sum": hash_of(BIG).encode(), "file": BIG}
    ]
    assert {"name": b"xen", "branch": b"c10s-sig-virt", "sha1sum": hash_of(A, "sha1").encode()} in form.posts
    (box.root / "SOURCES/b").unlink()
    assert box.states()["SOURCES/b"] == "fetched"


def test_the_stores_own_authority_counts_whatever_the_machine_trusts(
    box, form, authority, monkeypatch, tmp_path
):
    (tmp_path / "others").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Authority(tmp_path / "others", "other").file))
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    assert put(box, form, authority).files[0].state == "sent"


def test_a_named_file_is_declared_once_the_store_has_it(box, form, authority):
    box.write("SOURCES/new.tgz", A)
    box.metadata("# the list", f"{hash_of(BIG, 'sha1')} SOURCES/b")
    done = put(box, form, authority, "SOURCES/new.tgz")
    assert (done.files[0].state, done.changed) == ("sent", (".xen.metadata",))
    text = (box.root / ".xen.metadata").read_text()
    assert text == f"# the list\n{hash_of(BIG, 'sha1')} SOURCES/b\n{hash_of(A)}  SOURCES/new.tgz\n"


def test_a_named_file_that_changed_is_declared_as_it_is_now(box, form, authority):
    box.write("SOURCES/a", A)
    box.sources(f"SHA512 (a) = {hash_of(BIG)}", f"MD5 (b) = {hash_of(BIG, 'md5')}")
    put(box, form, authority, "SOURCES/a")
    wanted = f"SHA512 (a) = {hash_of(A)}\nMD5 (b) = {hash_of(BIG, 'md5')}\n"
    assert (box.root / "sources").read_text() == wanted


def test_settling_takes_the_address_off_what_the_store_has(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a https://example.org/a")
    put(box, form, authority)
    assert "https://" in (box.root / ".xen.metadata").read_text()
    done = put(box, form, authority, settle=True)
    assert (done.files[0].state, done.changed) == ("there", (".xen.metadata",))
    assert (box.root / ".xen.metadata").read_text() == f"{hash_of(A)}  SOURCES/a\n"


def test_settling_gives_a_packed_commit_its_hash(box, form, authority):
    box.write("SOURCES/a.tar", A)
    box.metadata(f"- SOURCES/a.tar git+https://example.org/a.git#{'c' * 40}")
    put(box, form, authority, settle=True)
    assert (box.root / ".xen.metadata").read_text() == f"{hash_of(A)}  SOURCES/a.tar\n"


def test_a_file_that_is_not_what_was_declared_is_not_sent(box, form, authority):
    box.write("SOURCES/a", b"something else")
    box.metadata(f"{hash_of(A, 'sha1')} SOURCES/a")
    done = put(box, form, authority)
    assert (done.files[0].state, form.posts) == ("failed", [])
    assert "other content" in done.files[0].reason


def test_a_hash_that_the_form_does_not_know_is_refused(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A, 'md5')} SOURCES/a")
    assert "does not know md5" in put(box, form, authority).files[0].reason
    assert form.posts == []


def test_one_file_that_fails_does_not_stop_the_others(box, form, authority):
    box.write("SOURCES/a", A)
    box.write("SOURCES/b", BIG)
    box.metadata(f"{hash_of(BIG, 'sha1')} SOURCES/a", f"{hash_of(BIG, 'sha1')} SOURCES/b")
    assert [one.state for one in put(box, form, authority).files] == ["failed", "sent"]


def test_a_server_that_fails_for_a_moment_is_asked_again(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    form.fails = [503]
    assert put(box, form, authority).files[0].state == "sent"


@pytest.mark.parametrize(
    ("status", "said"), [(403, "(403)"), (400, "the store says `no`"), (404, "refused (404)")]
)
def test_what_the_store_refuses_is_told(box, form, authority, status, said):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    form.fails = [status]
    assert said in put(box, form, authority).files[0].reason


def test_a_form_that_redirects_gets_nothing_a_second_time(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    form.moved = form.url
    assert "redirects" in put(box, form, authority).files[0].reason
    assert len(form.posts) == 1


def test_an_answer_that_is_no_answer_is_an_error(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    form.says = "<html>\x1b[2J"
    done = put(box, form, authority).files[0]
    assert done.state == "failed"
    assert "\x1b" not in done.reason


def test_a_store_that_forgets_is_noticed(box, form, authority):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    form.forgets = True
    assert "does not have it" in put(box, form, authority).files[0].reason


def test_without_the_right_certificate_nothing_is_sent(box, form, authority, tmp_path):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    (tmp_path / "others").mkdir()
    stranger = Authority(tmp_path / "others", "stranger").issue("member")
    expired = authority.issue("late", days=-1)
    for certificate in (stranger, expired):
        done = put(box, form, authority, certificate=certificate).files[0]
        assert done.state == "failed"
        # with TLS 1.3 the server's word may come after it has closed; then the hint alone speaks of it
        assert "not accept" in done.reason + done.hint, done
    assert form.posts == []


def test_a_file_that_is_no_certificate_is_told(box, form, authority, tmp_path):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    (tmp_path / "no.pem").write_text("nothing")
    (tmp_path / "no.pem").chmod(0o600)
    done = put(box, form, authority, certificate=tmp_path / "no.pem").files[0]
    assert "has no certificate with its key" in done.reason


def test_a_server_that_nobody_vouches_for_gets_nothing(box, form, authority, tmp_path):
    box.write("SOURCES/a", A)
    box.metadata(f"{hash_of(A)} SOURCES/a")
    (tmp_path / "others").mkdir()
    other = Authority(tmp_path / "others", "other")
    config = lookaside(form, authority).model_dump()
    config["stores"]["here"]["authority"] = f"file:{other.file}"
    options = box.options(lookaside=Lookaside.model_validate(config), stores=())
    done = upload(box.root, [], options).files[0]
    assert "certificate is not trusted" in done.reason
    assert form.posts == []


def test_a_key_that_others_may_read_is_refused(box, form, authority):
    box.metadata(f"{hash_of(A)} SOURCES/a")
    certificate = authority.issue("member")
    certificate.chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        put(box, form, authority, certificate=certificate)


def test_a_list_with_problems_is_put_right_first(box, form, authority):
    box.metadata(f"{hash_of(A)} ../a")
    with pytest.raises(SigctlError, match="leaves the checkout"):
        put(box, form, authority)


def test_a_file_outside_of_the_checkout_is_not_uploaded(box, form, authority, tmp_path):
    box.metadata()
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(UsageError):
        put(box, form, authority, "../secret")
    (box.root / "SOURCES").mkdir()
    (box.root / "SOURCES/link").symlink_to(tmp_path / "secret")
    assert put(box, form, authority, "SOURCES/link").files[0].state == "failed"
    assert form.posts == []
