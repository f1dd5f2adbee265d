// The types that a column of delimited text can have, and what of a cell's text fits one: strictly, where reading every
// cell decided the type (only canonical texts of it), or generously, where the owner told it (docs/text-files.md).
// Pure; internal to source/delimited.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"

namespace canvasback::delimited {

enum class ValueKind { Text, Bool, Integer, Float, Double, Decimal, Date, Time, Timestamp, NanoTimestamp, Instant };

struct ValueType {
  ValueKind kind = ValueKind::Text;
  std::string sql = "VARCHAR";
  std::shared_ptr<arrow::DataType> arrow;
  int bits = 64;          // Integer
  bool is_signed = true;  // Integer
  int precision = 0;      // Decimal
  int scale = 0;
};

// "VARCHAR", "TINYINT" to "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(p,s)", "BOOLEAN", "DATE", "TIME", "TIMESTAMP",
// "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", and the usual names of these (TEXT, INT, TIMESTAMPTZ, …), in any case.
// Errors: InvalidData for another one.
Result<ValueType> value_type_from(std::string_view sql);

// How cells of a column are read.
struct CellRules {
  bool told = false;  // generously
  char decimal = '.';
  std::string date_format;  // empty: none; also read as DATE, TIMESTAMP
};

// One 128-bit integer in the places that Arrow wants.
struct Wide {
  std::uint64_t low = 0;
  std::int64_t high = 0;
};

// The value of a cell, as its type stores it; nothing where the text does not fit.
std::optional<bool> bool_of(std::string_view text, const CellRules& rules);
// Of a signed type its bits, of an unsigned one too.
std::optional<std::uint64_t> integer_of(std::string_view text, const ValueType& type, const CellRules& rules);
std::optional<double> double_value_of(std::string_view text, const CellRules& rules);
std::optional<float> float_value_of(std::string_view text, const CellRules& rules);
std::optional<Wide> decimal_of(std::string_view text, const ValueType& type, const CellRules& rules);
std::optional<std::int32_t> date_of(std::string_view text, const CellRules& rules);
std::optional<std::int64_t> time_of(std::string_view text, const CellRules& rules);  // microseconds
std::optional<std::int64_t> timestamp_of(std::string_view text, const ValueType& type, const CellRules& rules);

// Whether the text has a value of the type.
bool fits(std::string_view text, const ValueType& type, const CellRules& rules);

}  // namespace canvasback::delimited
