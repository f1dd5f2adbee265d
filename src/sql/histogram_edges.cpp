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

std::optional<Int128> integer_from(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  constexpr std::size_t kDigitsMax = 37;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  Int128 value = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return negative ? -value : value;
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
  const Int128 product = (high - low) * bin;
  return {low + product / bins, product % bins};
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
  if (is_date_type(type)) return EdgesKind::Microseconds;
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
  const auto from = integer_from(low);
  const auto to = integer_from(high);
  if (!from || !to) return fail(ErrorCode::InvalidData, "The bounds of a histogram are no integers.");
  return kind == EdgesKind::Microseconds ? edges_of_microseconds(*from, *to, bins)
                                         : edges_of_integers(*from, *to, bins);
}

}  // namespace canvasback
