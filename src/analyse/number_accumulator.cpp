// Accumulator of every type whose values are ordered numbers: integers, decimals, dates, times and floating point.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "analyse/accumulators.hpp"
#include "analyse/distinct_counter.hpp"
#include "analyse/moments.hpp"
#include "analyse/number_values.hpp"
#include "analyse/position_sample.hpp"
#include "analyse/shares.hpp"

namespace canvasback::analyse {
namespace {

// Values worked on at once: small enough for the first-level cache, so that each loop over them is cheap.
constexpr std::size_t kBlock = 2048;
constexpr std::size_t kHistogramBins = 20;
constexpr std::array kProbabilities{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
constexpr double kOutlierFences = 3;  // interquartile ranges

// NaN is the largest value, as in SQL.
template <class Value>
bool less(Value left, Value right) {
  if constexpr (std::is_same_v<Value, double>) {
    if (std::isnan(right)) return !std::isnan(left);
  }
  return left < right;
}

// What is hashed and counted: numbers themselves, floating point by its bits, with one zero and one NaN.
template <class Value>
auto key_of(Value value) {
  if constexpr (std::is_same_v<Value, double>) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    return std::bit_cast<std::int64_t>(value);
  } else {
    return value;
  }
}
template <class Value, class Key>
Value value_of(Key key) {
  if constexpr (std::is_same_v<Value, double>) {
    return std::bit_cast<double>(key);
  } else {
    return key;
  }
}

template <class Value>
bool is_finite(Value value) {
  if constexpr (std::is_same_v<Value, double>) return std::isfinite(value);
  return true;
}

template <class Value>
class NumberAccumulator final : public Accumulator {
  using Key = decltype(key_of(Value()));
  using Moments = std::conditional_t<std::is_same_v<Value, double>, DoubleMoments, IntegerMoments>;

 public:
  NumberAccumulator(NumberForm form, ColumnInfo info, Depth depth)
      : form_(form),
        info_(std::move(info)),
        depth_(depth),
        usual_(usual_bounds(form)),
        sample_(info_.expected_values) {}

  void add(std::uint32_t run, const arrow::Array& array) override {
    if (run != run_) {
      run_ = run;
      position_ = 0;
    }
    rows_ += array.length();
    const std::span<const Value> values = scratch_.load(array);
    nulls_ += array.length() - static_cast<std::int64_t>(values.size());
    for (std::size_t at = 0; at < values.size(); at += kBlock) {
      add_block(values.subspan(at, std::min(kBlock, values.size() - at)));
    }
    if (depth_ == Depth::Full) {
      sample_.add(run, position_, values.size(), [&](std::size_t i) { return values[i]; });
    }
    position_ += values.size();
  }

  void merge(Accumulator& given) override {
    auto& other = static_cast<NumberAccumulator&>(given);
    rows_ += other.rows_;
    nulls_ += other.nulls_;
    if (other.any_) widen(other.min_, other.max_);
    not_a_number_ += other.not_a_number_;
    infinite_ += other.infinite_;
    unusual_ += other.unusual_;
    moments_.merge(other.moments_);
    distinct_.merge(other.distinct_);
    sample_.merge(std::move(other.sample_));
  }

  ColumnProfile finish() override {
    ColumnProfile out;
    out.name = info_.name;
    out.type = info_.type;
    out.kind = form_.is_number() ? ColumnKind::Number : ColumnKind::Temporal;
    out.rows = rows_;
    out.nulls = nulls_;
    out.not_a_number = not_a_number_;
    out.infinite = infinite_;
    out.out_of_range = unusual_;
    if (!any_) {
      if (depth_ == Depth::Full) out.distinct = 0;
      return out;
    }
    out.min = value_json(form_, min_);
    out.max = value_json(form_, max_);
    if (form_.is_number()) describe_moments(out);
    if (depth_ == Depth::Full) describe_distribution(out);
    return out;
  }

 private:
  void widen(Value low, Value high) {
    if (!any_ || less(low, min_)) min_ = low;
    if (!any_ || less(max_, high)) max_ = high;
    any_ = true;
  }

  void add_block(std::span<const Value> values) {
    if constexpr (std::is_same_v<Value, double>) {
      add_bounds_of_doubles(values);
    } else {
      Value low = values[0];
      Value high = values[0];
      for (Value value : values) {
        low = value < low ? value : low;
        high = value > high ? value : high;
      }
      widen(low, high);
      if (usual_ && (low < usual_->first || high > usual_->second)) {
        unusual_ += std::ranges::count_if(values, [&](Value v) { return v < usual_->first || v > usual_->second; });
      }
    }
    if (form_.is_number()) moments_.add(values);
    if (depth_ == Depth::Full) add_hashes(values);
  }

  void add_bounds_of_doubles(std::span<const Value> values) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    bool odd = false;
    for (double value : values) {
      low = value < low ? value : low;
      high = value > high ? value : high;
      // True for NaN and for infinities.
      odd |= !(value - value == 0);
    }
    if (odd) {
      for (double value : values) {
        not_a_number_ += std::isnan(value) ? 1 : 0;
        infinite_ += std::isinf(value) ? 1 : 0;
        widen(value, value);
      }
    } else {
      widen(low, high);
    }
  }

  void add_hashes(std::span<const Value> values) {
    std::size_t i = 0;
    for (; i < values.size() && distinct_.exact(); ++i) {
      const Key key = key_of(values[i]);
      distinct_.add(key, hash_value(key));
    }
    if (i == values.size()) return;
    HyperLogLog& sketch = *distinct_.sketch();
    for (; i < values.size(); ++i) sketch.add(hash_value(key_of(values[i])));
  }

  void describe_moments(ColumnProfile& out) const {
    const double unit = form_.kind == NumberForm::Kind::Decimal ? std::pow(10.0, -form_.scale) : 1;
    const auto values = static_cast<double>(rows_ - nulls_);
    if constexpr (std::is_same_v<Value, double>) {
      out.sum = double_json(moments_.sum());
      out.mean = double_json(moments_.mean(rows_ - nulls_));
    } else {
      out.sum = sum_json(form_, moments_.sum());
      out.mean = Json(scaled(moments_.sum().to_double() / values));
    }
    if (const auto deviation = moments_.spread().standard_deviation()) {
      out.standard_deviation = Json(std::is_same_v<Value, double> ? *deviation : *deviation * unit);
    }
  }
  // Divided, not multiplied by a power of ten that no double holds.
  double scaled(double value) const {
    return form_.kind == NumberForm::Kind::Decimal ? value / std::pow(10.0, form_.scale) : value;
  }

  void describe_distribution(ColumnProfile& out) {
    std::vector<Weighted<Value>> values;
    if (distinct_.exact()) {
      distinct_.table().for_each([&](const auto& entry) {
        values.push_back({value_of<Value>(entry.value), entry.count});
      });
    } else {
      for (Value value : sample_.take()) values.push_back({value, 1});
    }
    const bool exact = distinct_.exact() || sample_.complete();
    std::ranges::sort(values, [](const auto& left, const auto& right) { return less(left.value, right.value); });
    std::int64_t total = 0;
    for (const auto& value : values) total += value.count;
    out.quantiles_exact = exact;
    out.sample_error = exact ? 0 : sample_error(values.size());
    for (double probability : kProbabilities) {
      out.quantiles.push_back({probability, value_json(form_, quantile(values, total, probability))});
    }
    auto to_json = [&](Value value) { return value_json(form_, value); };
    describe_frequencies(out, values, total, exact, to_json);
    describe_distinct(out, exact ? count_different(values) : distinct_.count(), exact);
    describe_histogram(out, values, total);
    if (form_.is_number()) out.outlier_share = outliers(values, total);
  }

  static double outliers(const std::vector<Weighted<Value>>& values, std::int64_t total) {
    const auto low = static_cast<double>(quantile(values, total, 0.25));
    const auto high = static_cast<double>(quantile(values, total, 0.75));
    const double reach = kOutlierFences * (high - low);
    // Without a spread every other value would be one.
    if (!(reach > 0) || !std::isfinite(reach)) return 0;
    std::int64_t beyond = 0;
    for (const auto& [value, count] : values) {
      const auto number = static_cast<double>(value);
      if (number < low - reach || number > high + reach) beyond += count;
    }
    return static_cast<double>(beyond) / static_cast<double>(total);
  }

  // Bins are [from + i * (to - from) / bins, …): of integers exactly, of doubles as those edges are as doubles.
  static std::size_t bin_of(Value value, Value from, Value to, std::size_t bins) {
    if (bins == 1) return 0;
    if constexpr (std::is_same_v<Value, double>) {
      // Past the range of doubles there is no width to multiply.
      const long double width = static_cast<long double>(to) - static_cast<long double>(from);
      const auto edge = [&](std::size_t i) {
        return static_cast<double>(from + width * static_cast<long double>(i) / static_cast<long double>(bins));
      };
      const long double place = (static_cast<long double>(value) - static_cast<long double>(from)) / width;
      auto bin = std::min(static_cast<std::size_t>(place * static_cast<long double>(bins)), bins - 1);
      while (bin > 0 && value < edge(bin)) --bin;
      while (bin + 1 < bins && value >= edge(bin + 1)) ++bin;
      return bin;
    } else {
      auto distance = static_cast<UInt128>(value) - static_cast<UInt128>(from);
      auto width = static_cast<UInt128>(to) - static_cast<UInt128>(from);
      // Of 128 bits the last few decide nothing that a double of an edge shows.
      for (; width >> 120 != 0; width >>= 1) distance >>= 1;
      return std::min(static_cast<std::size_t>(distance * bins / width), bins - 1);
    }
  }

  void describe_histogram(ColumnProfile& out, const std::vector<Weighted<Value>>& values, std::int64_t total) const {
    // The ends are exact where they are finite, else those of the finite values kept.
    bool found = false;
    Value from{};
    Value to{};
    for (const auto& entry : values) {
      if (!is_finite(entry.value)) continue;
      if (!found) from = entry.value;
      to = entry.value;
      found = true;
    }
    if (!found) return;
    if (is_finite(min_)) from = min_;
    if (is_finite(max_)) to = max_;
    ProfileHistogram histogram{value_json(form_, from), value_json(form_, to), {}};
    histogram.counts.resize(from < to ? kHistogramBins : 1);
    const double scale = static_cast<double>(rows_ - nulls_) / static_cast<double>(total);
    std::vector<std::int64_t> kept(histogram.counts.size());
    for (const auto& [value, count] : values) {
      if (is_finite(value)) kept[bin_of(value, from, to, kept.size())] += count;
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      histogram.counts[i] = std::llround(static_cast<double>(kept[i]) * scale);
    }
    out.histogram = std::move(histogram);
  }

  NumberForm form_;
  ColumnInfo info_;
  Depth depth_;
  NumberValues<Value> scratch_;
  std::uint32_t run_ = UINT32_MAX;
  std::uint64_t position_ = 0;  // of the next non-null value in the run
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  bool any_ = false;
  Value min_{};
  Value max_{};
  std::optional<std::pair<std::int64_t, std::int64_t>> usual_;
  std::int64_t unusual_ = 0;
  std::int64_t not_a_number_ = 0;
  std::int64_t infinite_ = 0;
  Moments moments_;
  DistinctCounter<Key> distinct_;
  PositionSample<Value> sample_;
};

}  // namespace

std::unique_ptr<Accumulator> make_number_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth) {
  const auto form = number_form(type);
  if (!form) return nullptr;
  switch (number_storage(type)) {
    case NumberStorage::Integer64:
      return std::make_unique<NumberAccumulator<std::int64_t>>(*form, std::move(info), depth);
    case NumberStorage::Integer128: return std::make_unique<NumberAccumulator<Int128>>(*form, std::move(info), depth);
    case NumberStorage::Double: return std::make_unique<NumberAccumulator<double>>(*form, std::move(info), depth);
  }
  return nullptr;
}

}  // namespace canvasback::analyse
