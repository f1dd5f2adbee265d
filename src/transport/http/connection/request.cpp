#include "transport/http/connection/request.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"

namespace canvasback::http {

std::string_view Request::header(std::string_view lower_name) const {
  auto found = headers.find(lower_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

const std::string* Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : query) {
    if (key == name) out.push_back(value);
  }
  return out;
}

Status split_target(Request& request) {
  const auto bad = [] { return fail(ErrorCode::InvalidData, "The request target has a broken percent escape."); };
  std::string_view target = request.target;
  if (!target.starts_with('/')) return fail(ErrorCode::InvalidData, "The request target must be a path.");
  const std::size_t mark = target.find('?');
  auto path = percent_decode(target.substr(0, mark), false);
  if (!path) return bad();
  request.path = std::move(*path);
  if (mark == std::string_view::npos || mark + 1 == target.size()) return {};
  for (const std::string& part : split(target.substr(mark + 1), '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = percent_decode(std::string_view(part).substr(0, equals), true);
    auto value = percent_decode(
        equals == std::string::npos ? std::string_view() : std::string_view(part).substr(equals + 1), true);
    if (!name || !value) return bad();
    if (*name != kKeyParameter && request.parameter(*name) != nullptr) {
      return fail(ErrorCode::InvalidData, "The query parameter \"" + name->substr(0, 64) + "\" is given twice.");
    }
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

double Request::elapsed_ms() const { return static_cast<double>(monotonic_ns() - received_ns) / 1e6; }

}  // namespace canvasback::http
