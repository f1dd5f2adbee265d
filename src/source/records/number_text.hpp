// Numbers as text, by the grammar of JSON, into the lane of their kind. Internal to source/records.
#pragma once

#include <string_view>

#include "source/records/place_builder.hpp"

namespace canvasback::records {

enum class NumberOutcome { Added, NoNumber, TooLarge };

// Integers of any size keep all of their digits; others become the nearest double, unless that is infinite.
NumberOutcome add_number(PlaceBuilder& place, std::int64_t row, std::string_view text);

// The same for what most numbers are: up to 18 digits, no exponent, exact as a quotient of two doubles. Moves `at`
// behind the number. False where it is another one, or none: nothing was added. A byte that is no digit must follow.
bool add_plain_number(PlaceBuilder& place, std::int64_t row, const char*& at);

}  // namespace canvasback::records
