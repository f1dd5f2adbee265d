// part_rows('name'): a table function that reads PartSources, each of whose parts one thread of the engine takes at a
// time. Its columns are each row's place, p0 (index of the file, UBIGINT) and p1 (row in the file, BIGINT), both from
// 0, and then c0, c1, … as the source has them, whatever they are called there. Only the columns that a statement needs
// are converted. Parts are taken in their order, and where a statement relies on the order of rows the engine scans
// with one thread.
#pragma once

#include <duckdb.h>

#include <map>
#include <mutex>
#include <string>

#include "base/error.hpp"
#include "engine/engine.hpp"

namespace canvasback::duck {

// The sources by name; must outlive the connection the function is registered on. Thread-safe.
class PartRegistry {
 public:
  void set(std::string_view name, PartSourcePtr source);
  PartSourcePtr find(std::string_view name) const;  // nullptr: there is none

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PartSourcePtr, std::less<>> sources_;
};

Status register_parts_function(duckdb_connection connection, PartRegistry& registry);

}  // namespace canvasback::duck
