// Connection: one client's TCP connection. Reads requests one after the other, hands each to the router, and gives
// handlers a way to answer: at once, or as a stream of chunks whose failure the client can tell (the connection is
// cut without the last chunk). Watches for the client going away while an answer is made; one that has only ended its
// sending side still gets it. Bounds: header and body sizes and times, the rates of slow readers and slow senders. All
// on the front's one thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "transport/http/connection/request.hpp"
#include "transport/http/connection/request_head.hpp"
#include "transport/http/connection/upload_places.hpp"
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

  // uploads: where handlers get a place for a large body; it outlives the connection.
  Connection(asio::ip::tcp::socket socket, UploadPlaces& uploads, Handler handler, TakesStream takes_stream = {});
  ~Connection();

  asio::awaitable<void> serve();
  // Ends the connection when its request is answered.
  void close_soon() { closing_ = true; }

  // How idle the connection is, for a server that has no room for another: a lower rank gives way first, and of one
  // rank the one that is so since the longest time. Nothing while a request is answered, or arrives at a fair rate.
  struct Idleness {
    int rank;  // answered and lingering, no request yet, half a head, a slow body
    std::int64_t since_ns;
    auto operator<=>(const Idleness&) const = default;
  };
  std::optional<Idleness> idleness();
  // Instead of serve(): 503, as far as the client reads it, and closed.
  void refuse_busy();
  // Closes the socket now, to be called for an idle one only.
  void give_way();
  // Who the connection counts for: the address, or the network of 64 bits of an IPv6 address.
  const asio::ip::address& client() const { return client_; }

  // For handlers that take a stream: the next piece of the body, empty behind the last; valid until the next call.
  // Errors: RequestTimeout (nothing came for limits::kBodyTimeout, or too little within its window, or yield_body()),
  // PayloadTooLarge, InvalidData (broken chunks, an end that came early), Cancelled when the client has gone.
  asio::awaitable<Result<std::string_view>> read_body();
  // Of such a body, where the client says it.
  std::optional<std::uint64_t> body_bytes() const;
  UploadPlaces& uploads() { return uploads_; }
  // Whether such a body has kept us waiting for limits::kUploadYieldAfter and comes below the least rate.
  bool body_is_slow() const;
  // Gives such a body up: the read at hand ends with RequestTimeout.
  void yield_body();

  // For handlers. To HEAD the headers are sent as for GET and nothing after them; write_chunk() then says that no more
  // is wanted. Each request gets exactly one respond(), or begin_stream() and then end_stream() or abort().
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
  // The answer is the connection's last: what follows the request is not read.
  void close_after_answer() { keep_alive_ = false; }

  // Raised when the client goes away; on_gone is called then, once.
  CancelToken gone() const { return gone_; }
  void set_on_gone(std::function<void()> on_gone) { on_gone_ = std::move(on_gone); }

  const std::string& peer() const { return peer_; }
  int status_sent() const { return status_sent_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  class Deadline;
  struct BodyReader;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // Waits for a request, has some of its head, reads a streamed body, is past that, throws away what still comes.
  enum class Phase { Idle, Head, Body, Request, Lingering };

  asio::awaitable<Result<std::size_t>> read_head();
  asio::awaitable<Result<bool>> read_request(Request& request);
  void begin_body(const BodyFraming& framing, Parser& parser);
  asio::awaitable<Result<bool>> read_whole_body(Request& request, const BodyFraming& framing, Parser& parser);
  void enter(Phase phase);
  void start_watching();
  void stop_watching();
  bool has_unread_body() const;
  asio::awaitable<void> discard_rest();
  asio::awaitable<Result<std::string_view>> read_sized_body();
  asio::awaitable<Result<std::string_view>> read_chunked_body();
  void begin_wait();
  void end_wait(std::size_t got);
  bool too_slow_a_sender();
  std::unexpected<Error> body_error(const boost::beast::error_code& error, bool time_is_up);
  asio::awaitable<void> watch_hangup(std::shared_ptr<Connection> self, std::uint64_t request_number);
  asio::awaitable<void> watch_reset(std::shared_ptr<Connection> self, std::uint64_t request_number);
  asio::awaitable<void> probe_half_closed(std::uint64_t request_number);
  bool is_watching(std::uint64_t request_number) const;
  void watch_dead_peer();
  void hang_up();
  std::string head_text(const Response& head, const std::string& framing) const;
  std::string begin_response(const Response& head, std::size_t body_bytes);
  asio::awaitable<bool> write_all(std::string_view first, std::string_view second, std::string_view third);
  bool too_slow(std::size_t written, std::int64_t started_ns);
  void client_gone();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  UploadPlaces& uploads_;
  Handler handler_;
  TakesStream takes_stream_;
  std::unique_ptr<BodyReader> body_;  // of the request at hand, where it is taken piece by piece
  std::string peer_;
  asio::ip::address client_;
  Phase phase_ = Phase::Idle;
  std::int64_t phase_since_ns_ = 0;
  asio::steady_timer probe_;  // see probe_half_closed
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
