#include "transport/http/connection/connection.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstring>
#include <optional>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/connection_parts.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/connection/request_head.hpp"

namespace canvasback::http {
namespace {

namespace beast = boost::beast;

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

// Who a connection counts for. A client of IPv6 has a whole network of addresses: its first 64 bits are its own.
asio::ip::address client_of(const asio::ip::address& address) {
  if (!address.is_v6()) return address;
  const asio::ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, six);
  if (six.is_loopback()) return address;
  auto bytes = six.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes);
}

}  // namespace

Result<bool> translate_read_error(const beast::error_code& error) {
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    return fail(ErrorCode::HeadersTooLarge, "The request's headers are too large.");
  }
  if (error == beast::http::error::body_limit) {
    return fail(ErrorCode::PayloadTooLarge,
                fmt::format("A request body may have at most {} bytes.", limits::kBodyBytesMax));
  }
  if (error == beast::error::timeout) return fail(ErrorCode::RequestTimeout, "The request took too long to arrive.");
  if (error.category() == beast::http::make_error_code(beast::http::error::bad_target).category() &&
      error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
    return fail(ErrorCode::InvalidData, "The request is not well-formed HTTP: " + error.message() + ".");
  }
  return false;  // the client went away
}

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

Connection::Connection(asio::ip::tcp::socket socket, UploadPlaces& uploads, Handler handler, TakesStream takes_stream)
    : stream_(std::move(socket)),
      buffer_(limits::kHeaderBytesMax + 64 * limits::kKiB),
      uploads_(uploads),
      handler_(std::move(handler)),
      takes_stream_(std::move(takes_stream)),
      probe_(stream_.get_executor()) {
  beast::error_code error;
  const auto endpoint = stream_.socket().remote_endpoint(error);
  if (!error) {
    peer_ = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    client_ = client_of(endpoint.address());
  }
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
}

Connection::~Connection() = default;

void Connection::start_watching() {
  watching_ = true;
  asio::co_spawn(stream_.get_executor(), watch_hangup(shared_from_this(), request_number_), asio::detached);
}

void Connection::stop_watching() {
  watching_ = false;
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
  probe_.cancel();
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  phase_since_ns_ = monotonic_ns();
}

std::optional<Connection::Idleness> Connection::idleness() {
  switch (phase_) {
    case Phase::Lingering: return Idleness{0, phase_since_ns_};
    case Phase::Idle: {
      // A request that has arrived and was not read yet is no idleness.
      char byte = 0;
      if (::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return std::nullopt;
      return Idleness{1, phase_since_ns_};
    }
    case Phase::Head: return Idleness{2, phase_since_ns_};
    case Phase::Body:
      if (body_is_slow()) return Idleness{3, phase_since_ns_};
      return std::nullopt;
    case Phase::Request: break;
  }
  return std::nullopt;
}

void Connection::refuse_busy() {
  constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
  static_cast<void>(::send(stream_.socket().native_handle(), kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  stream_.close();
}

void Connection::give_way() {
  closing_ = true;
  keep_alive_ = false;
  beast::error_code ignored;
  stream_.socket().close(ignored);
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
    stop_watching();
    if (!responded_) break;
    if (unread && !aborted_ && !gone_.cancelled()) co_await discard_rest();
  }
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.close();
}

Connection::Deadline::Deadline(std::shared_ptr<Connection> connection, std::chrono::seconds time)
    : timer_(connection->stream_.get_executor(), time), passed_(std::make_shared<bool>(false)) {
  timer_.async_wait([connection, passed = passed_](const boost::system::error_code& error) {
    if (error) return;
    *passed = true;
    boost::system::error_code ignored;
    connection->stream_.socket().cancel(ignored);
  });
}

// An answer that came before the end of its request: a socket that is closed over unread bytes resets the connection,
// and a client that is still sending would never see why. So the rest is read and thrown away, within bounds.
asio::awaitable<void> Connection::discard_rest() {
  enter(Phase::Lingering);
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

// The bytes of the head that stands at the front of the buffer; 0: the client has gone.
asio::awaitable<Result<std::size_t>> Connection::read_head() {
  using Out = Result<std::size_t>;
  const auto text = [&] { return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size()); };
  std::optional<Deadline> deadline;
  enter(Phase::Idle);
  std::size_t checked = 0;
  while (true) {
    auto end = find_head_end(text(), checked);
    if (!end) co_return Out(std::unexpected(end.error()));
    if (end->value_or(buffer_.size()) > limits::kHeaderBytesMax) {
      co_return Out(fail(ErrorCode::HeadersTooLarge, "The request's headers are too large."));
    }
    if (*end) co_return Out(**end);
    checked = buffer_.size();
    if (checked > 0 && phase_ == Phase::Idle) {
      enter(Phase::Head);
      deadline.emplace(shared_from_this(), limits::kHeaderTimeout);
    } else if (checked == 0) {
      deadline.emplace(shared_from_this(), limits::kIdleTimeout);
    }
    auto [error, got] = co_await stream_.socket().async_read_some(buffer_.prepare(16 * limits::kKiB), kAwait);
    if (error && phase_ == Phase::Head && deadline->passed()) {
      co_return Out(fail(ErrorCode::RequestTimeout, "The request took too long to arrive."));
    }
    if (error) co_return Out(std::size_t{0});
    buffer_.commit(got);
  }
}

// true: a request; false: the client has gone; an error: what to answer before closing.
asio::awaitable<Result<bool>> Connection::read_request(Request& request) {
  using Out = Result<bool>;
  auto head = co_await read_head();
  if (!head) co_return Out(std::unexpected(head.error()));
  if (*head == 0) co_return Out(false);
  enter(Phase::Request);
  auto framing = check_head({static_cast<const char*>(buffer_.data().data()), *head});
  if (!framing) co_return Out(std::unexpected(framing.error()));
  Parser parser;
  parser.header_limit(limits::kHeaderBytesMax);
  parser.body_limit(boost::none);  // checked once the route is known
  beast::error_code parse_error;
  parser.put(asio::buffer(buffer_.data().data(), *head), parse_error);
  buffer_.consume(*head);
  if (parse_error) co_return translate_read_error(parse_error);
  fill_head(request, parser.get());
  head_only_ = request.method == "HEAD";
  if (starts_with_ignoring_case(parser.get()[beast::http::field::expect], "100-continue")) {
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(go_on), kAwait);
  }
  if (takes_stream_ && request.target.size() <= limits::kTargetBytesMax && split_target(request) &&
      takes_stream_(request)) {
    begin_body(*framing, parser);
    request.received_ns = monotonic_ns();
    co_return Out(true);
  }
  request.query.clear();
  co_return co_await read_whole_body(request, *framing, parser);
}

void Connection::begin_body(const BodyFraming& framing, Parser& parser) {
  body_ = std::make_unique<BodyReader>();
  if (framing.kind == BodyFraming::Kind::Chunked) {
    body_->chunks = std::make_unique<beast::http::request_parser<beast::http::buffer_body>>(std::move(parser));
  } else {
    body_->bytes = body_->left = framing.bytes;
  }
}

asio::awaitable<Result<bool>> Connection::read_whole_body(Request& request, const BodyFraming& framing,
                                                          Parser& parser) {
  using Out = Result<bool>;
  if (framing.bytes > limits::kBodyBytesMax) co_return translate_read_error(beast::http::error::body_limit);
  if (framing.kind != BodyFraming::Kind::None) {
    parser.body_limit(limits::kBodyBytesMax);
    Deadline deadline(shared_from_this(), limits::kBodyTimeout);
    auto [body_error, body_bytes] = co_await beast::http::async_read(stream_, buffer_, parser, kAwait);
    if (body_error && deadline.passed()) {
      co_return Out(fail(ErrorCode::RequestTimeout, "The request took too long to arrive."));
    }
    if (body_error == beast::http::error::partial_message) {
      co_return Out(fail(ErrorCode::InvalidData, "The body is shorter than announced."));
    }
    if (body_error) co_return translate_read_error(body_error);
    request.body = std::move(parser.get().body());
  }
  request.received_ns = monotonic_ns();
  if (request.target.size() > limits::kTargetBytesMax) {
    co_return Out(
        fail(ErrorCode::UriTooLong, fmt::format("The URL may have at most {} bytes.", limits::kTargetBytesMax)));
  }
  if (Status status = split_target(request); !status) co_return Out(std::unexpected(status.error()));
  co_return Out(true);
}

void Connection::client_gone() {
  if (gone_.cancelled()) return;
  gone_.cancel(CancelReason::Client);
  keep_alive_ = false;
  if (on_gone_) on_gone_();
}

// Readable while a request is answered: the end of what the client sends, its reset, or the next request of one that
// pipelines (which is then left in the kernel, and the end of the connection is noticed when writing).
asio::awaitable<void> Connection::watch_hangup([[maybe_unused]] std::shared_ptr<Connection> self,
                                               std::uint64_t request_number) {
  auto [error] = co_await stream_.socket().async_wait(asio::socket_base::wait_read, kAwait);
  if (error || !is_watching(request_number)) co_return;
  char byte = 0;
  const ssize_t got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && errno != EAGAIN && errno != EINTR) co_return hang_up();
  if (got != 0) co_return;
  watch_dead_peer();
  asio::co_spawn(stream_.get_executor(), watch_reset(self, request_number), asio::detached);
  co_await probe_half_closed(request_number);
}

bool Connection::is_watching(std::uint64_t request_number) const {
  return watching_ && request_number == request_number_ && !aborted_;
}

void Connection::hang_up() {
  client_gone();
  // A write that waits for this client ends now.
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
}

// The kernel asks a peer that says nothing whether it is still there: one that has left for good answers with a reset
// as soon as its own system has forgotten the connection, and one whose machine is gone answers nothing.
void Connection::watch_dead_peer() {
  constexpr int kOn = 1;
  constexpr int kIdleSeconds = 10, kBetweenSeconds = 5, kTries = 4;
  const int socket = stream_.socket().native_handle();
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof kIdleSeconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kBetweenSeconds, sizeof kBetweenSeconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &kTries, sizeof kTries);
}

asio::awaitable<void> Connection::watch_reset([[maybe_unused]] std::shared_ptr<Connection> self,
                                              std::uint64_t request_number) {
  auto [error] = co_await stream_.socket().async_wait(asio::socket_base::wait_error, kAwait);
  if (!error && is_watching(request_number)) hang_up();
}

// A client that has ended its sending side waits for its answer, or has left altogether: both look alike until
// something is sent, which one that left answers with a reset. An answer that comes soon is that; where it takes
// longer, an interim response (which every client of HTTP/1.1 must skip) asks, now and then.
asio::awaitable<void> Connection::probe_half_closed(std::uint64_t request_number) {
  constexpr std::string_view kStillAtIt = "HTTP/1.1 102 Processing\r\n\r\n";
  constexpr std::chrono::seconds kLongest{16};
  std::chrono::milliseconds pause = limits::kHalfClosedProbe;
  while (is_watching(request_number) && !responded_ && chunked_ && !gone_.cancelled()) {
    probe_.expires_after(pause);
    auto [error] = co_await probe_.async_wait(kAwait);
    if (error || !is_watching(request_number) || responded_) co_return;
    const ssize_t sent =
        ::send(stream_.socket().native_handle(), kStillAtIt.data(), kStillAtIt.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Nothing else of this answer is on its way: where there is no room, earlier answers are not read.
    if (sent != static_cast<ssize_t>(kStillAtIt.size())) co_return hang_up();
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongest);
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
  status_sent_ = status;
  stop_watching();  // the hang-up watch ends without touching the stream
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
