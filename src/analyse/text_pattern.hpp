// What a text looks like: a pattern of its characters, and which of the usual formats it has. Pure.
#pragma once

#include <string>
#include <string_view>

namespace canvasback::analyse {

// "AB-12 x" → "A+-9{2} a": runs of capital and small letters (of any alphabet: a+), digits with their number, all
// else as it is. Cut after some 60 characters.
std::string pattern_of(std::string_view text);

// empty, blank, integer, decimal, boolean, date (2024-01-31), date_dmy (31.01.2024, 31/01/2024), time, timestamp,
// uuid, email, url, or text.
std::string_view format_of_text(std::string_view text);

// Characters of UTF-8 text: bytes that do not continue one.
std::size_t count_characters(std::string_view text);

// At most so many bytes, cut between characters, with an ellipsis where something was cut.
std::string shortened(std::string_view text, std::size_t bytes_max);

}  // namespace canvasback::analyse
