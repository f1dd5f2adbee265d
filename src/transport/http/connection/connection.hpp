// Connection: one client's TCP connection: takes requests one after the other from its RequestReader, hands each to the
// router, and is what handlers see of it: the body, the ways to answer (ResponseWriter), and whether the client has
// gone (HangupWatch). Bounds: header and body sizes and times, the rates of slow readers and slow senders. All on the
// front's one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel.hpp"
#include "transport/http/connection/client_link.hpp"
#include "transport/http/connection/hangup_watch.hpp"
#include "transport/http/connection/request.hpp"
#include "transport/http/connection/request_reader.hpp"
#include "transport/http/connection/response_writer.hpp"
#include "transport/http/connection/upload_places.hpp"

namespace canvasback::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Handler = std::function<asio::awaitable<void>(Connection&, Request&)>;

  using TakesStream = RequestReader::TakesStream;

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

  // For handlers that take a stream: BodyReader::read(), bytes().
  asio::awaitable<Result<std::string_view>> read_body();
  std::optional<std::uint64_t> body_bytes() const { return body_ ? body_->bytes() : std::nullopt; }
  UploadPlaces& uploads() { return uploads_; }
  // Whether such a body has kept us waiting for limits::kUploadYieldAfter and comes below the least rate.
  bool body_is_slow() const;
  // Gives such a body up: the read at hand ends with RequestTimeout.
  void yield_body();

  // For handlers: ResponseWriter's.
  asio::awaitable<bool> respond(Response response) { return writer_.respond(std::move(response)); }
  asio::awaitable<bool> respond_view(const Response& head, std::string_view body) {
    return writer_.respond_view(head, body);
  }
  asio::awaitable<bool> respond_lent(const Response& head, std::string_view body, std::function<void()> release) {
    return writer_.respond_lent(head, body, std::move(release));
  }
  asio::awaitable<bool> begin_stream(const Response& head, const std::string& trailer_names) {
    return writer_.begin_stream(head, trailer_names);
  }
  asio::awaitable<bool> begin_sized(const Response& head, std::uint64_t bytes) {
    return writer_.begin_sized(head, bytes);
  }
  asio::awaitable<bool> write_chunk(std::string_view bytes) { return writer_.write_chunk(bytes); }
  asio::awaitable<bool> end_stream(const Headers& trailers) { return writer_.end_stream(trailers); }
  void abort() { link_->abort(); }  // cuts the connection with a reset
  // Instead of an answer: the connection itself, for another protocol. Nothing else may be called afterwards but
  // closing(). Errors: InvalidData where the client sent more than its request.
  Result<boost::beast::tcp_stream> release(int status);
  bool closing() const { return closing_; }

  // Sent with every answer to this request, whatever it is.
  void set_extra_headers(Headers headers) { writer_.set_extra_headers(std::move(headers)); }
  // The answer is the connection's last: what follows the request is not read.
  void close_after_answer() { link_->end_after_answer(); }

  // Raised when the client goes away; on_gone is called then, once.
  CancelToken gone() const { return link_->gone(); }
  void set_on_gone(std::function<void()> on_gone) { link_->set_on_gone(std::move(on_gone)); }

  const std::string& peer() const { return peer_; }
  int status_sent() const { return writer_.status_sent(); }
  std::uint64_t bytes_sent() const { return writer_.bytes_sent(); }

 private:
  bool has_unread_body() const;
  asio::awaitable<void> discard_rest();

  const std::shared_ptr<ClientLink> link_;
  UploadPlaces& uploads_;
  const Handler handler_;
  ConnectionPhase phase_;
  std::unique_ptr<BodyReader> body_;  // of the request at hand, where it is taken piece by piece
  RequestReader reader_;
  ResponseWriter writer_;
  HangupWatch hangup_;
  std::string peer_;
  asio::ip::address client_;
  bool closing_ = false;
  bool released_ = false;
};

}  // namespace canvasback::http
