// ViewService: the rows behind a grid, filtered, searched and sorted. A view of a dataset in file order needs no build.
// Any other is built once by a worker into the block cache (query/view.hpp) and shared by all requests for the same
// view; after its last user has closed it, it stays cached until its blocks are evicted. When the files of its dataset
// change, a view is rebuilt; the result of a statement is never rebuilt.
//
//   open() → Opening → Building (the first rows can be read) → Ready, or Limited (only the first rows fit the cache)
//                                                             → Failed: error() says why
//
// Cost: open() and can_answer() are cheap and never wait; a build is one general task, a window one bounded task.
// Knows no protocol; transport/websocket is its user. Not thread-safe: all calls on the front's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/view.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/query_service.hpp"

namespace canvasback {

class View;

// Requires exactly one of dataset, sql and source.
struct ViewRequest {
  std::string dataset;
  std::string sql;
  Json parameters;               // of sql
  std::shared_ptr<View> source;  // the same dataset or statement result as of this view, without its selection
  Selection selection;           // columns, filter, sort
  std::string search;            // rows in which some column, as displayed, contains it; empty: all
  std::int64_t first = 0;        // so many rows are made available before the build goes on
};

// Rows [from, to) of a view, by their positions in it.
struct WindowRequest {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::vector<std::string> columns;  // in this order; empty: all
  bool row_ids = false;              // append file index and row in the file. Requires View::has_row_ids()
  std::int64_t cell_bytes = 0;       // longer texts and binaries are cut; 0: none is
  std::int64_t received_ns = 0;      // monotonic, for the metrics
};

struct WindowAnswer {
  std::string bytes;  // `reserved` bytes for the caller, then an Arrow IPC stream
  std::int64_t rows = 0;
  bool more = false;  // the frame has fewer rows than were available, because of their size
  bool cut = false;   // some cell is cut to cell_bytes
};

// One view, read-only for its users. Created and updated by ViewService.
class View {
 public:
  enum class Stage { Opening, Building, Ready, Limited, Failed };

  Stage stage() const { return stage_; }
  const std::optional<Error>& error() const { return error_; }
  const ViewState& state() const { return state_; }
  // Progress of the build from 0 to 1; -1: unknown.
  double share() const { return stage_ == Stage::Ready ? 1 : share_; }
  // Windows below this row can be read now.
  std::int64_t available() const;
  bool has_row_ids() const { return !request_.dataset.empty(); }
  // Of the dataset's files: another one after every change of them.
  const std::string& version() const { return version_; }
  // Incremented with every change except of share().
  std::uint64_t revision() const { return revision_; }
  // Calls `listener` on every change, also of share(), until the returned token is dropped.
  using Listener = std::function<void()>;
  [[nodiscard]] std::shared_ptr<Listener> listen(Listener listener);

 private:
  friend class ViewService;
  void changed();

  std::string identity_;  // what it is a view of; empty: shared with nobody
  ViewRequest request_;
  std::shared_ptr<View> base_;  // the statement's result that it chooses from
  std::shared_ptr<Listener> base_listener_;
  std::string version_;
  Stage stage_ = Stage::Opening;
  std::optional<Error> error_;
  ViewState state_;
  double share_ = -1;
  std::uint64_t revision_ = 0;
  std::uint64_t build_ = 0;  // raised whenever it is begun anew
  bool building_ = false;
  CancelToken cancel_;  // of the build at hand
  int users_ = 0;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

class ViewService {
 public:
  struct Options {
    std::uint64_t bytes_max = 0;  // of one view's parts
  };
  ViewService(asio::any_io_executor executor, QueryService& queries, DatasetService& datasets, Options options)
      : executor_(std::move(executor)), queries_(queries), datasets_(datasets), options_(options) {}
  ~ViewService();

  // Returns at once with a view to listen to: a new one whose build has started, or the shared one.
  // Errors: those of the request itself (InvalidData, DatasetNotFound, …). What fails later is View::error().
  // Requires one close() for every open().
  Result<std::shared_ptr<View>> open(ViewRequest request);
  // The last close() cancels a build that is still running.
  void close(const std::shared_ptr<View>& view);
  // Rebuilds a view whose dataset has changed or whose blocks were evicted; otherwise does nothing.
  void refresh(View& view);

  // Whether the rows of [from, to) that the view has are available. Never waits.
  bool can_answer(const View& view, const WindowRequest& window) const;
  // Reads a window in a worker. Requires can_answer(); `reserved` bytes in front are left to the caller; raising `gone`
  // cancels it. Errors: those of the task; Unavailable if the view changed meanwhile: retry once can_answer() is true.
  asio::awaitable<Result<WindowAnswer>> window(std::shared_ptr<View> view, WindowRequest request, std::size_t reserved,
                                               CancelToken gone);

  // Ends the windows whose token was raised.
  void cancel_gone() { queries_.cancel_gone(); }

  std::size_t size() const { return shared_.size(); }

 private:
  Status check(const ViewRequest& request) const;
  void start(const std::shared_ptr<View>& view);
  void start_again(const std::shared_ptr<View>& view);
  asio::awaitable<void> build(std::shared_ptr<View> view, Task task,
                              std::vector<std::shared_ptr<const Dataset>> datasets, std::uint64_t number);
  // Runs the task once; returns its error, if any. `large`: on the worker with the most memory.
  asio::awaitable<std::optional<Error>> try_build(std::shared_ptr<View> view, Task task,
                                                  std::vector<std::shared_ptr<const Dataset>> datasets,
                                                  std::uint64_t number, bool large);
  void take(View& view, const Json& state);
  void end(const std::shared_ptr<View>& view, std::optional<Error> error);
  Result<WindowWork> window_work(const View& view, const WindowRequest& request) const;
  void forget_unused();

  asio::any_io_executor executor_;
  QueryService& queries_;
  DatasetService& datasets_;
  Options options_;
  std::uint64_t next_build_ = 1;
  std::map<std::string, std::shared_ptr<View>> shared_;  // by identity
  std::list<std::string> order_;                         // used last comes last
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
