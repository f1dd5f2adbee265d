#include "transport/http/connection/request_head.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace canvasback::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::unexpected<Error> malformed(std::string what) {
  return fail(ErrorCode::InvalidData, "The request is not well-formed HTTP: " + std::move(what) + ".");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

// A tchar of RFC 9110.
bool is_token_char(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// reg-name of RFC 3986: neither userinfo nor anything behind the authority.
bool is_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_digit(c) && !is_letter(c) && std::string_view("-._~!$&'()*+;=").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_host(std::string_view host) {
  constexpr std::size_t kPortDigitsMax = 5;
  std::size_t end = host.find(':');
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view address = host.substr(1, end - 1);
    const auto belongs = [](char c) { return is_hex(c) || c == ':' || c == '.'; };
    if (address.empty() || !std::ranges::all_of(address, belongs)) return false;
    ++end;
  } else if (!is_name(host.substr(0, end))) {
    return false;
  }
  if (end >= host.size()) return true;
  const std::string_view port = host.substr(end + 1);
  return host[end] == ':' && port.size() <= kPortDigitsMax && all_digits(port);
}

// HTTP/1.x's x.
Result<int> check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed("its first line is not METHOD TARGET HTTP/1.1");
  if (!is_token(line.substr(0, first))) return malformed("its method is not a token");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return malformed("its version is neither HTTP/1.1 nor HTTP/1.0");
  if (!target.starts_with('/')) return fail(ErrorCode::InvalidData, "The request target must be a path.");
  const auto strange = [](char c) { return c == ' ' || c == '#' || is_control(c); };
  if (std::ranges::any_of(target, strange)) return malformed("its target has a character that is not allowed there");
  return version.back() - '0';
}

// What the fields say about the body and the host.
struct Seen {
  std::optional<std::string_view> host, length, coding;

  Status take(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return malformed("a header field continues on a second line");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return malformed("a field does not begin with a name and a colon");
    }
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    for (auto [known, slot] : {std::pair{"host", &host}, {"content-length", &length}, {"transfer-encoding", &coding}}) {
      if (name != known) continue;
      if (*slot) return malformed(std::string("it has more than one ") + known);
      *slot = value;
    }
    return {};
  }
};

Result<BodyFraming> framing_of(const Seen& seen, int minor) {
  constexpr std::size_t kLengthDigitsMax = 18;  // fits in 64 bits, with or without a sign
  if (seen.coding) {
    if (minor == 0) return malformed("HTTP/1.0 has no Transfer-Encoding");
    if (seen.length) return malformed("it has both Content-Length and Transfer-Encoding");
    if (lower(*seen.coding) != "chunked") return malformed("its Transfer-Encoding is not \"chunked\"");
    return BodyFraming{BodyFraming::Kind::Chunked, 0};
  }
  if (!seen.length) return BodyFraming{};
  if (seen.length->empty() || seen.length->size() > kLengthDigitsMax || !all_digits(*seen.length)) {
    return malformed("its Content-Length is not a number of bytes");
  }
  std::uint64_t bytes = 0;
  for (char c : *seen.length) bytes = bytes * 10 + static_cast<std::uint64_t>(c - '0');
  return BodyFraming{bytes == 0 ? BodyFraming::Kind::None : BodyFraming::Kind::Sized, bytes};
}

}  // namespace

Result<std::optional<std::size_t>> find_head_end(std::string_view bytes, std::size_t checked) {
  if (bytes.starts_with(kLineEnd)) return malformed("it begins with an empty line");
  // A CR at the end of what was checked may have got its LF since.
  for (std::size_t at = checked > 0 ? checked - 1 : 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (c == '\r') {
      if (at + 1 == bytes.size()) return std::nullopt;
      if (bytes[at + 1] != '\n') return malformed("a line has a CR without LF");
    } else if (c == '\n') {
      if (at == 0 || bytes[at - 1] != '\r') return malformed("a line ends in LF without CR");
      if (at >= 3 && bytes.substr(at - 3, 2) == kLineEnd) return at + 1;
    } else if (is_control(c) && c != '\t') {
      return malformed("it has a control character");
    }
  }
  return std::nullopt;
}

Result<BodyFraming> check_head(std::string_view head) {
  head.remove_suffix(kLineEnd.size());  // the empty line
  std::optional<int> minor;
  Seen seen;
  while (!head.empty()) {
    const std::size_t end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, end);
    if (line.empty() || end == std::string_view::npos) return malformed("its head does not end");
    head.remove_prefix(end + kLineEnd.size());
    if (!minor) {
      CANVASBACK_ASSIGN(minor, check_request_line(line));
    } else {
      CANVASBACK_TRY(seen.take(line));
    }
  }
  if (!minor) return malformed("it is empty");
  if (!seen.host && *minor > 0) return fail(ErrorCode::InvalidData, "The request has no Host header.");
  if (seen.host && !is_host(*seen.host)) return malformed("its Host is not a name or address with, or without, a port");
  return framing_of(seen, *minor);
}

}  // namespace canvasback::http
