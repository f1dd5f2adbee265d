// Queries: rows of a dataset and the user's SQL, as answers that are read piece by piece. Chooses the lane, registers
// what runs (GET /api/v1/queries) and cancels it, tries what failed before its first byte once more where that may help
// (in the large place, on files that were replaced, on another worker), and remembers counts of filtered rows. Analyses
// and tiles are use cases of their own (analysis_service, tile_service). No protocol here. All calls on the front's one
// thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/narrowing.hpp"
#include "query/output_options.hpp"
#include "query/record_range.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/request_context.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

class QueryService;

// What is asked for, whatever the way it came.
struct RowsRequest {
  RequestContext context;
  OutputOptions output;
  std::string dataset;
  Selection selection;
  OnUnreadable on_unreadable = OnUnreadable::Default;
};

struct SqlRunRequest {
  RequestContext context;
  OutputOptions output;
  std::string sql;
  Json parameters;
  std::optional<std::int64_t> limit;
  Narrowing narrowing = {};               // of a statement of ours
  std::optional<RecordRange> range = {};  // instead of sql
  OnUnreadable on_unreadable = OnUnreadable::Default;
};

// One answer under way. The first event is known when it is given out, so an early failure is still a plain error.
class Answer {
 public:
  Answer(QueryService& service, std::uint64_t query_id, std::unique_ptr<TaskRun> run, TaskEvent first,
         std::string count_key);
  ~Answer();
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  asio::awaitable<TaskEvent> next();
  void release() { run_->release(); }  // as TaskRun's
  void cancel(CancelReason reason);
  // Called, once at most and while the answer lives, when its client has not taken anything for long and others need
  // its place (worker/pool/pool.hpp).
  void set_on_cut(std::function<void()> on_cut);
  const Json& progress() const { return run_->progress(); }
  // Called with each progress report, while the answer lives.
  void set_on_progress(std::function<void(const Json& progress)> on_progress);
  std::uint64_t query_id() const { return query_id_; }

 private:
  QueryService& service_;
  std::uint64_t query_id_;
  std::unique_ptr<TaskRun> run_;
  std::optional<TaskEvent> first_;
  std::string count_key_;
};

struct RunningQuery {
  std::uint64_t id = 0;
  std::string kind;  // rows, sql, view, window, …
  std::string text;  // the dataset, the SQL or the range
  std::string format;
  std::int64_t started_us = 0;
  std::string state;  // waiting, running
  TaskRun* run = nullptr;
  CancelToken gone;         // raised by the transport: the client left
  CancelToken cancel = {};  // what the task obeys: raised by DELETE, or because the client left
  std::string job = {};
  std::int64_t running_since_us = 0;  // 0: it waits
  OnUnreadable on_unreadable = OnUnreadable::Default;
};

// A task of this work for a request. QueryService gives it the default time limit where the request has none.
Task task_of(TaskWork work, const RequestContext& context, const OutputOptions& output);

class QueryService {
 public:
  struct Options {
    std::int64_t default_timeout_ms = 0;
  };
  QueryService(Pool& pool, DatasetService& datasets, Options options);

  // `gone` is raised when the client has gone; the answer then ends as cancelled.
  asio::awaitable<Result<std::unique_ptr<Answer>>> rows(RowsRequest request, CancelToken gone);
  asio::awaitable<Result<std::unique_ptr<Answer>>> sql(SqlRunRequest request, CancelToken gone);

  // What can be said of a request before a worker sees it: rows() and sql() begin with it.
  Status check_request(const RowsRequest& request) const;
  Status check_request(const SqlRunRequest& request) const;

  // A task that another service made, registered and cancelled like the others. A task without a time limit gets the
  // default one. `large` asks for the place with half of the memory at once: for a task that is tried again.
  asio::awaitable<Result<std::unique_ptr<Answer>>> run(Task task, std::vector<std::shared_ptr<const Dataset>> datasets,
                                                       Lane lane, RunningQuery entry, bool large = false);

  // Asked when a task has failed: whether files that it may have read had been moved away, and the datasets are now
  // without them. The task is then tried once more.
  using LookAgain = std::function<asio::awaitable<bool>()>;
  void set_look_again(LookAgain look_again) { look_again_ = std::move(look_again); }

  // Of files of collections: which of a task's datasets nobody has checked yet (Task::unchecked), and what a worker
  // says that it has.
  struct FileChecking {
    std::function<std::vector<std::string>(const std::vector<std::shared_ptr<const Dataset>>&)> unchecked;
    std::function<void(const Json& checked)> checked;
  };
  void set_file_checking(FileChecking checking) { checking_ = std::move(checking); }

  const std::map<std::uint64_t, RunningQuery>& running() const { return running_; }
  // Errors: QueryNotFound.
  Status cancel(std::uint64_t id);
  // Cancels whatever runs for clients that have gone (whose token is raised).
  void cancel_gone();

 private:
  friend class Answer;

  asio::awaitable<Result<std::unique_ptr<Answer>>> start(Task task,
                                                         std::vector<std::shared_ptr<const Dataset>> datasets,
                                                         Lane lane, RunningQuery entry, std::string count_key,
                                                         bool large = false);
  // Whether a task that failed should run again, and the task, datasets and place as they then are. Otherwise the error
  // is what is to be said of it.
  struct Attempts;
  asio::awaitable<bool> try_again(TaskRun& run, Attempts& attempts, Error& error);
  asio::awaitable<bool> files_are_others(TaskRun& run, Attempts& attempts, Error& error);
  void remember_count(const std::string& key, std::int64_t rows);
  Pool& pool_;
  DatasetService& datasets_;
  Options options_;
  LookAgain look_again_;
  FileChecking checking_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, RunningQuery> running_;
  std::map<std::string, std::int64_t> counts_;  // dataset version and filter → rows
  std::list<std::string> counts_order_;
};

}  // namespace canvasback
