"""What a cell of a workbook must be, worked out in Python from the value alone: a second opinion on encode/xlsx.

check_column(kind, values, cells) compares the cells of a column with its values in the form of canonical.py (times in
their own unit) and returns how many cells of it the Notes sheet must tell of, by reason.
"""

import collections
import decimal
import math

import canonical
from xlsx_reader import units

decimal.getcontext().prec = 100
SERIAL_OF_EPOCH, SERIAL_MIN, SERIAL_MAX = 25_569, 61, 2_958_465
NS_PER_DAY = 86_400 * 10**9
REASONS = {
    "integer": "Integer of more than 15 digits, which Excel would round: written as text",
    "decimal": "Decimal of more than 15 digits, which Excel would round: written as text",
    "finite": "NaN or infinity, which Excel has no number for: written as text",
    "tiny": "Number closer to zero than Excel's smallest: written as text",
    "date": "Date outside 1900-03-01 to 9999-12-31, where Excel's calendar is exact: written as text",
    "clock": "Not a time of day from 00:00:00 up to 24:00:00: written as text",
    "type": "Excel has no such type: written as text (JSON, base64 or ISO 8601)",
    "rounded": "Finer than the numbers that Excel keeps time in: rounded to the nearest of them",
    "truncated": "Longer than the 32,767 characters a cell can hold: cut off there",
    "escaped": "Control characters or text like _x0041_: written as _xHHHH_, which Excel shows as the original",
    "replaced": "Bytes that are no valid UTF-8: written as U+FFFD",
}


def cut(text):
    """A text as long as a cell can hold, no character halved."""
    if units(text) <= 32767:
        return text
    out, length = [], 0
    for character in text:
        length += units(character)
        if length > 32767:
            break
        out.append(character)
    return "".join(out)


def needs_escape(text):
    if any((c < " " and c not in "\t\n") or c in "\ufffe\uffff" or "\ud800" <= c <= "\udfff" for c in text):
        return True
    return bool(canonical.re.search(r"_x[0-9A-Fa-f]{4}(_|[^\x20-\x7f])", text))


def text_cell(value, cell, notes):
    wanted = cut(value)
    if wanted != value:
        notes["truncated"] += 1
    if needs_escape(wanted):
        notes["escaped"] += 1
    assert cell == ("t", wanted), (value[:100], cell)


def number(cell, format_=None):
    assert cell[0] == "n", cell
    assert format_ is None or cell[2] == format_, (cell, format_)
    return decimal.Decimal(cell[1])


def digits_of(value):
    """Digits between the first and the last that is not zero."""
    text = "".join(map(str, value.as_tuple().digits)).strip("0")
    return len(text)


def int_cell(value, cell, notes):
    if abs(value) < 10**15:
        assert number(cell) == value, (value, cell)
        return
    notes["integer"] += 1
    assert cell == ("t", str(value)), (value, cell)


def decimal_cell(value, cell, notes):
    whole = value.as_tuple().exponent >= 0
    if (abs(value) < 10**15) if whole else digits_of(value) <= 15:
        assert number(cell) == value and float(cell[1]) == float(value), (value, cell)
        return
    notes["integer" if whole else "decimal"] += 1
    assert cell[0] == "t" and decimal.Decimal(cell[1]) == value, (value, cell)


def float_cell(value, cell, notes, single=False):
    back = (lambda text: float(canonical.numpy.float32(text))) if single else float
    if math.isnan(value) or math.isinf(value):
        notes["finite"] += 1
        wanted = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        assert cell == ("t", wanted), (value, cell)
    elif value != 0 and abs(value) < 2.2250738585072014e-308:
        notes["tiny"] += 1
        assert cell[0] == "t" and back(cell[1]).hex() == value.hex(), (value, cell)
    else:
        number(cell, "General")
        assert back(cell[1]).hex() == value.hex(), (value.hex(), cell)


def date_cell(days, cell, notes):
    if SERIAL_MIN <= days + SERIAL_OF_EPOCH <= SERIAL_MAX:
        assert number(cell, "yyyy\\-mm\\-dd") == days + SERIAL_OF_EPOCH, (days, cell)
        return
    notes["date"] += 1
    assert cell[0] == "t" and canonical.from_text("date", cell[1]) == days, (days, cell)


def time_cell(value, unit_ns, cell, notes):
    if 0 <= value * unit_ns < NS_PER_DAY:
        number(cell)
        assert cell[2].startswith("hh:mm:ss") and round(decimal.Decimal(float(cell[1])) * NS_PER_DAY / unit_ns) == value
        return
    notes["clock"] += 1
    assert cell[0] == "t", cell


def timestamp_cell(value, unit_ns, cell, notes):
    ns = value * unit_ns
    days = ns // NS_PER_DAY
    # Excel rounds to milliseconds, and has no time past its last day.
    is_last = days + SERIAL_OF_EPOCH == SERIAL_MAX and ns - days * NS_PER_DAY >= NS_PER_DAY - 500_000
    if is_last or not SERIAL_MIN <= days + SERIAL_OF_EPOCH <= SERIAL_MAX:
        notes["date"] += 1
        assert cell[0] == "t", cell
        if not cell[1].lstrip("-").startswith("infinity"):
            assert canonical.from_text("timestamp", cell[1].removesuffix("Z")) == ns, (value, cell)
        return
    number(cell)
    assert cell[2].startswith("yyyy\\-mm\\-dd\\ hh:mm:ss"), cell
    back = decimal.Decimal(float(cell[1])) - SERIAL_OF_EPOCH
    exact_ns = 10**3 if float(cell[1]) < 65_536 else 10**6
    if ns % exact_ns == 0:
        assert round(back * NS_PER_DAY / exact_ns) * exact_ns == ns, (value, cell)
        return
    notes["rounded"] += 1
    assert abs(back * NS_PER_DAY - ns) <= decimal.Decimal(math.ulp(float(cell[1]))) * NS_PER_DAY + 100, (value, cell)


def check_column(kind, values, cells, unit_ns=1):
    """kind: as canonical.kind_of has it, or "other" for types that become text of some form."""
    notes = collections.Counter()
    assert len(values) == len(cells), (kind, len(values), len(cells))
    for value, cell in zip(values, cells):
        if value is None:
            assert cell is None, (kind, cell)
        elif kind == "int":
            int_cell(value, cell, notes)
        elif kind == "decimal":
            decimal_cell(decimal.Decimal(value), cell, notes)
        elif kind in ("double", "float"):
            float_cell(value, cell, notes, kind == "float")
        elif kind in ("bool", "boolean"):
            assert cell == ("b", value), (value, cell)
        elif kind == "text":
            text_cell(value, cell, notes)
        elif kind == "date":
            date_cell(value, cell, notes)
        elif kind == "time":
            time_cell(value, unit_ns, cell, notes)
        elif kind == "timestamp":
            timestamp_cell(value, unit_ns, cell, notes)
        else:
            notes["type"] += 1
            if callable(kind):
                text_cell(kind(value), cell, notes)
            else:
                assert cell[0] == "t", (value, cell)
    return notes


def check_notes(told, wanted):
    """The Notes sheet tells exactly what must be told. wanted: {header: Counter of reasons}."""
    counts = {key: cells for key, (cells, _) in told.items()}
    expected = {(column, REASONS[reason]): count
                for column, notes in wanted.items() for reason, count in notes.items()}  # fmt: skip
    assert counts == expected, sorted(set(counts.items()) ^ set(expected.items()))
