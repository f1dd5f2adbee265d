"""A strict reader of workbooks: what ECMA-376 says of the parts, what Excel expects of the container, and every cell.

Workbook(path or bytes) checks the container and all small parts when it is made; rows() streams a sheet and checks each
element of it. The order and the attributes of elements are those of the standard's schemas (CT_Worksheet, CT_Workbook,
CT_Stylesheet, CT_Sst), cut down to what Excel itself writes for plain tables. Cells come back as None (empty),
("n", text of a number, style), ("b", bool) or ("t", text with _xHHHH_ resolved as Excel does).
"""

import io
import re
import struct
import xml.parsers.expat
import zipfile
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
NUMBER = re.compile(r"-?\d+(\.\d+)?(E[+-]\d+)?$")
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
CONTENT_TYPES = {
    "xl/workbook.xml": SPREADSHEET + "sheet.main+xml",
    "xl/styles.xml": SPREADSHEET + "styles+xml",
    "xl/sharedStrings.xml": SPREADSHEET + "sharedStrings+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    "docProps/custom.xml": "application/vnd.openxmlformats-officedocument.custom-properties+xml",
}
# Children in the order of the schema's sequence; attributes that may stand there.
WORKSHEET = ["sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "pageMargins", "ignoredErrors"]
WORKBOOK = ["workbookPr", "bookViews", "sheets", "definedNames"]
STYLES = ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles"]
ATTRIBUTES = {
    "sheetView": {"tabSelected", "workbookViewId"}, "pane": {"ySplit", "topLeftCell", "activePane", "state"},
    "selection": {"pane"}, "sheetFormatPr": {"defaultRowHeight"}, "col": {"min", "max", "width", "customWidth"},
    "autoFilter": {"ref"}, "pageMargins": {"left", "right", "top", "bottom", "header", "footer"},
    "ignoredError": {"sqref", "numberStoredAsText"}, "sheet": {"name", "sheetId", OFFICE + "id"},
    "definedName": {"name", "localSheetId", "hidden"}, "numFmt": {"numFmtId", "formatCode"},
    "xf": {"numFmtId", "fontId", "fillId", "borderId", "xfId", "applyNumberFormat", "applyFont"},
}  # fmt: skip
FORBIDDEN_IN_NAMES = set(":\\/?*[]")


def unescaped(text):
    """_xHHHH_ as the character it stands for; pairs of surrogates become one character."""
    if "_x" not in text:
        return text
    text = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def units(text):
    """Length as Excel counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def letters(column):
    out, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        out = chr(65 + digit) + out
    return out


def local(tag):
    return tag.rsplit("}", 1)[-1]


def check_children(element, order):
    """Each child is known, stands at most once, and in the order of the schema."""
    names = [local(child.tag) for child in element]
    assert names == [name for name in order if name in names], names


def check_attributes(root):
    for element in root.iter():
        allowed = ATTRIBUTES.get(local(element.tag))
        assert allowed is None or set(element.attrib) <= allowed, (element.tag, element.attrib)


class Workbook:
    def __init__(self, source):
        self.file = io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")
        self.zip = zipfile.ZipFile(self.file)
        self._check_container()
        self.types = self._content_types()
        self.shared = self._shared_strings()
        self.styles = self._styles()
        self.sheets = self._sheets()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.zip.close()
        self.file.close()

    # --- The container ---------------------------------------------------------------------------------------------

    def _check_container(self):
        names = self.zip.namelist()
        assert len(names) == len(set(map(str.lower, names)))
        large_before = False
        for info in self.zip.infolist():
            self.file.seek(info.header_offset)
            header = struct.unpack("<4s5H3L2H", self.file.read(30))
            signature, version, flags, method, _, _, crc, packed, size, name, extra = header
            assert (signature, method, extra) == (b"PK\3\4", 8, 0), header
            assert info.compress_type == 8 and info.flag_bits == flags and flags in (0, 8)
            large = info.file_size >= 2**32 - 1 or info.compress_size >= 2**32 - 1
            # ZIP64 where it is needed, or may have been when the sheet was begun: rows of the size of those before it
            # may come in any number.
            assert version == 45 if large else version in (20, 45), (info.filename, version)
            needed = info.file_size > 2**31 or large_before
            assert version == 20 or needed, f"needless ZIP64 of {info.filename}: {info.file_size}"
            large_before |= info.file_size > 2**31
            assert (info.extra != b"") == (large or info.header_offset >= 2**32 - 1)
            if flags == 0:
                assert (crc, packed, size) == (info.CRC, info.compress_size, info.file_size)
                continue
            assert (crc, packed, size) == (0, 0, 0)
            self.file.seek(info.header_offset + 30 + name + info.compress_size)
            form = "<4sL2Q" if version == 45 else "<4s3L"
            descriptor = struct.unpack(form, self.file.read(struct.calcsize(form)))
            assert descriptor == (b"PK\7\x08", info.CRC, info.compress_size, info.file_size), descriptor

    def part(self, name):
        data = self.zip.read(name)
        assert data.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'), (name, data[:80])
        return ElementTree.fromstring(data)

    def _content_types(self):
        root = self.part("[Content_Types].xml")
        defaults = {e.get("Extension"): e.get("ContentType") for e in root.iter(TYPES + "Default")}
        assert defaults == {"rels": "application/vnd.openxmlformats-package.relationships+xml",
                            "xml": "application/xml"}  # fmt: skip
        overrides = {e.get("PartName").removeprefix("/"): e.get("ContentType") for e in root.iter(TYPES + "Override")}
        parts = {name for name in self.zip.namelist() if not name.endswith(".rels")} - {"[Content_Types].xml"}
        assert set(overrides) == parts, set(overrides) ^ parts
        for name, type_ in overrides.items():
            wanted = SPREADSHEET + "worksheet+xml" if name.startswith("xl/worksheets/") else CONTENT_TYPES[name]
            assert type_ == wanted, (name, type_)
        return overrides

    def _relations(self, name, base):
        root = self.part(name)
        targets = {e.get("Id"): (e.get("Type").rsplit("/", 1)[-1], base + e.get("Target"))
                   for e in root.iter(RELATIONS + "Relationship")}  # fmt: skip
        assert len(targets) == len(root)
        assert all(target in self.types for _, target in targets.values()), targets
        return targets

    # --- Small parts ------------------------------------------------------------------------------------------------

    def _shared_strings(self):
        if "xl/sharedStrings.xml" not in self.types:
            return []
        root = self.part("xl/sharedStrings.xml")
        self.shared_cells = int(root.get("count"))
        texts = []
        for item in root:
            assert item.tag == MAIN + "si" and [child.tag for child in item] == [MAIN + "t"]
            texts.append(self._text(item[0].text or "", item[0].attrib))
        assert len(texts) == int(root.get("uniqueCount")) == len(set(texts)), "words are distinct"
        return texts

    @staticmethod
    def _text(raw, attributes):
        """The text of a <t>, which keeps white space at its ends only where it says so."""
        outside = raw != raw.strip(" \t\n\r")
        assert attributes == ({"{http://www.w3.org/XML/1998/namespace}space": "preserve"} if outside else {}), raw
        text = unescaped(raw)
        assert units(text) <= 32767
        return text

    def _styles(self):
        root = self.part("xl/styles.xml")
        check_children(root, STYLES)
        check_attributes(root)
        for child in root:
            assert int(child.get("count")) == len(child), child.tag
        formats = {1: "0", 2: "0.00", 0: "General"}
        for element in root.iter(MAIN + "numFmt"):
            assert int(element.get("numFmtId")) >= 164
            formats[int(element.get("numFmtId"))] = element.get("formatCode")
        fonts = list(root.find(MAIN + "fonts"))
        self.bold = {i for i, font in enumerate(fonts) if font.find(MAIN + "b") is not None}
        styles = []
        for element in root.find(MAIN + "cellXfs"):
            for key, part in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders"),
                              ("xfId", "cellStyleXfs")):  # fmt: skip
                assert int(element.get(key)) < len(root.find(MAIN + part))
            styles.append((formats[int(element.get("numFmtId"))], int(element.get("fontId"))))
        assert styles[0] == ("General", 0)
        return styles

    def _sheets(self):
        root = self.part("xl/workbook.xml")
        check_children(root, WORKBOOK)
        check_attributes(root)
        document = [target for kind, target in self._relations("_rels/.rels", "").values() if kind == "officeDocument"]
        assert document == ["xl/workbook.xml"]
        relations = self._relations("xl/_rels/workbook.xml.rels", "xl/")
        sheets = {}
        for number, element in enumerate(root.find(MAIN + "sheets"), 1):
            kind, target = relations.pop(element.get(OFFICE + "id"))
            assert kind == "worksheet" and int(element.get("sheetId")) == number
            name = element.get("name")
            assert 1 <= units(name) <= 31 and not set(name) & FORBIDDEN_IN_NAMES and name.lower() != "history"
            assert not name.startswith("'") and not name.endswith("'")
            sheets[name] = target
        assert len({name.lower() for name in sheets}) == len(root.find(MAIN + "sheets"))
        kinds = sorted(kind for kind, _ in relations.values())
        assert kinds == (["sharedStrings", "styles"] if "xl/sharedStrings.xml" in self.types else ["styles"])
        self.names = {}
        for element in root.iter(MAIN + "definedName"):
            self.names[element.get("name"), int(element.get("localSheetId"))] = element.text
        return sheets

    def properties(self):
        """The document's properties: core by local name, custom by name."""
        out = {local(element.tag): element.text or "" for element in self.part("docProps/core.xml")}
        for element in self.part("docProps/custom.xml"):
            out[element.get("name")] = element[0].text
        return out

    # --- Sheets -----------------------------------------------------------------------------------------------------

    def data_sheets(self):
        return [name for name in self.sheets if name != "Notes"]

    def rows(self, name):
        """The rows of a sheet as lists of cells, the header first; the rest of the sheet is checked on the way."""
        return SheetReader(self, name).rows()

    def table(self):
        """(header, rows) of all data sheets; each has the header."""
        header, rows = None, []
        for name in self.data_sheets():
            first, *rest = self.rows(name)
            assert header in (None, first)
            header = first
            rows += rest
        return [text for _, text in header], rows

    def notes(self):
        """{(column, explanation): (cells, first cell)}."""
        if "Notes" not in self.sheets:
            return {}
        header, *rows = self.rows("Notes")
        assert [text for _, text in header] == ["Column", "Cells", "First cell", "How the cells differ from the data"]
        assert rows, "an empty Notes sheet"
        return {(column[1], why[1]): (int(cells[1]), first[1]) for column, cells, first, why in rows}


class SheetReader:
    """Streams one sheet through expat: rows in lists of bounded length, everything around them as a small tree."""

    def __init__(self, workbook, name):
        self.workbook = workbook
        self.name = name
        self.path = []
        self.done = []
        self.row = None
        self.cell = None
        self.text = []
        self.frame = []  # elements beside sheetData: (path, attributes)
        self.shared = 0
        self.columns = None
        self.count = 0

    def rows(self):
        parser = xml.parsers.expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        with self.workbook.zip.open(self.workbook.sheets[self.name]) as stream:
            while True:
                piece = stream.read(1 << 20)
                parser.Parse(piece, not piece)
                yield from self.done
                self.done = []
                if not piece:
                    break
        self._check_frame()

    def _start(self, tag, attributes):
        name = tag.rsplit("}", 1)[-1]
        self.path.append(name)
        depth = len(self.path)
        if self.path[1:2] != ["sheetData"] or depth == 2:
            self.frame.append((tuple(self.path), attributes))
        elif depth == 3:
            assert name == "row" and not attributes
            self.row = []
        elif depth == 4:
            assert name == "c" and set(attributes) <= {"s", "t"}
            self.cell = [attributes.get("t", "n"), int(attributes.get("s", 0)), None, {}]
            assert self.cell[0] in ("n", "b", "s", "inlineStr") and self.cell[1] < len(self.workbook.styles)
        elif depth == 5:
            assert name == ("is" if self.cell[0] == "inlineStr" else "v") and not attributes and self.cell[2] is None
        else:
            assert depth == 6 and name == "t" and self.path[-2] == "is"
            self.cell[3] = {"{" + key if "}" in key else key: value for key, value in attributes.items()}
        self.text = []

    def _data(self, data):
        assert len(self.path) >= 5, f"text between elements: {data[:50]!r}"
        self.text.append(data)

    def _end(self, tag):
        name = self.path.pop()
        if self.path[1:2] != ["sheetData"]:
            return
        if name in ("v", "t"):
            self.cell[2] = "".join(self.text)
        elif name == "c":
            self.row.append(self._finished(*self.cell))
        elif name == "row":
            if self.columns is None:
                self.columns = len(self.row)
            assert len(self.row) == self.columns, f"row {self.count}: {len(self.row)} cells of {self.columns}"
            self.count += 1
            self.done.append(self.row)

    def _finished(self, kind, style, text, attributes):
        if kind == "inlineStr":
            assert text is not None and (style == 0 or self.workbook.styles[style][1] in self.workbook.bold)
            return ("t", self.workbook._text(text, attributes))
        if kind == "s":
            self.shared += 1
            return ("t", self.workbook.shared[int(text)])
        if kind == "b":
            return ("b", {"1": True, "0": False}[text])
        if text is None:
            assert style == 0
            return None
        assert NUMBER.match(text), text
        return ("n", text, self.workbook.styles[style][0])

    def _check_frame(self):
        """What stands around the rows, now that their number is known."""
        names = [path[1] for path, _ in self.frame if len(path) == 2]
        assert names == [name for name in WORKSHEET if name in names], names
        for path, attributes in self.frame:
            allowed = ATTRIBUTES.get(path[-1])
            assert allowed is None or set(attributes) <= allowed, (path, attributes)
        by_name = {path[-1]: attributes for path, attributes in self.frame}
        assert by_name["pane"] == {"ySplit": "1", "topLeftCell": "A2", "activePane": "bottomLeft", "state": "frozen"}
        columns = [attributes for path, attributes in self.frame if path[-1] == "col"]
        assert [(int(c["min"]), int(c["max"])) for c in columns] == [(i + 1, i + 1) for i in range(self.columns)]
        assert all(5 <= float(c["width"]) <= 255 for c in columns)
        assert self.count <= 1_048_576 and self.columns <= 16_384
        number = list(self.workbook.sheets).index(self.name)
        assert (by_name["sheetView"].get("tabSelected") == "1") == (number == 0)
        if self.name == "Notes" or self.columns == 0:
            assert "autoFilter" not in by_name
            return
        last = f"{letters(self.columns - 1)}{self.count}"
        assert by_name["autoFilter"] == {"ref": f"A1:{last}"}
        quoted = self.name.replace("'", "''")
        area = f"$A$1:${letters(self.columns - 1)}${self.count}"
        assert self.workbook.names["_xlnm._FilterDatabase", number] == f"'{quoted}'!{area}"
        assert self.workbook.names["_xlnm.Print_Titles", number] == f"'{quoted}'!$1:$1"
