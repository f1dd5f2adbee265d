#include "base/format.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "base/json.hpp"

namespace canvasback {
namespace {

template <std::size_t Chars, class Write>
std::string text_of(Write write) {
  char buffer[Chars];
  char* end = write(static_cast<char*>(buffer));
  EXPECT_LE(end, buffer + Chars);
  return std::string(buffer, static_cast<std::size_t>(end - buffer));
}
template <class Integer>
std::string integer(Integer value) {
  return text_of<kIntegerChars>([&](char* out) { return write_integer(out, value); });
}
std::string number(double value) {
  return text_of<kDoubleChars>([&](char* out) { return write_double(out, value); });
}
std::string number(float value) {
  return text_of<kDoubleChars>([&](char* out) { return write_float(out, value); });
}
std::string decimal(std::int64_t value, int scale) {
  return text_of<kDecimalChars>([&](char* out) { return write_decimal64(out, value, scale); });
}
std::string decimal(std::int64_t high, std::uint64_t low, int scale) {
  return text_of<kDecimalChars>([&](char* out) { return write_decimal128(out, high, low, scale); });
}
std::string decimal(const std::array<std::uint64_t, 4>& limbs, int scale) {
  return text_of<kDecimalChars>([&](char* out) { return write_decimal256(out, limbs, scale); });
}
std::string date(std::int32_t days) {
  return text_of<kDateChars>([&](char* out) { return write_date(out, days); });
}
std::string time(std::int64_t value, TimeUnit unit) {
  return text_of<kTimeChars>([&](char* out) { return write_time(out, value, unit); });
}
std::string timestamp(std::int64_t value, TimeUnit unit, bool utc = false) {
  return text_of<kTimestampChars>([&](char* out) { return write_timestamp(out, value, unit, utc); });
}
std::string interval(std::int32_t months, std::int32_t days, std::int64_t nanoseconds) {
  return text_of<kIntervalChars>([&](char* out) { return write_interval(out, months, days, nanoseconds); });
}
std::string duration(std::int64_t value, TimeUnit unit) {
  return text_of<kIntervalChars>([&](char* out) { return write_duration(out, value, unit); });
}

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kAllBits = std::numeric_limits<std::uint64_t>::max();

TEST(Format, Integers) {
  EXPECT_EQ(integer(std::int64_t{0}), "0");
  EXPECT_EQ(integer(std::int64_t{-7}), "-7");
  EXPECT_EQ(integer(kMin), "-9223372036854775808");
  EXPECT_EQ(integer(kMax), "9223372036854775807");
  EXPECT_EQ(integer(kAllBits), "18446744073709551615");
  std::uint64_t power = 1;
  for (int digits = 1; digits <= 19; ++digits, power *= 10) {
    for (std::uint64_t value : {power - 1, power, power + 1}) EXPECT_EQ(integer(value), std::to_string(value));
  }
}

TEST(Format, DoublesAreShortestAndTellWhatTheyAre) {
  EXPECT_EQ(number(0.0), "0.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(1.0), "1.0");
  EXPECT_EQ(number(-1.5), "-1.5");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(100000.0), "100000.0");
  EXPECT_EQ(number(6044.9598), "6044.9598");
  EXPECT_EQ(number(452.09549999999996), "452.09549999999996");
  EXPECT_EQ(number(0.0001), "0.0001");
  EXPECT_EQ(number(0.00012345), "0.00012345");
  EXPECT_EQ(number(0.00001), "1e-05");
  EXPECT_EQ(number(2.5e-7), "2.5e-07");
  EXPECT_EQ(number(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(number(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(number(1e16), "1e+16");
  EXPECT_EQ(number(1152921504606846976.0), "1.152921504606847e+18");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(-std::nan("")), "NaN");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(number(0.1f), "0.1");
  EXPECT_EQ(number(16777216.0f), "16777216.0");
  EXPECT_EQ(number(3.4028235e38f), "3.4028235e+38");
  EXPECT_EQ(number(1e-45f), "1e-45");
}

TEST(Format, RandomDoublesReadBackTheSame) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = number(value);
    double back = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(parsed.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << text;
    const auto narrow = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(narrow)) continue;
    const std::string narrow_text = number(narrow);
    float narrow_back = 0;
    std::from_chars(narrow_text.data(), narrow_text.data() + narrow_text.size(), narrow_back);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(narrow_back), std::bit_cast<std::uint32_t>(narrow)) << narrow_text;
  }
}

// Numbers near those of few decimals, where the quick way and the general one meet: the digits are those of
// std::to_chars.
TEST(Format, NumbersOfFewDecimalsAreAsShort) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 300'000; ++i) {
    const auto digits = static_cast<double>(random() >> (random() % 60));
    double value = digits / std::pow(10.0, static_cast<double>(random() % 8));
    const auto steps = random() % 4;
    for (std::uint64_t step = 1; step < steps; ++step) value = std::nextafter(value, INFINITY);
    char shortest[64];
    const auto end = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    const std::string text = number(value);
    std::string expected, found;
    for (const char* at = shortest; at < end && *at != 'e'; ++at) expected += *at == '.' ? "" : std::string(1, *at);
    for (const char byte : text.substr(0, text.find('e'))) found += byte == '.' ? "" : std::string(1, byte);
    found.erase(0, std::min(found.find_first_not_of('0'), found.size()));
    found.erase(found.find_last_not_of('0') + 1);
    expected.erase(expected.find_last_not_of('0') + 1);
    ASSERT_EQ(found, expected) << text;
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(back, value) << text;
  }
}

TEST(Format, Decimals) {
  EXPECT_EQ(decimal(203534, 2), "2035.34");
  EXPECT_EQ(decimal(-5, 2), "-0.05");
  EXPECT_EQ(decimal(0, 2), "0.00");
  EXPECT_EQ(decimal(0, 0), "0");
  EXPECT_EQ(decimal(0, -3), "0");
  EXPECT_EQ(decimal(12, -3), "12000");
  EXPECT_EQ(decimal(-12, 25), "-0.0000000000000000000000012");
  EXPECT_EQ(decimal(kMin, 18), "-9.223372036854775808");
  EXPECT_EQ(decimal(kMin, 19), "-0.9223372036854775808");
  EXPECT_EQ(decimal(kMin, 0), "-9223372036854775808");
}

TEST(Format, WideDecimals) {
  EXPECT_EQ(decimal(0, 5, 1), "0.5");
  EXPECT_EQ(decimal(-1, kAllBits, 1), "-0.1");
  EXPECT_EQ(decimal(0, kAllBits, 0), "18446744073709551615");
  EXPECT_EQ(decimal(1, 0, 2), "184467440737095516.16");
  // HUGEINT: 2^127 - 1 and -2^127 have 39 digits.
  EXPECT_EQ(decimal(kMax, kAllBits, 0), "170141183460469231731687303715884105727");
  EXPECT_EQ(decimal(kMin, 0, 0), "-170141183460469231731687303715884105728");
  EXPECT_EQ(decimal(kMin, 0, 38), "-1.70141183460469231731687303715884105728");
  EXPECT_EQ(decimal(kMin, 0, 40), "-0.0170141183460469231731687303715884105728");
  EXPECT_EQ(decimal({0, 0, 0, 0}, 3), "0.000");
  EXPECT_EQ(decimal({kAllBits, kAllBits, kAllBits, kAllBits}, 0), "-1");
  EXPECT_EQ(decimal({kAllBits, kAllBits, kAllBits, kAllBits >> 1}, 0),
            "57896044618658097711785492504343953926634992332820282019728792003956564819967");
  EXPECT_EQ(decimal({0, 0, 0, std::uint64_t{1} << 63}, 76),
            "-5.7896044618658097711785492504343953926634992332820282019728792003956564819968");
  EXPECT_EQ(decimal({0, 0, 1, 0}, -2), "34028236692093846346337460743176821145600");
}

TEST(Format, Dates) {
  EXPECT_EQ(date(0), "1970-01-01");
  EXPECT_EQ(date(-1), "1969-12-31");
  EXPECT_EQ(date(19'753), "2024-01-31");
  EXPECT_EQ(date(19'782), "2024-02-29");
  EXPECT_EQ(date(-25'509), "1900-02-28");
  EXPECT_EQ(date(-25'508), "1900-03-01");
  EXPECT_EQ(date(11'016), "2000-02-29");
  EXPECT_EQ(date(-719'528), "0000-01-01");
  EXPECT_EQ(date(-719'529), "-0001-12-31");
  EXPECT_EQ(date(2'932'896), "9999-12-31");
  EXPECT_EQ(date(2'932'897), "+10000-01-01");
  EXPECT_EQ(date(std::numeric_limits<std::int32_t>::max()), "infinity");
  EXPECT_EQ(date(std::numeric_limits<std::int32_t>::min()), "-infinity");
  EXPECT_EQ(date(-std::numeric_limits<std::int32_t>::max()), "-infinity");
  EXPECT_EQ(date(std::numeric_limits<std::int32_t>::max() - 1), "+5881580-07-10");
  EXPECT_EQ(text_of<kDateChars>([](char* out) { return write_date_ms(out, -1); }), "1969-12-31");
  EXPECT_EQ(text_of<kDateChars>([](char* out) { return write_date_ms(out, kMin); }), "-292275055-05-16");
}

// Every day of 800 years follows the one before it, by the rules of the calendar and no formula.
TEST(Format, DatesFollowTheCalendar) {
  int year = 1600, month = 1, day = 1;
  for (std::int32_t days = -135'140; year < 2400; ++days) {
    char expected[64];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
    ASSERT_EQ(date(days), expected);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int length = month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    if (++day <= length) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    ++year;
  }
}

TEST(Format, Times) {
  EXPECT_EQ(time(0, TimeUnit::Second), "00:00:00");
  EXPECT_EQ(time(86'399, TimeUnit::Second), "23:59:59");
  EXPECT_EQ(time(86'399'999, TimeUnit::Millisecond), "23:59:59.999");
  EXPECT_EQ(time(500'000, TimeUnit::Microsecond), "00:00:00.500");
  EXPECT_EQ(time(120, TimeUnit::Microsecond), "00:00:00.000120");
  EXPECT_EQ(time(1, TimeUnit::Nanosecond), "00:00:00.000000001");
  EXPECT_EQ(time(86'400'000'000, TimeUnit::Microsecond), "24:00:00");
  EXPECT_EQ(time(-1, TimeUnit::Second), "-00:00:01");
  EXPECT_EQ(time(kMax, TimeUnit::Second), "2562047788015215:30:07");
}

TEST(Format, Timestamps) {
  EXPECT_EQ(timestamp(1'706'702'400, TimeUnit::Second), "2024-01-31T12:00:00");
  EXPECT_EQ(timestamp(1'706'702'400'000, TimeUnit::Millisecond, true), "2024-01-31T12:00:00Z");
  EXPECT_EQ(timestamp(1'706'702'400'120'000, TimeUnit::Microsecond), "2024-01-31T12:00:00.120");
  EXPECT_EQ(timestamp(1'706'702'400'120'001, TimeUnit::Microsecond, true), "2024-01-31T12:00:00.120001Z");
  EXPECT_EQ(timestamp(-1, TimeUnit::Second), "1969-12-31T23:59:59");
  EXPECT_EQ(timestamp(-1, TimeUnit::Millisecond), "1969-12-31T23:59:59.999");
  EXPECT_EQ(timestamp(-1, TimeUnit::Nanosecond), "1969-12-31T23:59:59.999999999");
  EXPECT_EQ(timestamp(kMin, TimeUnit::Nanosecond), "1677-09-21T00:12:43.145224192");
  EXPECT_EQ(timestamp(kMin, TimeUnit::Second), "-292277022657-01-27T08:29:52");
  for (TimeUnit unit : {TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond}) {
    EXPECT_EQ(timestamp(kMax, unit), "infinity");
    EXPECT_EQ(timestamp(-kMax, unit, true), "-infinity");
  }
}

TEST(Format, Intervals) {
  EXPECT_EQ(interval(0, 0, 0), "PT0S");
  EXPECT_EQ(interval(14, 3, 14'706'789'000'000), "P1Y2M3DT4H5M6.789S");
  EXPECT_EQ(interval(0, -1, 0), "P-1D");
  EXPECT_EQ(interval(-14, 3, -500'000'000), "P-1Y-2M3DT-0.500S");
  EXPECT_EQ(interval(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::min(), kMin),
            "P-178956970Y-8M-2147483648DT-2562047H-47M-16.854775808S");
  EXPECT_EQ(duration(0, TimeUnit::Second), "PT0S");
  EXPECT_EQ(duration(93'784'500, TimeUnit::Millisecond), "PT26H3M4.500S");
  EXPECT_EQ(duration(-90, TimeUnit::Second), "PT-1M-30S");
  EXPECT_EQ(duration(kMin, TimeUnit::Second), "PT-2562047788015215H-30M-8S");
}

std::string json_text(std::string_view text) {
  std::string out;
  {
    TextWriter writer(out);
    write_json_string(writer, text);
  }
  return out;
}

TEST(Format, JsonStrings) {
  EXPECT_EQ(json_text(""), "\"\"");
  EXPECT_EQ(json_text("é🦆"), "\"é🦆\"");
  EXPECT_EQ(json_text("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
  EXPECT_EQ(json_text(std::string_view("a\0b", 3)), R"("a\u0000b")");
  EXPECT_EQ(json_text("\xFFx\xC3"), "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
}

// The word-at-a-time scan agrees with the byte-at-a-time one at every length and place of a special byte.
TEST(Format, JsonAndCsvScansSeeEveryByte) {
  for (std::size_t size = 0; size <= 20; ++size) {
    for (std::size_t at = 0; at < std::max<std::size_t>(size, 1); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        if (size > 0) text[at] = static_cast<char>(byte);
        std::string expected;
        append_json_string(expected, text);
        ASSERT_EQ(json_text(text), expected);
        const bool quotes = text.find_first_of(",\"\n\r") != std::string::npos || text.empty() || text.front() == ' ' ||
                            text.back() == ' ';
        ASSERT_EQ(csv_needs_quotes(text), quotes) << text;
      }
    }
  }
}

TEST(Format, TextWriterKeepsWhatWasThereAndGrows) {
  std::string out = "head ";
  {
    TextWriter writer(out);
    for (int i = 0; i < 1000; ++i) writer.append("0123456789");
    writer.append(std::string_view());
    writer.append('.');
    EXPECT_EQ(writer.size(), 5u + 10'000 + 1);
  }
  EXPECT_EQ(out.size(), 5u + 10'000 + 1);
  EXPECT_EQ(out.substr(0, 9), "head 0123");
  EXPECT_EQ(out.back(), '.');
}

}  // namespace
}  // namespace canvasback
