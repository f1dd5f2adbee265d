// What the SQL name of a column's type (record/type_name.hpp) says of its values. Pure.
#pragma once

#include <string_view>

namespace canvasback {

// DATE and every TIMESTAMP.
bool is_date_type(std::string_view type);
// Integers, FLOAT, DOUBLE and DECIMAL(p,s).
bool is_number_type(std::string_view type);
// Values of the type may be infinite (or NaN): FLOAT, DOUBLE and dates.
bool may_be_infinite(std::string_view type);

}  // namespace canvasback
