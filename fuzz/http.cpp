// Bytes of a connection: the check of its head, Beast's parser as transport/http/connection/connection.cpp configures
// it, then what we make of it. A head that is accepted must end at one place and frame its body in one way, whoever
// reads it.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/support.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/connection/request_head.hpp"
#include "transport/http/routes/selection_parameters.hpp"

using namespace canvasback;
namespace beast = boost::beast;

namespace {

using Parser = beast::http::request_parser<beast::http::string_body>;

// True where the bytes hold a whole request.
bool feed(Parser& parser, std::string_view bytes) {
  while (!bytes.empty() && !parser.is_done()) {
    beast::error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error || used == 0) return false;
    FUZZ_CHECK(used <= bytes.size());
    bytes.remove_prefix(used);
  }
  return parser.is_done();
}

// The head that the bytes begin with, where it is accepted; the end must be found alike however they arrive.
std::optional<std::pair<std::string_view, http::BodyFraming>> accepted_head(std::string_view bytes) {
  const auto end = http::find_head_end(bytes, 0);
  const auto in_two = http::find_head_end(bytes.substr(0, bytes.size() / 2), 0);
  if (in_two && !*in_two) {
    const auto later = http::find_head_end(bytes, bytes.size() / 2);
    FUZZ_CHECK(later.has_value() == end.has_value() && (!end || *later == *end));
  }
  if (!end || !*end) return std::nullopt;
  const std::string_view head = bytes.substr(0, **end);
  FUZZ_CHECK(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == head.size() - 4);
  const auto framing = http::check_head(head);
  if (!framing) return std::nullopt;
  for (std::string_view never : {std::string_view("\0", 1), std::string_view("\r\n "), std::string_view("\r\n\t")}) {
    FUZZ_CHECK(head.find(never) == std::string_view::npos);
  }
  return std::pair(head, *framing);
}

// Beast reads the same framing out of an accepted head, and of fields that may be there once there is one.
void check_framing(const Parser& parser, const http::BodyFraming& framing) {
  using Kind = http::BodyFraming::Kind;
  const auto& message = parser.get();
  const auto length = parser.content_length();
  FUZZ_CHECK(parser.chunked() == (framing.kind == Kind::Chunked));
  FUZZ_CHECK(length.value_or(0) == framing.bytes && !(length && parser.chunked()));
  for (auto field :
       {beast::http::field::content_length, beast::http::field::transfer_encoding, beast::http::field::host}) {
    FUZZ_CHECK(message.count(field) <= 1);
  }
  FUZZ_CHECK(message.count(beast::http::field::host) == 1 || message.version() == 10);
  FUZZ_CHECK(message[beast::http::field::host].find_first_of("@/?#, ") == std::string_view::npos);
  FUZZ_CHECK(message.target().starts_with('/'));
}

http::Request request_of(Parser& parser) {
  http::Request request;
  auto& message = parser.get();
  request.method = message.method_string();
  request.target = message.target();
  request.version = static_cast<int>(message.version());
  request.keep_alive = message.keep_alive();
  for (const auto& field : message) {
    std::string& value = request.headers[lower(field.name_string())];
    if (!value.empty()) value += ", ";
    value += field.value();
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Parser parser;
  parser.header_limit(limits::kHeaderBytesMax);
  parser.body_limit(limits::kBodyBytesMax);
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto accepted = accepted_head(bytes);
  if (!accepted || accepted->first.size() > limits::kHeaderBytesMax) return 0;
  beast::error_code error;
  parser.put(boost::asio::buffer(accepted->first.data(), accepted->first.size()), error);
  if (error) return 0;  // Beast is stricter in places: the values of Connection, say
  FUZZ_CHECK(parser.is_header_done());
  check_framing(parser, accepted->second);
  parser.eager(true);
  if (!feed(parser, bytes.substr(accepted->first.size()))) return 0;
  http::Request request = request_of(parser);
  FUZZ_CHECK(request.body.size() <= limits::kBodyBytesMax);
  if (Status status = http::split_target(request); !status) {
    const http::Response answer = http::problem_response(status.error(), request.path);
    FUZZ_CHECK(answer.status == 400 && Json::parse(answer.body));
    return 0;
  }
  static_cast<void>(http::rows_request_from(request, "orders"));
  static_cast<void>(http::json_body(request, {"sql", "parameters"}));
  if (const auto format = http::format_of(request)) {
    FUZZ_CHECK(find_output_format(*format) != nullptr);
    static_cast<void>(http::content_encoding_of(request, *format));
    const std::string header = http::content_disposition(request.path, "orders", *format);
    FUZZ_CHECK(std::ranges::all_of(header, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
  const Error nothing{ErrorCode::NotFound, "There is nothing at " + request.path, {}, {}, 0};
  FUZZ_CHECK(Json::parse(http::problem_response(nothing, request.path).body));
  return 0;
}
