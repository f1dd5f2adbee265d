#include "service/view/view_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {
namespace {

// The parts that hold rows [from, to), and the row that the first of them begins with.
std::pair<std::vector<ViewPart>, std::int64_t> parts_with(const std::vector<ViewPart>& parts, std::int64_t from,
                                                          std::int64_t to) {
  std::vector<ViewPart> out;
  std::int64_t start = 0;
  std::int64_t first = 0;
  for (const ViewPart& part : parts) {
    const std::int64_t end = start + part.rows;
    // Behind the last row there is the last part's schema still.
    const bool wanted = (start < to && from < end) || (&part == &parts.back() && out.empty());
    if (wanted && out.empty()) first = start;
    if (wanted) out.push_back(part);
    start = end;
  }
  return {std::move(out), first};
}

bool is_direct(const Dataset& dataset, const ViewRequest& request) {
  return (dataset.kind == DatasetKind::Parquet || dataset.text) && dataset.rows >= 0 &&
         request.selection.in_file_order() && request.search.empty();
}

bool is_plain_result(const ViewRequest& request) { return request.selection.in_file_order() && request.search.empty(); }

// What the files of one try are named by.
std::string build_key(std::uint64_t build) { return fmt::format("view {} {}", build, random_hex(8)); }

std::string identity_of(const ViewRequest& request, const std::string& version) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", request.dataset, version, to_json(request.selection).dump(),
                                request.search, request.first));
}

}  // namespace

std::int64_t View::available() const {
  if (stage_ == Stage::Failed || stage_ == Stage::Opening) return 0;
  if (state_.method == ViewMethod::Direct) return state_.rows;
  return std::max(rows_of(state_.first), rows_of(state_.parts));
}

std::shared_ptr<View::Listener> View::listen(Listener listener) {
  auto token = std::make_shared<Listener>(std::move(listener));
  listeners_.push_back(token);
  return token;
}

void View::changed() {
  ++revision_;
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  for (const auto& weak : std::vector(listeners_)) {
    if (const auto listener = weak.lock()) (*listener)();
  }
}

ViewService::~ViewService() { *alive_ = false; }

Status ViewService::check(const ViewRequest& request) const {
  if (request.first < 1 || request.first > limits::kViewFirstRowsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("\"first\" must be from 1 to {}.", limits::kViewFirstRowsMax));
  }
  if (request.search.size() > limits::kTargetBytesMax) {
    return fail(ErrorCode::InvalidData, "The text to search for is too long.");
  }
  if (!request.dataset.empty()) {
    CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset));
    return check_selection(request.selection, *dataset);
  }
  if (request.source) return {};
  SqlRunRequest statement;
  statement.sql = request.sql;
  statement.parameters = request.parameters;
  return queries_.check_request(statement);
}

Result<std::shared_ptr<View>> ViewService::open(ViewRequest request) {
  if (request.first == 0) request.first = limits::kViewFirstRows;
  if (request.source && request.source->has_row_ids()) {
    request.dataset = request.source->request_.dataset;
    request.source.reset();
  }
  CANVASBACK_TRY(check(request));
  auto view = std::make_shared<View>();
  if (!request.dataset.empty()) {
    CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset));
    const std::string identity = identity_of(request, dataset->version);
    const auto known = shared_.find(identity);
    if (known != shared_.end() && known->second->stage_ != View::Stage::Failed) {
      order_.remove(identity);
      order_.push_back(identity);
      ++known->second->users_;
      // It was being stopped, as nobody wanted it any more.
      if (known->second->building_ && known->second->cancel_.cancelled()) start(known->second);
      return known->second;
    }
    view->identity_ = identity;
  } else if (request.source) {
    view->base_ = request.source->base_ ? request.source->base_ : request.source;
    ++view->base_->users_;
  } else if (!is_plain_result(request)) {
    // The result first, as it comes; then what is chosen of it.
    ViewRequest whole;
    whole.sql = request.sql;
    whole.parameters = request.parameters;
    whole.first = request.first;
    CANVASBACK_ASSIGN(view->base_, open(std::move(whole)));
  }
  request.source.reset();
  view->request_ = std::move(request);
  view->users_ = 1;
  if (!view->identity_.empty()) {
    shared_[view->identity_] = view;
    order_.remove(view->identity_);
    order_.push_back(view->identity_);
    forget_unused();
  }
  start(view);
  return view;
}

void ViewService::close(const std::shared_ptr<View>& view) {
  if (--view->users_ > 0) return;
  if (view->building_) {
    view->cancel_.cancel(CancelReason::Client);
    queries_.cancel_gone();
  }
  if (view->base_) close(std::exchange(view->base_, nullptr));
  forget_unused();
}

void ViewService::forget_unused() {
  for (auto it = order_.begin(); it != order_.end() && shared_.size() > limits::kViewsMax;) {
    const auto found = shared_.find(*it);
    if (found != shared_.end() && found->second->users_ > 0) {
      ++it;
      continue;
    }
    if (found != shared_.end()) shared_.erase(found);
    it = order_.erase(it);
  }
}

void ViewService::refresh(View& view) {
  if (view.request_.dataset.empty() || view.stage_ == View::Stage::Failed) return;
  const auto dataset = datasets_.find(view.request_.dataset);
  if (dataset && (*dataset)->version == view.version_) return;
  const auto known = shared_.find(view.identity_);
  if (known == shared_.end() || known->second.get() != &view) return;
  const auto shared = known->second;
  if (!dataset) {
    end(shared, dataset.error());
    return;
  }
  // Under the identity that it has from now on.
  shared_.erase(known);
  order_.remove(shared->identity_);
  shared->identity_ = identity_of(shared->request_, (*dataset)->version);
  shared_[shared->identity_] = shared;
  order_.push_back(shared->identity_);
  start_again(shared);
}

void ViewService::start_again(const std::shared_ptr<View>& view) {
  view->cancel_.cancel(CancelReason::Client);
  queries_.cancel_gone();
  start(view);
  view->changed();
}

void ViewService::start(const std::shared_ptr<View>& view) {
  view->stage_ = View::Stage::Opening;
  view->error_.reset();
  view->state_ = {};
  view->share_ = -1;
  view->cancel_ = CancelToken();
  view->build_ = next_build_++;
  view->building_ = true;
  Task task;
  task.received_ns = monotonic_ns();
  ViewWork& work = task.work.emplace<ViewWork>();
  work.selection = view->request_.selection;
  work.build.search = view->request_.search;
  work.build.first = view->request_.first;
  work.build.bytes_max = options_.bytes_max;
  work.build.key = build_key(view->build_);
  std::vector<std::shared_ptr<const Dataset>> datasets;
  if (!view->request_.dataset.empty()) {
    auto dataset = datasets_.find(view->request_.dataset);
    if (!dataset) return end(view, dataset.error());
    view->version_ = (*dataset)->version;
    work.dataset = view->request_.dataset;
    if (is_direct(**dataset, view->request_)) {
      view->state_.columns = (*dataset)->columns;
      if (!work.selection.columns.empty()) {
        view->state_.columns.clear();
        for (const std::string& name : work.selection.columns) {
          view->state_.columns.push_back(*(*dataset)->find_column(name));
        }
      }
      view->state_.rows = (*dataset)->rows;
      view->state_.rows_exact = true;
      return end(view, std::nullopt);
    }
    datasets.push_back(*dataset);
  } else if (view->base_) {
    View& base = *view->base_;
    if (base.stage_ == View::Stage::Failed) return end(view, base.error_);
    if (base.building_) {
      // Begun when the result is whole.
      view->base_listener_ = base.listen([this, weak = std::weak_ptr(view)] {
        const auto waiting = weak.lock();
        if (!waiting || !waiting->base_ || waiting->base_->building_) return;
        waiting->base_listener_.reset();
        start(waiting);
      });
      return;
    }
    work.build.source = base.state_.parts;
    if (work.build.source.empty()) {
      // Nothing to choose from.
      view->state_ = base.state_;
      return end(view, std::nullopt);
    }
  } else {
    work.statement.sql = view->request_.sql;
    work.statement.parameters = view->request_.parameters;
    datasets = datasets_.readable();
  }
  asio::co_spawn(executor_, build(view, std::move(task), std::move(datasets), view->build_), asio::detached);
}

asio::awaitable<void> ViewService::build(std::shared_ptr<View> view, Task task,
                                         std::vector<std::shared_ptr<const Dataset>> datasets, std::uint64_t number) {
  const auto alive = alive_;
  std::optional<Error> error = co_await try_build(view, task, datasets, number, false);
  if (!*alive || view->build_ != number) co_return;
  // The query service tries again what failed before its first answer. A view has answered with its first rows by the
  // time at which the order of all of them takes too much: then it is for us to have it made with more memory.
  if (error && error->code == ErrorCode::MemoryLimit && view->stage_ == View::Stage::Building &&
      !view->cancel_.cancelled()) {
    std::get<ViewWork>(task.work).build.key = build_key(number);
    error = co_await try_build(view, task, datasets, number, true);
    if (!*alive || view->build_ != number) co_return;
  }
  end(view, std::move(error));
}

asio::awaitable<std::optional<Error>> ViewService::try_build(std::shared_ptr<View> view, Task task,
                                                             std::vector<std::shared_ptr<const Dataset>> datasets,
                                                             std::uint64_t number, bool large) {
  const auto alive = alive_;
  const std::string& sql = std::get<ViewWork>(task.work).statement.sql;
  RunningQuery entry{0,       "view",       sql.empty() ? view->request_.dataset : sql, "arrow", 0, "waiting",
                     nullptr, view->cancel_};
  auto answer = co_await queries_.run(std::move(task), std::move(datasets), Lane::General, std::move(entry), large);
  if (!answer) co_return answer.error();
  if (!*alive || view->build_ != number) co_return std::nullopt;
  (*answer)->set_on_progress([view, number](const Json& progress) {
    if (view->build_ == number) view->share_ = progress.at("share").as_double(-1);
  });
  std::optional<Error> error;
  while (true) {
    TaskEvent event = co_await (*answer)->next();
    if (!*alive || view->build_ != number) break;
    if (event.kind == TaskEvent::Kind::Head) {
      take(*view, event.info);
    } else if (event.kind == TaskEvent::Kind::Done) {
      take(*view, event.info.at("view"));
      break;
    } else if (event.kind == TaskEvent::Kind::Failed) {
      error = event.error;
      break;
    }
  }
  co_return error;
}

void ViewService::take(View& view, const Json& state) {
  view.state_ = view_state_from_json(state);
  view.stage_ = View::Stage::Building;
  view.changed();
}

void ViewService::end(const std::shared_ptr<View>& view, std::optional<Error> error) {
  view->building_ = false;
  view->error_ = std::move(error);
  view->stage_ = view->error_                   ? View::Stage::Failed
                 : view->state_.limited.empty() ? View::Stage::Ready
                                                : View::Stage::Limited;
  if (view->error_ && !view->identity_.empty()) {
    const auto known = shared_.find(view->identity_);
    if (known != shared_.end() && known->second == view) {
      shared_.erase(known);
      order_.remove(view->identity_);
    }
  }
  view->changed();
}

bool ViewService::can_answer(const View& view, const WindowRequest& window) const {
  if (view.stage_ == View::Stage::Ready || view.stage_ == View::Stage::Limited) return true;
  if (view.stage_ != View::Stage::Building) return false;
  return window.to <= view.available() || (view.state_.rows_exact && view.available() >= view.state_.rows);
}

Result<WindowWork> ViewService::window_work(const View& view, const WindowRequest& request) const {
  WindowWork work;
  work.dataset = view.request_.dataset;
  work.columns = request.columns.empty() ? view.request_.selection.columns : request.columns;
  for (const std::string& name : request.columns) {
    if (std::ranges::find(view.state_.columns, name, &DatasetColumn::name) == view.state_.columns.end()) {
      return fail(ErrorCode::InvalidData, "The view has no column \"" + name.substr(0, 256) + "\".");
    }
  }
  ViewWindow& window = work.window;
  window.method = view.state_.method;
  window.version = view.version_;
  window.from = request.from;
  window.to = request.to;
  window.row_ids = request.row_ids && view.has_row_ids();
  window.cell_bytes = request.cell_bytes;
  if (window.method == ViewMethod::Direct) return work;
  // While the others are on their way, the first rows have parts of their own.
  const auto& first = view.state_.first;
  const bool from_first = view.state_.parts.empty() || (request.to <= rows_of(first));
  if (from_first) window.method = ViewMethod::Rows;
  std::tie(window.parts, window.parts_from) =
      parts_with(from_first ? first : view.state_.parts, request.from, request.to);
  if (window.parts.empty()) return fail(ErrorCode::Unavailable, "The view has no rows yet.");
  const auto dataset = datasets_.find(view.request_.dataset);
  const bool parquet = dataset && (*dataset)->kind == DatasetKind::Parquet;
  window.places_in_parts = parquet || !is_plain_result(view.request_);
  return work;
}

asio::awaitable<Result<WindowAnswer>> ViewService::window(std::shared_ptr<View> view, WindowRequest request,
                                                          std::size_t reserved, CancelToken gone) {
  using Out = Result<WindowAnswer>;
  auto work = window_work(*view, request);
  if (!work) co_return Out(std::unexpected(work.error()));
  std::vector<std::shared_ptr<const Dataset>> datasets;
  if (!work->dataset.empty()) {
    auto dataset = datasets_.find(work->dataset);
    if (!dataset) co_return Out(std::unexpected(dataset.error()));
    datasets.push_back(*dataset);
  }
  const bool bounded = work->window.method != ViewMethod::Direct || datasets.empty() || has_bounded_pages(*datasets[0]);
  const bool parts = work->window.method != ViewMethod::Direct;
  const std::uint64_t build = view->build_;
  RunningQuery entry{0, "window", view->request_.dataset, "arrow", 0, "waiting", nullptr, gone};
  Task task;
  task.received_ns = request.received_ns;
  task.work = std::move(*work);
  auto answer = co_await queries_.run(std::move(task), std::move(datasets), bounded ? Lane::Bounded : Lane::General,
                                      std::move(entry));
  WindowAnswer out;
  out.bytes.assign(reserved, '\0');
  std::optional<Error> error;
  if (!answer) error = answer.error();
  while (!error) {
    TaskEvent event = co_await (*answer)->next();
    if (event.kind == TaskEvent::Kind::Data) {
      out.bytes += event.bytes;
    } else if (event.kind == TaskEvent::Kind::Failed) {
      error = event.error;
    } else if (event.kind == TaskEvent::Kind::Done) {
      const Json& window = event.info.at("window");
      out.rows = window.at("rows").as_int();
      out.more = window.at("more").as_bool();
      out.cut = window.at("cut").as_bool();
      break;
    }
  }
  if (!error && view->build_ == build) co_return Out(std::move(out));
  if (error && error->code == ErrorCode::Unavailable && parts && view->build_ == build && !view->building_ &&
      !view->request_.sql.empty()) {
    // A result that is gone is not made again behind its reader's back.
    co_return Out(std::unexpected(
        Error{ErrorCode::Unavailable, "The result was evicted from the cache; run the statement again.", {}, {}, 0}));
  }
  if (error && error->code == ErrorCode::Unavailable && parts && view->build_ == build && !view->building_) {
    start_again(view);
  }
  if (!error) error = Error{ErrorCode::Unavailable, "The view has changed.", {}, {}, 0};
  co_return Out(std::unexpected(*error));
}

}  // namespace canvasback
