// Task: everything a worker needs to know, in one message: what to do (a struct a kind), how to write the answer, and
// how long it may take. The catalog entries it may read travel beside it (a worker keeps the last version of each).
// Wire form: JSON in a frame (task/frame.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "query/output_options.hpp"
#include "task/collection_task.hpp"
#include "task/generate_task.hpp"
#include "task/maintain_task.hpp"
#include "task/metrics_task.hpp"
#include "task/pull_task.hpp"
#include "task/query_task.hpp"
#include "task/record_task.hpp"
#include "task/rollup_task.hpp"

namespace canvasback {

using TaskWork = std::variant<RowsWork, SqlWork, InspectWork, AnalyseWork, ViewWork, WindowWork, SearchWork, TileWork,
                              RecordWork, GenerateWork, MetricsWork,        // task/{record,generate,metrics}_task.hpp
                              RollupWork,                                   // task/rollup_task.hpp
                              IngestWork,                                   // role ingest: task/collection_task.hpp
                              MergeWork, KeysWork, ExamineWork, CheckWork,  // role maintain: task/maintain_task.hpp
                              PullWork, PulledMergeWork>;  // roles pull and maintain: task/pull_task.hpp

// Which files of its datasets a task does without, and which datasets it may not read.
struct FileTerms {
  std::vector<std::string> left_out;  // files that cannot be read: the answer names them
  std::vector<std::string> closed;    // of a statement: datasets that it may not read
  bool as_listed = false;             // files that are held are read whatever their names stand for by now
};

struct Task {
  std::uint64_t id = 0;
  TaskWork work;
  OutputOptions output;  // of works that answer with rows
  FileTerms files;
  std::int64_t timeout_ms = 0;
  std::int64_t received_ns = 0;  // CLOCK_MONOTONIC, when the request was complete
  double queue_ms = 0;           // waited for a worker
  int worker_number = 0;
  int threads = 0;  // to work with; 0: all that the worker has
  // Files of collections that nobody has checked yet (storage/parquet/file_check.hpp): by their paths. The worker does
  // so with those it is going to read, and says which in `checked` of its last frame.
  std::vector<std::string> unchecked;
};

// "rows", "sql", …: the kind of work, for messages and on the wire.
std::string_view name_of(const TaskWork& work);
// Whether the engine runs text for it that is not all ours: a statement, a range, a view of a statement.
bool runs_statement(const TaskWork& work);

Json to_json(const Task& task);
Result<Task> task_from_json(const Json& json);

}  // namespace canvasback
