// Cells of MySQL's protocol: a cursor over the bytes of a row, and the forms that dates and times have there. Every
// read is bounded by the row; a short row is `false`, never a read beyond it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace canvasback {

struct CellCursor {
  const char* at = nullptr;
  const char* end = nullptr;

  std::size_t left() const { return static_cast<std::size_t>(end - at); }

  template <class Value>
  bool read(Value& value) {
    if (left() < sizeof value) return false;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return true;
  }
  // A length-encoded string. NULL of the text protocol (0xfb) is no length.
  bool read_bytes(std::string_view& bytes) {
    std::uint64_t length = 0;
    if (!read_length(length) || length > left()) return false;
    bytes = {at, static_cast<std::size_t>(length)};
    at += length;
    return true;
  }

 private:
  bool read_length(std::uint64_t& length) {
    std::uint8_t first = 0;
    if (!read(first)) return false;
    if (first < 251) {
      length = first;
      return true;
    }
    const std::size_t width = first == 252 ? 2 : first == 253 ? 3 : first == 254 ? 8 : 0;
    if (width == 0 || left() < width) return false;
    length = 0;
    std::memcpy(&length, at, width);  // little-endian, as every machine that this is built for
    at += width;
    return true;
  }
};

// DATE, DATETIME or TIMESTAMP.
struct MysqlMoment {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;

  // Whether it is a day of the calendar (year 0 on) and a time of it: zero and partial dates are not.
  bool is_possible() const;
  std::int32_t days_since_epoch() const;
  std::int64_t microseconds_since_epoch() const;
};

// TIME, up to 838 hours either way.
struct MysqlSpan {
  bool negative = false;
  std::uint32_t hours = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

// Of the binary protocol.
bool read_moment(CellCursor& cell, MysqlMoment& moment);
bool read_span(CellCursor& cell, MysqlSpan& span);

// "2024-05-06", "2024-05-06 01:02:03.000001" (or with a T); false for any other text.
bool parse_moment(std::string_view text, MysqlMoment& moment);
// "-838:59:59.5"; false for any other text.
bool parse_span(std::string_view text, MysqlSpan& span);

// As MySQL writes them, with so many digits of the fraction; at most 32 characters.
inline constexpr std::size_t kMomentChars = 32;
char* write_moment(char* out, const MysqlMoment& moment, bool with_time, int digits);
char* write_span(char* out, const MysqlSpan& span, int digits);

}  // namespace canvasback
