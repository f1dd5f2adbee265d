// ValueText: one column of one batch, bound once, then asked for the text of value after value. The row formats (csv,
// json, ndjson) are a loop over rows and columns of it. What each type looks like:
//
//   type                    json                                       csv
//   null                    null                                       nothing
//   bool                    true, false                                the same
//   integers                digits; beyond ±2^53 a string (*)          digits
//   floating point          shortest digits; "NaN", "Infinity",        the same, no quotes
//                           "-Infinity"
//   decimals                a string with all digits (*)               all digits
//   text                    a string, invalid UTF-8 as U+FFFD          quoted where RFC 4180 needs it; "" for empty
//   binary                  a base64 string                            base64
//   dates, times, intervals a string, as base/format.hpp writes them   the same, no quotes
//   list, struct            array, object                              the JSON text, quoted
//   map                     object where keys are text, else an array  the JSON text, quoted
//                           of [key, value]
//   union, dictionary,      the value that is selected, decoded or     the same
//   extension               stored
//   (*) with TextStyle::numbers_exact, else a number
//
// The choice by type happens in the constructor: append() is one indirect call. Thread-safe once built.
#pragma once

#include <arrow/array.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/format.hpp"

namespace canvasback {

struct TextStyle {
  enum class Dialect { Json, Csv };
  Dialect dialect = Dialect::Json;
  bool numbers_exact = true;
};

// The data members are how the column was bound: for the functions of value_text_*.cpp alone.
struct ValueText {
  // Whether every value of such a column can be written. Errors: DataProcessing that names the column and its type.
  static Status check(const arrow::Field& field);

  // The type must have passed check(). Keeps the array alive.
  ValueText(std::shared_ptr<arrow::Array> column, const TextStyle& style);

  // Appends value `row` of the array.
  void append(std::int64_t row, TextWriter& out) const { append_value(*this, row, out); }

  bool is_null(std::int64_t row) const {
    return validity != nullptr && !arrow::bit_util::GetBit(validity, offset + row);
  }

  using Append = void (*)(const ValueText&, std::int64_t row, TextWriter& out);

  Append append_value = nullptr;
  const std::uint8_t* validity = nullptr;  // nullptr where no value is null
  std::int64_t offset = 0;                 // of the first row in validity
  const std::uint8_t* values = nullptr;    // of fixed-width types: where the first row's value starts
  int scale = 0;                           // decimals
  TimeUnit unit = TimeUnit::Microsecond;   // times, timestamps, durations
  bool utc = false;                        // timestamps with a time zone
  TextStyle style;
  std::vector<ValueText> children;  // nested types: in the order of their fields
  std::vector<std::string> keys;    // structs: "name": as JSON
  std::shared_ptr<arrow::Array> array;
};

// Choose how to append the values of the column's type; false where the type is of the other sort.
bool bind_scalar(ValueText& column);
bool bind_nested(ValueText& column);

// Field names as JSON object keys ("name":), made unique: a second "a" becomes "a_1".
std::vector<std::string> unique_json_keys(const arrow::FieldVector& fields);

}  // namespace canvasback
