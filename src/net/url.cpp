#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace canvasback::http {
namespace {

constexpr std::size_t kUrlBytesMax = 8192;

std::unexpected<Error> no_url(std::string_view text, std::string_view why) {
  return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not a valid URL: {}.", text.substr(0, 256), why));
}

// Whether it can stand in a request line as it is. Bytes past ASCII are sent as they are, as browsers' Location is.
bool can_be_sent(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

// RFC 3986, 5.2.4: "." and ".." of a path that begins with "/".
std::string without_dots(std::string_view path) {
  std::vector<std::string> kept;
  const std::vector<std::string> segments = split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (segments[i] == ".") {
      if (last) kept.emplace_back();
    } else {
      kept.push_back(segments[i]);
    }
  }
  return fmt::format("/{}", fmt::join(kept, "/"));
}

// "user:password@host:port" into the parts.
Status read_authority(std::string_view text, std::string_view authority, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const auto decoded = percent_decode(authority.substr(0, at), false);
    if (!decoded) return no_url(text, "its user or password has a broken % escape");
    url.credentials = *decoded;
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return no_url(text, "the ] of its host is missing");
    url.host = lower(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':') return no_url(text, "after ] only :port may follow");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) return no_url(text, "an IPv6 address stands in brackets, http://[::1]:8080");
    url.host = lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return no_url(text, "it has no host");
  if (port.empty()) return {};
  auto number = parse_integer(port, "the port", 1, 65535);
  if (!number) return no_url(text, "the port must be a number from 1 to 65535");
  url.port = static_cast<std::uint16_t>(*number);
  return {};
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.size() > kUrlBytesMax) return no_url(text, "it is longer than 8,192 bytes");
  if (!can_be_sent(text)) return no_url(text, "it has a space or a control character; write it as %20");
  if (starts_with_ignoring_case(text, "https://")) {
    return no_url(text, "https is not spoken here; put a proxy that does in between, and name its http:// address");
  }
  if (!starts_with_ignoring_case(text, kScheme)) return no_url(text, "it begins with http://, as in http://host:port");
  std::string_view rest = text.substr(kScheme.size());
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  Url out;
  CANVASBACK_TRY(read_authority(text, rest.substr(0, end), out));
  out.target = rest.substr(end);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return out;
}

Result<Url> Url::resolve(std::string_view reference) const {
  reference = reference.substr(0, reference.find('#'));
  const std::size_t colon = reference.find(':');
  const std::size_t first_slash = reference.find_first_of("/?");
  if (colon != std::string_view::npos && colon < first_slash) {
    CANVASBACK_ASSIGN(Url absolute, parse(reference));
    absolute.credentials.clear();
    return absolute;
  }
  if (reference.starts_with("//")) {
    CANVASBACK_ASSIGN(Url absolute, parse(fmt::format("http:{}", reference)));
    absolute.credentials.clear();
    return absolute;
  }
  if (!can_be_sent(reference)) return no_url(reference, "it has a space or a control character");
  if (reference.size() > kUrlBytesMax) return no_url(reference, "it is longer than 8,192 bytes");
  Url out = *this;
  out.credentials.clear();
  if (reference.empty()) return out;
  const std::string_view path = std::string_view(target).substr(0, target.find('?'));
  const std::size_t query = std::min(reference.find('?'), reference.size());
  if (query == 0) {
    out.target = fmt::format("{}{}", path, reference);
  } else {
    const std::string_view folder = reference[0] == '/' ? "" : path.substr(0, path.rfind('/') + 1);
    out.target = without_dots(fmt::format("{}{}", folder, reference.substr(0, query)));
    out.target += reference.substr(query);
  }
  return out;
}

std::string Url::authority() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string Url::display() const {
  const std::size_t query = target.find('?');
  return fmt::format("http://{}{}{}", authority(), std::string_view(target).substr(0, query),
                     query == std::string::npos ? "" : "?…");
}

}  // namespace canvasback::http
