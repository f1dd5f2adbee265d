#include "service/query/query_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "record/text_reading.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kCountsMax = 10'000;
constexpr int kLooksMax = 3;  // for files that were moved or replaced, of one task

// A page of rows in file order is bounded, whatever the dataset's size.
Lane lane_of(const Dataset& dataset, const Selection& selection) {
  const bool page = selection.limit && *selection.limit <= limits::kPageRowsMax;
  if (!page) return Lane::Stream;
  return has_bounded_pages(dataset) && selection.in_file_order() ? Lane::Bounded : Lane::General;
}

// What the engine and our own readers make of a file that is not there any more.
bool may_be_moved_files(ErrorCode code) {
  return code == ErrorCode::InvalidData || code == ErrorCode::QueryInvalid || code == ErrorCode::Database ||
         code == ErrorCode::DataProcessing || code == ErrorCode::Unavailable;
}

// A text's beginning, for a message.
std::string beginning_of(std::string_view text) {
  constexpr std::size_t kShownBytes = 200;
  if (text.size() <= kShownBytes) return std::string(text);
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // no half character
  return std::string(text.substr(0, end)) + " …";
}

// What is said of a task that has ended two workers: it would end the next one, too.
Error deadly(const TaskWork& work, const std::string& text) {
  if (!runs_statement(work)) {
    return fail(ErrorCode::DataProcessing, fmt::format("Two workers ended while they read \"{}\".", beginning_of(text)))
        .error();
  }
  return fail(ErrorCode::QueryInvalid,
              fmt::format("Two workers ended while they ran this statement, which the engine cannot take: {}",
                          beginning_of(text)))
      .error();
}

}  // namespace

// Decoded from one or two row groups, or parts of files that can be read from anywhere.
bool has_bounded_pages(const Dataset& dataset) {
  if (!dataset.text) return dataset.plain_scan;
  return std::ranges::none_of(dataset.text->files, [](const TextFileReading& file) { return file.compressed; });
}

Status check_common(const OutputOptions& output, const RequestContext& context) {
  const std::string& format = output.format;
  const std::string& compression = output.compression;
  if (find_output_format(format) == nullptr) {
    return fail(ErrorCode::InvalidData,
                fmt::format("Unknown format \"{}\"; use json, ndjson, csv, arrow, arrow_file, parquet or "
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
  return fail(ErrorCode::InvalidData, fmt::format("Format {} does not support the compression \"{}\".", format,
                                                  std::string_view(compression).substr(0, 64)));
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

void Answer::set_on_progress(std::function<void(const Json& progress)> on_progress) {
  run_->state()->on_progress = std::move(on_progress);
}

QueryService::QueryService(Pool& pool, DatasetService& datasets, Options options)
    : pool_(pool), datasets_(datasets), options_(options) {}

Task task_of(TaskWork work, const RequestContext& context, const OutputOptions& output) {
  Task task;
  task.work = std::move(work);
  task.output = output;
  task.timeout_ms = context.timeout_ms;
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
    return fail(ErrorCode::InvalidData, "\"parameters\" must be an array (positional) or an object (named).");
  }
  if (std::max(parameters.as_array().size(), parameters.as_object().size()) > limits::kParametersMax) {
    return fail(ErrorCode::InvalidData, "There are too many parameters.");
  }
  return {};
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::rows(RowsRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (!check_request(request)) co_await datasets_.look_if_few(request.dataset);  // it may be right by now
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
  Task task = task_of(std::move(work), request.context, request.output);
  task.files.left_out = datasets_.left_out_of(request.dataset, request.on_unreadable);
  // Named, because GCC 12 cannot build a braced list inside a co_await expression.
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  RunningQuery entry{0, "rows", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  entry.job = request.context.job;
  entry.on_unreadable = request.on_unreadable;
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
  Task task = task_of(std::move(work), request.context, request.output);
  task.files.left_out = datasets_.left_out_of_sql(text, request.on_unreadable);
  RunningQuery entry{0, "sql", text, request.output.format, 0, "waiting", nullptr, gone};
  entry.job = request.context.job;
  entry.on_unreadable = request.on_unreadable;
  auto datasets = datasets_.readable(request.on_unreadable);
  co_return co_await start(std::move(task), std::move(datasets), Lane::General, std::move(entry), {});
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::run(Task task,
                                                                   std::vector<std::shared_ptr<const Dataset>> datasets,
                                                                   Lane lane, RunningQuery entry, bool large) {
  co_return co_await start(std::move(task), std::move(datasets), lane, std::move(entry), {}, large);
}

struct QueryService::Attempts {
  Task task;
  std::vector<std::shared_ptr<const Dataset>> datasets;
  std::string text;  // as in the list of what runs: the dataset, the SQL or the range
  Lane lane = Lane::General;
  bool large = false;
  CancelToken cancelled = {};
  OnUnreadable on_unreadable = OnUnreadable::Default;
  std::int64_t began_ns = 0;
  std::string count_key = {};  // of the datasets that these are: none once they are others
  // Once for each of these reasons: an earlier task had spoilt the worker, the worker died.
  bool after_spoilt = true;
  bool after_death = true;
  int looks = kLooksMax;

  bool is_statement() const { return runs_statement(task.work); }
};

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::start(
    Task task, std::vector<std::shared_ptr<const Dataset>> datasets, Lane lane, RunningQuery entry,
    std::string count_key, bool large) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (task.timeout_ms <= 0) task.timeout_ms = options_.default_timeout_ms;
  const std::uint64_t id = next_id_++;
  entry.id = id;
  entry.started_us = wall_us();
  Attempts attempts{std::move(task), std::move(datasets), entry.text, lane, large, entry.cancel};
  attempts.on_unreadable = entry.on_unreadable;
  attempts.began_ns = monotonic_ns();
  attempts.count_key = std::move(count_key);
  running_.emplace(id, std::move(entry));
  while (true) {
    if (checking_.unchecked) attempts.task.unchecked = checking_.unchecked(attempts.datasets);
    // A worker may still know such a dataset as it was before: nothing is left to what it finds.
    if (attempts.is_statement()) attempts.task.files.closed = datasets_.closed(attempts.on_unreadable);
    auto run = co_await pool_.submit(attempts.task, attempts.datasets, lane, attempts.large, attempts.cancelled);
    if (!run) {
      running_.erase(id);
      co_return Out(std::unexpected(run.error()));
    }
    Stopwatch attempt;
    running_.at(id).state = "running";
    running_.at(id).running_since_us = wall_us();
    running_.at(id).run = run->get();
    if (attempts.cancelled.cancelled()) (*run)->cancel(attempts.cancelled.reason());
    TaskEvent first = co_await (*run)->next();
    if (first.kind != TaskEvent::Kind::Failed) {
      co_return std::make_unique<Answer>(*this, id, std::move(*run), std::move(first), std::move(attempts.count_key));
    }
    running_.at(id).run = nullptr;
    const bool again = co_await try_again(**run, attempts, first.error);
    if (!again) {
      running_.erase(id);
      co_return Out(std::unexpected(std::move(first.error)));
    }
    // All tries share the time limit.
    const auto spent_ms = static_cast<std::int64_t>(attempt.elapsed_ms());
    attempts.task.timeout_ms = std::max<std::int64_t>(1, attempts.task.timeout_ms - spent_ms);
  }
}

asio::awaitable<bool> QueryService::try_again(TaskRun& run, Attempts& attempts, Error& error) {
  if (attempts.cancelled.cancelled()) co_return false;
  const bool general = attempts.lane == Lane::General || attempts.lane == Lane::Stream;
  if (general && error.code == ErrorCode::MemoryLimit && !attempts.large) {
    attempts.large = true;
    co_return true;
  }
  if (run.worker_was_spoilt() && std::exchange(attempts.after_spoilt, false)) co_return true;
  if (run.killed_worker()) {
    if (std::exchange(attempts.after_death, false)) co_return true;
    error = deadly(attempts.task.work, attempts.text);
    co_return false;
  }
  if (const Json& closed = run.about().at("closed"); closed.is_string()) {
    const std::string name = datasets_.name_like(closed.as_string());
    co_await datasets_.look_if_few(name);
    if (attempts.looks-- > 0 && datasets_.find(name, attempts.on_unreadable)) {
      attempts.datasets = datasets_.readable(attempts.on_unreadable);
      co_return true;
    }
    if (auto why = datasets_.why_closed(closed.as_string(), attempts.on_unreadable)) error = std::move(*why);
    co_return false;
  }
  co_return co_await files_are_others(run, attempts, error);
}

// Files that the task read were moved away or replaced, and the datasets are now as they are there.
asio::awaitable<bool> QueryService::files_are_others(TaskRun& run, Attempts& attempts, Error& error) {
  if (!may_be_moved_files(error.code)) co_return false;
  const bool may_look = attempts.looks-- > 0;
  bool others = false;
  if (may_look && run.about().at("changed").is_array()) {
    std::vector<std::string> names;
    for (const Json& name : run.about().at("changed").as_array()) names.emplace_back(name.as_string());
    co_await datasets_.look(names, attempts.began_ns);
    // Of files that are held this is a version of after the request began: it is answered from, though there may be
    // another one by then.
    attempts.task.files.as_listed = true;
    others = true;
  }
  if (may_look && look_again_) others = co_await look_again_() || others;
  for (auto& dataset : attempts.datasets) {
    auto now = datasets_.find(dataset->name, attempts.on_unreadable);
    if (now) {
      // Or somebody else has noticed since, or the file is back already.
      const bool is_other = (*now)->version != dataset->version;
      if (is_other) {
        attempts.count_key.clear();
        if (auto* rows = std::get_if<RowsWork>(&attempts.task.work)) rows->known_total.reset();
      }
      others = others || is_other;
      dataset = *now;
    } else if (!attempts.is_statement()) {
      // Why a file could not be read is known by now, and what to do.
      error = now.error();
      co_return false;
    }
  }
  for (const Json& name : run.about().at("tables").as_array()) {
    auto why = datasets_.why_closed(name.as_string(), attempts.on_unreadable);
    if (!why) continue;
    error = std::move(*why);
    co_return false;
  }
  co_return may_look&& others && !attempts.cancelled.cancelled();
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
