// Evolution at read: the SQL that turns the columns of a file, as its own kinds made them, into those of a collection.
// No file is ever rewritten for a new key or type; the values are the same as if all had come at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/dataset.hpp"

namespace canvasback {

// The select list over a file of kinds `file` that gives the columns of `all`, which includes them. The time it takes
// grows with the square of the columns.
std::string shape_sql(const Kinds& file, const Kinds& all);

// The select list over files that have these columns already: each by its exact name, which the engine does not tell
// from another that differs in case alone.
std::string exact_columns_sql(const std::vector<std::string>& names);

// What the engine calls columns of these names: it takes names that differ in case alone for one, and gives all but the
// first a number.
std::vector<std::string> engine_names(const std::vector<std::string>& columns);

// The select list of each shape. Kept for the last few kinds asked for, as long as somebody has them. Thread-safe.
using SelectLists = std::vector<std::string>;
std::shared_ptr<const SelectLists> select_lists(const std::shared_ptr<const FileKinds>& kinds);

}  // namespace canvasback
