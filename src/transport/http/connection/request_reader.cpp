#include "transport/http/connection/request_reader.hpp"

#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

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

}  // namespace

void ConnectionPhase::enter(Phase phase) {
  phase_ = phase;
  since_ns_ = monotonic_ns();
}

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

// The bytes of the head that stands at the front of the buffer; 0: the client has gone.
asio::awaitable<Result<std::size_t>> RequestReader::read_head() {
  using Out = Result<std::size_t>;
  beast::flat_buffer& buffer = link_->buffer();
  const auto text = [&] { return std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size()); };
  std::optional<Deadline> deadline;
  phase_.enter(Phase::Idle);
  std::size_t checked = 0;
  while (true) {
    auto end = find_head_end(text(), checked);
    if (!end) co_return Out(std::unexpected(end.error()));
    if (end->value_or(buffer.size()) > limits::kHeaderBytesMax) {
      co_return Out(fail(ErrorCode::HeadersTooLarge, "The request's headers are too large."));
    }
    if (*end) co_return Out(**end);
    checked = buffer.size();
    if (checked > 0 && phase_.phase() == Phase::Idle) {
      phase_.enter(Phase::Head);
      deadline.emplace(link_, limits::kHeaderTimeout);
    } else if (checked == 0) {
      deadline.emplace(link_, limits::kIdleTimeout);
    }
    auto [error, got] = co_await link_->socket().async_read_some(buffer.prepare(16 * limits::kKiB), kAwait);
    if (error && phase_.phase() == Phase::Head && deadline->passed()) {
      co_return Out(fail(ErrorCode::RequestTimeout, "The request took too long to arrive."));
    }
    if (error) co_return Out(std::size_t{0});
    buffer.commit(got);
  }
}

asio::awaitable<Result<bool>> RequestReader::read(Request& request, std::unique_ptr<BodyReader>& body) {
  using Out = Result<bool>;
  beast::flat_buffer& buffer = link_->buffer();
  auto head = co_await read_head();
  if (!head) co_return Out(std::unexpected(head.error()));
  if (*head == 0) co_return Out(false);
  phase_.enter(Phase::Request);
  auto framing = check_head({static_cast<const char*>(buffer.data().data()), *head});
  if (!framing) co_return Out(std::unexpected(framing.error()));
  Parser parser;
  parser.header_limit(limits::kHeaderBytesMax);
  parser.body_limit(boost::none);  // checked once the route is known
  beast::error_code parse_error;
  parser.put(asio::buffer(buffer.data().data(), *head), parse_error);
  buffer.consume(*head);
  if (parse_error) co_return translate_read_error(parse_error);
  fill_head(request, parser.get());
  const bool streams = takes_stream_ && request.target.size() <= limits::kTargetBytesMax && split_target(request) &&
                       takes_stream_(request);
  // Not for a body that is refused unread, nor to who knows no such answer.
  const bool wanted = framing->kind != BodyFraming::Kind::None && (streams || framing->bytes <= limits::kBodyBytesMax);
  if (wanted && request.version >= 11 && lower(trim(parser.get()[beast::http::field::expect])) == "100-continue") {
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(link_->stream(), asio::buffer(go_on), kAwait);
  }
  if (streams) {
    body = std::make_unique<BodyReader>(link_, *framing, parser);
    request.received_ns = monotonic_ns();
    co_return Out(true);
  }
  request.query.clear();
  co_return co_await read_whole_body(request, *framing, parser);
}

asio::awaitable<Result<bool>> RequestReader::read_whole_body(Request& request, const BodyFraming& framing,
                                                             Parser& parser) {
  using Out = Result<bool>;
  if (framing.bytes > limits::kBodyBytesMax) co_return translate_read_error(beast::http::error::body_limit);
  if (framing.kind != BodyFraming::Kind::None) {
    parser.body_limit(limits::kBodyBytesMax);
    Deadline deadline(link_, limits::kBodyTimeout);
    auto [body_error, body_bytes] = co_await beast::http::async_read(link_->stream(), link_->buffer(), parser, kAwait);
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

}  // namespace canvasback::http
