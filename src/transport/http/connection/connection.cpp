#include "transport/http/connection/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/limits.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::http {
namespace {

namespace beast = boost::beast;

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

Connection::Connection(asio::ip::tcp::socket socket, UploadPlaces& uploads, Handler handler, TakesStream takes_stream)
    : link_(std::make_shared<ClientLink>(std::move(socket))),
      uploads_(uploads),
      handler_(std::move(handler)),
      reader_(link_, phase_, std::move(takes_stream)),
      writer_(link_, [this] { return !link_->keep_alive() || has_unread_body(); }),
      hangup_(link_, writer_) {
  beast::error_code error;
  const auto endpoint = link_->socket().remote_endpoint(error);
  if (!error) {
    peer_ = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    client_ = client_of(endpoint.address());
  }
}

Connection::~Connection() = default;

std::optional<Connection::Idleness> Connection::idleness() {
  switch (phase_.phase()) {
    case Phase::Lingering: return Idleness{0, phase_.since_ns()};
    case Phase::Idle: {
      // A request that has arrived and was not read yet is no idleness.
      char byte = 0;
      if (::recv(link_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return std::nullopt;
      return Idleness{1, phase_.since_ns()};
    }
    case Phase::Head: return Idleness{2, phase_.since_ns()};
    case Phase::Body:
      if (body_is_slow()) return Idleness{3, phase_.since_ns()};
      return std::nullopt;
    case Phase::Request: break;
  }
  return std::nullopt;
}

void Connection::refuse_busy() {
  constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
  static_cast<void>(::send(link_->socket().native_handle(), kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  beast::error_code ignored;
  link_->socket().shutdown(asio::socket_base::shutdown_send, ignored);
  link_->stream().close();
}

void Connection::give_way() {
  closing_ = true;
  link_->end_after_answer();
  link_->close();
}

bool Connection::has_unread_body() const { return body_ && !body_->ended(); }

asio::awaitable<Result<std::string_view>> Connection::read_body() {
  using Out = Result<std::string_view>;
  if (!has_unread_body()) co_return Out(std::string_view());
  const Phase before = phase_.exchange(Phase::Body);
  auto piece = co_await body_->read();
  phase_.exchange(before);
  if (piece && body_->ended()) hangup_.start(shared_from_this());
  co_return piece;
}

bool Connection::body_is_slow() const { return body_ && phase_.phase() == Phase::Body && body_->is_slow(); }

void Connection::yield_body() {
  if (body_) body_->yield();
}

asio::awaitable<void> Connection::serve() {
  auto self = shared_from_this();
  while (!closing_ && link_->keep_alive() && !link_->aborted()) {
    Request request;
    writer_.begin_request();
    hangup_.begin_request();
    auto read = co_await reader_.read(request, body_);
    writer_.set_request(request.version >= 11, request.method == "HEAD");
    if (!read) {
      link_->end_after_answer();
      if (co_await respond(problem_response(read.error(), request.path))) co_await discard_rest();
      break;
    }
    if (!*read) break;
    link_->begin_request(request.keep_alive);
    if (!body_) hangup_.start(self);  // else once its end was read
    co_await handler_(*this, request);
    const bool unread = has_unread_body();
    if (unread) link_->end_after_answer();  // the rest of the body stands where a request would
    body_.reset();
    link_->set_on_gone(nullptr);
    if (released_) co_return;
    hangup_.stop();
    if (!writer_.responded()) break;
    if (unread && !link_->aborted() && !link_->gone().cancelled()) co_await discard_rest();
  }
  link_->shut_down();
}

// An answer that came before the end of its request: a socket that is closed over unread bytes resets the connection,
// and a client that is still sending would never see why. So the rest is read and thrown away, within bounds.
asio::awaitable<void> Connection::discard_rest() {
  phase_.enter(Phase::Lingering);
  beast::error_code ignored;
  link_->socket().shutdown(asio::socket_base::shutdown_send, ignored);
  Deadline deadline(link_, limits::kLingerTime);
  std::string sink(limits::kDataFrameBytes, '\0');
  for (std::size_t taken = 0; taken < limits::kLingerBytesMax && !closing_ && !deadline.passed();) {
    auto [error, got] = co_await link_->socket().async_read_some(asio::buffer(sink), kAwait);
    if (error) co_return;
    taken += got;
  }
}

Result<beast::tcp_stream> Connection::release(int status) {
  if (link_->buffer().size() > 0) return fail(ErrorCode::InvalidData, "The client did not wait for the handshake.");
  released_ = true;
  writer_.hand_over(status);
  hangup_.stop();  // the hang-up watch ends without touching the stream
  link_->stream().expires_never();
  return std::move(link_->stream());
}

}  // namespace canvasback::http
