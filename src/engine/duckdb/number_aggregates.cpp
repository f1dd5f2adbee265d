#include "engine/duckdb/number_aggregates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "engine/duckdb/handles.hpp"

namespace canvasback::duck {
namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

// The engine aligns states to 8 bytes, long double and 128-bit integers ask for 16: hence packed.
struct [[gnu::packed, gnu::aligned(8)]] SumState {
  std::int64_t count = 0;
  double sum = 0;
  double lost = 0;       // by the additions
  long double high = 0;  // what `sum` had where one more value would have been past its range

  void add(double value) {
    ++count;
    add_part(value);
  }
  void merge(const SumState& other) {
    count += other.count;
    add_part(other.sum);
    lost += other.lost;
    high += other.high;
  }
  // With an infinity or a NaN among the values there was nothing to compensate.
  long double total() const {
    const long double added = high + static_cast<long double>(sum);
    return std::isfinite(added) && std::isfinite(lost) ? added + static_cast<long double>(lost) : added;
  }

 private:
  void add_part(double value) {
    double added = sum + value;
    if (!std::isfinite(added) && std::isfinite(sum) && std::isfinite(value)) {
      high += sum;
      sum = 0;
      added = value;
    }
    // Knuth's form of the error: no branch on which of the two is larger.
    const double part = added - sum;
    lost += (sum - (added - part)) + (value - part);
    sum = added;
  }
};

// What values are counted from, and how far they are from it.
struct DoubleOrigin {
  using Value = double;
  using At = long double;
  static long double distance(long double from, long double to) { return to - from; }
  static At moved(At at, long double by) { return at + by; }
};

struct IntegerOrigin {
  using Value = Int128;
  using At = Int128;
  // 128 bits may not hold it.
  static long double distance(Int128 from, Int128 to) {
    if (to >= from) return static_cast<long double>(static_cast<UInt128>(to) - static_cast<UInt128>(from));
    return -static_cast<long double>(static_cast<UInt128>(from) - static_cast<UInt128>(to));
  }
  // Not at all where it would be too far: then it is of little use.
  static At moved(At at, long double by) {
    constexpr long double kFarthest = 0x1p126L;
    return std::abs(by) < kFarthest ? at + static_cast<Int128>(by) : at;
  }
};

// Counted from the first value, then from the mean whenever the count is a power of two: however far the first value
// is from the others, sums about the origin never are much larger than those about the mean, so nothing cancels.
template <class Origin>
struct [[gnu::packed, gnu::aligned(8)]] SpreadState {
  std::int64_t count = 0;
  long double sum = 0;  // of the distances
  long double squares = 0;
  typename Origin::At origin = 0;

  void add(typename Origin::Value value) {
    if (count == 0) origin = value;
    const long double distance = Origin::distance(origin, value);
    sum += distance;
    squares += distance * distance;
    ++count;
    if (std::has_single_bit(static_cast<std::uint64_t>(count))) count_from_mean();
  }
  void merge(const SpreadState& smaller) {
    if (smaller.count > count) {
      const SpreadState larger = smaller;
      const SpreadState self = *this;
      *this = larger;
      merge(self);
      return;
    }
    if (smaller.count == 0) return;
    SpreadState moved = smaller;
    moved.shift(Origin::distance(origin, smaller.origin));
    sum += moved.sum;
    squares += moved.squares;
    count += moved.count;
  }
  // Of a sample.
  std::optional<long double> variance() const {
    if (count < 2) return std::nullopt;
    const auto number = static_cast<long double>(count);
    const long double out = (squares - sum * (sum / number)) / (number - 1);
    return out < 0 ? 0 : out;
  }

 private:
  // As if every distance were so much more.
  void shift(long double by) {
    const auto number = static_cast<long double>(count);
    squares += by * (2 * sum + number * by);
    sum += number * by;
  }
  void count_from_mean() {
    const long double mean = sum / static_cast<long double>(count);
    if (!std::isfinite(mean)) return;
    const typename Origin::At moved = Origin::moved(origin, mean);
    shift(-Origin::distance(origin, moved));
    origin = moved;
  }
};

double as_double(long double value) { return static_cast<double>(value); }

struct Sum {
  using State = SumState;
  using Value = double;
  static std::optional<double> result(const State& state) {
    if (state.count == 0) return std::nullopt;
    return as_double(state.total());
  }
};
struct Mean : Sum {
  static std::optional<double> result(const State& state) {
    if (state.count == 0) return std::nullopt;
    return as_double(state.total() / static_cast<long double>(state.count));
  }
};
template <class Origin>
struct Variance {
  using State = SpreadState<Origin>;
  using Value = typename Origin::Value;
  static constexpr const char* kOutOfRange = "VARSAMP is out of range!";
  static std::optional<double> result(const State& state) {
    const auto variance = state.variance();
    if (!variance) return std::nullopt;
    return as_double(*variance);
  }
};
template <class Origin>
struct Deviation : Variance<Origin> {
  using State = SpreadState<Origin>;
  static constexpr const char* kOutOfRange = "STDDEV_SAMP is out of range!";
  static std::optional<double> result(const State& state) {
    const auto variance = state.variance();
    if (!variance) return std::nullopt;
    return as_double(std::sqrt(*variance));
  }
};

template <class State>
State& state_at(duckdb_aggregate_state* states, idx_t i) {
  return *reinterpret_cast<State*>(states[i]);
}

template <class State>
idx_t size_of_state(duckdb_function_info) {
  return sizeof(State);
}

template <class State>
void begin_state(duckdb_function_info, duckdb_aggregate_state state) {
  *reinterpret_cast<State*>(state) = State();
}

template <class Value, class State>
void add_values(const Value* values, const std::uint64_t* valid, idx_t count, duckdb_aggregate_state* states) {
  const auto is_valid = [&](idx_t i) {
    return valid == nullptr || duckdb_validity_row_is_valid(const_cast<std::uint64_t*>(valid), i);
  };
  const bool one_group = std::all_of(states, states + count, [&](const auto& state) { return state == states[0]; });
  if (one_group && count > 0) {
    // In registers: a state in memory would wait for itself at every value.
    State state = state_at<State>(states, 0);
    for (idx_t i = 0; i < count; ++i) {
      if (is_valid(i)) state.add(values[i]);
    }
    state_at<State>(states, 0) = state;
    return;
  }
  for (idx_t i = 0; i < count; ++i) {
    if (is_valid(i)) state_at<State>(states, i).add(values[i]);
  }
}

template <class Function>
void update(duckdb_function_info info, duckdb_data_chunk input, duckdb_aggregate_state* states) {
  using Value = typename Function::Value;
  duckdb_vector column = duckdb_data_chunk_get_vector(input, 0);
  if constexpr (!std::is_same_v<Value, double>) {
    const LogicalType type(duckdb_vector_get_column_type(column));
    const duckdb_type id = duckdb_get_type_id(type.get());
    const bool is_wide = id == DUCKDB_TYPE_DECIMAL && duckdb_decimal_internal_type(type.get()) == DUCKDB_TYPE_HUGEINT;
    if (id != DUCKDB_TYPE_HUGEINT && !is_wide) {
      duckdb_aggregate_function_set_error(info, "Expected HUGEINT or DECIMAL(38,s).");
      return;
    }
  }
  add_values<Value, typename Function::State>(static_cast<const Value*>(duckdb_vector_get_data(column)),
                                              duckdb_vector_get_validity(column), duckdb_data_chunk_get_size(input),
                                              states);
}

template <class State>
void combine(duckdb_function_info, duckdb_aggregate_state* sources, duckdb_aggregate_state* targets, idx_t count) {
  for (idx_t i = 0; i < count; ++i) state_at<State>(targets, i).merge(state_at<State>(sources, i));
}

template <class Function>
void finalize(duckdb_function_info info, duckdb_aggregate_state* states, duckdb_vector result, idx_t count,
              idx_t offset) {
  auto* out = static_cast<double*>(duckdb_vector_get_data(result));
  for (idx_t i = 0; i < count; ++i) {
    const auto value = Function::result(state_at<typename Function::State>(states, i));
    if constexpr (requires { Function::kOutOfRange; }) {
      if (value && !std::isfinite(*value)) {
        duckdb_aggregate_function_set_error(info, Function::kOutOfRange);
        return;
      }
    }
    if (value) {
      out[offset + i] = *value;
    } else {
      duckdb_vector_ensure_validity_writable(result);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(result), offset + i);
    }
  }
}

template <class Function>
Status add_function(duckdb_connection connection, const char* name, duckdb_type parameter) {
  using State = typename Function::State;
  const AggregateFunction function(duckdb_create_aggregate_function());
  const LogicalType takes(duckdb_create_logical_type(parameter));
  const LogicalType gives(duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE));
  duckdb_aggregate_function_set_name(function.get(), name);
  duckdb_aggregate_function_add_parameter(function.get(), takes.get());
  duckdb_aggregate_function_set_return_type(function.get(), gives.get());
  duckdb_aggregate_function_set_functions(function.get(), size_of_state<State>, begin_state<State>, update<Function>,
                                          combine<State>, finalize<Function>);
  if (duckdb_register_aggregate_function(connection, function.get()) != DuckDBSuccess) {
    return fail(ErrorCode::Database, fmt::format("The function {} could not be registered.", name));
  }
  return {};
}

}  // namespace

Status register_number_aggregates(duckdb_connection connection) {
  CANVASBACK_TRY(add_function<Sum>(connection, "compensated_sum", DUCKDB_TYPE_DOUBLE));
  CANVASBACK_TRY(add_function<Mean>(connection, "compensated_mean", DUCKDB_TYPE_DOUBLE));
  CANVASBACK_TRY(add_function<Deviation<DoubleOrigin>>(connection, "spread_std", DUCKDB_TYPE_DOUBLE));
  CANVASBACK_TRY(add_function<Variance<DoubleOrigin>>(connection, "spread_variance", DUCKDB_TYPE_DOUBLE));
  // ANY: a DECIMAL is not to be cast to another scale.
  CANVASBACK_TRY(add_function<Deviation<IntegerOrigin>>(connection, "integer_std", DUCKDB_TYPE_ANY));
  return add_function<Variance<IntegerOrigin>>(connection, "integer_variance", DUCKDB_TYPE_ANY);
}

}  // namespace canvasback::duck
