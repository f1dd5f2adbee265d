// ResponseWriter: the answers to a client's requests: at once, or as a stream of chunks whose failure the client can
// tell (the connection is cut without the last chunk). A reader that takes less than the least rate counts as gone. To
// HEAD the headers are sent as for GET and nothing after them; write_chunk() then says that no more is wanted. Each
// request gets exactly one respond(), or begin_stream() and then end_stream(), or ClientLink::abort(). What returns
// bool says whether the client is still there. On the front's one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/http/connection/client_link.hpp"

namespace canvasback::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::string body;
};

class ResponseWriter {
 public:
  // is_last: whether the answer at hand is the connection's last.
  ResponseWriter(std::shared_ptr<ClientLink> link, std::function<bool()> is_last)
      : link_(std::move(link)), is_last_(std::move(is_last)) {}

  // Another request is waited for; what it is.
  void begin_request();
  void set_request(bool chunked, bool head_only) {
    chunked_ = chunked;
    head_only_ = head_only;
  }
  // Sent with every answer to this request, whatever it is.
  void set_extra_headers(Headers headers) { extra_headers_ = std::move(headers); }

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
  // Somebody else answers, with this status.
  void hand_over(int status) {
    responded_ = true;
    status_sent_ = status;
  }

  bool chunked() const { return chunked_; }
  bool responded() const { return responded_; }
  int status_sent() const { return status_sent_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  std::string head_text(const Response& head, const std::string& framing) const;
  std::string begin_response(const Response& head, std::size_t body_bytes);
  asio::awaitable<bool> write_all(std::string_view first, std::string_view second, std::string_view third);
  bool too_slow(std::size_t written, std::int64_t started_ns);

  const std::shared_ptr<ClientLink> link_;
  const std::function<bool()> is_last_;
  bool chunked_ = true;
  bool responded_ = false;
  bool head_only_ = false;
  Headers extra_headers_;
  int status_sent_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::int64_t slow_blocked_ns_ = 0;
  std::size_t slow_bytes_ = 0;
};

std::string_view reason_phrase(int status);

}  // namespace canvasback::http
