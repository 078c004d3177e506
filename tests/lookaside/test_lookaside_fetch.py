"""Downloads and what can happen to them: nothing that is not the declared file ever stands at its path."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from lookaside_box import Box
from lookaside_server import EMPTY, Fault, FileServer, hash_of

from sigctl.errors import InterruptedRunError
from sigctl.lookaside.fetch import Pace
from sigctl.lookaside.formats import Checksum
from sigctl.lookaside.store import FileStore
from sigctl.lookaside.wire import Wire

BIG = os.urandom(300_000)


def only(box: Box, **more):
    """The one item of the one package."""
    return box.do("fetch", **more).looked[0].items[0]


def declare(box: Box, content: bytes = BIG) -> str:
    value = box.store(content)
    box.metadata(f"{value}  SOURCES/x.tgz")
    return value


def test_a_file_comes_from_the_store_by_branch(box):
    value = declare(box)
    item = only(box)
    assert (item.state, item.url) == ("fetched", f"{box.server.url}/xen/c10s-sig-virt/{value}")
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG
    assert box.left() == ["SOURCES/x.tgz"]


def test_a_file_comes_from_the_store_by_its_name_where_no_branch_has_it(box):
    value = box.store_by_name(b"one", "x.tgz")
    box.sources(f"SHA512 (x.tgz) = {value}")
    assert only(box).state == "fetched"
    assert box.server.paths() == [f"/xen/c10s-sig-virt/{value}", f"/xen/x.tgz/sha512/{value}/x.tgz"]


def test_a_second_run_asks_nobody_and_another_checkout_takes_it_from_the_cache(box, tmp_path):
    declare(box)
    only(box)
    asked = len(box.server.seen)
    assert only(box).state == "kept"
    (box.root / "SOURCES/x.tgz").unlink()
    assert only(box).state == "copied"
    assert len(box.server.seen) == asked


def test_the_hash_of_nothing_means_make_it(box):
    box.metadata(*(f"{value} SOURCES/{name}" for name, value in EMPTY.items()))
    assert set(box.states().values()) == {"made"}
    assert (box.root / "SOURCES/sha512").read_bytes() == b""
    assert box.server.seen == []


def test_a_file_that_no_store_has_is_an_error(box):
    box.metadata(f"{hash_of(b'x', 'sha1')} SOURCES/x")
    survey = box.do("fetch")
    assert survey.looked[0].items[0].state == "failed"
    assert survey.looked[0].items[0].reason == "no store has it: 2 addresses were tried"
    assert survey.exit_code == 1
    assert box.left() == []


def test_other_content_is_not_kept(box):
    value = declare(box)
    box.server.files[f"/xen/c10s-sig-virt/{value}"] = b"<html>please log in</html>"
    assert "other content" in only(box).reason
    assert box.left() == []
    assert list((box.cache / "parts").iterdir()) == []
    assert not (box.cache / "files").exists()


def test_another_address_is_tried_after_other_content(box):
    value = declare(box)
    box.server.files[f"/xen/c10s-sig-virt/{value}"] = b"wrong"
    box.server.files[f"/xen/x.tgz/sha1/{value}/x.tgz"] = BIG
    assert only(box).state == "fetched"


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_that_fails_for_a_while_is_asked_again(box, status):
    declare(box)
    box.server.faults = [Fault(status=status, times=2, headers={"Retry-After": "0"})]
    assert only(box).state == "fetched"
    assert len(box.server.seen) == 3


@pytest.mark.parametrize(
    ("status", "said"), [(500, "the server failed (500)"), (403, "(403)"), (400, "refused (400)")]
)
def test_a_server_that_goes_on_failing_is_no_file_that_is_not_there(box, status, said):
    declare(box)
    box.server.faults = [Fault(status=status)]
    item = only(box)
    assert item.state == "failed"
    assert said in item.reason
    assert "no store has it" not in item.reason


def test_a_store_that_is_down_does_not_stop_another(box):
    value = declare(box)
    stores = ("http://127.0.0.1:9/sources", box.server.url)
    item = only(box, stores=stores)
    assert item.state == "fetched"
    assert item.url.endswith(value)


def test_a_download_that_breaks_off_goes_on_where_it_broke(box):
    declare(box)
    box.server.faults = [Fault(cut_after=100_000, times=1), Fault(cut_after=120_000, times=1)]
    assert only(box).state == "fetched"
    assert [one.range for one in box.server.seen] == ["", "bytes=100000-", "bytes=220000-"]


def test_the_next_run_goes_on_where_the_last_one_broke(box):
    declare(box)
    box.server.faults = [Fault(cut_after=150_000, times=1), Fault(status=500)]
    assert only(box).state == "failed"
    assert box.left() == []
    box.server.faults = []
    assert only(box).state == "fetched"
    assert box.server.seen[-1].range == "bytes=150000-"


def test_a_server_without_ranges_sends_it_all_again(box):
    declare(box)
    box.server.faults = [Fault(cut_after=150_000, times=1), Fault(no_range=True)]
    assert only(box).state == "fetched"
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG


def test_a_server_that_sends_another_part_is_not_believed(box):
    declare(box)
    box.server.faults = [Fault(cut_after=150_000, times=1), Fault(wrong_range=True, times=1)]
    assert only(box).state == "fetched"
    assert [one.range for one in box.server.seen] == ["", "bytes=150000-", ""]


@pytest.mark.parametrize("size", [100_000, 300_000, 400_000])
def test_a_part_that_is_no_part_of_the_file_is_thrown_away(box, size):
    value = declare(box)
    store = FileStore(box.cache)
    store.part(Checksum("sha1", value)).write_bytes(b"x" * size)
    assert only(box).state == "fetched"
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG


def test_a_part_that_is_the_whole_file_needs_no_second_download(box):
    value = declare(box)
    FileStore(box.cache).part(Checksum("sha1", value)).write_bytes(BIG)
    assert only(box).state == "fetched"
    assert [one.range for one in box.server.seen] == [f"bytes={len(BIG)}-"]


def test_a_server_that_does_not_say_how_much_there_is_sends_it_again(box):
    value = declare(box)
    FileStore(box.cache).part(Checksum("sha1", value)).write_bytes(BIG)
    box.server.faults = [Fault(headers={"Content-Range": "nonsense"}, times=1)]
    assert only(box).state == "fetched"
    assert [one.range for one in box.server.seen] == [f"bytes={len(BIG)}-", ""]


def test_what_is_copied_is_checked_while_it_is_copied(tmp_path):
    store, root = FileStore(tmp_path / "cache"), tmp_path / "xen"
    root.mkdir()
    checksum = Checksum("sha1", hash_of(BIG, "sha1"))
    store.path(checksum).parent.mkdir(parents=True)
    store.path(checksum).write_bytes(BIG + b"!")
    assert not store.copy_to(checksum, root, "SOURCES/x")
    assert not store.has(checksum)
    assert list(root.rglob("*")) == [root / "SOURCES"]


def test_an_answer_without_a_length_that_breaks_off_is_noticed(box):
    declare(box)
    box.server.faults = [
        Fault(cut_after=10, headers={"Content-Length": "", "Transfer-Encoding": "chunked"}, times=1)
    ]
    assert only(box).state == "fetched"


def test_a_file_that_a_server_calls_packed_is_taken_as_it_is(box):
    declare(box)
    box.server.faults = [Fault(headers={"Content-Encoding": "x-gzip"})]
    assert only(box).state == "fetched"


def test_a_server_that_drips_is_given_up(box):
    declare(box)
    gate = threading.Event()
    box.server.faults = [Fault(gate=gate)]
    item = only(box, wire=Wire(sleep=lambda _: None, timeout=0.05), pace=Pace(1 << 20, 0.0))
    gate.set()
    assert item.state == "failed"
    assert box.left() == []


def test_a_server_that_is_too_slow_is_given_up_even_while_it_sends(box):
    declare(box)
    box.server.faults = [Fault(no_range=True)]
    item = only(box, pace=Pace(least=1 << 30, seconds=0.0))
    assert "sends less than" in item.reason


def test_a_redirect_is_followed_but_not_to_another_kind_of_address(box, server):
    value = declare(box)
    here = f"/xen/c10s-sig-virt/{value}"
    server.files["/elsewhere"] = server.files.pop(here)
    box.server.faults = [Fault(where=here, status=302, headers={"Location": "/elsewhere"})]
    assert only(box).state == "fetched"
    (box.root / "SOURCES/x.tgz").unlink()
    FileStore(box.cache).prune(0)
    box.server.faults = [Fault(where=here, status=302, headers={"Location": "file:///etc/passwd"})]
    assert "redirects to something weaker" in only(box).reason
    box.server.faults = [Fault(where="/", status=302, headers={"Location": here})]
    assert "more than 5 redirects" in only(box).reason


def test_the_address_of_a_line_is_taken_where_no_store_has_it(box):
    value = hash_of(BIG)
    box.server.files["/upstream/x.tgz"] = BIG
    box.metadata(f"{value} SOURCES/x.tgz {box.server.url}/upstream/x.tgz")
    item = only(box)
    assert (item.state, item.url) == ("fetched", f"{box.server.url}/upstream/x.tgz")


def test_a_file_with_other_content_is_left_alone_unless_it_shall_be_replaced(box):
    declare(box)
    box.write("SOURCES/x.tgz", b"mine")
    assert box.states("verify") == {"SOURCES/x.tgz": "differs"}
    assert only(box).state == "failed"
    assert (box.root / "SOURCES/x.tgz").read_bytes() == b"mine"
    assert only(box, replace=True).state == "fetched"
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG


def test_a_cached_file_that_rotted_is_noticed_and_fetched_anew(box):
    value = declare(box)
    only(box)
    path = FileStore(box.cache).path(Checksum("sha1", value))
    path.write_bytes(BIG[:-1] + b"!")
    (box.root / "SOURCES/x.tgz").unlink()
    assert only(box).state == "fetched"
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG


def test_a_run_downloads_no_more_than_it_may(box):
    declare(box)
    item = only(box, max_bytes=100_000)
    assert "would download more than 100000 bytes" in item.reason
    assert box.left() == []


def test_a_size_that_is_not_said_is_bounded_too(box):
    declare(box)
    box.server.faults = [Fault(headers={"Content-Length": "", "Connection": "close"})]
    assert only(box, max_bytes=100_000).state == "failed"


def test_many_files_come_at_once_and_each_once(box):
    contents = [os.urandom(1000) for _ in range(12)]
    barrier = threading.Barrier(4)
    box.metadata(*(f"{box.store(content)} SOURCES/{n}" for n, content in enumerate(contents)))
    box.server.faults = [Fault(before=lambda: barrier.wait(60), times=4)]
    assert set(box.states(jobs=4).values()) == {"fetched"}
    assert len(set(box.server.paths())) == 12
    assert len(box.server.seen) == 12


def test_two_runs_at_once_download_a_file_once(tmp_path, server: FileServer):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = Box(tmp_path / "a", server), Box(tmp_path / "b", server)
    second.cache = first.cache
    gate = threading.Event()
    server.faults = [Fault(gate=gate)]
    for box in (first, second):
        declare(box)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(only, box) for box in (first, second)]
        gate.set()
        states = sorted(run.result(30).state for run in runs)
    assert states == ["copied", "fetched"]
    assert len(server.seen) == 1


def test_two_runs_in_one_checkout_leave_one_good_file(box):
    declare(box)
    box.server.faults = [Fault(cut_after=100_000, times=1)]
    with ThreadPoolExecutor(2) as pool:
        states = {run.result(30).state for run in [pool.submit(only, box) for _ in range(2)]}
    assert states <= {"fetched", "copied", "kept"}
    assert box.left() == ["SOURCES/x.tgz"]
    assert (box.root / "SOURCES/x.tgz").read_bytes() == BIG


def test_what_one_file_needs_does_not_stop_the_others(box):
    box.metadata(f"{hash_of(b'gone', 'sha1')} SOURCES/a", f"{box.store(b'there')} SOURCES/b")
    assert box.states() == {"SOURCES/a": "failed", "SOURCES/b": "fetched"}


def test_a_run_that_is_stopped_leaves_nothing_half_done(box):
    declare(box)
    stop = threading.Event()
    box.server.faults = [Fault(before=stop.set)]
    with pytest.raises(InterruptedRunError):
        box.do("fetch", stop=stop)
    assert box.left() == []


@pytest.mark.parametrize("into", ["outside", "etc/../../outside"])
def test_a_symlink_that_leads_out_is_refused(box, into):
    (box.root.parent / "outside").mkdir()
    (box.root / "etc").mkdir()
    (box.root / "SOURCES").symlink_to(
        box.root.parent / "outside" if into == "outside" else "etc/../../outside"
    )
    declare(box)
    item = only(box)
    assert "a symlink leads out" in item.reason
    assert list((box.root.parent / "outside").iterdir()) == []


def test_a_symlink_to_a_file_outside_is_neither_read_nor_written(box):
    outside = box.root.parent / "secret"
    outside.write_bytes(BIG)
    declare(box)
    (box.root / "SOURCES").mkdir()
    (box.root / "SOURCES/x.tgz").symlink_to(outside)
    assert box.states("verify") == {"SOURCES/x.tgz": "differs"}
    assert only(box, replace=True).state == "failed"
    assert outside.read_bytes() == BIG


def test_a_symlink_within_the_checkout_is_fine_but_not_into_gits_folder(box):
    (box.root / "real").mkdir()
    (box.root / ".git").mkdir()
    (box.root / "SOURCES").symlink_to("real")
    declare(box)
    assert box.states(branch="c10s-sig-virt")["SOURCES/x.tgz"] == "fetched"
    (box.root / "SOURCES").unlink()
    (box.root / "SOURCES").symlink_to(".git")
    assert "a symlink leads out" in only(box).reason


def test_symlinks_in_a_circle_are_told(box):
    (box.root / "SOURCES").symlink_to("SOURCES")
    declare(box)
    assert only(box).state == "failed"
    (box.root / "SOURCES").unlink()
    (box.root / "SOURCES").mkdir()
    (box.root / "SOURCES/x.tgz").symlink_to("x.tgz")
    assert box.states("verify") != {"SOURCES/x.tgz": "good"}
    assert box.states("status") != {"SOURCES/x.tgz": "present"}


def test_the_longest_name_a_disk_knows_arrives(box):
    name = "ö" * 127
    box.metadata(f"{box.store(BIG)} SOURCES/{name}")
    assert box.states() == {f"SOURCES/{name}": "fetched"}


def test_a_folder_in_the_way_is_told(box):
    declare(box)
    (box.root / "SOURCES/x.tgz").mkdir(parents=True)
    assert "there is a folder of this name" in only(box).reason
    (box.root / "SOURCES/x.tgz").rmdir()
    (box.root / "SOURCES").rmdir()
    (box.root / "SOURCES").write_text("a file")
    assert only(box).state == "failed"


def test_a_file_has_the_rights_that_umask_leaves(box):
    declare(box)
    only(box)
    old = os.umask(0)
    os.umask(old)
    assert (box.root / "SOURCES/x.tgz").stat().st_mode & 0o777 == 0o666 & ~old


def test_progress_is_told_in_bytes(box):
    declare(box)
    told: list[tuple[str, int, int]] = []
    only(box, progress=lambda *news: told.append(news))
    assert told[-1] == ("SOURCES/x.tgz", len(BIG), len(BIG))


def test_the_cache_is_cut_back_to_its_size_oldest_first(tmp_path):
    store = FileStore(tmp_path)
    sums = []
    for n in range(4):
        content = bytes([n]) * 1000
        part = store.folder("parts") / str(n)
        part.write_bytes(content)
        sums.append(Checksum("sha1", hash_of(content, "sha1")))
        store.keep(part, sums[-1])
        os.utime(store.path(sums[-1]), (1000 + n, 1000 + n))
    assert store.prune(2500) == 2000
    assert [store.has(one) for one in sums] == [False, False, True, True]


def test_a_full_disk_is_told_and_leaves_nothing(box, tmp_path):
    """/dev/full says no space left to every write."""
    declare(box)
    store = FileStore(box.cache)
    part = store.part(Checksum("sha1", hash_of(BIG, "sha1")))
    part.symlink_to("/dev/full")
    item = only(box)
    assert item.state == "failed"
    assert "no space left" in item.reason
    assert box.left() == []
