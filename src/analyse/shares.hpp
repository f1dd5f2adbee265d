// Quantiles, frequencies and counts out of values with their weights: all values of a column, or a sample of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "analyse/column_profile.hpp"
#include "analyse/hyperloglog.hpp"
#include "analyse/position_sample.hpp"

namespace canvasback::analyse {

inline constexpr std::size_t kTopValues = 10;

template <class Value>
struct Weighted {
  Value value;
  std::int64_t count;
};

// The smallest value that at least this share of the values does not exceed. values: sorted, not empty; total: the
// sum of their counts.
template <class Value>
const Value& quantile(const std::vector<Weighted<Value>>& values, std::int64_t total, double probability) {
  const auto rank =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(probability * static_cast<double>(total) - 1e-9)));
  std::int64_t seen = 0;
  for (const auto& entry : values) {
    seen += entry.count;
    if (seen >= rank) return entry.value;
  }
  return values.back().value;
}

// How far a count estimated from `met` of `kept` sampled values may be off in the whole column (Bernstein's bound for
// a share, at kSampleConfidence).
inline std::int64_t count_error(std::int64_t met, std::int64_t kept, std::int64_t whole) {
  const double share = static_cast<double>(met) / static_cast<double>(kept);
  const double weight = std::log(2 / (1 - kSampleConfidence)) / static_cast<double>(kept);
  const double error = std::sqrt(2 * share * (1 - share) * weight) + 3 * weight;
  return static_cast<std::int64_t>(std::ceil(error * static_cast<double>(whole)));
}

template <class Value>
bool same_value(const Value& left, const Value& right) {
  return left == right;
}
inline bool same_value(double left, double right) { return left == right || (std::isnan(left) && std::isnan(right)); }

// The most frequent of sorted values, each equal run of them one value. Where they are a sample, only values are named
// whose count is larger than what it may be off.
template <class Value, class ToJson>
void describe_frequencies(ColumnProfile& out, const std::vector<Weighted<Value>>& values, std::int64_t total,
                          bool exact, ToJson to_json) {
  std::vector<Weighted<const Value*>> runs;
  for (const auto& entry : values) {
    if (!runs.empty() && same_value(*runs.back().value, entry.value)) {
      runs.back().count += entry.count;
    } else {
      runs.push_back({&entry.value, entry.count});
    }
  }
  const std::size_t shown = std::min(kTopValues, runs.size());
  std::partial_sort(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(shown), runs.end(),
                    [](const auto& left, const auto& right) {
                      return left.count != right.count ? left.count > right.count : left.value < right.value;
                    });
  runs.resize(shown);
  out.top_exact = exact;
  for (const auto& [value, met] : runs) {
    if (exact) {
      out.top.push_back({to_json(*value), met, 0});
      continue;
    }
    const double share = static_cast<double>(met) / static_cast<double>(total);
    const std::int64_t estimate = std::llround(share * static_cast<double>(out.count()));
    const std::int64_t error = count_error(met, total, out.count());
    if (estimate > error) out.top.push_back({to_json(*value), estimate, error});
  }
}

// Of sorted values.
template <class Value>
double count_different(const std::vector<Weighted<Value>>& values) {
  std::size_t different = values.empty() ? 0 : 1;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (!same_value(values[i - 1].value, values[i].value)) ++different;
  }
  return static_cast<double>(different);
}

inline void describe_distinct(ColumnProfile& out, double count, bool exact) {
  out.distinct = std::min(out.count(), static_cast<std::int64_t>(std::llround(count)));
  out.distinct_exact = exact;
}

}  // namespace canvasback::analyse
