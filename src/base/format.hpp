// Values as text: what csv, json and xlsx write for each number, date and interval, always exactly the stored value.
// Each write_ function puts one value at `out`, which has at least the k…Chars bytes named beside it, and returns the
// end of what it wrote (no terminating zero). No locale, no allocation, thread-safe. TextWriter is the growing buffer
// under them. Source of the calendar: H. Hinnant, "chrono-compatible low-level date algorithms", proleptic Gregorian.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace canvasback {

// Appends to a std::string through a bare cursor. The string holds unspecified bytes behind the cursor until the
// writer is destroyed, which sets its final length.
class TextWriter {
 public:
  explicit TextWriter(std::string& out);
  ~TextWriter() { out_.resize(size()); }
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  // A place for at least `count` bytes; what was written there counts after advance_to(its end).
  char* reserve(std::size_t count) {
    if (static_cast<std::size_t>(end_ - cursor_) < count) grow(count);
    return cursor_;
  }
  void advance_to(char* end) { cursor_ = end; }

  void append(char byte) {
    *reserve(1) = byte;
    ++cursor_;
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;  // its data() may be null
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    cursor_ += bytes.size();
  }

  std::size_t size() const { return static_cast<std::size_t>(cursor_ - begin_); }
  // The bytes from `position` on; valid until the next append or reserve.
  char* data_at(std::size_t position) { return begin_ + position; }

 private:
  void grow(std::size_t count);

  std::string& out_;
  char* begin_ = nullptr;
  char* cursor_ = nullptr;
  char* end_ = nullptr;
};

// Appends a JSON string literal, quotes included; each byte of invalid UTF-8 becomes U+FFFD.
void write_json_string(TextWriter& out, std::string_view text);
// Whether a CSV field must be quoted: empty, or holding a comma, quote, CR or LF, or a space at either end.
bool csv_needs_quotes(std::string_view text);
// Appends a CSV field with quotes around it where it needs them.
void write_csv_string(TextWriter& out, std::string_view text);

inline constexpr std::size_t kIntegerChars = 20;
char* write_integer(char* out, std::int64_t value);
char* write_integer(char* out, std::uint64_t value);

// The shortest digits that read back as the same value (of the same width: 0.1f is "0.1"). A whole number keeps ".0",
// so that a reader which guesses types sees a floating-point number; from 1e16 on and below 1e-4 an exponent follows
// ("1e+16", "2.5e-07"), so that no rounded digit looks like an exact integer. NaN, Infinity, -Infinity; -0.0.
inline constexpr std::size_t kDoubleChars = 32;
char* write_double(char* out, double value);
char* write_float(char* out, float value);

// value × 10^-scale in plain digits, never an exponent; the fraction has exactly `scale` digits. |scale| at most
// kDecimalScaleMax. 128- and 256-bit values are two's complement, limbs from least to most significant.
inline constexpr int kDecimalScaleMax = 76;
inline constexpr std::size_t kDecimalChars = 160;
char* write_decimal64(char* out, std::int64_t value, int scale);
char* write_decimal128(char* out, std::int64_t high, std::uint64_t low, int scale);
char* write_decimal256(char* out, const std::array<std::uint64_t, 4>& limbs, int scale);

enum class TimeUnit { Second, Millisecond, Microsecond, Nanosecond };

// "1969-12-31"; years outside 0 to 9999 carry a sign ("-0044-03-15", "+10000-01-01"; year 0 is 1 BC). DuckDB's infinite
// dates (the largest int32, and its negation or the smallest) are "infinity" and "-infinity".
inline constexpr std::size_t kDateChars = 40;
char* write_date(char* out, std::int32_t days_since_epoch);
char* write_date_ms(char* out, std::int64_t ms_since_epoch);

// "23:59:59", then ".125", ".125001" or ".125001002" where the fraction is not zero.
inline constexpr std::size_t kTimeChars = 40;
char* write_time(char* out, std::int64_t since_midnight, TimeUnit unit);

// "2024-01-31T12:00:00", the fraction as for a time, 'Z' where the value is an instant in UTC. DuckDB's infinite
// timestamps (the largest int64 and its negation) are "infinity" and "-infinity".
inline constexpr std::size_t kTimestampChars = 72;
char* write_timestamp(char* out, std::int64_t since_epoch, TimeUnit unit, bool utc);

// ISO 8601 durations as PostgreSQL's iso_8601 style writes them: P[nY][nM][nD][T[nH][nM][n[.f]S]], parts that are zero
// left out, each part with its own sign, "PT0S" for nothing. Months become years and months, a time becomes hours,
// minutes and seconds; months, days and time never mix, so the three stored numbers can be read back.
// A duration is such a time alone: 93'784'500 ms is "PT26H3M4.500S", -90 s is "PT-1M-30S".
inline constexpr std::size_t kIntervalChars = 112;
char* write_interval(char* out, std::int32_t months, std::int32_t days, std::int64_t nanoseconds);
char* write_duration(char* out, std::int64_t value, TimeUnit unit);

}  // namespace canvasback
