#include "sql/column_names.hpp"

#include <unordered_set>

#include "base/text.hpp"
#include "sql/shape_sql.hpp"

namespace canvasback {

namespace {

std::vector<std::string> names_of(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
  return names;
}

}  // namespace

ColumnNames::ColumnNames(const Dataset& dataset) : ColumnNames(names_of(dataset)) {}

ColumnNames::ColumnNames(const std::vector<std::string>& columns) {
  std::unordered_set<std::string> known;
  bool alike = false;
  for (const std::string& name : columns) alike = !known.insert(lower(name)).second || alike;
  if (!alike) return;
  const std::vector<std::string> told = engine_names(columns);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (told[i] != columns[i]) others_.emplace(columns[i], told[i]);
  }
}

std::string ColumnNames::sql(std::string_view exact) const {
  if (others_.empty()) return sql_identifier(exact);
  const auto found = others_.find(std::string(exact));
  return sql_identifier(found == others_.end() ? exact : std::string_view(found->second));
}

}  // namespace canvasback
