"""Parquet footers taken apart and put together again, to make files as writers of other times and places left them.

A footer is one struct in Thrift's compact protocol. Here a struct is a dict from field number to [type, value], a list
is [type of its items, items], and everything else is its value. Numbers of fields are those of parquet.thrift.
"""

import struct

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

# FileMetaData
SCHEMA, NUM_ROWS, ROW_GROUPS, COLUMN_ORDERS = 2, 3, 4, 7
# SchemaElement
CONVERTED_TYPE, LOGICAL_TYPE = 6, 10
# RowGroup, ColumnChunk, ColumnMetaData
COLUMNS, META_DATA = 1, 3
PATH_IN_SCHEMA, CODEC, UNCOMPRESSED_SIZE, COMPRESSED_SIZE, DATA_PAGE_OFFSET, STATISTICS = 3, 4, 6, 7, 9, 12
# Statistics
OLD_MAX, OLD_MIN, NULL_COUNT, MAX_VALUE, MIN_VALUE = 1, 2, 3, 5, 6


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind):
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return self.byte()
        if kind in (I16, I32, I64):
            return self.zigzag()
        if kind == DOUBLE:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        if kind == BINARY:
            size = self.varint()
            self.at += size
            return bytes(self.data[self.at - size : self.at])
        if kind in (LIST, SET):
            head = self.byte()
            count, item = head >> 4, head & 15
            count = self.varint() if count == 15 else count
            items = [self.byte() == TRUE if item in (TRUE, FALSE) else self.value(item) for _ in range(count)]
            return [item, items]
        assert kind == STRUCT, kind
        fields, number = {}, 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = [head & 15, self.value(head & 15)]
        return fields


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def written(kind, value):
    if kind in (TRUE, FALSE):
        return b""  # in the field's head
    if kind == BYTE:
        return bytes([value])
    if kind in (I16, I32, I64):
        return zigzag(value)
    if kind == DOUBLE:
        return struct.pack("<d", value)
    if kind == BINARY:
        return varint(len(value)) + value
    if kind in (LIST, SET):
        item, items = value
        head = bytes([len(items) << 4 | item]) if len(items) < 15 else bytes([0xF0 | item]) + varint(len(items))
        if item in (TRUE, FALSE):
            return head + bytes(TRUE if one else FALSE for one in items)
        return head + b"".join(written(item, one) for one in items)
    out, last = b"", 0
    for number in sorted(value):
        kind, inner = value[number]
        if kind in (TRUE, FALSE):
            kind = TRUE if inner else FALSE
        step = number - last
        out += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + zigzag(number)
        out += written(kind, inner)
        last = number
    return out + b"\0"


def read_struct(data, at):
    """A struct and the place behind it."""
    reader = Reader(data, at)
    return reader.value(STRUCT), reader.at


def edit_footer(path, edit):
    """edit(footer) changes the file's footer in place."""
    data = path.read_bytes()
    size = struct.unpack("<I", data[-8:-4])[0]
    body = data[: -8 - size]
    footer, _ = read_struct(data, len(body))
    edit(footer)
    made = written(STRUCT, footer)
    path.write_bytes(body + made + struct.pack("<I", len(made)) + b"PAR1")


def chunks(footer):
    """ColumnMetaData of every column chunk."""
    for group in footer[ROW_GROUPS][1][1]:
        for chunk in group[COLUMNS][1][1]:
            yield chunk[META_DATA][1]


def make_statistics_old(path, bounds=None):
    """As before 2017: bounds in the fields that are deprecated now, without a word on their order. bounds(column, min,
    max) gives those that are written."""

    def edit(footer):
        footer.pop(COLUMN_ORDERS, None)
        for chunk in chunks(footer):
            if STATISTICS not in chunk:
                continue
            statistics = chunk[STATISTICS][1]
            if MIN_VALUE not in statistics:
                continue  # there are only NULLs
            low, high = statistics.pop(MIN_VALUE)[1], statistics.pop(MAX_VALUE)[1]
            if bounds:
                low, high = bounds(chunk[PATH_IN_SCHEMA][1][1][0].decode(), low, high)
            for number in (7, 8):  # whether they are exact
                statistics.pop(number, None)
            statistics[OLD_MIN], statistics[OLD_MAX] = [BINARY, low], [BINARY, high]

    edit_footer(path, edit)


def compress_old(path, frame):
    """A file without compression, of one column and one page, as one of the codec LZ4 (5). frame(bytes) gives the
    page's compressed form."""
    data = path.read_bytes()
    body = {}

    def edit(footer):
        (chunk,) = chunks(footer)
        begin = chunk[DATA_PAGE_OFFSET][1]
        header, behind = read_struct(data, begin)
        page = frame(data[behind : behind + header[3][1]])
        header[3] = [I32, len(page)]
        header.pop(4, None)  # a checksum
        made = written(STRUCT, header)
        body["bytes"] = data[:begin] + made + page
        chunk[CODEC] = [I32, 5]
        chunk[COMPRESSED_SIZE] = [I64, len(made) + len(page)]
        for group in footer[ROW_GROUPS][1][1]:
            group.pop(6, None)
        footer_bytes["made"] = written(STRUCT, footer)

    footer_bytes = {}
    size = struct.unpack("<I", data[-8:-4])[0]
    footer, _ = read_struct(data, len(data) - 8 - size)
    edit(footer)
    path.write_bytes(body["bytes"] + footer_bytes["made"] + struct.pack("<I", len(footer_bytes["made"])) + b"PAR1")
