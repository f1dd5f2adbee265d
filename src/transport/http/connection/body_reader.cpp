#include "transport/http/connection/body_reader.hpp"

#include <fmt/format.h>

#include <boost/beast/http/read.hpp>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "transport/http/connection/request_reader.hpp"

namespace canvasback::http {
namespace {

namespace beast = boost::beast;

constexpr std::int64_t nanoseconds(std::chrono::nanoseconds time) { return time.count(); }

}  // namespace

BodyReader::BodyReader(std::shared_ptr<ClientLink> link, const BodyFraming& framing, Parser& parser)
    : link_(std::move(link)) {
  if (framing.kind == BodyFraming::Kind::Chunked) {
    chunks_ = std::make_unique<beast::http::request_parser<beast::http::buffer_body>>(std::move(parser));
  } else {
    bytes_ = left_ = framing.bytes;
  }
}

asio::awaitable<Result<std::string_view>> BodyReader::read() {
  using Out = Result<std::string_view>;
  if (ended_) co_return Out(std::string_view());
  // Not in one expression: GCC 12 destroys what a conditional of two co_await gives twice.
  Out piece = std::string_view();
  if (chunks_) {
    piece = co_await read_chunked();
  } else {
    piece = co_await read_sized();
  }
  if (!piece) {
    link_->end_after_answer();
    co_return piece;
  }
  taken_ += piece->size();
  if (taken_ > limits::kIngestStreamBytesMax) {
    co_return Out(
        fail(ErrorCode::PayloadTooLarge, fmt::format("A body has {} bytes at most.", limits::kIngestStreamBytesMax)));
  }
  co_return piece;
}

// Whether this sender has had its time. The beginning of a body is bounded by the time that is spent waiting for it,
// what follows by a rate: a client on a poor line may take minutes over a small body, but none holds a large one's
// worker for ever.
bool BodyReader::too_slow_a_sender() {
  if (arrived_ < limits::kSmallBodyBytes) return waited_ns_ > nanoseconds(limits::kSmallBodyWindow);
  if (window_waited_ns_ < nanoseconds(limits::kSlowSenderWindow)) return false;
  const bool slow = window_bytes_ < limits::kSlowSenderBytesMin;
  window_waited_ns_ = 0;
  window_bytes_ = 0;
  return slow;
}

bool BodyReader::is_slow() const {
  if (ended_) return false;
  const std::int64_t waiting_ns = waiting_since_ns_ > 0 ? monotonic_ns() - waiting_since_ns_ : 0;
  const std::int64_t waited_ns = window_waited_ns_ + waiting_ns;
  if (waited_ns < nanoseconds(limits::kUploadYieldAfter)) return false;
  const double bytes_due = static_cast<double>(limits::kSlowSenderBytesMin) * static_cast<double>(waited_ns) /
                           static_cast<double>(nanoseconds(limits::kSlowSenderWindow));
  return static_cast<double>(window_bytes_) < bytes_due;
}

void BodyReader::yield() {
  if (ended_) return;
  yielded_ = true;
  link_->cancel_waits();
}

void BodyReader::begin_wait() { waiting_since_ns_ = monotonic_ns(); }

void BodyReader::end_wait(std::size_t got) {
  const std::int64_t waited_ns = monotonic_ns() - std::exchange(waiting_since_ns_, 0);
  waited_ns_ += waited_ns;
  window_waited_ns_ += waited_ns;
  window_bytes_ += got;
  const bool was_small = arrived_ < limits::kSmallBodyBytes;
  arrived_ += got;
  if (was_small && arrived_ >= limits::kSmallBodyBytes) {
    window_waited_ns_ = 0;
    window_bytes_ = 0;
  }
}

// Why no more of the body comes. An end of what the client sends is told to it: it may still be reading.
std::unexpected<Error> BodyReader::error_of(const beast::error_code& error, bool time_is_up) {
  if (yielded_) {
    return fail(Error{ErrorCode::RequestTimeout, "The body arrived too slowly while others were waiting.", {}, {}, 5});
  }
  if (time_is_up) return fail(ErrorCode::RequestTimeout, "The request took too long to arrive.");
  if (error == asio::error::eof || error == beast::http::error::partial_message ||
      error == beast::http::error::end_of_stream) {
    return fail(ErrorCode::InvalidData, "The body is shorter than announced.");
  }
  link_->client_gone();
  return fail(ErrorCode::Cancelled, "The client closed the connection.");
}

// Straight from the socket: nothing of it has to be found first.
asio::awaitable<Result<std::string_view>> BodyReader::read_sized() {
  using Out = Result<std::string_view>;
  if (left_ == 0) {
    ended_ = true;
    co_return Out(std::string_view());
  }
  const std::size_t wanted = std::min<std::uint64_t>(left_, limits::kInputFrameBytes);
  // Never made shorter: growing again would fill it with zeros first.
  if (piece_.size() < wanted) piece_.resize(wanted);
  std::size_t got = 0;
  if (link_->buffer().size() > 0) {
    got = std::min(wanted, link_->buffer().size());
    std::memcpy(piece_.data(), link_->buffer().data().data(), got);
    link_->buffer().consume(got);
    arrived_ += got;
  }
  // A few reads make a piece: each costs the worker a frame.
  while (got < wanted) {
    Deadline deadline(link_, limits::kBodyTimeout);
    begin_wait();
    auto [error, more] =
        co_await link_->socket().async_read_some(asio::buffer(piece_.data() + got, wanted - got), kAwait);
    end_wait(more);
    if (error || too_slow_a_sender()) co_return Out(error_of(error, deadline.passed() || !error));
    got += more;
    if (got >= limits::kDataFrameBytes) break;
  }
  left_ -= got;
  if (left_ == 0) ended_ = true;
  co_return Out(std::string_view(piece_).substr(0, got));
}

asio::awaitable<Result<std::string_view>> BodyReader::read_chunked() {
  using Out = Result<std::string_view>;
  piece_.resize(limits::kDataFrameBytes);
  std::size_t got = 0;
  while (got < piece_.size() && !chunks_->is_done()) {
    auto& target = chunks_->get().body();
    target.data = piece_.data() + got;
    target.size = piece_.size() - got;
    target.more = true;
    Deadline deadline(link_, limits::kBodyTimeout);
    begin_wait();
    auto [error, read] = co_await beast::http::async_read_some(link_->stream(), link_->buffer(), *chunks_, kAwait);
    // What came is what counts, not what it says: chunks of one byte are six bytes on the way.
    end_wait(piece_.size() - target.size - got);
    got = piece_.size() - target.size;
    const bool stopped = error && error != beast::http::error::need_buffer;
    if (!stopped && !too_slow_a_sender()) continue;
    if (stopped && !deadline.passed() && !yielded_) {
      auto translated = translate_read_error(error);
      if (!translated) co_return Out(std::unexpected(translated.error()));
    }
    co_return Out(error_of(error, deadline.passed() || !stopped));
  }
  piece_.resize(got);
  ended_ = chunks_->is_done();
  co_return Out(std::string_view(piece_));
}

}  // namespace canvasback::http
