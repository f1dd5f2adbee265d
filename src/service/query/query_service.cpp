#include "service/query/query_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kCountsMax = 10'000;
constexpr int kLooksMax = 3;  // for files that were moved, of one task

// A page of rows in file order is decoded from one or two row groups: bounded, whatever the dataset's size.
Lane lane_of(const Dataset& dataset, const Selection& selection) {
  const bool page = selection.limit && *selection.limit <= limits::kPageRowsMax;
  if (!page) return Lane::Stream;
  return dataset.plain_scan && selection.in_file_order() ? Lane::Bounded : Lane::General;
}

// What the engine and our own readers make of a file that is not there any more.
bool may_be_moved_files(ErrorCode code) {
  return code == ErrorCode::InvalidData || code == ErrorCode::QueryInvalid || code == ErrorCode::Database ||
         code == ErrorCode::DataProcessing || code == ErrorCode::Unavailable;
}

OnUnreadable on_unreadable_of(const Task& task) {
  const auto* rows = std::get_if<RowsWork>(&task.work);
  const auto* sql = std::get_if<SqlWork>(&task.work);
  const bool skips = (rows != nullptr && !rows->left_out.empty()) || (sql != nullptr && !sql->left_out.empty());
  return skips ? OnUnreadable::Skip : OnUnreadable::Fail;
}

}  // namespace

Status check_common(const OutputOptions& output, const RequestContext& context) {
  const std::string& format = output.format;
  const std::string& compression = output.compression;
  if (find_output_format(format) == nullptr) {
    return fail(ErrorCode::InvalidData,
                fmt::format("There is no format \"{}\"; there are json, ndjson, csv, arrow, arrow_file, parquet and "
                            "xlsx.",
                            std::string_view(format).substr(0, 64)));
  }
  if (context.timeout_ms < 0 || context.timeout_ms > limits::kMaxTimeout.count()) {
    return fail(ErrorCode::InvalidData, fmt::format("timeout_ms must be from 1 to {}.", limits::kMaxTimeout.count()));
  }
  if (compression.empty()) return {};
  if (format == "xlsx" && (compression == "fast" || compression == "best")) return {};
  const bool arrow = format == "arrow" || format == "arrow_file";
  for (std::string_view known : {"none", "lz4", "zstd", "snappy", "gzip"}) {
    if (compression == known && (format == "parquet" || (arrow && known != "snappy" && known != "gzip"))) return {};
  }
  return fail(ErrorCode::InvalidData,
              fmt::format("Format {} has no compression \"{}\".", format, std::string_view(compression).substr(0, 64)));
}

Answer::Answer(QueryService& service, std::uint64_t query_id, std::unique_ptr<TaskRun> run, TaskEvent first,
               std::string count_key)
    : service_(service),
      query_id_(query_id),
      run_(std::move(run)),
      first_(std::move(first)),
      count_key_(std::move(count_key)) {}

Answer::~Answer() { service_.running_.erase(query_id_); }

asio::awaitable<TaskEvent> Answer::next() {
  TaskEvent event;
  if (first_) {
    event = std::move(*first_);
    first_.reset();
  } else {
    event = co_await run_->next();
  }
  const bool told = event.kind == TaskEvent::Kind::Done || event.last;
  if (told && service_.checking_.checked && event.info.at("checked").is_array()) {
    service_.checking_.checked(event.info.at("checked"));
  }
  if (told && !count_key_.empty() && event.info.at("counted_total").is_integer()) {
    service_.remember_count(count_key_, event.info.at("counted_total").as_int());
  }
  co_return event;
}

void Answer::cancel(CancelReason reason) { run_->cancel(reason); }

void Answer::set_on_cut(std::function<void()> on_cut) { run_->state()->on_cut = std::move(on_cut); }

QueryService::QueryService(Pool& pool, DatasetService& datasets, Options options)
    : pool_(pool), datasets_(datasets), options_(options), profiles_(options.profile_cache_bytes) {}

Task QueryService::task_of(TaskWork work, const RequestContext& context, const OutputOptions& output) const {
  Task task;
  task.work = std::move(work);
  task.output = output;
  task.timeout_ms = context.timeout_ms > 0 ? context.timeout_ms : options_.default_timeout_ms;
  task.received_ns = context.received_ns;
  return task;
}

Status QueryService::check_request(const RowsRequest& request) const {
  CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset, request.on_unreadable));
  CANVASBACK_TRY(check_common(request.output, request.context));
  return check_selection(request.selection, *dataset);
}

Status QueryService::check_request(const SqlRunRequest& request) const {
  if (request.sql.empty() && !request.range) return fail(ErrorCode::QueryInvalid, "The statement is empty.");
  if (request.sql.size() > limits::kSqlBytesMax) return fail(ErrorCode::PayloadTooLarge, "The statement is too long.");
  CANVASBACK_TRY(check_common(request.output, request.context));
  const Json& parameters = request.parameters;
  if (!parameters.is_null() && !parameters.is_array() && !parameters.is_object()) {
    return fail(ErrorCode::InvalidData, "parameters is an array (positional) or an object (named).");
  }
  if (std::max(parameters.as_array().size(), parameters.as_object().size()) > limits::kParametersMax) {
    return fail(ErrorCode::InvalidData, "There are too many parameters.");
  }
  return {};
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::rows(RowsRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (Status status = check_request(request); !status) co_return Out(std::unexpected(status.error()));
  auto dataset = datasets_.find(request.dataset, request.on_unreadable);
  RowsWork work;
  work.dataset = request.dataset;
  work.selection = std::move(request.selection);
  std::string count_key;
  if (!work.selection.filter.is_null() && !work.selection.sample) {
    count_key = (*dataset)->version + work.selection.filter.dump();
    if (auto known = counts_.find(count_key); known != counts_.end()) work.known_total = known->second;
  }
  const Lane lane = lane_of(**dataset, work.selection);
  if (request.on_unreadable == OnUnreadable::Skip) work.left_out = datasets_.left_out_of(request.dataset);
  Task task = task_of(std::move(work), request.context, request.output);
  // Named, because GCC 12 cannot build a braced list inside a co_await expression.
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  RunningQuery entry{0, "rows", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  entry.job = request.context.job;
  co_return co_await start(std::move(task), std::move(datasets), lane, std::move(entry), std::move(count_key));
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::sql(SqlRunRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (Status status = check_request(request); !status) co_return Out(std::unexpected(status.error()));
  const std::string text = request.range ? text_of(*request.range) : request.sql;
  SqlWork work;
  work.statement = {request.sql, request.parameters, request.narrowing};
  work.range = request.range;
  work.row_limit = request.limit;
  if (request.on_unreadable == OnUnreadable::Skip) work.left_out = datasets_.left_out_of_sql(text);
  Task task = task_of(std::move(work), request.context, request.output);
  RunningQuery entry{0, "sql", text, request.output.format, 0, "waiting", nullptr, gone};
  entry.job = request.context.job;
  // A worker may still know such a dataset as it was before, or without the files: nothing is left to what it finds.
  if (request.on_unreadable == OnUnreadable::Fail) {
    if (auto error = datasets_.unreadable_in(text)) co_return Out(std::unexpected(std::move(*error)));
  }
  auto datasets = datasets_.readable(request.on_unreadable);
  auto answer = co_await start(std::move(task), std::move(datasets), Lane::General, std::move(entry), {});
  // Or it was noticed only now.
  if (!answer && request.on_unreadable == OnUnreadable::Fail) {
    if (auto error = datasets_.unreadable_in(text)) co_return Out(std::unexpected(std::move(*error)));
  }
  co_return answer;
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::run(Task task,
                                                                   std::vector<std::shared_ptr<const Dataset>> datasets,
                                                                   Lane lane, RunningQuery entry, bool large) {
  if (task.timeout_ms <= 0) task.timeout_ms = options_.default_timeout_ms;
  co_return co_await start(std::move(task), std::move(datasets), lane, std::move(entry), {}, large);
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::start(
    Task task, std::vector<std::shared_ptr<const Dataset>> datasets, Lane lane, RunningQuery entry,
    std::string count_key, bool large) {
  using Out = Result<std::unique_ptr<Answer>>;
  const std::uint64_t id = next_id_++;
  entry.id = id;
  entry.started_us = wall_us();
  CancelToken cancelled = entry.cancel;
  running_.emplace(id, std::move(entry));
  // Tried again once for either reason: in the large place, or because an earlier task had spoilt the worker.
  bool again = true;
  int looks = look_again_ == nullptr ? 0 : kLooksMax;
  const OnUnreadable on_unreadable = on_unreadable_of(task);
  while (true) {
    if (checking_.unchecked) task.unchecked = checking_.unchecked(datasets);
    auto run = co_await pool_.submit(task, datasets, lane, large, cancelled);
    if (!run) {
      running_.erase(id);
      co_return Out(std::unexpected(run.error()));
    }
    Stopwatch attempt;
    running_.at(id).state = "running";
    running_.at(id).running_since_us = wall_us();
    running_.at(id).run = run->get();
    if (cancelled.cancelled()) (*run)->cancel(cancelled.reason());
    TaskEvent first = co_await (*run)->next();
    if (first.kind == TaskEvent::Kind::Failed) {
      running_.at(id).run = nullptr;
      const bool general = lane == Lane::General || lane == Lane::Stream;
      const bool wants_memory = general && first.error.code == ErrorCode::MemoryLimit && !large;
      const bool spoilt = (*run)->worker_was_spoilt() && again;
      if ((wants_memory || spoilt) && !cancelled.cancelled()) {
        // Both tries share the time limit.
        task.timeout_ms = std::max<std::int64_t>(1, task.timeout_ms - static_cast<std::int64_t>(attempt.elapsed_ms()));
        large = large || wants_memory;
        again = again && !spoilt;
        continue;
      }
      if (looks > 0 && may_be_moved_files(first.error.code) && !cancelled.cancelled()) {
        --looks;
        // Or somebody else has noticed since, or the file is back already: then the datasets are others now.
        bool moved = co_await look_again_();
        for (auto& dataset : datasets) {
          auto now = datasets_.find(dataset->name, on_unreadable);
          if (!now) continue;
          moved = moved || (*now)->version != dataset->version;
          dataset = *now;
        }
        if (moved) continue;
      }
      for (const auto& dataset : datasets) {
        // Why a file could not be read is known by now, and what to do.
        const auto found = datasets_.entries().find(dataset->name);
        const bool unreadable = found != datasets_.entries().end() && found->second.readable_rest;
        if (datasets.size() == 1 && unreadable && found->second.error && on_unreadable == OnUnreadable::Fail) {
          first.error = *found->second.error;
        }
      }
      running_.erase(id);
      co_return Out(std::unexpected(first.error));
    }
    co_return std::make_unique<Answer>(*this, id, std::move(*run), std::move(first), std::move(count_key));
  }
}

Status QueryService::cancel(std::uint64_t id) {
  auto found = running_.find(id);
  if (found == running_.end()) return fail(ErrorCode::QueryNotFound, fmt::format("No query {} is running.", id));
  found->second.cancel.cancel(CancelReason::Client);
  if (found->second.run != nullptr) found->second.run->cancel(CancelReason::Client);
  return {};
}

void QueryService::cancel_gone() {
  for (auto& [id, query] : running_) {
    if (!query.gone.cancelled()) continue;
    query.cancel.cancel(query.gone.reason());
    if (query.run != nullptr) query.run->cancel(query.gone.reason());
  }
}

void QueryService::remember_count(const std::string& key, std::int64_t rows) {
  if (!counts_.insert_or_assign(key, rows).second) return;
  counts_order_.push_back(key);
  if (counts_.size() > kCountsMax) {
    counts_.erase(counts_order_.front());
    counts_order_.pop_front();
  }
}

}  // namespace canvasback
