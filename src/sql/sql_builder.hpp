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

namespace canvasback {

struct SqlStatement {
  std::string sql;
  std::vector<std::string> parameters;  // all bound as text, cast in the SQL to the column's own type
  int hidden_columns = 0;               // trailing columns that are not the client's
  int sort_value_columns = 0;           // of the hidden ones, how many (first) are the sort keys as text
  // What the first columns of the result are to be named, where the engine has other names for them.
  std::vector<std::string> column_names;
};

// The table expression that reads a dataset's files: read_parquet([…]), or functions of the engine's that read by
// dataset name what was defined there: `arrow_files` of Arrow files, `part_rows` of CSV and JSON.
std::string relation_sql(const Dataset& dataset);

// The select list over one of the dataset's Parquet files that gives its columns.
std::string file_columns_sql(const Dataset& dataset, const DataFile& file);

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
