"""A real Pagure on loopback, from Debian's package in a chroot: for tests against something that is not ours.

    python tests/live/pagure/server.py build               make the chroot (once: a minute or two, 440 MB)
    python tests/live/pagure/server.py start DIR           start on free ports, and say how to reach it
    python tests/live/pagure/server.py ctl DIR < COMMANDS  what only a server's admin can do; see inside.py
    python tests/live/pagure/server.py admin DIR ARGS...   Pagure's own pagure-admin
    python tests/live/pagure/server.py stop DIR [--purge]  end its processes, by the ids it saved; drop the data

Needs root and Debian or Ubuntu with apt. Once the chroot is made nothing is mounted and no network is needed. The chroot is in the
user's cache folder, or where PAGURE_CHROOT says; DIR holds logs and process ids, several may use one chroot.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUITE = "trixie"
PACKAGES = "pagure,redis-server,gunicorn,git,openssh-server"
ACCOUNT = "_pagure"
NAMES = ("sshd", "web", "hooks", "worker", "redis")
ADMIN = "pagureadmin"
NAMESPACES = ("rpms", "modules", "centos")
PATIENCE = 90.0
_WORKERS = 2
"""Processes that wait for jobs: one for the server's own, one for webhooks."""
_LEFT_OUT = ("doc", "man", "locale", "info")


def cache() -> Path:
    """Return where the chroot is, or will be."""
    if given := os.environ.get("PAGURE_CHROOT"):
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sigctl" / "pagure-chroot"


def build(chroot: Path) -> None:
    """Have the chroot; whoever else wants it at the same time waits."""
    marker = chroot / ".ready"
    if marker.exists():
        return
    if os.geteuid() != 0:
        raise SystemExit("a chroot can be made by root only")
    chroot.parent.mkdir(parents=True, exist_ok=True)
    with chroot.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists():
            _build(chroot)
            marker.touch()


def _build(chroot: Path) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if shutil.which("mmdebstrap") is None:
        for command in (
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "install", "--no-install-recommends", "mmdebstrap"],
        ):
            subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)
    new = chroot.with_suffix(".new")
    for old in (new, chroot):
        shutil.rmtree(old, ignore_errors=True)
    subprocess.run(
        [
            "mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--components=main", f"--include={PACKAGES}",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in _LEFT_OUT),
            '--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::Check-Date "false"',
            SUITE, str(new), _mirror(),
        ],
        check=True, env=quiet,
    )  # fmt: skip
    _mend(new)
    new.rename(chroot)


def _mirror() -> str:
    """Return the mirror that this machine's apt uses most, the one for security apart."""
    found = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], check=True, capture_output=True, text=True
    ).stdout.split()
    sites = [site for site in found if site.startswith("http") and "security" not in site]
    if not sites:
        raise SystemExit("apt has no mirror here")
    return max(sorted(set(sites)), key=sites.count)


def _mend(root: Path) -> None:
    """Make the package work in a chroot, and with the libraries it comes with."""
    clone = root / "usr/lib/python3/dist-packages/pagure/ui/clone.py"
    text = clone.read_text(encoding="utf-8")
    # header values of git's answer stay bytes in 5.14.1; today's Werkzeug wants text
    for broken, mended in (("= header[1]\n", '= header[1].decode("utf-8")\n'),):
        if broken not in text:
            raise SystemExit(f"{clone.name} is not the one this was written for")
        text = text.replace(broken, mended)
    clone.write_text(text, encoding="utf-8")
    for site in root.glob(
        "etc/python3.*/sitecustomize.py"
    ):  # else SQLAlchemy's warnings are printed to whoever pushes
        with site.open("a", encoding="utf-8") as file:
            file.write("\nimport warnings\n\nwarnings.simplefilter('ignore')\n")
    user, group = _ids(root)
    with (root / "etc/passwd").open("a") as file:  # people log in by ssh as `git`
        file.write(f"git:x:{user}:{group}:git:/srv:/bin/sh\n")
    with (root / "etc/shadow").open("a") as file:
        file.write("git:*:20000:0:99999:7:::\n")
    for folder in ("srv", "run/sshd"):
        (root / folder).mkdir(mode=0o755, parents=True, exist_ok=True)
    for folder in ("dev/shm", "tmp"):
        (root / folder).chmod(0o1777)


def _ids(root: Path) -> tuple[int, int]:
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, user, group, *_ = line.split(":")
        if name == ACCOUNT:
            return int(user), int(group)
    raise SystemExit(f"no account {ACCOUNT} in the chroot")


@dataclass(frozen=True)
class Reached:
    """How a running server is reached."""

    url: str
    ssh_url: str
    host_key: str
    admin: str
    password: str
    token: str


class Server:
    """One server with its data, in one chroot that several may share."""

    def __init__(self, folder: Path, chroot: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.chroot = chroot or cache()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def outer(self) -> Path:
        """The data, as seen from here."""
        return Path((self.folder / "root").read_text(encoding="utf-8"))

    @property
    def inner(self) -> str:
        """The data, as seen from inside."""
        return f"/{self.outer.relative_to(self.chroot)}"

    def start(self, profile: str = "open") -> Reached:
        """Have it running, and return how it is reached; `centos` switches off what git.centos.org switches off."""
        build(self.chroot)
        self.folder.mkdir(parents=True, exist_ok=True)
        if all(map(self._alive, NAMES)):
            return self.reached()
        self.stop()
        fresh = not (self.folder / "root").exists()
        if fresh:
            (self.chroot / "srv").mkdir(exist_ok=True)
            data = self.chroot / "srv" / f"p{secrets.token_hex(4)}"
            data.mkdir(mode=0o755)
            (self.folder / "root").write_text(str(data), encoding="utf-8")
        port, ssh_port = _free_ports(2)
        self._configure(port, ssh_port, profile)
        self._spawn(
            "redis", "redis-server", "--port", "0", "--unixsocket", f"{self.inner}/var/redis.sock",
            "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", f"{self.inner}/var/tmp",
        )  # fmt: skip
        self._wait("redis", lambda: self._redis("PING").startswith("+PONG"))
        if fresh:
            password = secrets.token_hex(8)
            said = self.ctl("tables", f"user {ADMIN} {password}", f"token {ADMIN} all")
            token = said[-1].split()[2]
        else:
            old = self.reached()
            password, token = old.password, old.token
        host_key = " ".join((self.outer / "host_key.pub").read_text().split()[:2])
        found = Reached(
            f"http://127.0.0.1:{port}", f"ssh://git@127.0.0.1:{ssh_port}", host_key, ADMIN, password, token
        )
        self._spawn(
            "worker", "celery", "-A", "pagure.lib.tasks", "worker", "--loglevel=WARNING", "--pool=prefork", "-c", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "-n", "worker@pagure",
        )  # fmt: skip
        self._spawn(  # sends the webhooks, from a queue of their own
            "hooks", "celery", "-A", "pagure.lib.tasks_services", "worker", "--loglevel=INFO", "--pool=solo",
            "-Q", "pagure_webhook", "--without-gossip", "--without-mingle", "--without-heartbeat", "-n", "hooks@pagure",
        )  # fmt: skip
        self._spawn(
            "web", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--timeout", "600",
            "--chdir", f"{self.inner}/var", "--worker-tmp-dir", f"{self.inner}/var/tmp", "pagure.flask_app:create_app()",
        )  # fmt: skip
        self._spawn("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", f"{self.inner}/sshd_config", root=True)
        details = self.folder / "server.json"
        details.touch(mode=0o600)
        details.write_text(json.dumps(asdict(found)), encoding="utf-8")
        self._wait("worker", lambda: self._redis("CLIENT LIST").count("cmd=brpop") >= _WORKERS)
        self._wait("web", lambda: _answers(found.url))
        self._wait("sshd", lambda: _listens(ssh_port))
        return found

    def reached(self) -> Reached:
        """Return how it is reached, running or not."""
        return Reached(**json.loads((self.folder / "server.json").read_text(encoding="utf-8")))

    def stop(self, *, purge: bool = False) -> None:
        """End its processes; `purge` drops the data too."""
        for name in NAMES:
            if self._alive(name):
                self._end(name)
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
        if purge and (self.folder / "root").exists():
            shutil.rmtree(self.outer, ignore_errors=True)
            for name in ("root", "server.json"):
                (self.folder / name).unlink(missing_ok=True)

    def ctl(self, *commands: str) -> list[str]:
        """Do what only a server's admin can do, and return a line for each command; see inside.py."""
        done = self._run(["python3", f"{self.inner}/inside.py"], "".join(f"{c}\n" for c in commands))
        if done.returncode:
            raise RuntimeError(f"the server's own commands failed:\n{done.stderr[-2000:]}")
        return done.stdout.splitlines()

    def admin(self, *arguments: str, answers: str = "") -> str:
        """Run pagure-admin, and return what it printed."""
        done = self._run(["pagure-admin", *arguments], answers)
        if done.returncode:
            raise RuntimeError(f"pagure-admin failed:\n{done.stdout}{done.stderr[-2000:]}")
        return done.stdout

    def _run(self, command: Sequence[str], text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._inside(command), input=text, text=True, capture_output=True, env=self._env(), check=False
        )

    def _inside(self, command: Sequence[str], *, root: bool = False) -> list[str]:
        who = [] if root else [f"--userspec={ACCOUNT}:{ACCOUNT}"]
        return ["/usr/sbin/chroot", *who, str(self.chroot), *command]

    def _env(self) -> dict[str, str]:
        inner = self.inner
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": f"{inner}/var",
            "TMPDIR": f"{inner}/var/tmp",
            "TEMP": f"{inner}/var/tmp",
            "PAGURE_CONFIG": f"{inner}/pagure.cfg",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }

    def _spawn(self, name: str, *command: str, root: bool = False) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                self._inside(command, root=root),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env(), start_new_session=True,
            )  # fmt: skip
        self._children[name] = child
        (self.folder / f"{name}.pid").write_text(str(child.pid), encoding="utf-8")

    def _pid(self, name: str) -> int:
        try:
            return int((self.folder / f"{name}.pid").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return 0

    def _alive(self, name: str) -> bool:
        """Whether the saved id is still that of a process of ours: one whose root is the chroot."""
        child = self._children.get(name)
        if child is not None and child.poll() is not None:
            return False
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self._pid(name)}/root").resolve(strict=True) == self.chroot.resolve()
        return False

    def _end(self, name: str) -> None:
        for number, seconds in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid(name), number)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if not self._alive(name):
                    return
                time.sleep(0.05)
        raise RuntimeError(f"{name} does not end")

    def _wait(self, name: str, ready: object) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if ready():  # type: ignore[operator]  # a callable; OSError is "not yet"
                    return
            child = self._children[name]
            if child.poll() is not None:
                break
            time.sleep(0.1)
        log = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        self.stop()
        raise RuntimeError(f"{name} does not come up:\n{log[-2000:]}")

    def _redis(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.outer / "var/redis.sock"))
            client.sendall(f"{command}\r\n".encode())
            return client.recv(1 << 16).decode()

    def _configure(self, port: int, ssh_port: int, profile: str) -> None:
        outer, inner = self.outer, self.inner
        for name in ("repositories", "remotes", "releases", "archives", "attachments", "tmp"):
            (outer / "var" / name).mkdir(parents=True, exist_ok=True)
        for name in ("forks", "docs", "tickets", "requests", "pseudo"):
            (outer / "var/repositories" / name).mkdir(exist_ok=True)
        values = {"var": f"{inner}/var", "inner": inner, "port": port, "ssh_port": ssh_port, "admin": ADMIN,
                  "secret": secrets.token_hex(24), "namespaces": list(NAMESPACES)}  # fmt: skip
        text = (HERE / "pagure.cfg").read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        if profile == "centos":
            text += (HERE / "centos.cfg").read_text(encoding="utf-8")
        (outer / "pagure.cfg").write_text(text, encoding="utf-8")
        shutil.copy(HERE / "inside.py", outer / "inside.py")
        helper = outer / "keys"
        helper.write_text(
            f'#!/bin/sh\nPAGURE_CONFIG={inner}/pagure.cfg exec /usr/share/pagure/keyhelper.py "$@"\n'
        )
        helper.chmod(0o755)
        if not (outer / "host_key").exists():
            command = ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{inner}/host_key"]
            subprocess.run(self._inside(command, root=True), check=True, stdout=subprocess.DEVNULL)
        sshd = (HERE / "sshd_config").read_text(encoding="utf-8")
        (outer / "sshd_config").write_text(
            sshd.replace("@port@", str(ssh_port)).replace("@inner@", inner), encoding="utf-8"
        )
        user, group = _ids(self.chroot)
        for path in (outer / "var", *(outer / "var").rglob("*")):
            os.chown(path, user, group, follow_symlinks=False)


def _answers(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/api/0/version", timeout=10) as answer:
        return b"version" in answer.read()


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(5)
        return client.recv(4) == b"SSH-"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@contextlib.contextmanager
def running(folder: Path, profile: str = "open") -> Iterator[tuple[Server, Reached]]:
    """Have a server while the context lasts, and nothing of it afterwards."""
    server = Server(folder)
    try:
        yield server, server.start(profile)
    finally:
        server.stop(purge=True)


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands that the module names."""
    match list(arguments):
        case ["build"]:
            build(cache())
        case ["start", folder, *profile]:
            print(json.dumps(asdict(Server(Path(folder)).start(*profile)), indent=2))
        case ["ctl", folder]:
            print("\n".join(Server(Path(folder)).ctl(*sys.stdin.read().splitlines())))
        case ["admin", folder, *words]:
            print(Server(Path(folder)).admin(*words, answers="y\n"), end="")
        case ["stop", folder, *flags]:
            Server(Path(folder)).stop(purge="--purge" in flags)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
