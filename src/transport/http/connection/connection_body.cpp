// The part of Connection that hands a body to its handler piece by piece, and what its sender must keep to.
#include <fmt/format.h>

#include <boost/beast/http/read.hpp>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "transport/http/connection/connection_parts.hpp"

namespace canvasback::http {
namespace {

namespace beast = boost::beast;

constexpr std::int64_t nanoseconds(std::chrono::nanoseconds time) { return time.count(); }

}  // namespace

std::optional<std::uint64_t> Connection::body_bytes() const { return body_ ? body_->bytes : std::nullopt; }

bool Connection::has_unread_body() const { return body_ && !body_->ended; }

asio::awaitable<Result<std::string_view>> Connection::read_body() {
  using Out = Result<std::string_view>;
  if (!body_ || body_->ended) co_return Out(std::string_view());
  const Phase before = std::exchange(phase_, Phase::Body);
  // Not in one expression: GCC 12 destroys what a conditional of two co_await gives twice.
  Out piece = std::string_view();
  if (body_->chunks) {
    piece = co_await read_chunked_body();
  } else {
    piece = co_await read_sized_body();
  }
  phase_ = before;
  if (!piece) {
    keep_alive_ = false;
    co_return piece;
  }
  body_->taken += piece->size();
  if (body_->taken > limits::kIngestStreamBytesMax) {
    co_return Out(
        fail(ErrorCode::PayloadTooLarge, fmt::format("A body has {} bytes at most.", limits::kIngestStreamBytesMax)));
  }
  if (body_->ended) start_watching();
  co_return piece;
}

// Whether this sender has had its time. The beginning of a body is bounded by the time that is spent waiting for it,
// what follows by a rate: a client on a poor line may take minutes over a small body, but none holds a large one's
// worker for ever.
bool Connection::too_slow_a_sender() {
  BodyReader& body = *body_;
  if (body.arrived < limits::kSmallBodyBytes) return body.waited_ns > nanoseconds(limits::kSmallBodyWindow);
  if (body.window_waited_ns < nanoseconds(limits::kSlowSenderWindow)) return false;
  const bool slow = body.window_bytes < limits::kSlowSenderBytesMin;
  body.window_waited_ns = 0;
  body.window_bytes = 0;
  return slow;
}

bool Connection::body_is_slow() const {
  if (!body_ || body_->ended || phase_ != Phase::Body) return false;
  const std::int64_t waiting_ns = body_->waiting_since_ns > 0 ? monotonic_ns() - body_->waiting_since_ns : 0;
  const std::int64_t waited_ns = body_->window_waited_ns + waiting_ns;
  if (waited_ns < nanoseconds(limits::kUploadYieldAfter)) return false;
  const double bytes_due = static_cast<double>(limits::kSlowSenderBytesMin) * static_cast<double>(waited_ns) /
                           static_cast<double>(nanoseconds(limits::kSlowSenderWindow));
  return static_cast<double>(body_->window_bytes) < bytes_due;
}

void Connection::yield_body() {
  if (!body_ || body_->ended) return;
  body_->yielded = true;
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
}

void Connection::begin_wait() { body_->waiting_since_ns = monotonic_ns(); }

void Connection::end_wait(std::size_t got) {
  const std::int64_t waited_ns = monotonic_ns() - std::exchange(body_->waiting_since_ns, 0);
  body_->waited_ns += waited_ns;
  body_->window_waited_ns += waited_ns;
  body_->window_bytes += got;
  const bool was_small = body_->arrived < limits::kSmallBodyBytes;
  body_->arrived += got;
  if (was_small && body_->arrived >= limits::kSmallBodyBytes) {
    body_->window_waited_ns = 0;
    body_->window_bytes = 0;
  }
}

// Why no more of the body comes. An end of what the client sends is told to it: it may still be reading.
std::unexpected<Error> Connection::body_error(const beast::error_code& error, bool time_is_up) {
  if (body_->yielded) {
    return fail(Error{ErrorCode::RequestTimeout, "The body arrived too slowly while others were waiting.", {}, {}, 5});
  }
  if (time_is_up) return fail(ErrorCode::RequestTimeout, "The request took too long to arrive.");
  if (error == asio::error::eof || error == beast::http::error::partial_message ||
      error == beast::http::error::end_of_stream) {
    return fail(ErrorCode::InvalidData, "The body is shorter than announced.");
  }
  client_gone();
  return fail(ErrorCode::Cancelled, "The client closed the connection.");
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
    body.arrived += got;
  }
  // A few reads make a piece: each costs the worker a frame.
  while (got < wanted) {
    Deadline deadline(shared_from_this(), limits::kBodyTimeout);
    begin_wait();
    auto [error, more] =
        co_await stream_.socket().async_read_some(asio::buffer(body.piece.data() + got, wanted - got), kAwait);
    end_wait(more);
    if (error || too_slow_a_sender()) co_return Out(body_error(error, deadline.passed() || !error));
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
    begin_wait();
    auto [error, read] = co_await beast::http::async_read_some(stream_, buffer_, *body.chunks, kAwait);
    // What came is what counts, not what it says: chunks of one byte are six bytes on the way.
    end_wait(body.piece.size() - target.size - got);
    got = body.piece.size() - target.size;
    const bool stopped = error && error != beast::http::error::need_buffer;
    if (!stopped && !too_slow_a_sender()) continue;
    if (stopped && !deadline.passed() && !body.yielded) {
      auto translated = translate_read_error(error);
      if (!translated) co_return Out(std::unexpected(translated.error()));
    }
    co_return Out(body_error(error, deadline.passed() || !stopped));
  }
  body.piece.resize(got);
  body.ended = body.chunks->is_done();
  co_return Out(std::string_view(body.piece));
}

}  // namespace canvasback::http
