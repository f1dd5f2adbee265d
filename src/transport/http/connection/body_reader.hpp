// BodyReader: a request's body that its handler takes piece by piece, and what its sender must keep to: a time for the
// beginning, a rate for what follows. On the front's one thread.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "transport/http/connection/client_link.hpp"
#include "transport/http/connection/request_head.hpp"

namespace canvasback::http {

class BodyReader {
 public:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // parser: has read the head that the framing is of.
  BodyReader(std::shared_ptr<ClientLink> link, const BodyFraming& framing, Parser& parser);

  // The next piece, empty behind the last; valid until the next call. Errors: RequestTimeout (nothing came for
  // limits::kBodyTimeout, or too little within its window, or yield()), PayloadTooLarge, InvalidData (broken chunks, an
  // end that came early), Cancelled when the client has gone.
  asio::awaitable<Result<std::string_view>> read();
  bool ended() const { return ended_; }
  // In all, where the client says so.
  std::optional<std::uint64_t> bytes() const { return bytes_; }
  // Whether it has kept us waiting for limits::kUploadYieldAfter and comes below the least rate.
  bool is_slow() const;
  // Gives it up for another one: the read at hand ends with RequestTimeout.
  void yield();

 private:
  asio::awaitable<Result<std::string_view>> read_sized();
  asio::awaitable<Result<std::string_view>> read_chunked();
  void begin_wait();
  void end_wait(std::size_t got);
  bool too_slow_a_sender();
  std::unexpected<Error> error_of(const boost::beast::error_code& error, bool time_is_up);

  const std::shared_ptr<ClientLink> link_;
  std::optional<std::uint64_t> bytes_;
  std::uint64_t left_ = 0;  // of bytes_
  std::unique_ptr<boost::beast::http::request_parser<boost::beast::http::buffer_body>> chunks_;
  std::uint64_t taken_ = 0;
  std::string piece_;
  bool ended_ = false;
  bool yielded_ = false;
  // How its sender does: bytes that came, and time that was spent waiting for them; in all, and since the rate was
  // looked at.
  std::uint64_t arrived_ = 0;
  std::int64_t waited_ns_ = 0;
  std::uint64_t window_bytes_ = 0;
  std::int64_t window_waited_ns_ = 0;
  std::int64_t waiting_since_ns_ = 0;  // 0: nothing is waited for
};

}  // namespace canvasback::http
