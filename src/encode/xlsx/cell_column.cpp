#include "encode/xlsx/cell_column.hpp"

#include <arrow/type_traits.h>
#include <fmt/format.h>

#include <cassert>
#include <cstring>

#include "base/json.hpp"
#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/xml_text.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::string_view kTextOpen = "<c t=\"inlineStr\"><is><t>";
constexpr std::string_view kTextOpenPreserve = "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">";
constexpr std::string_view kTextClose = "</t></is></c>";

void append_nothing(CellColumn&, std::int64_t, TextWriter& out) { out.append(std::string_view("<c/>")); }

// Texts known to be clean and short enough.
template <class Array>
void append_clean_text(CellColumn& column, std::int64_t row, TextWriter& out) {
  const std::string_view text = static_cast<const Array&>(*column.array).GetView(row);
  const std::string_view open = needs_preserve(text) ? kTextOpenPreserve : kTextOpen;
  char* to = out.reserve(kTextOpenPreserve.size() + text.size() + kTextClose.size());
  std::memcpy(to, open.data(), open.size());
  to += open.size();
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  to += text.size();
  std::memcpy(to, kTextClose.data(), kTextClose.size());
  out.advance_to(to + kTextClose.size());
}

template <class Array>
void append_any_text(CellColumn& column, std::int64_t row, TextWriter& out) {
  append_text_cell(column, row, static_cast<const Array&>(*column.array).GetView(row), out);
}

template <class Array>
void append_shared(CellColumn& column, std::int64_t row, TextWriter& out) {
  const std::uint32_t word = column.shared.rows[row];
  const WordCell& cell = column.shared.cells[word];
  if (cell.size == 0) return append_any_text<Array>(column, row, out);
  char* to = out.reserve(sizeof cell.text);
  std::memcpy(to, cell.text, sizeof cell.text);
  out.advance_to(to + cell.size);
}

// Whether all texts of the array, which lie behind one another, can be copied as they are. A character that two
// texts share would pass as valid; it starts the second one with a continuation byte.
template <class Array>
bool all_clean(const Array& array) {
  const auto* offsets = array.raw_value_offsets();
  const auto start = static_cast<std::size_t>(offsets[0]);
  const auto bytes = static_cast<std::size_t>(offsets[array.length()]) - start;
  if (bytes == 0) return true;
  const std::string_view all(reinterpret_cast<const char*>(array.value_data()->data()) + start, bytes);
  const TextScan scan = scan_text(all);
  if (scan.special || (scan.high && !is_utf8(all))) return false;
  for (std::int64_t row = 0; row < array.length(); ++row) {
    const auto length = static_cast<std::size_t>(offsets[row + 1] - offsets[row]);
    if (length > kCellUnitsMax) return false;
    if (length > 0 &&
        (static_cast<unsigned char>(all[static_cast<std::size_t>(offsets[row]) - start]) & 0xC0) == 0x80) {
      return false;
    }
  }
  return true;
}

template <class Array>
CellColumn::Append text_append(CellColumn& column) {
  if (column.shared.rows != nullptr) return nullable<append_shared<Array>>(column);
  if constexpr (!std::is_same_v<Array, arrow::StringViewArray>) {
    if (all_clean(static_cast<const Array&>(*column.array))) return nullable<append_clean_text<Array>>(column);
  }
  return nullable<append_any_text<Array>>(column);
}

CellColumn::Append text_cells(CellColumn& column) {
  switch (column.array->type_id()) {
    case arrow::Type::STRING: return text_append<arrow::StringArray>(column);
    case arrow::Type::LARGE_STRING: return text_append<arrow::LargeStringArray>(column);
    case arrow::Type::STRING_VIEW: return text_append<arrow::StringViewArray>(column);
    default: return nullptr;
  }
}

// The text that csv has for it, without csv's quotes.
void append_other(CellColumn& column, std::int64_t row, TextWriter& out) {
  column.scratch.clear();
  {
    TextWriter text(column.scratch);
    column.other->append(row, text);
  }
  std::string& text = column.scratch;
  if (text.size() >= 2 && text.front() == '"') {
    std::size_t used = 0;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      text[used++] = text[i];
      if (text[i] == '"') ++i;
    }
    text.resize(used);
  }
  if (column.array->type_id() != arrow::Type::DICTIONARY) column.note(Reason::TypeAsText, row);
  append_text_cell(column, row, text, out);
}

CellColumn::Append other_cells(CellColumn& column) {
  if (column.array->type_id() == arrow::Type::NA) return append_nothing;
  column.other = std::make_unique<ValueText>(column.array, TextStyle{TextStyle::Dialect::Csv, true});
  return nullable<append_other>(column);
}

TimeUnit unit_from(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return TimeUnit::Second;
    case arrow::TimeUnit::MILLI: return TimeUnit::Millisecond;
    case arrow::TimeUnit::MICRO: return TimeUnit::Microsecond;
    case arrow::TimeUnit::NANO: break;
  }
  return TimeUnit::Nanosecond;
}

void take_parameters(CellColumn& column, const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) column.scale = static_cast<const arrow::DecimalType&>(type).scale();
  if (arrow::is_time(type.id())) column.unit = unit_from(static_cast<const arrow::TimeType&>(type).unit());
  if (type.id() == arrow::Type::TIMESTAMP) {
    const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
    column.unit = unit_from(timestamp.unit());
    column.utc = !timestamp.timezone().empty();
  }
  if (arrow::is_fixed_width(type.id()) && type.id() != arrow::Type::BOOL) {
    const arrow::ArrayData& data = *column.array->data();
    if (data.buffers.size() > 1 && data.buffers[1] != nullptr) {
      column.values = data.buffers[1]->data() + data.offset * type.byte_width();
    }
  }
}

}  // namespace

CellKind kind_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return CellKind::Null;
    case arrow::Type::BOOL: return CellKind::Bool;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return CellKind::Text;
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return CellKind::Date;
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return CellKind::Time;
    case arrow::Type::TIMESTAMP: return CellKind::Timestamp;
    default: break;
  }
  if (arrow::is_integer(type.id())) return CellKind::Integer;
  if (arrow::is_floating(type.id())) return CellKind::Floating;
  if (arrow::is_decimal(type.id())) return CellKind::Decimal;
  return CellKind::Other;
}

WordCell word_cell(std::uint32_t number) {
  WordCell cell{};
  if (number == 0xffffffff) return cell;
  char* to = cell.text;
  std::memcpy(to, "<c t=\"s\"><v>", 12);
  to = write_integer(to + 12, std::uint64_t{number});
  std::memcpy(to, "</v></c>", 8);
  cell.size = static_cast<std::uint8_t>(to + 8 - cell.text);
  return cell;
}

CellColumn::CellColumn(std::shared_ptr<arrow::Array> column, const ColumnLook& look, Shared words,
                       std::int64_t row_base, ColumnNotes& column_notes)
    : shared(words), first_row(row_base), notes(&column_notes), array(std::move(column)) {
  if (array->null_bitmap_data() != nullptr && array->null_count() > 0) {
    validity = array->null_bitmap_data();
    offset = array->offset();
  }
  const char* end = look.style == 0 ? fmt::format_to(open.data(), "<c><v>")
                                    : fmt::format_to(open.data(), "<c s=\"{}\"><v>", look.style);
  open_size = static_cast<std::uint8_t>(end - open.data());
  take_parameters(*this, *array->type());
  append_cell = number_cells(*this);
  if (append_cell == nullptr) append_cell = time_cells(*this);
  if (append_cell == nullptr) append_cell = text_cells(*this);
  if (append_cell == nullptr) append_cell = other_cells(*this);
}

void append_text_cell(CellColumn& column, std::int64_t row, std::string_view text, TextWriter& out) {
  out.append(needs_preserve(text) ? kTextOpenPreserve : kTextOpen);
  const TextOutcome outcome = write_text(out, text);
  out.append(kTextClose);
  if (outcome.truncated) column.note(Reason::TextTruncated, row);
  if (outcome.escaped) column.note(Reason::TextEscaped, row);
  if (outcome.replaced) column.note(Reason::TextReplaced, row);
}

}  // namespace canvasback::xlsx
