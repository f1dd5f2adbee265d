// A dataset as a table expression of SQL, whatever its files are. Pure.
#pragma once

#include <string>

#include "storage/dataset.hpp"

namespace canvasback {

// The table expression that reads a dataset's files: read_parquet([…]), or functions of the engine's that read by
// dataset name what was defined there: `arrow_files` of Arrow files, `part_rows` of CSV and JSON.
std::string relation_sql(const Dataset& dataset);

// The same with each row's place beside its columns. Parquet files have them built in; for the others the engine
// numbers the rows as it reads, which costs a little and is asked for only where an order must be total.
std::string placed_relation_sql(const Dataset& dataset);

// A row's place in that as a list of SQL.
std::string place_of(const Dataset& dataset);

// Whether the places of placed_relation_sql() are the engine's own columns, which SELECT * does not give.
bool has_places_built_in(const Dataset& dataset);

// The select list over one of the dataset's Parquet files that gives its columns.
std::string file_columns_sql(const Dataset& dataset, const DataFile& file);

// One Parquet file of a collection as a table expression of its columns, in which `row` is a row's number from 0.
struct NumberedFile {
  std::string source;
  std::string row;
};
NumberedFile numbered_file_sql(const Dataset& dataset, const DataFile& file);

}  // namespace canvasback
