// ClientLink: the socket of one client, and what all that read from it and write to it must agree on: whether the
// client has gone, whether the connection was cut, and whether another request may follow. Held by shared_ptr:
// operations that are under way keep it. On the front's one thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "base/cancel.hpp"
#include "worker/pool/event.hpp"

namespace canvasback::http {

class ClientLink {
 public:
  explicit ClientLink(asio::ip::tcp::socket socket);

  boost::beast::tcp_stream& stream() { return stream_; }
  asio::ip::tcp::socket& socket() { return stream_.socket(); }
  // What came and is not used yet.
  boost::beast::flat_buffer& buffer() { return buffer_; }

  // A request was read; the client is there, and another one may follow where it says so.
  void begin_request(bool keep_alive);
  bool keep_alive() const { return keep_alive_; }
  void end_after_answer() { keep_alive_ = false; }

  // Raised when the client goes away; on_gone is called then, once.
  const CancelToken& gone() const { return gone_; }
  void set_on_gone(std::function<void()> on_gone) { on_gone_ = std::move(on_gone); }
  void client_gone();
  // The same, and whatever waits for this client ends now.
  void hang_up();

  // Ends what waits for the socket.
  void cancel_waits();
  // Cuts the connection with a reset, not an orderly end: a client of HTTP/1.0 has no other way to tell.
  void abort();
  bool aborted() const { return aborted_; }
  // Ends it: in order, or at once.
  void shut_down();
  void close();

 private:
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  bool keep_alive_ = true;
  bool aborted_ = false;
  CancelToken gone_;
  std::function<void()> on_gone_;
};

// Cancels what the connection waits for when time is up. (The stream's own timer would close the socket, and the client
// would never hear why.)
class Deadline {
 public:
  Deadline(std::shared_ptr<ClientLink> link, std::chrono::seconds time);
  bool passed() const { return *passed_; }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> passed_;
};

}  // namespace canvasback::http
