// Numbers, dates and times of a profile as Json, in the form of the json format.
#pragma once

#include <arrow/type.h>

#include "analyse/integer128.hpp"
#include "base/format.hpp"
#include "base/json.hpp"

namespace canvasback::analyse {

// What a column's stored integer means.
struct NumberForm {
  enum class Kind { Integer, Decimal, Date, DateMilliseconds, Time, Timestamp, Duration, Double, Float };
  Kind kind = Kind::Integer;
  int scale = 0;  // Decimal
  TimeUnit unit = TimeUnit::Microsecond;
  bool utc = false;

  bool is_number() const {
    return kind == Kind::Integer || kind == Kind::Decimal || kind == Kind::Double || kind == Kind::Float;
  }
};

Json value_json(const NumberForm& form, std::int64_t value);
Json value_json(const NumberForm& form, Int128 value);
Json value_json(const NumberForm& form, double value);
Json sum_json(const NumberForm& form, const WideSum& sum);
// A finite double as a number; "NaN", "Infinity", "-Infinity".
Json double_json(double value);

}  // namespace canvasback::analyse
