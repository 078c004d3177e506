"""The stores of binary sources: where they are, how their paths are made, and who may write there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sigctl.spec.model.base import Glob, Int, Model, SecretRef, Text, Url, wrong


def _in_a_file(value: str) -> str:
    if not value.startswith("file:"):
        raise wrong("is not a file", "write `file:PATH`: a certificate is read from a file in PEM form")
    return value


FileRef = Annotated[SecretRef, AfterValidator(_in_a_file)]


class Store(Model):
    """A store of binary sources."""

    url: Url = Field(description="Address under which the packages are.")
    layouts: tuple[Literal["branch", "file"], ...] = Field(
        default=("branch", "file"),
        min_length=1,
        description="Paths to try, in this order: branch is PACKAGE/BRANCH/HASH, file is PACKAGE/FILE/TYPE/HASH/FILE. Left out: both.",
    )
    branches: tuple[Glob, ...] = Field(
        default=(), description="Only for these branches (patterns); left out: for all."
    )
    upload: Url | None = Field(
        default=None, description="Address of the upload form; without one nothing is uploaded here."
    )
    certificate: FileRef | None = Field(
        default=None, description="Client certificate and its key in one PEM file, as `file:PATH`."
    )
    authority: FileRef | None = Field(
        default=None,
        description="Certificate of the authority that signed the server's, as `file:PATH`. Left out: those that the machine trusts.",
    )


DEFAULT_STORES = {
    "git.centos.org": Store(
        url="https://git.centos.org/sources", upload="https://git.centos.org/sources/upload.cgi"
    ),
    "stream": Store(url="https://sources.stream.centos.org/sources/rpms", layouts=("file",)),
}


class Lookaside(Model):
    """Binary sources, which git does not hold."""

    stores: dict[Text, Store] = Field(
        default=DEFAULT_STORES,
        description="Stores by name, tried in this order; left out: git.centos.org and CentOS Stream's.",
    )
    cache_megabytes: Int = Field(
        default=20_480, ge=1, description="Size that the local cache of downloaded files is cut back to."
    )
