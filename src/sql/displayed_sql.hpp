// SQL that gives a value as the text formats write it (encode/value_text.hpp), where the engine's own text is another
// one: what a grid shows is what a filter and a search find. Pure.
#pragma once

#include <string>
#include <string_view>

namespace canvasback {

// Lists, structs, maps: shown as JSON.
bool is_nested_type(std::string_view type);

// A nested value as its JSON text; NULL where it is NULL. value: an expression of that type.
std::string nested_text_sql(std::string_view type, const std::string& value);

// A flat value as it is displayed, where `wanted` may be a part of that and is none of the engine's own text; else
// empty: most of what is searched for cannot be in a time, and to write one for every row takes long.
std::string displayed_sql(std::string_view type, const std::string& value, std::string_view wanted);

}  // namespace canvasback
