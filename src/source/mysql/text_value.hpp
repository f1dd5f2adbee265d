// Values given as text, stored in a column exactly or not at all: what the text protocol sends, and what a source's
// file declares to be of another type than the server's. Strict: "12.5" is no int64, "12.345" no decimal(12,2).
#pragma once

#include <cstdint>
#include <string_view>

#include "source/mysql/column_buffer.hpp"

namespace canvasback {

__extension__ typedef __int128 Int128;

// Stores a text as the buffer's type; false where it is no value of that type.
using StoreText = bool (*)(ColumnBuffer& buffer, std::string_view text, std::int64_t row);
StoreText store_text_for(const arrow::DataType& type);

// A number in plain digits with at most `scale` digits of a fraction (trailing zeros beyond do not count), times 10 to
// the power of `scale`. Quick; false for anything else, and for more than 38 digits.
bool parse_decimal(std::string_view text, int scale, Int128& value);

}  // namespace canvasback
