"""The fixed parts of a DOCX file and the zip around them: same content, same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from qianhang.core.words import Lang

__all__ = ["BODY", "FONTS", "Font", "element", "envelope", "escaped"]

# Half points: size 3 for the body, size 4 for page numbers.
BODY, _FOLIO = 32, 28
# The earliest time that a zip can hold: no clock in the file.
_TIME = (1980, 1, 1, 0, 0, 0)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PARTS = {  # relationship id -> (file, last word of its type)
    "rId1": ("styles.xml", "styles"),
    "rId2": ("settings.xml", "settings"),
    "rId3": ("fontTable.xml", "fontTable"),
    "rId10": ("footer1.xml", "footer"),
    "rId11": ("footer2.xml", "footer"),
}


@dataclass(frozen=True, slots=True)
class Font:
    """A font of East Asian text, what may stand in for it, and the font of Latin text beside it."""

    name: str
    instead: str
    latin: str = "Times New Roman"


FONTS = {
    "title": Font("方正小标宋简体", "FZXiaoBiaoSong-B05S,方正小标宋_GBK,宋体,SimSun"),
    "body": Font("仿宋_GB2312", "仿宋,FangSong,FZFangSong-Z02S"),
    "level_1": Font("黑体", "SimHei,Noto Sans CJK SC"),
    "level_2": Font("楷体_GB2312", "楷体,KaiTi"),
    "folio": Font("宋体", "SimSun,Noto Serif CJK SC", "宋体"),
}


def escaped(text: str) -> str:
    """Text as it may stand in XML: marks escaped, characters that XML does not know left out."""
    return escape(_BAD.sub("", text))


def element(name: str, **attributes: object) -> str:
    """An empty element with attributes of its own namespace."""
    prefix = name.partition(":")[0]
    shown = "".join(f" {prefix}:{k}={quoteattr(str(v))}" for k, v in attributes.items())
    return f"<{name}{shown}/>"


def envelope(body: str, *, title: str, lang: Lang) -> bytes:
    """A DOCX around the elements of a body, its section included."""
    files = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _rels(
            ("rId1", f"{_R}/officeDocument", "word/document.xml"),
            ("rId2", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core(title, lang),
        "word/document.xml": _part("document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": _rels(
            *((rid, f"{_R}/{kind}", name) for rid, (name, kind) in _PARTS.items())
        ),
        "word/styles.xml": _part("styles", _styles(lang)),
        "word/settings.xml": _part("settings", _SETTINGS),
        "word/fontTable.xml": _part("fonts", "".join(_font(f) for f in FONTS.values())),
        "word/footer1.xml": _part("ftr", _folio("right")),
        "word/footer2.xml": _part("ftr", _folio("left")),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, _TIME)
            # Stored, not deflated: another zlib packs the same text into other bytes.
            info.compress_type, info.create_system = zipfile.ZIP_STORED, 3
            archive.writestr(info, (_XML + text).encode())
    return packed.getvalue()


def _part(name: str, content: str) -> str:
    return f'<w:{name} xmlns:w="{_W}" xmlns:r="{_R}">{content}</w:{name}>'


def _rels(*rows: tuple[str, str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="{rid}" Type="{kind}" Target="{target}"/>' for rid, kind, target in rows
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _types() -> str:
    parts = {"document.xml": "document.main", **dict(_PARTS.values())}
    lines = "".join(
        f'<Override PartName="/word/{file}" ContentType="{_TYPE}.{kind}+xml"/>'
        for file, kind in parts.items()
    )
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{rels}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{lines}'
        f'<Override PartName="/docProps/core.xml" ContentType="{core}"/></Types>'
    )


def _core(title: str, lang: Lang) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escaped(title)}</dc:title><dc:language>{lang}</dc:language>"
        "</cp:coreProperties>"
    )


def _styles(lang: Lang) -> str:
    """Defaults of the body, and the styles by which a word processor builds its outline."""
    body = FONTS["body"]
    fonts = element("w:rFonts", ascii=body.latin, hAnsi=body.latin, eastAsia=body.name)
    tongue = element("w:lang", val="en-US" if lang == "en" else "zh-CN", eastAsia="zh-CN")
    size = element("w:sz", val=BODY) + element("w:szCs", val=BODY)
    normal = (
        f"<w:docDefaults><w:rPrDefault><w:rPr>{fonts}{size}{tongue}</w:rPr></w:rPrDefault>"
        "<w:pPrDefault/></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        f'<w:pPr><w:jc w:val="both"/></w:pPr><w:rPr>{size}</w:rPr></w:style>'
    )
    levels = (("Title", "Title", None), ("Heading1", "heading 1", 0), ("Heading2", "heading 2", 1))
    return normal + "".join(_style(*level) for level in levels)


def _style(key: str, name: str, outline: int | None) -> str:
    level = "" if outline is None else element("w:outlineLvl", val=outline)
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr>{element("w:keepNext")}{level}'
        "</w:pPr></w:style>"
    )


def _font(font: Font) -> str:
    return (
        f'<w:font w:name="{font.name}">{element("w:altName", val=font.instead)}'
        f"{element('w:charset', val='86')}</w:font>"
    )


def _folio(side: str) -> str:
    """— 1 — at the outer edge, one character in."""
    song = FONTS["folio"]
    look = element("w:rFonts", ascii=song.latin, hAnsi=song.latin, eastAsia=song.name)
    look = f"<w:rPr>{look}{element('w:sz', val=_FOLIO)}{element('w:szCs', val=_FOLIO)}</w:rPr>"
    field = f'<w:fldSimple w:instr=" PAGE "><w:r>{look}<w:t>1</w:t></w:r></w:fldSimple>'
    indent = element("w:ind", **{f"{side}Chars": 100, side: _FOLIO * 10})
    before, after = (f'<w:r>{look}<w:t xml:space="preserve">{t}</w:t></w:r>' for t in ("— ", " —"))
    return (
        f"<w:p><w:pPr>{element('w:snapToGrid', val=0)}{indent}{element('w:jc', val=side)}</w:pPr>"
        f"{before}{field}{after}</w:p>"
    )


_SETTINGS = (
    "<w:evenAndOddHeaders/>"
    '<w:characterSpacingControl w:val="compressPunctuation"/>'
    "<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:useFELayout/>"
    '<w:compatSetting w:name="compatibilityMode" '
    'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
)
