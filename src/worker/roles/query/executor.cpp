#include "worker/roles/query/executor.hpp"

#include <algorithm>

#include "worker/roles/query/analyse_task.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/generate_task.hpp"
#include "worker/roles/query/inspect_task.hpp"
#include "worker/roles/query/metrics_task.hpp"
#include "worker/roles/query/record_task.hpp"
#include "worker/roles/query/rollup_task.hpp"
#include "worker/roles/query/rows_task.hpp"
#include "worker/roles/query/search_task.hpp"
#include "worker/roles/query/sql_task.hpp"
#include "worker/roles/query/tile_task.hpp"
#include "worker/roles/query/view_task.hpp"
#include "worker/roles/query/window_task.hpp"

namespace canvasback {

namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

Executor::Executor(std::unique_ptr<Engine> engine, Channel& channel, ExecutorOptions options)
    : engine_(std::move(engine)),
      channel_(channel),
      options_(std::move(options)),
      tables_(options_.cache_folder),
      block_writer_(channel, options_.spill_folder, options_.cache_folder) {}

void Executor::run(const Task& task, CancelToken cancel) {
  const int threads = task.threads > 0 ? std::min(task.threads, options_.threads) : options_.threads;
  ranges_.begin(task, threads);
  dataset_engine_.use_threads(threads);
  files_.begin(task, threads);
  progress_.begin();
  FrameSink sink(channel_, cancel);
  TaskMetrics metrics;
  TaskEnd end;
  TaskContext context{task,    cancel,  threads,  options_, datasets_, files_,  dataset_engine_,
                      ranges_, tables_, channel_, sink,     progress_, metrics, end};
  Status status;
  try {
    status = std::visit(Overloaded{
                            [&](const RowsWork& work) { return run_rows(context, work); },
                            [&](const SqlWork& work) { return run_sql(context, work); },
                            [&](const InspectWork& work) { return run_inspect(context, work); },
                            [&](const AnalyseWork& work) { return run_analyse(context, work); },
                            [&](const ViewWork& work) { return run_view(context, work); },
                            [&](const WindowWork& work) { return run_window(context, work); },
                            [&](const SearchWork& work) { return run_search(context, work); },
                            [&](const TileWork& work) { return run_tile(context, work); },
                            [&](const RecordWork& work) { return run_record(context, work); },
                            [&](const GenerateWork& work) { return run_generate(context, work); },
                            [&](const MetricsWork& work) { return run_metrics(context, work); },
                            [&](const RollupWork& work) { return run_rollups(context, work); },
                            [](const auto&) -> Status {
                              return fail(ErrorCode::DataProcessing, "A task of this kind is not this worker's.");
                            },
                        },
                        task.work);
  } catch (const std::bad_alloc&) {
    status = fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has.");
  } catch (const std::exception& error) {
    // Third-party code may throw where it says it does not; the task fails, the worker goes on.
    status = fail(ErrorCode::DataProcessing, "The task failed.", error.what());
  }
  // Files that were replaced while they were read explain whatever went wrong, and spoil what did not.
  if (Status unchanged = files_.check_unchanged(); !unchanged) status = std::move(unchanged);
  if (!status) {
    static_cast<void>(sink.end_with(FrameKind::Failed, failure_of(context, status.error()).dump()));
    return;
  }
  end.done.set("metrics", metrics_json(context));
  Json blocks = Json::Array{};
  for (const std::string& key : metrics.blocks) blocks.push(key);
  end.done.set("blocks", std::move(blocks));
  if (Json checked = files_.take_checked(); !checked.as_array().empty()) end.done.set("checked", std::move(checked));
  if (metrics.counted_total) end.done.set("counted_total", *metrics.counted_total);
  static_cast<void>(sink.end_with(FrameKind::Done, end.done.dump()));
  ranges_.store_decoded();
}

Json Executor::failure_of(TaskContext& context, const Error& error) {
  const CancelToken& cancel = context.cancel;
  // Whatever broke because the task was stopped is reported as the stop.
  Error said = cancel.cancelled() ? cancel.error() : error;
  if (!runs_statement(context.task.work)) {
    // The place in a statement of ours says nothing to a client.
    if (const std::size_t place = said.message.find("\n\nLINE "); place != std::string::npos) {
      said.detail += said.message.substr(place);
      said.message.resize(place);
    }
  }
  Json failed = to_json(said);
  // A statement can spoil the engine for those behind it; whoever fails leaves a working one or none.
  if (runs_statement(context.task.work) && !cancel.cancelled() &&
      !context.engine.single_number("SELECT 1::BIGINT", {}, cancel)) {
    failed.set("retire", true);
  }
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Json out = Json::Array{};
    for (const std::string& value : values) out.push(value);
    failed.set(name, std::move(out));
  };
  list("tables", context.end.tables);
  list("changed", files_.changed());
  if (!context.end.closed.empty()) failed.set("closed", context.end.closed);
  return failed;
}

}  // namespace canvasback
