// Task: everything a worker needs to know, in one message. The catalog entries it may read travel beside it
// (a worker keeps the last version of each). Wire form: JSON in a frame (task/frame.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "query/analysis.hpp"
#include "query/selection.hpp"
#include "query/tile.hpp"
#include "query/view.hpp"

namespace canvasback {

enum class TaskKind {
  Rows,     // a selection of one dataset
  Sql,      // the user's own SQL, through the gate
  Inspect,  // schema and footers of a dataset's files
  Analyse,  // a profile, histogram, frequent values or an aggregate of a selection
  View,     // makes the parts of a view: of a dataset's selection, or of a statement
  Window,   // some rows of a view, as an Arrow stream
  Search,   // the records of a collection that have some words
  Tile,     // rows counted on a grid, as a picture or as cells
  Ingest,   // records into the files of a commit (role ingest)
  Merge,    // files of a collection into the parts of weeks (role maintain)
  Keys,     // the keys of a collection's records (role maintain)
  Examine,  // what files of a collection say of themselves, and whether it is true (role maintain)
  Check,    // whether files of a collection are, byte for byte, what was written (role maintain)
  Record,   // one record of a collection: as it is, or as it will be once it is written (task/record_task.hpp)
};

struct Task {
  std::uint64_t id = 0;
  TaskKind kind = TaskKind::Rows;
  std::string dataset;                    // Rows, Inspect, Analyse; View and Window of a dataset
  Selection selection;                    // Rows, Analyse, View, Tile; a Window's columns
  Analysis analysis;                      // Analyse
  ViewBuild view;                         // View
  ViewWindow window;                      // Window
  Tile tile;                              // Tile
  std::string sql;                        // Sql; View of a statement
  Json parameters;                        // with it: array (positional) or object (named), or null
  std::optional<std::int64_t> row_limit;  // Sql: at most so many rows

  std::string format = "json";
  std::string compression;       // of the format itself
  std::string content_encoding;  // gzip, zstd or empty: around the format
  bool numbers_exact = true;
  bool row_objects = false;     // json: "data", rows as objects, instead of "rows"
  std::int64_t batch_rows = 0;  // arrow: of one batch; 0: as they come
  std::int64_t timeout_ms = 0;
  std::int64_t received_ns = 0;             // CLOCK_MONOTONIC, when the request was complete
  double queue_ms = 0;                      // waited for a worker
  std::optional<std::int64_t> known_total;  // rows that match the filter, where an earlier task counted them
  int worker_number = 0;
  int threads = 0;    // to work with; 0: all that the worker has
  Dataset inspected;  // Inspect: the listed files
  Json work;  // Ingest, Merge, Examine: task/collection_task.hpp; Search: query/search.hpp; Sql: "narrowing", "range"
  // Files of collections that nobody has checked yet (storage/parquet/file_check.hpp): by their paths. The worker does
  // so with those it is going to read, and says which in `checked` of its last frame.
  std::vector<std::string> unchecked;
};

Json to_json(const Task& task);
Result<Task> task_from_json(const Json& json);

}  // namespace canvasback
