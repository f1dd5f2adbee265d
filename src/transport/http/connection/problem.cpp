#include "transport/http/connection/problem.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/log.hpp"

namespace canvasback::http {

std::string problem_document(const Error& error, const std::string& instance) {
  JsonWriter body;
  body.begin_object();
  body.member("type", fmt::format("/docs/errors#{}", name_of(error.code)));
  body.member("title", title_of(error.code))
      .member("status", http_status_of(error.code))
      .member("detail", error.message);
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
    log::warning("{} {}: {}", name_of(error.code), error.message, error.detail);
  } else if (!error.detail.empty()) {
    log::debug("{} {}: {}", name_of(error.code), error.message, error.detail);
  }
  return response;
}

}  // namespace canvasback::http
