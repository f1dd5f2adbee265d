#include "transport/http/connection/response_writer.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <chrono>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback::http {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

void ResponseWriter::begin_request() {
  responded_ = false;
  extra_headers_.clear();
  head_only_ = false;
  status_sent_ = 0;
  bytes_sent_ = 0;
  slow_blocked_ns_ = 0;
  slow_bytes_ = 0;
}

std::string ResponseWriter::head_text(const Response& head, const std::string& framing) const {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n{}", head.status, reason_phrase(head.status), framing);
  const bool has_content = head.status != 204 && head.status != 304;
  if (has_content) text += fmt::format("Content-Type: {}\r\n", head.content_type);
  for (const auto& [name, value] : extra_headers_) text += fmt::format("{}: {}\r\n", name, value);
  for (const auto& [name, value] : head.headers) text += fmt::format("{}: {}\r\n", name, value);
  text += "X-Content-Type-Options: nosniff\r\n";
  if (is_last_()) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

// True once a reader had limits::kSlowReaderWindow of our waiting time and took too little in it.
bool ResponseWriter::too_slow(std::size_t written, std::int64_t started_ns) {
  slow_blocked_ns_ += monotonic_ns() - started_ns;
  slow_bytes_ += written;
  if (slow_blocked_ns_ < std::chrono::nanoseconds(limits::kSlowReaderWindow).count()) return false;
  const bool slow = slow_bytes_ < limits::kSlowReaderBytesMin;
  slow_blocked_ns_ = 0;
  slow_bytes_ = 0;
  return slow;
}

asio::awaitable<bool> ResponseWriter::write_all(std::string_view first, std::string_view second,
                                                std::string_view third) {
  std::array<asio::const_buffer, 3> parts{asio::buffer(first), asio::buffer(second), asio::buffer(third)};
  std::size_t at = 0;
  while (at < parts.size()) {
    if (parts[at].size() == 0) {
      ++at;
      continue;
    }
    if (link_->gone().cancelled() || link_->aborted()) co_return false;
    const std::int64_t started_ns = monotonic_ns();
    link_->stream().expires_after(limits::kSlowReaderWindow);
    // Parts that are written are empty by now: all three can always be given.
    auto [error, written] = co_await link_->stream().async_write_some(parts, kAwait);
    if (error || too_slow(written, started_ns)) {
      link_->client_gone();
      co_return false;
    }
    bytes_sent_ += written;
    for (std::size_t left = written; left > 0 && at < parts.size();) {
      const std::size_t taken = std::min(left, parts[at].size());
      parts[at] += taken;
      left -= taken;
      if (parts[at].size() == 0) ++at;
    }
  }
  link_->stream().expires_never();
  co_return true;
}

asio::awaitable<bool> ResponseWriter::respond(Response response) {
  co_return co_await respond_view(response, response.body);
}

std::string ResponseWriter::begin_response(const Response& head, std::size_t body_bytes) {
  responded_ = true;
  status_sent_ = head.status;
  const bool bodyless = head.status == 204 || head.status == 304;
  return head_text(head, bodyless ? "" : fmt::format("Content-Length: {}\r\n", body_bytes));
}

asio::awaitable<bool> ResponseWriter::respond_view(const Response& head, std::string_view body) {
  const std::string text = begin_response(head, body.size());
  co_return co_await write_all(text, head_only_ ? std::string_view() : body, {});
}

asio::awaitable<bool> ResponseWriter::respond_lent(const Response& head, std::string_view body,
                                                   std::function<void()> release) {
  std::string rest = begin_response(head, body.size());
  if (head_only_) body = {};
  // What the socket takes at once needs no copy; mostly that is all.
  std::array<iovec, 2> parts{iovec{rest.data(), rest.size()}, iovec{const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const bool open = !link_->gone().cancelled() && !link_->aborted();
  const ssize_t sent =
      open ? ::sendmsg(link_->socket().native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) : ssize_t{0};
  const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  bytes_sent_ += taken;
  if (taken >= rest.size()) {
    rest = body.substr(taken - rest.size());
  } else {
    rest.erase(0, taken);
    rest += body;
  }
  release();
  co_return co_await write_all(rest, {}, {});
}

asio::awaitable<bool> ResponseWriter::begin_stream(const Response& head, const std::string& trailer_names) {
  responded_ = true;
  status_sent_ = head.status;
  if (!chunked_) link_->end_after_answer();  // HTTP/1.0: the end of the connection is the end of the answer
  std::string framing = chunked_ ? "Transfer-Encoding: chunked\r\n" : "";
  if (chunked_ && !trailer_names.empty()) framing += fmt::format("Trailer: {}\r\n", trailer_names);
  const std::string text = head_text(head, framing);
  co_return co_await write_all(text, {}, {});
}

asio::awaitable<bool> ResponseWriter::begin_sized(const Response& head, std::uint64_t bytes) {
  responded_ = true;
  status_sent_ = head.status;
  chunked_ = false;
  const std::string text = head_text(head, fmt::format("Content-Length: {}\r\n", bytes));
  co_return co_await write_all(text, {}, {});
}

asio::awaitable<bool> ResponseWriter::write_chunk(std::string_view bytes) {
  if (head_only_) co_return false;
  if (bytes.empty()) co_return true;
  if (!chunked_) co_return co_await write_all(bytes, {}, {});
  const std::string size = fmt::format("{:x}\r\n", bytes.size());
  co_return co_await write_all(size, bytes, "\r\n");
}

asio::awaitable<bool> ResponseWriter::end_stream(const Headers& trailers) {
  if (!chunked_ || head_only_) co_return true;
  std::string text = "0\r\n";
  for (const auto& [name, value] : trailers) text += fmt::format("{}: {}\r\n", name, value);
  text += "\r\n";
  co_return co_await write_all(text, {}, {});
}

}  // namespace canvasback::http
