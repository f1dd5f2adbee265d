// RecordRange: the records of a collection whose record time lies in a range, the earliest first; those that have an
// id; or those that came last. Made by the front, sent to a worker as a task's `work`, and turned into SQL there
// (sql/record_range_sql.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "record/kinds.hpp"

namespace canvasback {

struct RecordRange {
  // A column that an id may stand in.
  struct IdColumn {
    std::string name;
    std::string type;  // VARCHAR or of numbers
  };

  std::string collection;
  std::vector<std::string> time_columns;  // record_time_columns() of the collection
  std::optional<std::string> start;       // a date or time; records of that moment are in
  std::optional<std::string> end;         // so are those of this moment, of a date all of the day
  std::optional<std::string> id;          // of these alone, in one of:
  std::vector<IdColumn> id_columns;
  bool newest_first = false;  // by the time of ingestion, not by record time
  std::int64_t limit = 0;
};

// The columns that may say when a record was, in their order: the first that is a time from 1970 to 2200, or reads as
// one, is the record time; else it is ingested_at.
std::vector<std::string> record_time_columns(const Kinds& all);

// For people who look at what runs.
std::string text_of(const RecordRange& range);

Json to_json(const RecordRange& range);
RecordRange record_range_from_json(const Json& json);

}  // namespace canvasback
