#include "sql/histogram_edges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "record/column_type.hpp"

namespace canvasback {
namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

std::optional<Int128> integer_from(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Int128 value = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    // Downwards, where there is one more.
    if (__builtin_mul_overflow(value, Int128{10}, &value)) return std::nullopt;
    if (__builtin_sub_overflow(value, Int128{digit - '0'}, &value)) return std::nullopt;
  }
  if (negative) return value;
  return __builtin_sub_overflow(Int128{0}, value, &value) ? std::nullopt : std::optional<Int128>(value);
}

std::string text_of(Int128 value) { return fmt::format("{}", value); }

std::string text_of(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// low + (high - low) * bin / bins as whole part and rest.
struct Edge {
  Int128 whole;
  Int128 rest;  // of bins
};

Edge edge_at(Int128 low, Int128 high, std::int64_t bin, std::int64_t bins) {
  // 128 bits may hold neither the distance with its sign nor its multiple.
  const UInt128 distance = static_cast<UInt128>(high) - static_cast<UInt128>(low);
  const auto count = static_cast<UInt128>(bins);
  const auto place = static_cast<UInt128>(bin);
  const UInt128 rest = distance % count * place;
  const UInt128 offset = distance / count * place + rest / count;
  return {static_cast<Int128>(static_cast<UInt128>(low) + offset), static_cast<Int128>(rest % count)};
}

HistogramEdges edges_of_microseconds(Int128 low, Int128 high, std::int64_t bins) {
  HistogramEdges out;
  for (std::int64_t bin = 0; bin <= bins; ++bin) {
    const Int128 edge = edge_at(low, high, bin, bins).whole;
    out.edges.push_back(text_of(edge));
    if (bin > 0) out.last.push_back(text_of(bin < bins ? edge - 1 : high));
  }
  return out;
}

// 1.25 of 125 with two digits behind the point.
std::string decimal_text(Int128 value, std::size_t scale) {
  std::string digits = text_of(value);
  if (scale == 0) return digits;
  const std::size_t sign = value < 0 ? 1 : 0;
  if (digits.size() < sign + scale + 1) digits.insert(sign, sign + scale + 1 - digits.size(), '0');
  digits.insert(digits.size() - scale, 1, '.');
  return digits;
}

// Upwards, so that no bin ends below the least value, which may be the least that its type holds.
HistogramEdges edges_of_whole(Int128 low, Int128 high, std::int64_t bins, std::size_t scale) {
  HistogramEdges out;
  for (std::int64_t bin = 0; bin <= bins; ++bin) {
    const Edge exact = edge_at(low, high, bin, bins);
    const Int128 edge = exact.whole + (exact.rest > 0 ? 1 : 0);
    out.edges.push_back(decimal_text(edge, scale));
    if (bin > 0) out.last.push_back(text_of(bin < bins && edge > low ? edge - 1 : high));
  }
  return out;
}

// Both bounds are of one type, whose digits behind the point are all there.
Result<HistogramEdges> edges_of_decimals(std::string low, std::string high, std::int64_t bins) {
  const std::size_t point = low.find('.');
  const std::size_t scale = point == std::string::npos ? 0 : low.size() - point - 1;
  std::erase(low, '.');
  std::erase(high, '.');
  const auto from = integer_from(low);
  const auto to = integer_from(high);
  if (!from || !to) return fail(ErrorCode::InvalidData, "The bounds of a histogram are no decimals.");
  return edges_of_whole(*from, *to, bins, scale);
}

// The last integer below a double.
Int128 before(double edge) {
  const double whole = std::ceil(edge);
  return static_cast<Int128>(whole) - 1;
}

HistogramEdges edges_of_integers(Int128 low, Int128 high, std::int64_t bins) {
  HistogramEdges out;
  for (std::int64_t bin = 0; bin <= bins; ++bin) {
    const Edge exact = edge_at(low, high, bin, bins);
    double edge = static_cast<double>(static_cast<long double>(exact.whole) +
                                      static_cast<long double>(exact.rest) / static_cast<long double>(bins));
    // No value lies outside of the ends, whatever a double makes of them.
    if (bin == 0 && static_cast<Int128>(edge) > low) edge = std::nextafter(edge, -HUGE_VAL);
    if (bin == bins && static_cast<Int128>(edge) < high) edge = std::nextafter(edge, HUGE_VAL);
    out.edges.push_back(text_of(edge));
    if (bin > 0) out.last.push_back(text_of(bin < bins ? before(edge) : high));
  }
  return out;
}

HistogramEdges edges_of_doubles(double low, double high, std::int64_t bins) {
  HistogramEdges out;
  double previous = low;
  for (std::int64_t bin = 0; bin <= bins; ++bin) {
    // Each end by its share: the distance between them may be past the range of doubles.
    const long double share = static_cast<long double>(bin) / static_cast<long double>(bins);
    double edge =
        static_cast<double>(static_cast<long double>(low) * (1 - share) + static_cast<long double>(high) * share);
    if (bin == 0) edge = low;
    if (bin == bins) edge = high;
    edge = std::clamp(edge, previous, high);
    previous = edge;
    out.edges.push_back(text_of(edge));
    if (bin > 0) out.last.push_back(text_of(bin < bins ? std::nextafter(edge, -HUGE_VAL) : high));
  }
  return out;
}

}  // namespace

EdgesKind edges_kind(std::string_view type) {
  if (type == "TIMESTAMP_NS") return EdgesKind::Nanoseconds;
  if (is_date_type(type)) return EdgesKind::Microseconds;
  if (type == "HUGEINT" || type.starts_with("DECIMAL")) return EdgesKind::Decimals;
  for (std::string_view known :
       {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}) {
    if (type == known) return EdgesKind::Integers;
  }
  return EdgesKind::Doubles;
}

Result<HistogramEdges> histogram_edges(EdgesKind kind, const std::string& low, const std::string& high,
                                       std::int64_t bins) {
  if (kind == EdgesKind::Doubles) {
    double from = 0;
    double to = 0;
    const bool read = std::from_chars(low.data(), low.data() + low.size(), from).ec == std::errc{} &&
                      std::from_chars(high.data(), high.data() + high.size(), to).ec == std::errc{};
    if (!read) return fail(ErrorCode::InvalidData, "The bounds of a histogram are no numbers.");
    return edges_of_doubles(from, to, bins);
  }
  if (kind == EdgesKind::Decimals) return edges_of_decimals(low, high, bins);
  const auto from = integer_from(low);
  const auto to = integer_from(high);
  if (!from || !to) return fail(ErrorCode::InvalidData, "The bounds of a histogram are no integers.");
  if (kind == EdgesKind::Nanoseconds) return edges_of_whole(*from, *to, bins, 0);
  return kind == EdgesKind::Microseconds ? edges_of_microseconds(*from, *to, bins)
                                         : edges_of_integers(*from, *to, bins);
}

}  // namespace canvasback
