#include "record/column_type.hpp"

namespace canvasback {

bool is_date_type(std::string_view type) { return type == "DATE" || type.starts_with("TIMESTAMP"); }

bool is_number_type(std::string_view type) {
  for (std::string_view known : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                                 "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE"}) {
    if (type == known) return true;
  }
  return type.starts_with("DECIMAL") && type.ends_with(')');
}

bool may_be_infinite(std::string_view type) { return is_date_type(type) || type == "DOUBLE" || type == "FLOAT"; }

}  // namespace canvasback
