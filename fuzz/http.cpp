// Bytes of a connection: Beast's parser as transport/http/connection/connection.cpp configures it, then what we make
// of it.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/support.hpp"
#include "transport/http/connection/problem.hpp"
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
  parser.eager(true);
  if (!feed(parser, fuzz::text_of(data, size))) return 0;
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
  const Error error{ErrorCode::NotFound, "There is nothing at " + request.path, {}, {}, 0};
  FUZZ_CHECK(Json::parse(http::problem_response(error, request.path).body));
  return 0;
}
