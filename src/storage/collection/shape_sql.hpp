// Evolution at read: the SQL that turns the columns of a file, as its own kinds made them, into those of a collection.
// No file is ever rewritten for a new key or type; the values are the same as if all had come at once.
#pragma once

#include <string>
#include <vector>

#include "stream/kinds.hpp"

namespace canvasback {

// The file's own columns with their types, as text: files of one signature are read alike.
std::string signature_of(const Kinds& file);

// The select list over a file of kinds `file` that gives the columns of `all`, which includes them.
std::string shape_sql(const Kinds& file, const Kinds& all);

// The select list over files that have these columns already: each by its exact name, which the engine does not tell
// from another that differs in case alone.
std::string exact_columns_sql(const std::vector<std::string>& names);

// The time of a record, a TIMESTAMP over the columns of `all`: of the first of timestamp, ts, created_at and date that
// is one or whose text reads as one (from 1970 to 2200), else ingested_at.
std::string record_time_sql(const Kinds& all);

}  // namespace canvasback
