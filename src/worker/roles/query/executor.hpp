// Executor: runs one task after the other in a worker process: plans it (a plain scan, a page of cached blocks, or
// SQL for the engine), pulls batches, encodes them and sends the bytes. The only place where engine, source, storage
// and encode meet. run() is called on one thread; cancel(), progress() and interrupt_if_cancelled() on others.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "analyse/profile_json.hpp"
#include "base/cancel.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "encode/encoder.hpp"
#include "engine/engine.hpp"
#include "sql/sql_builder.hpp"
#include "storage/dataset.hpp"
#include "storage/held_files.hpp"
#include "storage/table_file.hpp"
#include "task/task.hpp"
#include "worker/child/channel.hpp"
#include "worker/write/block_writer.hpp"

namespace canvasback {

struct ExecutorOptions {
  int threads = 1;  // decoding and formatting, each
  std::string spill_folder;
  std::string cache_folder;
  std::uint64_t sort_bytes_max = 512 * limits::kMiB;  // of memory, for an order that the engine has no part in
  bool gate = true;  // false only in the test build that shows the sandbox holds without it
  std::function<std::uint64_t()> resident_bytes;
};

// What a task did, for `performance_metrics`. Measured, never estimated.
struct TaskMetrics {
  std::int64_t rows = 0;
  double engine_ms = 0;                       // waiting for batches
  double encode_ms = 0;                       // formatting, without the time the socket was full
  std::string method;                         // how the rows were found: plain_scan, cached_block, duckdb, file, …
  std::vector<std::string> blocks;            // cache keys that were used
  std::optional<std::int64_t> counted_total;  // rows that match the filter, where this task came to know
};

class Executor {
 public:
  Executor(std::unique_ptr<Engine> engine, Channel& channel, ExecutorOptions options);

  // The newest entries of datasets, by name. Their files are opened by their names, until hold() says otherwise.
  void update_catalog(const Json& datasets);
  // The files of that dataset in the version that came with this, in order (storage/held_files.hpp).
  void hold(const std::string& dataset, std::vector<UniqueFd> files);
  // Ends with the task's last frame, and with what is kept of it for others.
  void run(const Task& task, CancelToken cancel);

  // While a task runs: rows and bytes so far and the share done (-1 unknown).
  Json progress() const;
  void interrupt() { engine_->interrupt(); }

 private:
  // Where a rows task's batches come from, and what is known for the end of a JSON answer.
  struct Plan {
    std::unique_ptr<BatchStream> stream;
    std::function<Json()> tail;            // total_rows, total_exact, next
    const DataFile* whole_file = nullptr;  // the answer is this file as it is
  };

  Status run_rows(const Task& task, const RowsWork& work, const CancelToken& cancel, FrameSink& sink,
                  TaskMetrics& metrics);
  Status run_sql(const Task& task, const SqlWork& work, const CancelToken& cancel, FrameSink& sink,
                 TaskMetrics& metrics);
  Status run_inspect(const InspectWork& work, const CancelToken& cancel, Json& done);
  Status inspect_text(Dataset& dataset, const CancelToken& cancel);
  // Its columns as the engine has them, by their names and types.
  Result<std::vector<DatasetColumn>> describe(const Dataset& dataset, const CancelToken& cancel);
  // Of CSV and JSON: what pages are read from and the engine scans. Kept for the version that was asked for last.
  Result<std::shared_ptr<const PartSource>> text_source(const Dataset& dataset);
  Status run_analyse(const Task& task, const AnalyseWork& work, const CancelToken& cancel, FrameSink& sink,
                     TaskMetrics& metrics);
  Status run_profile(const Task& task, const AnalyseWork& work, const Dataset& dataset, const CancelToken& cancel,
                     FrameSink& sink, TaskMetrics& metrics);
  Status run_histogram(const Task& task, const AnalyseWork& work, const Dataset& dataset, const CancelToken& cancel,
                       FrameSink& sink, TaskMetrics& metrics);
  // SQL of our own: what is wrong with it is a value of the request.
  Result<std::unique_ptr<BatchStream>> execute_made(SqlStatement statement, const CancelToken& cancel);
  Result<std::vector<analyse::ColumnProfile>> profile_columns(const Dataset& dataset, const Selection& selection,
                                                              analyse::Depth depth, const CancelToken& cancel,
                                                              TaskMetrics& metrics);
  Result<analyse::DuplicateRows> count_duplicates(const Dataset& dataset, const Selection& selection,
                                                  const std::vector<analyse::ColumnProfile>& columns,
                                                  const CancelToken& cancel);
  // A view's parts, each offered to the front as soon as it is there; what is known of the view so far goes along as
  // Head frames, and at last in `done`.
  Status run_view(const Task& task, const ViewWork& work, const CancelToken& cancel, TaskMetrics& metrics, Json& done);
  Status build_statement(const Task& task, const ViewWork& work, const CancelToken& cancel, TaskMetrics& metrics,
                         ViewState& state);
  Status build_selection(const ViewWork& work, const Dataset& dataset, const CancelToken& cancel, ViewState& state);
  Status build_first(const ViewWork& work, const Dataset& dataset, const Selection& selection, std::int64_t rows,
                     const CancelToken& cancel, ViewState& state);
  Status build_rows(const ViewWork& work, const Dataset& dataset, const Selection& selection, const CancelToken& cancel,
                    ViewState& state);
  Status build_positions(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                         const CancelToken& cancel, ViewState& state);
  Status write_positions(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                         const CancelToken& cancel, ViewState& state);
  class PositionWriter;
  Result<bool> build_order(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                           const CancelToken& cancel, ViewState& state);
  Status build_columns(const ViewWork& work, const Dataset& dataset, const CancelToken& cancel);
  Status write_rows(BatchStream& stream, const ViewBuild& build, ViewState& state, const CancelToken& cancel);
  Result<Dataset> define_parts(const ViewBuild& build);
  Status say(const ViewState& state);

  // The records of a collection that match best among those there was time for, as a JSON document.
  Status run_search(const Task& task, const SearchWork& work, const CancelToken& cancel, FrameSink& sink,
                    TaskMetrics& metrics);
  // One record as it is, or as what is to be kept of it; what is known of it in `done`.
  Status run_record(const Task& task, const RecordWork& work, const CancelToken& cancel, FrameSink& sink,
                    TaskMetrics& metrics, Json& done);
  // Its row, in the columns of the collection; nullptr: there is none.
  Result<BatchPtr> find_record(const Dataset& dataset, const RecordWork& work, const CancelToken& cancel);
  // A tile as a picture, or its cells as rows; its bounds in `done`.
  Status run_tile(const Task& task, const TileWork& work, const CancelToken& cancel, FrameSink& sink,
                  TaskMetrics& metrics, Json& done);
  // Some rows of a view as one Arrow stream.
  Status run_window(const WindowWork& work, const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics,
                    Json& done);
  struct WindowRows;
  Result<WindowRows> read_dataset(const WindowWork& work, const Dataset& dataset, const CancelToken& cancel,
                                  TaskMetrics& metrics);
  Result<WindowRows> read_parts(const WindowWork& work, TaskMetrics& metrics);
  Result<WindowRows> read_positions(const WindowWork& work, const Dataset& dataset, const CancelToken& cancel,
                                    TaskMetrics& metrics);
  Result<std::vector<std::int64_t>> positions_of(const ViewWindow& window, TaskMetrics& metrics);
  Result<std::unique_ptr<BatchStream>> open_statement(const Task& task, const Statement& statement,
                                                      const CancelToken& cancel, TaskMetrics& metrics);
  Status pass_file(const DataFile& file, const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics);

  Result<Plan> plan_rows(const Task& task, const RowsWork& work, const Dataset& dataset, const CancelToken& cancel,
                         TaskMetrics& metrics);
  Result<std::unique_ptr<BatchStream>> plan_range(const Dataset& dataset, const std::vector<std::string>& columns,
                                                  std::int64_t offset, std::int64_t rows, const CancelToken& cancel,
                                                  TaskMetrics& metrics);
  Result<std::unique_ptr<BatchStream>> plan_text_range(const Dataset& dataset, const std::vector<std::string>& columns,
                                                       std::int64_t offset, std::int64_t rows,
                                                       const CancelToken& cancel);
  Result<std::unique_ptr<BatchStream>> plan_plain_select(const PlainSelect& select, const CancelToken& cancel,
                                                         TaskMetrics& metrics);
  Result<std::unique_ptr<BatchStream>> plan_page(const Dataset& dataset, const std::vector<std::string>& columns,
                                                 std::int64_t offset, std::int64_t limit, TaskMetrics& metrics);
  Result<Plan> plan_engine(const Task& task, const RowsWork& work, const Dataset& dataset, const CancelToken& cancel);
  Result<std::int64_t> count(const Dataset& dataset, const Selection& selection, const CancelToken& cancel);
  Result<std::int64_t> single_number(const std::string& sql, std::vector<std::string> parameters,
                                     const CancelToken& cancel);
  const Dataset* find_table(std::string_view name) const;
  // These rows of a dataset's files are about to be read. A file that is not the one listed any more is an error that
  // names it; one of a collection that nobody has checked yet is checked now. Costs a stat() for each file.
  Status check_files(const Dataset& dataset, const CancelToken& cancel, std::int64_t offset = 0,
                     std::int64_t rows = INT64_MAX);
  // The part of it for files of others. They are opened as they are held from here on.
  Status begin_reading(const Dataset& dataset, std::int64_t offset = 0, std::int64_t rows = INT64_MAX);
  // Whether the files that the task has begun to read still are the ones they were: its answer is then of one version.
  Status check_unchanged();
  // The worker's last word on a task that failed.
  Json failure_of(const Task& task, const Error& error, const CancelToken& cancel);
  Result<Admitted> admit(const Task& task, const std::string& sql);
  // Defines the streams that the SQL of a dataset reads.
  Status define(const Dataset& dataset);
  Status encode(const Task& task, BatchStream& stream, std::function<Json()> tail, FrameSink& sink,
                TaskMetrics& metrics, const CancelToken& cancel);
  DocumentInfo document_of(const TaskWork& task_work) const;
  // Says in the end of a JSON answer which files it leaves out, where it does.
  static void add_left_out(Json& tail, const std::vector<std::string>& names);
  Json metrics_json(const Task& task, const FrameSink& sink, const TaskMetrics& metrics) const;

  std::unique_ptr<Engine> engine_;
  Channel& channel_;
  ExecutorOptions options_;
  std::map<std::string, Dataset, std::less<>> catalog_;
  std::map<std::string, HeldDescriptors, std::less<>> held_;  // by dataset
  struct KeptSource {
    std::string version;
    std::shared_ptr<const PartSource> source;
  };
  std::map<std::string, KeptSource, std::less<>> text_sources_;  // by dataset
  int threads_ = 1;                                              // of the task at hand
  bool rows_alone_ = false;  // a window's rows go before their neighbours, whoever waits for those
  std::vector<std::pair<std::string, BatchPtr>> decoded_;  // blocks to be kept once the task has ended
  BlockMap blocks_;
  TableMap tables_;
  std::set<std::string, std::less<>> unchecked_;  // of the task at hand: Task::unchecked
  Json checked_;                                  // what of these it has checked: [{"path", "changed_ns"}]
  struct OpenFile {
    std::string dataset;
    DataFile file;
    std::shared_ptr<const UniqueFd> held;  // null: it is read by its name
    std::uint64_t names = 0;               // that the held one had
    std::string edges = {};                // of a file of text: it may become longer
  };
  std::vector<OpenFile> reading_;     // files of others, of the task at hand
  bool as_listed_ = false;            // held files are read whatever their names stand for now
  std::vector<std::string> named_;    // datasets that the statement reads
  std::vector<std::string> changed_;  // datasets of which a file was replaced
  std::string closed_;                // the dataset that it may not read, and wanted
  std::unique_ptr<BlockWriter> block_writer_;
  std::atomic<std::int64_t> rows_sent_ = 0;
  std::atomic<std::uint64_t> bytes_sent_ = 0;
  std::atomic<std::int64_t> rows_expected_ = -1;
  std::atomic<double> share_done_ = -1;   // where rows sent do not tell
  std::atomic<double> share_from_ = 0;    // what steps before the one at hand had done,
  std::atomic<double> share_weight_ = 1;  // and how much of the whole this one is
};

}  // namespace canvasback
