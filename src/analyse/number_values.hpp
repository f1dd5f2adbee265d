// Numbers of an Arrow array without its nulls, in the one representation that accumulators work on.
#pragma once

#include <arrow/array.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analyse/value_json.hpp"

namespace canvasback::analyse {

enum class NumberStorage { Integer64, Integer128, Double };

// What the type's values mean; nothing for a type that is no number, date or time.
std::optional<NumberForm> number_form(const arrow::DataType& type);
NumberStorage number_storage(const arrow::DataType& type);

// Dates and timestamps from 1900 to 2100 are usual; nothing for other types.
std::optional<std::pair<std::int64_t, std::int64_t>> usual_bounds(const NumberForm& form);

template <class Value>
class NumberValues {
 public:
  // The non-null values in order; valid until the next call and while the array lives.
  std::span<const Value> load(const arrow::Array& array);

 private:
  std::vector<Value> buffer_;
};

}  // namespace canvasback::analyse
