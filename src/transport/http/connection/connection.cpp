#include "transport/http/connection/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstring>
#include <optional>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::http {
namespace {

namespace beast = boost::beast;

Result<bool> translate_read_error(const beast::error_code& error) {
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    return fail(ErrorCode::HeadersTooLarge, "The request's headers are too large.");
  }
  if (error == beast::http::error::body_limit) {
    return fail(ErrorCode::PayloadTooLarge, fmt::format("A request body may have {} bytes.", limits::kBodyBytesMax));
  }
  if (error == beast::error::timeout) return fail(ErrorCode::RequestTimeout, "The request took too long to arrive.");
  if (error.category() == beast::http::make_error_code(beast::http::error::bad_target).category() &&
      error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
    return fail(ErrorCode::InvalidData, "The request is not well-formed HTTP: " + error.message() + ".");
  }
  return false;  // the client went away
}

template <class Message>
void fill_head(Request& request, const Message& message) {
  request.method = message.method_string();
  request.target = message.target();
  request.version = static_cast<int>(message.version());
  request.keep_alive = message.keep_alive();
  for (const auto& field : message) {
    std::string& value = request.headers[lower(field.name_string())];
    if (!value.empty()) value += ", ";
    value += field.value();
  }
}

}  // namespace

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

// What is left of a body that the handler takes piece by piece.
struct Connection::BodyReader {
  std::optional<std::uint64_t> bytes;  // in all, where the client said so
  std::uint64_t left = 0;              // of them
  std::unique_ptr<beast::http::request_parser<beast::http::buffer_body>> chunks;
  std::uint64_t taken = 0;
  std::string piece;
  bool ended = false;
};

Connection::Connection(asio::ip::tcp::socket socket, Handler handler, TakesStream takes_stream)
    : stream_(std::move(socket)),
      buffer_(limits::kHeaderBytesMax + 64 * limits::kKiB),
      handler_(std::move(handler)),
      takes_stream_(std::move(takes_stream)) {
  beast::error_code error;
  const auto endpoint = stream_.socket().remote_endpoint(error);
  if (!error) peer_ = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
}

Connection::~Connection() = default;

void Connection::start_watching() {
  watching_ = true;
  asio::co_spawn(stream_.get_executor(), watch_hangup(shared_from_this(), request_number_), asio::detached);
}

asio::awaitable<void> Connection::serve() {
  auto self = shared_from_this();
  while (!closing_ && keep_alive_ && !aborted_) {
    Request request;
    responded_ = false;
    extra_headers_.clear();
    head_only_ = false;
    status_sent_ = 0;
    bytes_sent_ = 0;
    slow_blocked_ns_ = 0;
    slow_bytes_ = 0;
    ++request_number_;
    auto read = co_await read_request(request);
    chunked_ = request.version >= 11;
    if (!read) {
      keep_alive_ = false;
      if (co_await respond(problem_response(read.error(), request.path))) co_await discard_rest();
      break;
    }
    if (!*read) break;
    keep_alive_ = request.keep_alive;
    gone_ = CancelToken();
    on_gone_ = nullptr;
    if (!body_) start_watching();  // else once its end was read
    co_await handler_(*this, request);
    const bool unread = has_unread_body();
    if (unread) keep_alive_ = false;  // the rest of the body stands where a request would
    body_.reset();
    on_gone_ = nullptr;
    if (released_) co_return;
    watching_ = false;
    beast::error_code ignored;
    stream_.socket().cancel(ignored);  // the hang-up watch
    if (!responded_) break;
    if (unread && !aborted_ && !gone_.cancelled()) co_await discard_rest();
  }
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.close();
}

bool Connection::has_unread_body() const { return body_ && !body_->ended; }

// Cancels what the connection waits for when time is up. (The stream's own timer would close the socket, and the client
// would never hear why.)
class Connection::Deadline {
 public:
  Deadline(std::shared_ptr<Connection> connection, std::chrono::seconds time)
      : timer_(connection->stream_.get_executor(), time), passed_(std::make_shared<bool>(false)) {
    timer_.async_wait([connection, passed = passed_](const boost::system::error_code& error) {
      if (error) return;
      *passed = true;
      boost::system::error_code ignored;
      connection->stream_.socket().cancel(ignored);
    });
  }
  bool passed() const { return *passed_; }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> passed_;
};

// An answer that came before the end of its request: a socket that is closed over unread bytes resets the connection,
// and a client that is still sending would never see why. So the rest is read and thrown away, within bounds.
asio::awaitable<void> Connection::discard_rest() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  Deadline deadline(shared_from_this(), limits::kLingerTime);
  std::string sink(limits::kDataFrameBytes, '\0');
  for (std::size_t taken = 0; taken < limits::kLingerBytesMax && !closing_ && !deadline.passed();) {
    auto [error, got] = co_await stream_.socket().async_read_some(asio::buffer(sink), kAwait);
    if (error) co_return;
    taken += got;
  }
}

// true: a request; false: the client has gone; an error: what to answer before closing.
asio::awaitable<Result<bool>> Connection::read_request(Request& request) {
  if (buffer_.size() == 0) {
    stream_.expires_after(limits::kIdleTimeout);
    auto [error, got] = co_await stream_.async_read_some(buffer_.prepare(16 * limits::kKiB), kAwait);
    if (error) co_return false;
    buffer_.commit(got);
  }
  beast::http::request_parser<beast::http::string_body> parser;
  parser.header_limit(limits::kHeaderBytesMax);
  parser.body_limit(boost::none);  // judged once the route is known
  stream_.expires_never();
  std::optional<Deadline> deadline(std::in_place, shared_from_this(), limits::kHeaderTimeout);
  const auto too_late = [] { return fail(ErrorCode::RequestTimeout, "The request took too long to arrive."); };
  auto [header_error, header_bytes] = co_await beast::http::async_read_header(stream_, buffer_, parser, kAwait);
  if (header_error && deadline->passed()) co_return too_late();
  if (header_error) co_return translate_read_error(header_error);
  if (header_bytes > limits::kHeaderBytesMax) {
    co_return fail(ErrorCode::HeadersTooLarge, "The request's headers are too large.");
  }
  if (starts_with_ignoring_case(parser.get()[beast::http::field::expect], "100-continue")) {
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(go_on), kAwait);
  }
  fill_head(request, parser.get());
  if (takes_stream_ && request.target.size() <= limits::kTargetBytesMax && split_target(request) &&
      takes_stream_(request)) {
    body_ = std::make_unique<BodyReader>();
    if (const auto length = parser.content_length()) {
      body_->bytes = body_->left = *length;
    } else if (parser.chunked()) {
      body_->chunks = std::make_unique<beast::http::request_parser<beast::http::buffer_body>>(std::move(parser));
    } else {
      body_->bytes = 0;
    }
    request.received_ns = monotonic_ns();
    co_return true;
  }
  request.query.clear();
  if (const auto length = parser.content_length(); length && *length > limits::kBodyBytesMax) {
    co_return translate_read_error(beast::http::error::body_limit);
  }
  parser.body_limit(limits::kBodyBytesMax);
  deadline.emplace(shared_from_this(), limits::kBodyTimeout);
  auto [body_error, body_bytes] = co_await beast::http::async_read(stream_, buffer_, parser, kAwait);
  if (body_error && deadline->passed()) co_return too_late();
  if (body_error) co_return translate_read_error(body_error);
  deadline.reset();

  request.received_ns = monotonic_ns();
  request.body = std::move(parser.get().body());
  if (request.target.size() > limits::kTargetBytesMax) {
    co_return fail(ErrorCode::UriTooLong, fmt::format("A request target may have {} bytes.", limits::kTargetBytesMax));
  }
  if (Status status = split_target(request); !status) co_return std::unexpected(status.error());
  co_return true;
}

std::optional<std::uint64_t> Connection::body_bytes() const { return body_ ? body_->bytes : std::nullopt; }

asio::awaitable<Result<std::string_view>> Connection::read_body() {
  using Out = Result<std::string_view>;
  if (!body_ || body_->ended) co_return Out(std::string_view());
  // Not in one expression: GCC 12 destroys what a conditional of two co_await gives twice.
  Out piece = std::string_view();
  if (body_->chunks) {
    piece = co_await read_chunked_body();
  } else {
    piece = co_await read_sized_body();
  }
  if (!piece) {
    keep_alive_ = false;
    co_return piece;
  }
  body_->taken += piece->size();
  if (body_->taken > limits::kIngestStreamBytesMax) {
    co_return Out(
        fail(ErrorCode::PayloadTooLarge, fmt::format("A body may have {} bytes.", limits::kIngestStreamBytesMax)));
  }
  if (body_->ended) start_watching();
  co_return piece;
}

// Straight from the socket: nothing of it has to be found first.
asio::awaitable<Result<std::string_view>> Connection::read_sized_body() {
  using Out = Result<std::string_view>;
  BodyReader& body = *body_;
  if (body.left == 0) {
    body.ended = true;
    co_return Out(std::string_view());
  }
  const std::size_t wanted = std::min<std::uint64_t>(body.left, limits::kInputFrameBytes);
  // Never made shorter: growing again would fill it with zeros first.
  if (body.piece.size() < wanted) body.piece.resize(wanted);
  std::size_t got = 0;
  if (buffer_.size() > 0) {
    got = std::min(wanted, buffer_.size());
    std::memcpy(body.piece.data(), buffer_.data().data(), got);
    buffer_.consume(got);
  }
  // A few reads make a piece: each costs the worker a frame.
  while (got < wanted) {
    Deadline deadline(shared_from_this(), limits::kBodyTimeout);
    auto [error, more] =
        co_await stream_.socket().async_read_some(asio::buffer(body.piece.data() + got, wanted - got), kAwait);
    if (error) {
      if (deadline.passed()) co_return Out(fail(ErrorCode::RequestTimeout, "The request took too long to arrive."));
      client_gone();
      co_return Out(fail(ErrorCode::Cancelled, "The client went away."));
    }
    got += more;
    if (got >= limits::kDataFrameBytes) break;
  }
  body.left -= got;
  if (body.left == 0) body.ended = true;
  co_return Out(std::string_view(body.piece).substr(0, got));
}

asio::awaitable<Result<std::string_view>> Connection::read_chunked_body() {
  using Out = Result<std::string_view>;
  BodyReader& body = *body_;
  body.piece.resize(limits::kDataFrameBytes);
  std::size_t got = 0;
  while (got < body.piece.size() && !body.chunks->is_done()) {
    auto& target = body.chunks->get().body();
    target.data = body.piece.data() + got;
    target.size = body.piece.size() - got;
    target.more = true;
    Deadline deadline(shared_from_this(), limits::kBodyTimeout);
    auto [error, read] = co_await beast::http::async_read_some(stream_, buffer_, *body.chunks, kAwait);
    got = body.piece.size() - target.size;
    if (!error || error == beast::http::error::need_buffer) continue;
    if (deadline.passed()) co_return Out(fail(ErrorCode::RequestTimeout, "The request took too long to arrive."));
    auto translated = translate_read_error(error);
    if (!translated) co_return Out(std::unexpected(translated.error()));
    client_gone();
    co_return Out(fail(ErrorCode::Cancelled, "The client went away."));
  }
  body.piece.resize(got);
  body.ended = body.chunks->is_done();
  co_return Out(std::string_view(body.piece));
}

void Connection::client_gone() {
  if (gone_.cancelled()) return;
  gone_.cancel(CancelReason::Client);
  keep_alive_ = false;
  if (on_gone_) on_gone_();
}

// Readable while a request is answered: either its end, or the next request of a client that pipelines (which is then
// left in the kernel, and the end of the connection is noticed when writing).
asio::awaitable<void> Connection::watch_hangup([[maybe_unused]] std::shared_ptr<Connection> self,
                                               std::uint64_t request_number) {
  auto [error] = co_await stream_.socket().async_wait(asio::socket_base::wait_read, kAwait);
  if (error || !watching_ || request_number != request_number_) co_return;
  char byte = 0;
  const ssize_t got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    client_gone();
    // A write that waits for this client ends now.
    beast::error_code ignored;
    stream_.socket().cancel(ignored);
  }
}

std::string Connection::head_text(const Response& head, const std::string& framing) const {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n{}", head.status, reason_phrase(head.status), framing);
  const bool has_content = head.status != 204 && head.status != 304;
  if (has_content) text += fmt::format("Content-Type: {}\r\n", head.content_type);
  for (const auto& [name, value] : extra_headers_) text += fmt::format("{}: {}\r\n", name, value);
  for (const auto& [name, value] : head.headers) text += fmt::format("{}: {}\r\n", name, value);
  text += "X-Content-Type-Options: nosniff\r\n";
  if (!keep_alive_ || has_unread_body()) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

// True once a reader had limits::kSlowReaderWindow of our waiting time and took too little in it.
bool Connection::too_slow(std::size_t written, std::int64_t started_ns) {
  slow_blocked_ns_ += monotonic_ns() - started_ns;
  slow_bytes_ += written;
  if (slow_blocked_ns_ < std::chrono::nanoseconds(limits::kSlowReaderWindow).count()) return false;
  const bool slow = slow_bytes_ < limits::kSlowReaderBytesMin;
  slow_blocked_ns_ = 0;
  slow_bytes_ = 0;
  return slow;
}

asio::awaitable<bool> Connection::write_all(std::string_view first, std::string_view second, std::string_view third) {
  std::array<asio::const_buffer, 3> parts{asio::buffer(first), asio::buffer(second), asio::buffer(third)};
  std::size_t at = 0;
  while (at < parts.size()) {
    if (parts[at].size() == 0) {
      ++at;
      continue;
    }
    if (gone_.cancelled() || aborted_) co_return false;
    const std::int64_t started_ns = monotonic_ns();
    stream_.expires_after(limits::kSlowReaderWindow);
    // Parts that are written are empty by now: all three can always be given.
    auto [error, written] = co_await stream_.async_write_some(parts, kAwait);
    if (error || too_slow(written, started_ns)) {
      client_gone();
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
  stream_.expires_never();
  co_return true;
}

asio::awaitable<bool> Connection::respond(Response response) {
  co_return co_await respond_view(response, response.body);
}

std::string Connection::begin_response(const Response& head, std::size_t body_bytes) {
  responded_ = true;
  status_sent_ = head.status;
  const bool bodyless = head.status == 204 || head.status == 304;
  return head_text(head, bodyless ? "" : fmt::format("Content-Length: {}\r\n", body_bytes));
}

asio::awaitable<bool> Connection::respond_view(const Response& head, std::string_view body) {
  const std::string text = begin_response(head, body.size());
  co_return co_await write_all(text, head_only_ ? std::string_view() : body, {});
}

asio::awaitable<bool> Connection::respond_lent(const Response& head, std::string_view body,
                                               std::function<void()> release) {
  std::string rest = begin_response(head, body.size());
  if (head_only_) body = {};
  // What the socket takes at once needs no copy; mostly that is all.
  std::array<iovec, 2> parts{iovec{rest.data(), rest.size()}, iovec{const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const bool open = !gone_.cancelled() && !aborted_;
  const ssize_t sent =
      open ? ::sendmsg(stream_.socket().native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) : ssize_t{0};
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

asio::awaitable<bool> Connection::begin_stream(const Response& head, const std::string& trailer_names) {
  responded_ = true;
  status_sent_ = head.status;
  if (!chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the answer
  std::string framing = chunked_ ? "Transfer-Encoding: chunked\r\n" : "";
  if (chunked_ && !trailer_names.empty()) framing += fmt::format("Trailer: {}\r\n", trailer_names);
  const std::string text = head_text(head, framing);
  co_return co_await write_all(text, {}, {});
}

asio::awaitable<bool> Connection::begin_sized(const Response& head, std::uint64_t bytes) {
  responded_ = true;
  status_sent_ = head.status;
  chunked_ = false;
  const std::string text = head_text(head, fmt::format("Content-Length: {}\r\n", bytes));
  co_return co_await write_all(text, {}, {});
}

asio::awaitable<bool> Connection::write_chunk(std::string_view bytes) {
  if (head_only_) co_return false;
  if (bytes.empty()) co_return true;
  if (!chunked_) co_return co_await write_all(bytes, {}, {});
  const std::string size = fmt::format("{:x}\r\n", bytes.size());
  co_return co_await write_all(size, bytes, "\r\n");
}

asio::awaitable<bool> Connection::end_stream(const Headers& trailers) {
  if (!chunked_ || head_only_) co_return true;
  std::string text = "0\r\n";
  for (const auto& [name, value] : trailers) text += fmt::format("{}: {}\r\n", name, value);
  text += "\r\n";
  co_return co_await write_all(text, {}, {});
}

Result<beast::tcp_stream> Connection::release(int status) {
  if (buffer_.size() > 0) return fail(ErrorCode::InvalidData, "The client did not wait for the handshake.");
  released_ = true;
  responded_ = true;
  watching_ = false;  // the hang-up watch ends without touching the stream
  status_sent_ = status;
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
  stream_.expires_never();
  return std::move(stream_);
}

void Connection::abort() {
  aborted_ = true;
  keep_alive_ = false;
  // A reset, not an orderly end: an HTTP/1.0 client has no other way to tell.
  linger hard{1, 0};
  ::setsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  beast::error_code ignored;
  stream_.socket().close(ignored);
}

}  // namespace canvasback::http
