#include "transport/http/connection/problem.hpp"

#include <fmt/format.h>

#include "base/error_log.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback::http {

std::string message_of(const Error& error) {
  if (error.message.size() <= limits::kMessageBytesMax) return error.message;
  std::size_t end = limits::kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(error.message[end]) & 0xC0) == 0x80) --end;  // no half character
  return fmt::format("{} … ({} bytes more)", error.message.substr(0, end), error.message.size() - end);
}

std::string problem_document(const Error& error, const std::string& instance) {
  JsonWriter body;
  body.begin_object();
  body.member("type", fmt::format("/docs/errors#{}", name_of(error.code)));
  body.member("title", title_of(error.code))
      .member("status", http_status_of(error.code))
      .member("detail", message_of(error));
  body.member("code", name_of(error.code));
  if (!instance.empty()) body.member("instance", instance);
  if (error.position) body.member("position", *error.position);
  body.end_object();
  return body.take();
}

Response problem_response(const Error& error, const std::string& instance) {
  Response response;
  response.status = http_status_of(error.code);
  response.content_type = "application/problem+json";
  response.body = problem_document(error, instance);
  if (error.retry_after_seconds > 0)
    response.headers.emplace_back("Retry-After", fmt::format("{}", error.retry_after_seconds));
  if (response.status >= 500) {
    log::warning("{}", for_log(error));
  } else if (!error.detail.empty()) {
    log::debug("{} {}: {}", name_of(error.code), error.message, error.detail);
  }
  return response;
}

}  // namespace canvasback::http
