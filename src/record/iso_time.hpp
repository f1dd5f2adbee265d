// Times that are written finer than records store them. A value of a record must be one of parse_iso_time()
// (record/record_schema.hpp): cut to microseconds it would be another time. What a schema says of itself is read with
// this, as a schema that was stored may have such bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace canvasback {

struct FineTime {
  std::int64_t us = 0;   // since 1970-01-01, without the digits below
  bool is_whole = true;  // these are all zero
};

// Of the texts that parse_iso_time() takes, and those with more digits.
std::optional<FineTime> parse_fine_time(std::string_view text);

}  // namespace canvasback
