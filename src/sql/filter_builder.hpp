// FilterBuilder: the filter of a selection (query/selection.hpp) as a condition of SQL. Every value is a bound
// parameter, or one that we have read and written anew; each comparison is exact for its column's type. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "sql/column_names.hpp"
#include "sql/sql_statement.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct ExactNumber;

class FilterBuilder {
 public:
  explicit FilterBuilder(const Dataset& dataset) : names(dataset), dataset_(dataset) {}

  std::string bind(std::string text);

  // The operand of a comparison of a type without rules of its own, in a type in which the comparison is exact: the
  // column's own where the text is one of its values, else a wider one (an integer column against 10.5 or against 2^70
  // must not round or overflow).
  std::string operand(const DatasetColumn& column, const std::string& text);

  // column <sign> value, sign one of = < <= > >= and "IS DISTINCT FROM".
  std::string compare(const DatasetColumn& column, std::string_view sign, const Json& value);

  // A value as a text. The engine writes a decimal below one without its zero where it has no room for it.
  static std::string text_sql(const DatasetColumn& column, const std::string& name);

  // A letter is the same in any case, and whether its marks are characters of their own.
  static std::string found_in(const std::string& text, const std::string& wanted);

  // A value that contains a text, as the engine writes it or as it is displayed.
  std::string contains(const DatasetColumn& column, const std::string& text);

  std::string condition(const DatasetColumn& column, const Json& value);

  std::string filter(const Json& json);

  SqlStatement statement;
  std::optional<Error> error;  // what is wrong with the filter
  const ColumnNames names;
  bool joins = false;  // a list of the filter is joined: the engine may give the rows in any order

 private:
  // The first thing that is wrong with the filter; what the condition then says does not matter.
  std::string refuse(std::string message);

  // A date or time against a text, exactly.
  std::string compare_time(const DatasetColumn& column, std::string_view sign, const std::string& text);

  // Values of a long list in a column of dates or times: as numbers; nothing for one that no row can equal.
  std::optional<std::string> listed_time(const DatasetColumn& column, const std::string& text);

  // A decimal or an integer against any number, exactly: digits past the column's scale only move the bound between two
  // values, and past the column's own digits the sign alone decides.
  std::string compare_exact(const DatasetColumn& column, std::string_view sign, ExactNumber number);

  // A value that a long list is compared by: in the column's type, as text. Nothing for one that no row can equal.
  std::optional<std::string> listed(const DatasetColumn& column, const Json& item);

  // A long list is one parameter that the engine hashes.
  std::string in_long_list(const DatasetColumn& column, const Json& list);

  std::string in_list(const DatasetColumn& column, const Json& list);

  const Dataset& dataset_;
};

}  // namespace canvasback
