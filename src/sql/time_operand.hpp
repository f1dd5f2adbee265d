// A text that a column of dates or times is compared with, exactly: an offset is taken into account, digits past the
// column's last one tell between which of its values the text's lies, and what is no date or time is refused. The
// engine's own casts drop offsets, cut digits and take what begins like a date. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

struct TimeOperand {
  std::string left;                    // SQL of the column, or of it in a type that holds the text's value
  std::string value;                   // SQL of the largest value that is not above the text's
  bool between = false;                // the text's value is above that one and below the next: none is equal
  std::optional<std::int64_t> number;  // of `value` in the column's own type, if it has it: days, or units since 1970
};

// DATE, TIME, TIME_NS, TIMESTAMP and its kinds; not TIME WITH TIME ZONE.
bool has_time_operand(std::string_view type);

// `column`: its SQL. Errors: InvalidData for what is no such value: a date, or a date and a time of day
// (2024-03-10T06:30:00.5, with Z or an offset for an instant; without one it is of UTC), a time of day, infinity.
Result<TimeOperand> time_operand(const std::string& column, const std::string& type, std::string_view text);

// SQL of a value from SQL of its TimeOperand::number.
std::string time_from_number_sql(std::string_view type, const std::string& number);

}  // namespace canvasback
