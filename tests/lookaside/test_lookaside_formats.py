from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lookaside_server import EMPTY

from sigctl.lookaside import formats
from sigctl.lookaside.formats import LENGTHS, Checksum, Manifest, Source, parse

MD5, SHA1, SHA256, SHA512 = ("a" * n for n in (32, 40, 64, 128))
COMMIT = "c" * 40


def paths(text: str, file: str = ".xen.metadata", folder: str = "") -> dict[str, str]:
    return {s.path: str(s.checksum) for s in parse(text, file, folder).sources}


def problem(text: str, folder: str = "") -> str:
    found = parse(text, "sources", folder)
    assert len(found.problems) == 1, found
    return found.problems[0].problem


@pytest.mark.parametrize(
    ("line", "path", "checksum"),
    [
        (f"{SHA1} SOURCES/x.tgz", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{SHA1}  SOURCES/x.tgz", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{SHA1}\tSOURCES/x.tgz", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"  {SHA1}    SOURCES/x.tgz  ", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{SHA1} *SOURCES/x.tgz", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{SHA1} ./SOURCES//x.tgz", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{SHA1.upper()} SOURCES/x.tgz\r", "SOURCES/x.tgz", f"sha1:{SHA1}"),
        (f"{MD5} SOURCES/x.tgz", "SOURCES/x.tgz", f"md5:{MD5}"),
        (f"{SHA256} SOURCES/x.tgz", "SOURCES/x.tgz", f"sha256:{SHA256}"),
        (f"{SHA512} SOURCES/x.tgz", "SOURCES/x.tgz", f"sha512:{SHA512}"),
        (f"{SHA1} SOURCES/a file.txt", "SOURCES/a file.txt", f"sha1:{SHA1}"),
        (f"{SHA1} SOURCES/a  file.txt", "SOURCES/a  file.txt", f"sha1:{SHA1}"),
        (f"{SHA1} SOURCES/libsigc++-2.0.tar.xz", "SOURCES/libsigc++-2.0.tar.xz", f"sha1:{SHA1}"),
        (f"{SHA1} SOURCES/..x", "SOURCES/..x", f"sha1:{SHA1}"),
        (f"SHA512 (SOURCES/x.tgz) = {SHA512}", "SOURCES/x.tgz", f"sha512:{SHA512}"),
        (f"MD5 (SOURCES/x (1).tgz) = {MD5}", "SOURCES/x (1).tgz", f"md5:{MD5}"),
        (f"sha-256(SOURCES/x)={SHA256}", "SOURCES/x", f"sha256:{SHA256}"),
        (f"{MD5} ( https://example.org/x(1)=y", "(", f"md5:{MD5}"),
    ],
)
def test_a_line_of_either_kind_is_read(line, path, checksum):
    assert paths(line) == {path: checksum}
    assert paths(f"\ufeff# a comment\n\n{line}\n   \n") == {path: checksum}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{SHA1} ../x", "leaves the checkout"),
        (f"{SHA1} SOURCES/../../x", "leaves the checkout"),
        (f"{SHA1} SOURCES/..", "leaves the checkout"),
        (f"{SHA1} .", "leaves the checkout"),
        (f"{SHA1} /etc/passwd", "an absolute path"),
        (f"{SHA1} SOURCES/", "a folder"),
        (f"{SHA1} .git/hooks/post-checkout", "git's own folder"),
        (f"{SHA1} SOURCES/.GIT/config", "git's own folder"),
        (f"{SHA1} SOURCES/a\x1b[2Jb", "control characters"),
        (f"{SHA1} SOURCES/a\x00b", "control characters"),
        (f"{SHA1} SOURCES/a\tb", "not a path"),
        (f"{SHA1} SOURCES/a\u202eb", "control characters"),
        (f"{SHA1} SOURCES/{'x' * 256}", "too long"),
        (f"{SHA1} {'x/' * 600}x", "too long"),
        (f"{SHA1}", "no path"),
        (f"{'a' * 41} SOURCES/x", "a hash of 41 digits is of no known kind"),
        (f"{'a' * 96} SOURCES/x", "a hash of 96 digits is of no known kind"),
        (f"{'g' * 40} SOURCES/x", "is not a hash"),
        (f"SHA256 (x) = {SHA512}", "says SHA256"),
        (f"CRC32 (x) = {SHA512}", "says CRC32"),
        ("- SOURCES/x.tar", "has no hash"),
        ("- SOURCES/x.tar https://example.org/x.tar", "has no hash"),
        (f"- SOURCES/x.zip git+https://example.org/x.git#{COMMIT}", "is no archive"),
        ("- SOURCES/x.tar git+https://example.org/x.git", "names no commit"),
        ("- SOURCES/x.tar git+https://example.org/x.git#main", "names no commit"),
        (f"- SOURCES/x.tar git+https://example.org/x.git#{'c' * 12}", "names no commit"),
        (f"{SHA1} SOURCES/x http://example.org/x", "not reached over https"),
        (f"{SHA1} SOURCES/x file:///etc/passwd", "is not a URL"),
        (f"{SHA1} SOURCES/x file://host/passwd", "not reached over https"),
        (f"{SHA1} SOURCES/x https://host:port/x", "is not a URL"),
        (f"{SHA1} SOURCES/x ftp://example.org/x", "not reached over https"),
        (f"{SHA1} SOURCES/x https://me:word@example.org/x", "holds a login"),
        (f"{SHA1} SOURCES/x https://[::1/x", "is not a URL"),
    ],
)
def test_a_line_that_can_not_be_meant_is_refused(line, said):
    assert said in problem(line)
    assert parse(line, "sources").sources == ()


def test_the_text_of_a_problem_steers_no_terminal_and_names_its_line():
    found = parse(f"\n\n{SHA1} a\x1b]0;x\x07\n", ".xen.metadata").problems[0]
    assert (found.file, found.line) == (".xen.metadata", 3)
    assert str(found).isprintable() or "\x1b" not in str(found)


def test_a_login_in_an_address_is_not_repeated():
    assert "word" not in str(parse(f"{SHA1} SOURCES/x https://me:word@example.org/x", "sources").problems[0])


def test_one_path_with_two_hashes_declares_nothing():
    text = f"{SHA1} SOURCES/x\n{'b' * 40} SOURCES/x\n{SHA1} SOURCES/y\n"
    found = parse(text, ".xen.metadata")
    assert [s.path for s in found.sources] == ["SOURCES/y"]
    assert found.problems[0].problem == "has two hashes or addresses"
    assert found.problems[0].line == 2


def test_the_same_path_in_two_spellings_is_one_path():
    assert "two hashes" in problem(f"{SHA1} SOURCES/x\n{'b' * 40} ./SOURCES//x\n")
    assert "two hashes" in problem(f"{SHA1} x\nSHA512 (SOURCES/x) = {SHA512}\n", "SOURCES")


def test_a_line_that_says_the_same_again_is_a_duplicate():
    found = parse(f"{SHA1} SOURCES/x\n{SHA1.upper()}  SOURCES/x\n", ".xen.metadata")
    assert len(found.sources) == 1
    assert [s.line for s in found.duplicates] == [2]
    assert found.problems == ()


def test_a_file_can_not_be_a_folder_too():
    found = parse(f"{SHA1} SOURCES/x\n{SHA1} SOURCES/x/y\n", ".xen.metadata")
    assert found.sources == ()
    assert "is below `SOURCES/x`" in found.problems[0].problem


def test_both_kinds_of_line_are_mixed_in_one_file():
    text = f"{MD5}  old.tar.gz\nSHA512 (new.tar.gz) = {SHA512}\n"
    wanted = {"SOURCES/old.tar.gz": f"md5:{MD5}", "SOURCES/new.tar.gz": f"sha512:{SHA512}"}
    assert paths(text, "sources", "SOURCES") == wanted


def test_sources_wins_over_metadata_path_by_path():
    metadata = parse(f"{SHA1} SOURCES/x\n{SHA1} SOURCES/y\n", ".xen.metadata")
    sources = parse(f"SHA512 (x) = {SHA512}\n", "sources", "SOURCES")
    both = formats.join(metadata, sources)
    assert {s.path: s.file for s in both.sources} == {"SOURCES/x": "sources", "SOURCES/y": ".xen.metadata"}
    assert [s.path for s in both.overridden] == ["SOURCES/x"]


def test_a_path_that_sources_refuses_is_not_taken_from_metadata():
    metadata = parse(f"{SHA1} SOURCES/x\n", ".xen.metadata")
    sources = parse(f"SHA512 (x) = {SHA512}\nMD5 (x) = {MD5}\n", "sources", "SOURCES")
    assert formats.join(metadata, sources).sources == ()
    sources = parse(f"{SHA1} x\n{SHA1} SOURCES/x/y\n", "sources", "SOURCES")
    assert formats.join(metadata, sources).sources == ()


def test_an_address_and_a_commit_are_read():
    text = (
        f"{SHA512}  SOURCES/x.tar.gz  https://example.org/a(b)/x.tar.gz?v=1#top\n"
        f"- SOURCES/y.tar.gz git+https://example.org/y.git#{COMMIT}\n"
        f"SHA512 (z.tar) = {SHA512} https://example.org/z.tar\n"
    )
    x, y, z = parse(text, "sources", "SOURCES").sources
    assert (x.url, x.commit) == ("https://example.org/a(b)/x.tar.gz?v=1#top", "")
    assert (y.checksum, y.url, y.commit) == (None, "https://example.org/y.git", COMMIT)
    assert (z.path, z.url) == ("SOURCES/z.tar", "https://example.org/z.tar")


def test_the_hashes_of_nothing_are_known():
    for value in EMPTY.values():
        assert Checksum.parse(value).of_nothing
    assert not Checksum.parse(SHA1).of_nothing


def test_declaring_changes_only_the_lines_it_must():
    text = f"# kept\n{SHA1} SOURCES/x https://example.org/x\n\n{SHA1} SOURCES/y\nnonsense\n"
    new = [Source("SOURCES/x", Checksum("sha1", SHA1)), Source("SOURCES/z", Checksum("sha1", SHA1))]
    out = formats.declared(text, new, tagged=False)
    assert out == f"# kept\n{SHA1}  SOURCES/x\n\n{SHA1} SOURCES/y\nnonsense\n{SHA1}  SOURCES/z\n"
    assert formats.declared("", new[:1], tagged=True, folder="SOURCES") == f"SHA1 (x) = {SHA1}\n"


hex_digits = st.sampled_from("0123456789abcdef")
checksums = st.sampled_from(sorted(LENGTHS)).flatmap(
    lambda n: st.text(hex_digits, min_size=n, max_size=n).map(lambda v: Checksum(LENGTHS[n], v))
)
printable = st.characters(exclude_categories=("C", "Z"), exclude_characters="/")
names = st.text(printable, min_size=1, max_size=30).filter(
    lambda n: n not in (".", "..") and n.lower() != ".git" and not n.startswith(("#", "*")) and "://" not in n
)
urls = st.sampled_from(["", "https://example.org/x.tar.gz", "http://127.0.0.1:8080/x(1)=y"])
commits = st.builds(
    lambda path, commit: Source(f"{path}.tar.gz", None, "https://example.org/x.git", commit),
    st.lists(names, min_size=1, max_size=3).map("/".join),
    st.text(hex_digits, min_size=40, max_size=40),
)
plain = st.builds(Source, st.lists(names, min_size=1, max_size=3).map("/".join), checksums, urls)


@given(st.lists(plain | commits, max_size=8, unique_by=lambda s: s.path))
def test_what_is_written_is_read_back(sources):
    wanted = [s for s in sources if not any(o is not s and o.path.startswith(f"{s.path}/") for o in sources)]
    wanted = [s for s in wanted if not any(o is not s and s.path.startswith(f"{o.path}/") for o in wanted)]
    text = "".join(f"{formats.line_of(s)}\n" for s in wanted)
    assert parse(text, "x") == Manifest(tuple(wanted))
    below = [s for s in wanted if "/" in s.path and s.path != f"SOURCES/{s.name}"]
    tagged = "".join(f"{formats.tagged_line_of(s)}\n" for s in below if not s.url)
    assert parse(tagged, "x", "SOURCES") == Manifest(tuple(s for s in below if not s.url))


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
@example("(" * 5000)
@example("SHA1 (" + ")=" * 3000)
@example(f"{'a' * 40} x" + " https://" * 2000)
def test_no_text_breaks_the_parser_and_nothing_leaves_the_checkout(text):
    found = parse(text, "x", "SOURCES")
    for source in found.sources:
        steps = source.path.split("/")
        assert source.path.isprintable()
        assert not {"", ".", ".."} & set(steps)
    assert all(str(one.problem).isprintable() for one in found.problems)


@given(
    st.lists(
        st.sampled_from(
            [
                SHA1,
                MD5,
                "-",
                "a/b",
                "x",
                "x.tar",
                " ",
                "\t",
                "(",
                ") = ",
                "SHA1",
                "#",
                "https://h/x",
                f"git+https://h/x#{COMMIT}",
                "\n",
                "*",
                "..",
                "/",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_no_mixture_of_parts_breaks_the_parser(text):
    found = parse(text, "x")
    again = parse("".join(f"{formats.line_of(s)}\n" for s in found.sources), "x")
    assert again.sources == found.sources
