#include "transport/websocket/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/error_log.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::websocket {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kHeaderBytes = 24;
constexpr int kTriesMax = 3;  // of a window whose view changed, or whose worker died, meanwhile

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xFF);
}

// The header of docs/stream.md in the first bytes of an answer.
void put_header(WindowAnswer& answer, std::uint32_t id, std::int64_t from, std::int64_t duration_ns) {
  constexpr std::uint8_t kVersion = 1;
  constexpr std::uint8_t kRows = 1;
  const auto duration_us = std::min<std::int64_t>(duration_ns / 1000, UINT32_MAX);
  put<std::uint8_t>(answer.bytes, 0, kVersion);
  put<std::uint8_t>(answer.bytes, 1, kRows);
  put<std::uint16_t>(answer.bytes, 2, static_cast<std::uint16_t>((answer.more ? 1 : 0) | (answer.cut ? 2 : 0)));
  put<std::uint32_t>(answer.bytes, 4, id);
  put<std::uint64_t>(answer.bytes, 8, static_cast<std::uint64_t>(from));
  put<std::uint32_t>(answer.bytes, 16, static_cast<std::uint32_t>(answer.rows));
  put<std::uint32_t>(answer.bytes, 20, static_cast<std::uint32_t>(duration_us));
}

std::string_view name_of(View::Stage stage) {
  switch (stage) {
    case View::Stage::Opening: return "opening";
    case View::Stage::Building: return "building";
    case View::Stage::Ready: return "ready";
    case View::Stage::Limited: return "limited";
    case View::Stage::Failed: break;
  }
  return "failed";
}

std::string view_document(std::uint32_t id, const View& view) {
  const ViewState& state = view.state();
  JsonWriter out;
  out.begin_object().member("id", std::uint64_t{id}).key("view").begin_object();
  out.member("state", name_of(view.stage()));
  if (!state.columns.empty()) {
    out.key("columns").begin_array();
    for (const DatasetColumn& column : state.columns) {
      out.begin_object().member("name", column.name).member("type", column.type).end_object();
    }
    out.end_array();
  }
  out.key("rows");
  state.rows >= 0 ? out.value(state.rows) : out.null();
  out.member("rows_exact", state.rows >= 0 && state.rows_exact);
  out.member("rows_available", view.available());
  out.key("share");
  view.share() >= 0 ? out.value(view.share()) : out.null();
  out.member("row_ids", view.has_row_ids());
  out.member("version", view.version());
  if (!state.limited.empty()) out.member("detail", state.limited);
  out.end_object().end_object();
  return out.take();
}

Error cancelled_error(std::string message) { return Error{ErrorCode::Cancelled, std::move(message), {}, {}, 0}; }
Error invalid_data(std::string message) { return Error{ErrorCode::InvalidData, std::move(message), {}, {}, 0}; }

}  // namespace

Session::Session(beast::tcp_stream stream, ViewService& views, std::function<bool()> closing)
    : socket_(std::move(stream)),
      views_(views),
      closing_(std::move(closing)),
      credits_(limits::kStreamCredits),
      drained_(socket_.get_executor()) {}

asio::awaitable<void> Session::run(Handshake handshake) {
  const auto self = shared_from_this();
  socket_.set_option(beast::websocket::stream_base::timeout{limits::kHeaderTimeout, limits::kStreamIdleTimeout, true});
  socket_.read_message_max(limits::kStreamTextBytesMax);
  auto [accepted] = co_await socket_.async_accept(handshake, kAwait);
  if (accepted) co_return;
  asio::co_spawn(
      socket_.get_executor(), [self] { return self->watch(); }, asio::detached);
  beast::flat_buffer frame;
  while (!ended_) {
    auto [error, bytes] = co_await socket_.async_read(frame, kAwait);
    if (error) break;
    if (!socket_.got_text()) {
      co_await socket_.async_close(beast::websocket::close_reason(beast::websocket::close_code::unknown_data), kAwait);
      break;
    }
    handle({static_cast<const char*>(frame.data().data()), frame.size()});
    frame.consume(frame.size());
    while (outgoing_.size() > limits::kStreamUnsentTextsMax && !ended_) co_await drained_.wait();
  }
  end();
}

void Session::end() {
  if (ended_) return;
  ended_ = true;
  for (const auto& window : windows_) window->cancel.cancel(CancelReason::Client);
  windows_.clear();
  views_.cancel_gone();
  for (auto& [id, open] : std::exchange(open_, {})) {
    open.listener.reset();
    views_.close(open.view);
  }
  outgoing_.clear();
  drained_.notify();
  beast::error_code ignored;
  beast::get_lowest_layer(socket_).socket().close(ignored);
}

// Every notice period: shares of builds, datasets that changed, a client that takes nothing, the server's end.
asio::awaitable<void> Session::watch() {
  const auto self = shared_from_this();
  asio::steady_timer timer(socket_.get_executor());
  while (!ended_) {
    timer.expires_after(limits::kViewNoticePeriod / 5);
    co_await timer.async_wait(kAwait);
    if (ended_) co_return;
    if (closing_()) {
      co_await socket_.async_close(beast::websocket::close_reason(beast::websocket::close_code::going_away), kAwait);
      end();
      co_return;
    }
    if (writing_ && monotonic_ns() - piece_since_ns_ > std::chrono::nanoseconds(limits::kSlowReaderWindow).count()) {
      end();
      co_return;
    }
    std::vector<std::uint32_t> ids;
    for (const auto& [id, open] : open_) ids.push_back(id);
    for (std::uint32_t id : ids) {
      const auto found = open_.find(id);
      if (found == open_.end()) continue;
      views_.refresh(*found->second.view);
      notice(id);
    }
    schedule();
  }
}

void Session::handle(std::string_view frame) {
  std::uint32_t id = 0;
  auto message = parse_message(frame, id);
  if (!message) return send_error(id, message.error());
  if (is_used(id)) return send_error(id, invalid_data(fmt::format("The id {} is in use.", id)));
  if (auto* open_request = std::get_if<OpenMessage>(&message->body)) {
    open(id, std::move(*open_request));
  } else if (auto* window = std::get_if<WindowMessage>(&message->body)) {
    ask(id, std::move(*window));
  } else if (const auto* request = std::get_if<CancelMessage>(&message->body)) {
    cancel(id, request->request);
  } else if (const auto* close = std::get_if<CloseMessage>(&message->body)) {
    if (!open_.contains(close->view)) {
      return send_error(id, invalid_data(fmt::format("There is no open view {}.", close->view)));
    }
    close_view(close->view, cancelled_error("The view was closed."));
    send_text(fmt::format("{{\"id\":{},\"closed\":true}}", id));
  } else if (const auto* credits = std::get_if<CreditsMessage>(&message->body)) {
    credits_ = std::min(credits_ + credits->count, limits::kStreamCreditsMax);
  }
  schedule();
}

bool Session::is_used(std::uint32_t id) const {
  return open_.contains(id) || std::ranges::any_of(windows_, [&](const auto& window) { return window->id == id; });
}

void Session::open(std::uint32_t id, OpenMessage message) {
  for (const auto& named : {message.source, message.replaces}) {
    if (named && !open_.contains(*named)) {
      return send_error(id, invalid_data(fmt::format("There is no open view {}.", *named)));
    }
  }
  if (open_.size() >= limits::kViewsOpenMax && !message.replaces) {
    return send_error(
        id, Error{ErrorCode::TooManyRequests, fmt::format("{} views are open; close one.", open_.size()), {}, {}, 0});
  }
  if (message.source) message.view.source = open_.at(*message.source).view;
  auto view = views_.open(std::move(message.view));
  if (!view) return send_error(id, view.error());
  OpenView& entry = open_[id];
  entry.view = *view;
  entry.listener = (*view)->listen([this, id] {
    if (ended_) return;
    notice(id);
    schedule();
  });
  if (message.replaces) close_view(*message.replaces, cancelled_error("The view was replaced."));
  notice(id);
}

void Session::ask(std::uint32_t id, WindowMessage message) {
  if (!open_.contains(message.view)) {
    return send_error(id, invalid_data(fmt::format("There is no open view {}.", message.view)));
  }
  if (message.slot) {
    for (const auto& older : std::vector(windows_.begin(), windows_.end())) {
      if (older->message.view != message.view || older->message.slot != message.slot || older->superseded_by != 0) {
        continue;
      }
      older->superseded_by = id;
      end_window(older, cancelled_error("The window was superseded."));
    }
  }
  if (windows_.size() >= limits::kStreamWindowsWaitingMax) {
    return send_error(id, Error{ErrorCode::TooManyRequests, "Too many windows are already waiting.", {}, {}, 1});
  }
  auto window = std::make_shared<Window>();
  window->id = id;
  window->message = std::move(message);
  windows_.push_back(std::move(window));
}

// One that waits is answered now, one that runs when its worker has let go of it.
void Session::end_window(const std::shared_ptr<Window>& window, const Error& error) {
  window->cancel.cancel(CancelReason::Client);
  if (window->running) {
    views_.cancel_gone();
    return;
  }
  finish(window, std::unexpected(error));
}

void Session::cancel(std::uint32_t id, std::uint32_t request) {
  for (const auto& window : std::vector(windows_.begin(), windows_.end())) {
    if (window->id != request) continue;
    end_window(window, cancelled_error("The window was cancelled."));
    return send_text(fmt::format("{{\"id\":{},\"cancelled\":true}}", id));
  }
  const auto found = open_.find(request);
  if (found == open_.end()) {
    // It may have ended a moment ago.
    return send_text(fmt::format("{{\"id\":{},\"cancelled\":false}}", id));
  }
  const bool under_way =
      found->second.view->stage() == View::Stage::Opening || found->second.view->stage() == View::Stage::Building;
  if (under_way) {
    const Error error = cancelled_error("The view was cancelled.");
    close_view(request, error);
    send_error(request, error);
  }
  send_text(fmt::format("{{\"id\":{},\"cancelled\":{}}}", id, under_way));
}

void Session::close_view(std::uint32_t id, const Error& error) {
  auto node = open_.extract(id);
  node.mapped().listener.reset();
  for (const auto& window : std::vector(windows_.begin(), windows_.end())) {
    if (window->message.view == id) end_window(window, error);
  }
  views_.close(node.mapped().view);
}

void Session::schedule() {
  if (ended_) return;
  for (const auto& window : std::vector(windows_.begin(), windows_.end())) {
    if (running_ >= limits::kStreamWindowsAtOnce || credits_ <= 0 || unsent_bytes_ >= limits::kStreamUnsentBytesMax) {
      return;
    }
    const auto open = open_.find(window->message.view);
    if (window->running || open == open_.end() || !views_.can_answer(*open->second.view, window->message.window)) {
      continue;
    }
    window->running = true;
    window->started_ns = monotonic_ns();
    window->message.window.received_ns = window->started_ns;
    --credits_;
    ++running_;
    asio::co_spawn(
        socket_.get_executor(),
        [self = shared_from_this(), window, view = open->second.view] { return self->answer(window, view); },
        asio::detached);
  }
}

asio::awaitable<void> Session::answer(std::shared_ptr<Window> window, std::shared_ptr<View> view) {
  auto answer = co_await views_.window(view, window->message.window, kHeaderBytes, window->cancel);
  --running_;
  if (ended_) co_return;
  if (!answer) ++credits_;
  window->running = false;
  const bool again = !answer && !window->cancel.cancelled() && ++window->tries < kTriesMax &&
                     (answer.error().code == ErrorCode::Unavailable ||
                      (answer.error().code == ErrorCode::DataProcessing && window->tries == 1)) &&
                     view->stage() != View::Stage::Failed;
  if (!again) finish(window, std::move(answer));
  schedule();
}

void Session::finish(const std::shared_ptr<Window>& window, Result<WindowAnswer> answer) {
  std::erase(windows_, window);
  if (window->superseded_by != 0) {
    if (answer) ++credits_;
    return send_text(fmt::format("{{\"id\":{},\"superseded\":{{\"by\":{}}}}}", window->id, window->superseded_by));
  }
  if (answer && window->cancel.cancelled()) {
    ++credits_;
    answer = std::unexpected(cancelled_error("The window was cancelled."));
  }
  if (!answer) return send_error(window->id, answer.error());
  put_header(*answer, window->id, window->message.window.from, monotonic_ns() - window->started_ns);
  send({std::move(answer->bytes), true});
}

// Says how the view is now, if that is something new, not too often.
void Session::notice(std::uint32_t id) {
  const auto found = open_.find(id);
  if (found == open_.end() || ended_) return;
  OpenView& open = found->second;
  const View& view = *open.view;
  if (view.stage() == View::Stage::Failed) {
    const Error error = *view.error();
    close_view(id, error);
    return send_error(id, error);
  }
  const bool first = open.sent_revision == UINT64_MAX;
  const bool same = open.sent_revision == view.revision() && open.sent_share == view.share();
  if (same && !first) return;
  const bool staged = open.sent_stage != view.stage();
  const bool soon = monotonic_ns() - open.sent_ns < std::chrono::nanoseconds(limits::kViewNoticePeriod).count();
  if (!first && !staged && soon) return;
  send_view(id, open);
}

void Session::send_view(std::uint32_t id, OpenView& open) {
  open.sent_revision = open.view->revision();
  open.sent_stage = open.view->stage();
  open.sent_share = open.view->share();
  open.sent_ns = monotonic_ns();
  send_text(view_document(id, *open.view));
}

void Session::send_error(std::uint32_t id, const Error& error) {
  if (http_status_of(error.code) >= 500) {
    log::warning("{}", for_log(error));
  }
  const std::string problem = http::problem_document(error, {});
  send_text(id == 0 ? fmt::format("{{\"id\":null,\"error\":{}}}", problem)
                    : fmt::format("{{\"id\":{},\"error\":{}}}", id, problem));
}

void Session::send_text(std::string text) { send({std::move(text), false}); }

void Session::send(Outgoing message) {
  if (ended_) return;
  unsent_bytes_ += message.bytes.size();
  outgoing_.push_back(std::move(message));
  if (writing_) return;
  writing_ = true;
  piece_since_ns_ = monotonic_ns();
  asio::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->write_all(); }, asio::detached);
}

// In pieces, so that a slow client that takes some is told from one that takes nothing.
asio::awaitable<void> Session::write_all() {
  while (!outgoing_.empty() && !ended_) {
    const Outgoing message = std::move(outgoing_.front());
    outgoing_.pop_front();
    socket_.binary(message.binary);
    for (std::size_t at = 0; at < message.bytes.size() && !ended_;) {
      const std::size_t piece = std::min(limits::kStreamPieceBytes, message.bytes.size() - at);
      piece_since_ns_ = monotonic_ns();
      auto [error, sent] = co_await socket_.async_write_some(at + piece == message.bytes.size(),
                                                             asio::buffer(message.bytes.data() + at, piece), kAwait);
      if (error) {
        writing_ = false;
        end();
        co_return;
      }
      at += piece;
      unsent_bytes_ -= piece;
    }
    drained_.notify();
    schedule();
  }
  writing_ = false;
}

}  // namespace canvasback::websocket
