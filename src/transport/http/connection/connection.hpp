// Connection: one client's TCP connection. Reads requests one after the other, hands each to the router, and gives
// handlers a way to answer: at once, or as a stream of chunks whose failure the client can tell (the connection is
// cut without the last chunk). Watches for the client going away while an answer is made. Bounds: header and body
// sizes and times, a slow reader's rate. All on the front's one thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "transport/http/connection/request.hpp"
#include "worker/pool/event.hpp"

namespace canvasback::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::string body;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Handler = std::function<asio::awaitable<void>(Connection&, Request&)>;

  // Says of a request, whose headers are read, that its handler takes the body piece by piece.
  using TakesStream = std::function<bool(const Request&)>;

  Connection(asio::ip::tcp::socket socket, Handler handler, TakesStream takes_stream = {});
  ~Connection();

  asio::awaitable<void> serve();
  // Ends the connection when its request is answered.
  void close_soon() { closing_ = true; }

  // For handlers that take a stream: the next piece of the body, empty behind the last; valid until the next call.
  // Errors: RequestTimeout, PayloadTooLarge, InvalidData (broken chunks), Cancelled when the client has gone.
  asio::awaitable<Result<std::string_view>> read_body();
  // Of such a body, where the client says it.
  std::optional<std::uint64_t> body_bytes() const;

  // For handlers. Each request gets exactly one respond(), or begin_stream() and then end_stream() or abort().
  asio::awaitable<bool> respond(Response response);
  asio::awaitable<bool> respond_view(const Response& head, std::string_view body);
  // The same for a body that its owner wants back soon: release() is called once nothing refers to it, which does not
  // wait for a slow client.
  asio::awaitable<bool> respond_lent(const Response& head, std::string_view body, std::function<void()> release);
  asio::awaitable<bool> begin_stream(const Response& head, const std::string& trailer_names);
  // A stream of so many bytes: the client can tell by their number that it is whole. No end_stream().
  asio::awaitable<bool> begin_sized(const Response& head, std::uint64_t bytes);
  asio::awaitable<bool> write_chunk(std::string_view bytes);
  asio::awaitable<bool> end_stream(const Headers& trailers);
  void abort();  // cuts the connection with a reset
  // Instead of an answer: the connection itself, for another protocol. Nothing else may be called afterwards but
  // closing(). Errors: InvalidData where the client sent more than its request.
  Result<boost::beast::tcp_stream> release(int status);
  bool closing() const { return closing_; }

  // Sent with every answer to this request, whatever it is.
  void set_extra_headers(Headers headers) { extra_headers_ = std::move(headers); }
  // HEAD: the headers are sent as for GET and nothing after them; write_chunk() then says that no more is wanted.
  void send_head_only() { head_only_ = true; }

  // Raised when the client goes away; on_gone is called then, once.
  CancelToken gone() const { return gone_; }
  void set_on_gone(std::function<void()> on_gone) { on_gone_ = std::move(on_gone); }

  const std::string& peer() const { return peer_; }
  int status_sent() const { return status_sent_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  class Deadline;
  struct BodyReader;

  asio::awaitable<Result<bool>> read_request(Request& request);
  void start_watching();
  bool has_unread_body() const;
  asio::awaitable<void> discard_rest();
  asio::awaitable<Result<std::string_view>> read_sized_body();
  asio::awaitable<Result<std::string_view>> read_chunked_body();
  asio::awaitable<void> watch_hangup(std::shared_ptr<Connection> self, std::uint64_t request_number);
  std::string head_text(const Response& head, const std::string& framing) const;
  std::string begin_response(const Response& head, std::size_t body_bytes);
  asio::awaitable<bool> write_all(std::string_view first, std::string_view second, std::string_view third);
  bool too_slow(std::size_t written, std::int64_t started_ns);
  void client_gone();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  Handler handler_;
  TakesStream takes_stream_;
  std::unique_ptr<BodyReader> body_;  // of the request at hand, where it is taken piece by piece
  std::string peer_;
  bool closing_ = false;
  bool keep_alive_ = true;
  bool chunked_ = true;
  bool responded_ = false;
  bool head_only_ = false;
  Headers extra_headers_;
  bool aborted_ = false;
  bool released_ = false;
  int status_sent_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t request_number_ = 0;
  bool watching_ = false;
  CancelToken gone_;
  std::function<void()> on_gone_;
  std::int64_t slow_blocked_ns_ = 0;
  std::size_t slow_bytes_ = 0;
};

std::string_view reason_phrase(int status);

}  // namespace canvasback::http
