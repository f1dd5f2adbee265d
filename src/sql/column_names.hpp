// The names that the engine has for a dataset's columns. It takes names that differ in the case of letters alone for
// one, and gives all but the first a number (sql/shape_sql.hpp, engine_names()): SQL of ours that said the exact name
// would read another column without a word. Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/dataset.hpp"

namespace canvasback {

class ColumnNames {
 public:
  // Costs time in the number of columns. Copies what it needs.
  explicit ColumnNames(const Dataset& dataset);
  // Of a relation with columns of these names, in order.
  explicit ColumnNames(const std::vector<std::string>& columns);

  // The column of this exact name, quoted for SQL over relation_sql().
  std::string sql(std::string_view exact) const;
  // Whether some column has another name than its own: a result's columns are then named by position.
  bool differ() const { return !others_.empty(); }

 private:
  std::unordered_map<std::string, std::string> others_;  // by exact name, where it is another
};

}  // namespace canvasback
