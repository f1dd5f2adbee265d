// Views: what a grid looks at. A view of a dataset in file order is the dataset itself; any other is built once by a
// worker into the cache (query/view.hpp) and shared by everybody who asks for the same. A view that nobody has open
// stays for as long as the cache keeps its parts. A view of a dataset that changes is built again; a statement's result
// is what it was. No protocol here. All calls on the front's one thread.
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

struct ViewRequest {
  std::string dataset;
  std::string sql;  // or a statement
  Json parameters;
  std::shared_ptr<View> source;  // or the rows that another view chooses from, whatever it chooses
  Selection selection;           // columns, filter, sort
  std::string search;
  std::int64_t first = 0;
};

struct WindowRequest {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::vector<std::string> columns;
  bool row_ids = false;
  std::int64_t cell_bytes = 0;
  std::int64_t received_ns = 0;
};

struct WindowAnswer {
  std::string bytes;  // `reserved` bytes for the caller, then an Arrow stream
  std::int64_t rows = 0;
  bool more = false;  // fewer rows than there are, for their size
  bool cut = false;   // some cell is
};

// A view as its users see it. Made and filled by ViewService.
class View {
 public:
  enum class Stage { Opening, Building, Ready, Limited, Failed };

  Stage stage() const { return stage_; }
  const std::optional<Error>& error() const { return error_; }
  const ViewState& state() const { return state_; }
  double share() const { return stage_ == Stage::Ready ? 1 : share_; }  // -1: unknown
  // Rows from the first on that are there.
  std::int64_t available() const;
  bool has_row_ids() const { return !request_.dataset.empty(); }
  // Changes with the dataset's files.
  const std::string& version() const { return version_; }
  // Raised with every change but that of the share.
  std::uint64_t revision() const { return revision_; }
  // Called with every change; until the token is dropped.
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

  // Errors: InvalidData and the others of a request that is wrong before a worker sees it. Everything later is told by
  // the view itself.
  Result<std::shared_ptr<View>> open(ViewRequest request);
  // One user fewer; the last one's going ends the build.
  void close(const std::shared_ptr<View>& view);
  // Begins a view anew whose dataset changed or whose parts are gone; nothing otherwise.
  void refresh(View& view);

  // Whether rows [from, to) can be answered now, as far as there are such.
  bool can_answer(const View& view, const WindowRequest& window) const;
  // Precondition: can_answer(). Errors: also Unavailable where the view changed meanwhile (try again once
  // can_answer()).
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
  // One run of the task: what it failed with, if it did; `large` gives it the place with the most memory.
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
