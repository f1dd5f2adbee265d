// A statement for the embedded engine, with its parameters.
#pragma once

#include <string>
#include <vector>

namespace canvasback {

struct SqlStatement {
  std::string sql;
  std::vector<std::string> parameters;  // all bound as text, cast in the SQL to the column's own type
  int hidden_columns = 0;               // trailing columns that are not the client's
  int sort_value_columns = 0;           // of the hidden ones, how many (first) are the sort keys as text
  // What the first columns of the result are to be named, where the engine has other names for them.
  std::vector<std::string> column_names;
};

}  // namespace canvasback
