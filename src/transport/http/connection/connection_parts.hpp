// What the parts of Connection share: the state of a body that is read piece by piece, a deadline for one wait, and
// errors of Beast as ours. Included by connection*.cpp only.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

// What is left of a body that the handler takes piece by piece.
struct Connection::BodyReader {
  std::optional<std::uint64_t> bytes;  // in all, where the client said so
  std::uint64_t left = 0;              // of them
  std::unique_ptr<boost::beast::http::request_parser<boost::beast::http::buffer_body>> chunks;
  std::uint64_t taken = 0;
  std::string piece;
  bool ended = false;
  bool yielded = false;  // given up for another one
  // How its sender does: bytes that came, and time that was spent waiting for them; in all, and since the rate was
  // looked at.
  std::uint64_t arrived = 0;
  std::int64_t waited_ns = 0;
  std::uint64_t window_bytes = 0;
  std::int64_t window_waited_ns = 0;
  std::int64_t waiting_since_ns = 0;  // 0: nothing is waited for
};

// Cancels what the connection waits for when time is up. (The stream's own timer would close the socket, and the client
// would never hear why.)
class Connection::Deadline {
 public:
  Deadline(std::shared_ptr<Connection> connection, std::chrono::seconds time);
  bool passed() const { return *passed_; }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> passed_;
};

// What to answer before closing; false: nothing, the client has gone.
Result<bool> translate_read_error(const boost::beast::error_code& error);

}  // namespace canvasback::http
