"""A git command whose input is given piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sigctl.mirror.git import Git
from sigctl.mirror.process import Pipe, Running, end
from sigctl.mirror.said import failure


@dataclass(frozen=True, slots=True)
class Fed:
    """The running command."""

    git: Git
    name: str
    process: Running
    out: Pipe
    err: Pipe

    def write(self, data: bytes) -> None:
        """Give it more; GitError when it has ended."""
        try:
            if self.process.stdin is not None:
                self.process.stdin.write(data)
        except OSError:
            self.finish()

    def finish(self) -> None:
        """Return once it has read all and ended well; GitError when it did not, InterruptedRunError after `stop`."""
        with suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        self.git.wait((self.out, self.err))
        code = self.process.wait()
        if code:
            raise failure(self.name, code, self.err.text())


@contextmanager
def fed(git: Git, args: Sequence[str], at: Path) -> Iterator[Fed]:
    """Run a command for the time of the context; nothing of it is left running after that."""
    process = git.start(args, at, None, {})
    running = Fed(git, args[0], process, Pipe(process.stdout, None), Pipe(process.stderr, None))
    try:
        yield running
    finally:
        if process.poll() is None:
            end(process)
        for pipe in (running.out, running.err):
            pipe.thread.join(5)
