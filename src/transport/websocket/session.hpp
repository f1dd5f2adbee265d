// Session: one client's WebSocket connection, which speaks the protocol of docs/stream.md. It opens views, starts each
// window once its rows are available and the client has a credit for it, and cancels windows that were superseded.
//
// Memory is bounded: windows need credits and stop at limits::kStreamUnsentBytesMax unsent bytes, and no further
// message is read while kStreamUnsentTextsMax wait. A client that reads nothing for kSlowReaderWindow is cut.
// Ownership: keeps itself alive while run() runs. Not thread-safe: on the front's thread.
#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "service/view/view_service.hpp"
#include "transport/websocket/message.hpp"
#include "worker/pool/event.hpp"

namespace canvasback::websocket {

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Handshake = boost::beast::http::request<boost::beast::http::empty_body>;

  // closing: whether the server is shutting down. `views` must outlive the session.
  Session(boost::beast::tcp_stream stream, ViewService& views, std::function<bool()> closing);

  // Answers the handshake and serves the connection until either side closes it; then closes all of its views.
  asio::awaitable<void> run(Handshake handshake);

 private:
  struct OpenView {
    std::shared_ptr<View> view;
    std::shared_ptr<View::Listener> listener;
    std::uint64_t sent_revision = UINT64_MAX;
    View::Stage sent_stage = View::Stage::Opening;
    double sent_share = -1;
    std::int64_t sent_ns = 0;
  };
  struct Window {
    std::uint32_t id = 0;
    WindowMessage message;
    CancelToken cancel;
    std::uint32_t superseded_by = 0;
    bool running = false;
    int tries = 0;
    std::int64_t started_ns = 0;
  };
  struct Outgoing {
    std::string bytes;
    bool binary = false;
  };

  void handle(std::string_view frame);
  void open(std::uint32_t id, OpenMessage message);
  void ask(std::uint32_t id, WindowMessage message);
  void cancel(std::uint32_t id, std::uint32_t request);
  void close_view(std::uint32_t id, const Error& error);
  void end_window(const std::shared_ptr<Window>& window, const Error& error);
  bool is_used(std::uint32_t id) const;

  void schedule();
  asio::awaitable<void> answer(std::shared_ptr<Window> window, std::shared_ptr<View> view);
  void finish(const std::shared_ptr<Window>& window, Result<WindowAnswer> answer);

  void notice(std::uint32_t id);
  void send_view(std::uint32_t id, OpenView& open);
  void send_error(std::uint32_t id, const Error& error);
  void send_text(std::string text);
  void send(Outgoing message);
  asio::awaitable<void> write_all();
  asio::awaitable<void> watch();
  void end();

  boost::beast::websocket::stream<boost::beast::tcp_stream, false> socket_;
  ViewService& views_;
  std::function<bool()> closing_;
  std::map<std::uint32_t, OpenView> open_;
  std::deque<std::shared_ptr<Window>> windows_;  // waiting and running, in the order they came
  std::size_t running_ = 0;
  std::int64_t credits_;
  std::deque<Outgoing> outgoing_;
  std::size_t unsent_bytes_ = 0;
  bool writing_ = false;
  std::int64_t piece_since_ns_ = 0;
  Event drained_;
  bool ended_ = false;
};

}  // namespace canvasback::websocket
