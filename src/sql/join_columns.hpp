// Joining by name the columns of files that do not have the same. A column whose types all go into one exactly has that
// one; what does not go into it becomes a sibling column (NAME__double, NAME__string as exact text), as the kinds of a
// collection do (record/kinds.hpp). No value is ever rounded or read as another.
#pragma once

#include <string>
#include <vector>

#include "storage/dataset.hpp"

namespace canvasback {

// A column of one sort of files.
struct SourceColumn {
  std::string name;  // as the file has it
  std::string type;  // as the engine reads it; empty: there are only NULLs, of any type
  std::string sql;   // what reads it: an identifier
};

struct JoinedColumns {
  std::vector<DatasetColumn> columns;  // names and types
  std::vector<std::string> selects;    // of each sort, a list that gives these columns
  std::vector<std::string> unchanged;  // those that all sorts have, of one type
  bool same_types = true;              // no column has two types; some sorts may lack some
  std::vector<std::string> notes;      // of each column that was split: why
};

// Columns of one name are one; else names that differ by case alone are one column's, where no file has both. Where one
// has, all but the first get a number, as distinct_names() gives it. Order: as the columns first come.
JoinedColumns join_columns(const std::vector<std::vector<SourceColumn>>& sorts);

// The type that holds every value of both as it is; empty where there is none.
std::string exact_common_type(const std::string& left, const std::string& right);

}  // namespace canvasback
