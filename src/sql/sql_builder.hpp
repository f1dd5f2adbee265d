// SQL made from a selection, for the embedded engine. Every value is a bound parameter; identifiers are quoted.
// Datasets of files get two trailing columns with each row's place (file index, row in file), which break ties, make
// samples repeatable and cursors exact; the worker takes them off again.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "query/cursor.hpp"
#include "query/selection.hpp"
#include "query/view.hpp"
#include "sql/relation_sql.hpp"
#include "sql/sql_statement.hpp"

namespace canvasback {

// The rows of a selection. `cursor`, where given, continues behind it; `with_places` adds the hidden columns.
Result<SqlStatement> rows_sql(const Dataset& dataset, const Selection& selection, const Cursor* cursor,
                              bool with_places);

// What a view is made from: the selection's columns (places_only: none) and then each row's place as __file_index
// (INTEGER) and __file_row (BIGINT), where the dataset has places to tell: of files other than Parquet only where some
// order or filter makes the position in the view another than that in the files.
Result<SqlStatement> view_sql(const Dataset& dataset, const Selection& selection, bool places_only);

// Rows that contain the text in one of the columns, as a filter.
Json search_filter(const std::vector<std::string>& columns, const std::string& text);

// The selection's filter alone, as a condition (its text in `sql`, empty where there is no filter).
Result<SqlStatement> condition_sql(const Dataset& dataset, const Selection& selection);

// A filter as a condition of a statement that has others: its text, with its values behind the statement's.
Result<std::string> append_condition(SqlStatement& statement, const Dataset& dataset, const Json& filter);

// How many rows match the filter.
Result<SqlStatement> count_sql(const Dataset& dataset, const Selection& selection);

}  // namespace canvasback
