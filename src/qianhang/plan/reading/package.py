"""The XML parts of an Office file, read within limits and without entities."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from xml.etree import ElementTree as ET

from qianhang.core.errors import ContractError

__all__ = ["Package"]

# A plan's document.xml is about 1 MB; a part that unpacks to more is a bomb or full of pictures.
PART_LIMIT = 24 * 2**20
_RATIO, _SMALL = 200, 2**20
_DEEPEST = 250
_SPOILT = (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError, zlib.error)
_ENTITIES = tuple("<!DOCTYPE".encode(e) for e in ("utf-8", "utf-16-le", "utf-16-be"))


class Package:
    """An open Office file; `name` stands in errors."""

    def __init__(self, data: bytes, *, name: str) -> None:
        """Opens the container; raises ContractError where it is damaged."""
        self.name = name
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError) as cause:
            raise self._broken(str(cause)) from None

    def names(self) -> list[str]:
        """The parts there are."""
        return self._zip.namelist()

    def tree(self, part: str) -> ET.Element | None:
        """A part's root, None where there is no such part.

        Raises ContractError where it is too large, declares entities, or is no XML.
        """
        if part not in self._zip.NameToInfo:
            return None
        data = self.checked(part)
        builder = _Shallow()
        try:
            parser = ET.XMLParser(target=builder)  # noqa: S314 - entities are refused above
            parser.feed(data)
            root: ET.Element = parser.close()
        except (ET.ParseError, ValueError, LookupError) as cause:
            raise self._broken(f"{part}: {cause}") from None
        return root

    def checked(self, part: str) -> bytes:
        """A part's bytes, within the limits and without entities."""
        info = self._zip.getinfo(part)
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > PART_LIMIT or (ratio > _RATIO and info.file_size > _SMALL):
            size = f"{info.file_size / 2**20:,.0f} MB packed {ratio:,.0f} to 1"
            message = f"{self.name}: found a part {part} of {size}, expected a document"
            raise ContractError("QH122", message, hint="save the document again without pictures")
        try:
            data = self._zip.read(part)
        except _SPOILT as cause:
            raise self._broken(f"{part}: {cause}") from None
        except RuntimeError:
            message = f"{self.name}: found a container locked with a password"
            raise ContractError("QH129", message, hint="take the password off") from None
        # Entities hide in any encoding that a parser takes, so only the usual ones are let in.
        if any(mark in data for mark in _ENTITIES) or data[:1] not in (b"<", b"\xef", *_UTF16):
            message = f"{self.name}: found XML entities in {part}, expected none in a document"
            raise ContractError("QH122", message, hint="open it in Word or WPS and save it again")
        return data

    def _broken(self, why: str) -> ContractError:
        message = f"{self.name}: found a damaged Office file ({' '.join(why.split())[:120]})"
        return ContractError("QH118", message, hint="copy or export it again")


_UTF16 = (b"\xff", b"\xfe")


class _Shallow(ET.TreeBuilder):
    """A builder that refuses elements nested beyond what documents need."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        """Opens an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"elements nested more than {_DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        """Closes an element."""
        self._depth -= 1
        return super().end(tag)
