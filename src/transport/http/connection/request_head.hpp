// The head of a request as bytes: where it ends, and whether every server and proxy on the way reads it alike. Beast
// parses heads leniently (folded fields, lists of lengths, any Transfer-Encoding), and where two parsers see a body end
// at different places, the rest of one request is taken for another one. So a head passes here first: what RFC 9112
// leaves to the recipient is refused, and one that is accepted says exactly how long its body is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::http {

struct BodyFraming {
  enum class Kind { None, Sized, Chunked };
  Kind kind = Kind::None;
  std::uint64_t bytes = 0;  // Sized
};

// The bytes of the head that `bytes` begin with, its empty line included; nullopt: more is needed. `checked`: so many
// of them were passed before (they may be the whole of an earlier call). Errors: InvalidData as soon as something
// stands there that no head has: control characters, a line that does not end in CR LF, an empty line in front.
Result<std::optional<std::size_t>> find_head_end(std::string_view bytes, std::size_t checked);

// The framing of the body behind a head (all of it, as found by find_head_end). Errors, all InvalidData and all to be
// answered by closing the connection: a malformed request line or field, a folded field, more than one Host,
// Content-Length or Transfer-Encoding, the last two together, a length that is not a plain number, a Transfer-Encoding
// other than `chunked`, no Host in HTTP/1.1 or one that is no host and port, a target that is no path.
Result<BodyFraming> check_head(std::string_view head);

}  // namespace canvasback::http
