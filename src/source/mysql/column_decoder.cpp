#include "source/mysql/column_decoder.hpp"

#include <arrow/type_traits.h>
#include <arrow/util/utf8.h>

#include <algorithm>

#include "base/format.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kShownBytesMax = 100;  // of a value in a message
constexpr std::size_t kSridBytes = 4;

bool is_ascii(std::string_view text) {
  std::uint64_t bits = 0;
  std::size_t i = 0;
  for (; i + sizeof bits <= text.size(); i += sizeof bits) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    bits |= word;
  }
  for (; i < text.size(); ++i) bits |= static_cast<unsigned char>(text[i]);
  return (bits & 0x8080808080808080) == 0;
}

bool is_valid_utf8(std::string_view text) {
  arrow::util::InitializeUTF8();
  return arrow::util::ValidateUTF8(text);
}

// The first row whose text is not valid UTF-8, or -1. All bytes together are valid where each value is; the reverse
// holds where no value begins in the middle of a character.
std::int64_t invalid_row(const ColumnBuffer& buffer, std::int64_t rows) {
  if (is_ascii(buffer.all_bytes())) return -1;
  bool whole = true;
  for (std::int64_t row = 0; row < rows && whole; ++row) {
    const std::string_view text = buffer.bytes_at(row);
    whole = text.empty() || (static_cast<unsigned char>(text.front()) & 0xc0) != 0x80;
  }
  if (whole && is_valid_utf8(buffer.all_bytes())) return -1;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!is_valid_utf8(buffer.bytes_at(row))) return row;
  }
  return -1;
}

// As text where it is one, else in hexadecimal.
std::string shown(std::string_view value) {
  const bool cut = value.size() > kShownBytesMax;
  value = value.substr(0, kShownBytesMax);
  if (is_ascii(value) && std::ranges::all_of(value, [](char c) { return c >= 0x20 && c != 0x7f; })) {
    return "\"" + std::string(value) + (cut ? "…" : "") + "\"";
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (char c : value) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text + (cut ? "…" : "");
}

}  // namespace

// What a cell can be read by.
struct CellReaders {
  using Read = ColumnDecoder::Read;

  static bool moment(ColumnDecoder& decoder, CellCursor& cell, MysqlMoment& moment, std::int64_t row, bool& null) {
    if (!read_moment(cell, moment)) return false;
    null = !moment.is_possible();
    if (!null) return true;
    ++decoder.counts_.zero_dates;
    decoder.buffer_.set_null(row);
    return true;
  }

  // --- The binary protocol, to the column's own type ------------------------------------------------------------

  template <class Value>
  static bool fixed(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    Value value;
    if (!cell.read(value)) return false;
    decoder.buffer_.set(row, value);
    return true;
  }
  static bool date(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    MysqlMoment value;
    bool null = false;
    if (!moment(decoder, cell, value, row, null)) return false;
    if (!null) decoder.buffer_.set(row, value.days_since_epoch());
    return true;
  }
  static bool date_time(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    MysqlMoment value;
    bool null = false;
    if (!moment(decoder, cell, value, row, null)) return false;
    if (!null) decoder.buffer_.set(row, value.microseconds_since_epoch());
    return true;
  }
  static bool span(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    MysqlSpan value;
    if (!read_span(cell, value)) return false;
    char text[kMomentChars];
    const char* end = write_span(text, value, decoder.column_.type.scale);
    return decoder.buffer_.set_bytes(row, text, static_cast<std::size_t>(end - text));
  }

  // --- Cells that are strings in both protocols -----------------------------------------------------------------

  static bool bytes(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::string_view value;
    return cell.read_bytes(value) && decoder.buffer_.set_bytes(row, value.data(), value.size());
  }
  static bool decimal128(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::string_view text;
    Int128 value = 0;
    if (!cell.read_bytes(text)) return false;
    if (!parse_decimal(text, decoder.column_.type.scale, value)) return decoder.refuse(text);
    decoder.buffer_.set(row, value);
    return true;
  }
  static bool bits_of(CellCursor& cell, std::uint64_t& bits) {
    std::string_view value;
    if (!cell.read_bytes(value) || value.size() > sizeof bits) return false;
    for (char c : value) bits = bits << 8 | static_cast<unsigned char>(c);
    return true;
  }
  static bool bits(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::uint64_t value = 0;
    if (!bits_of(cell, value)) return false;
    decoder.buffer_.set(row, value);
    return true;
  }
  static bool bit(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::uint64_t value = 0;
    if (!bits_of(cell, value)) return false;
    decoder.buffer_.set_bit(row, value != 0);
    return true;
  }
  static bool spatial(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::string_view value;
    if (!cell.read_bytes(value) || value.size() < kSridBytes) return false;
    if (value.substr(0, kSridBytes) != std::string_view("\0\0\0\0", kSridBytes)) ++decoder.counts_.srids_dropped;
    value.remove_prefix(kSridBytes);
    return decoder.buffer_.set_bytes(row, value.data(), value.size());
  }

  // --- By their text: the text protocol, and types that the source's file declares ------------------------------

  static bool text(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::string_view value;
    if (!cell.read_bytes(value)) return false;
    return decoder.store_(decoder.buffer_, value, row) || decoder.refuse(value);
  }
  static bool text_moment(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::string_view value;
    MysqlMoment moment;
    if (!cell.read_bytes(value)) return false;
    if (!parse_moment(value, moment)) return decoder.refuse(value);
    if (!moment.is_possible()) {
      ++decoder.counts_.zero_dates;
      decoder.buffer_.set_null(row);
      return true;
    }
    return decoder.store_(decoder.buffer_, value, row) || decoder.refuse(value);
  }
  static bool text_bits(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    std::uint64_t value = 0;
    if (!bits_of(cell, value)) return false;
    return store(decoder, row, [&](char* out) { return write_integer(out, value); });
  }
  template <class Wire, auto write>
  static bool number_text(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    Wire value;
    if (!cell.read(value)) return false;
    return store(decoder, row, [&](char* out) { return write(out, value); });
  }
  static bool moment_text(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    MysqlMoment value;
    bool null = false;
    if (!moment(decoder, cell, value, row, null)) return false;
    const MysqlType& type = decoder.column_.type;
    return null || store(decoder, row,
                         [&](char* out) { return write_moment(out, value, type.kind != MysqlKind::Date, type.scale); });
  }
  static bool span_text(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row) {
    MysqlSpan value;
    if (!read_span(cell, value)) return false;
    return store(decoder, row, [&](char* out) { return write_span(out, value, decoder.column_.type.scale); });
  }
  template <class Write>
  static bool store(ColumnDecoder& decoder, std::int64_t row, Write write) {
    char text[kDoubleChars + kMomentChars];
    const std::string_view value(text, static_cast<std::size_t>(write(text) - text));
    return decoder.store_(decoder.buffer_, value, row) || decoder.refuse(value);
  }

  static char* write_signed(char* out, std::int64_t value) { return write_integer(out, value); }
  static char* write_unsigned(char* out, std::uint64_t value) { return write_integer(out, value); }

  // --- Which one a column has -----------------------------------------------------------------------------------

  template <class Signed, class Unsigned>
  static Read integer(bool is_unsigned, bool native) {
    if (native) return is_unsigned ? fixed<Unsigned> : fixed<Signed>;
    return is_unsigned ? number_text<Unsigned, write_unsigned> : number_text<Signed, write_signed>;
  }
  static Read binary_reader(const MysqlType& type, bool native) {
    switch (type.kind) {
      case MysqlKind::TinyInt: return integer<std::int8_t, std::uint8_t>(type.is_unsigned, native);
      case MysqlKind::SmallInt: return integer<std::int16_t, std::uint16_t>(type.is_unsigned, native);
      case MysqlKind::Year: return integer<std::int16_t, std::int16_t>(false, native);
      case MysqlKind::MediumInt:
      case MysqlKind::Int: return integer<std::int32_t, std::uint32_t>(type.is_unsigned, native);
      case MysqlKind::BigInt: return integer<std::int64_t, std::uint64_t>(type.is_unsigned, native);
      case MysqlKind::Float: return native ? fixed<float> : number_text<float, write_float>;
      case MysqlKind::Double: return native ? fixed<double> : number_text<double, write_double>;
      case MysqlKind::Date: return native ? date : moment_text;
      case MysqlKind::DateTime:
      case MysqlKind::Timestamp: return native ? date_time : moment_text;
      case MysqlKind::Time: return native ? span : span_text;
      default: return string_reader(type, native);
    }
  }
  static Read text_reader(const MysqlType& type, bool native) {
    switch (type.kind) {
      case MysqlKind::Date:
      case MysqlKind::DateTime:
      case MysqlKind::Timestamp: return text_moment;
      case MysqlKind::Decimal:
      case MysqlKind::Bit:
      case MysqlKind::Spatial: return string_reader(type, native);
      default: return text;
    }
  }
  static Read string_reader(const MysqlType& type, bool native) {
    switch (type.kind) {
      case MysqlKind::Decimal: return native && type.precision <= 38 ? decimal128 : text;
      case MysqlKind::Bit: return !native ? text_bits : type.precision == 1 ? bit : bits;
      case MysqlKind::Spatial: return spatial;
      default: return native ? bytes : text;
    }
  }
};

Result<ColumnDecoder> ColumnDecoder::make(const MysqlColumn& column, MysqlProtocol protocol, std::int64_t rows_max) {
  CANVASBACK_ASSIGN(std::shared_ptr<arrow::DataType> type, arrow_type_of(column));
  MysqlColumn plain = column;
  plain.read_as.clear();
  CANVASBACK_ASSIGN(const std::shared_ptr<arrow::DataType> own, arrow_type_of(plain));
  const bool native = type->Equals(*own);
  // A DOUBLE without declared digits has all of them there.
  const bool rounded =
      column.type.kind == MysqlKind::Float || (column.type.kind == MysqlKind::Double && column.type.precision > 0);
  if (protocol == MysqlProtocol::Text && rounded) {
    return fail(ErrorCode::InvalidData, "Column \"" + column.name + "\" is " + column.declared +
                                            ", of which MySQL's text protocol loses digits; the binary one does not.");
  }
  ColumnDecoder decoder(column, type, rows_max);
  decoder.store_ = store_text_for(*type);
  // A DATETIME that is declared to be UTC is the same number.
  const bool same_number = type->id() == arrow::Type::TIMESTAMP && own->id() == arrow::Type::TIMESTAMP;
  decoder.read_ = protocol == MysqlProtocol::Binary ? CellReaders::binary_reader(column.type, native || same_number)
                                                    : CellReaders::text_reader(column.type, native);
  return decoder;
}

Result<std::shared_ptr<arrow::Array>> ColumnDecoder::finish(std::int64_t rows) {
  if (buffer_.type()->id() == arrow::Type::STRING) {
    if (const std::int64_t row = invalid_row(buffer_, rows); row >= 0) {
      return fail(ErrorCode::InvalidData, "Column \"" + column_.name + "\" (" + column_.declared +
                                              ") has a text that is not valid UTF-8: " + shown(buffer_.bytes_at(row)) +
                                              ".");
    }
  }
  return buffer_.finish(rows);
}

bool ColumnDecoder::refuse(std::string_view value) {
  refused_ = value.substr(0, kShownBytesMax + 1);
  is_refused_ = true;
  return false;
}

Error ColumnDecoder::error() const {
  Error error{ErrorCode::InvalidData, {}, {}, {}, 0};
  if (is_refused_) {
    const std::string type = column_.read_as.empty() ? column_.declared : column_.read_as;
    error.message = "Column \"" + column_.name + "\": " + shown(refused_) + " is not a value of " + type + ".";
  } else {
    error.message = "Column \"" + column_.name + "\": the server sent a malformed value.";
  }
  return error;
}

}  // namespace canvasback
