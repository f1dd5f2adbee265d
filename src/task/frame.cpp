#include "task/frame.hpp"

#include <cstring>

#include "base/limits.hpp"

namespace canvasback {

std::array<char, kFrameHeaderBytes> encode_header(FrameKind kind, std::size_t payload_bytes) {
  std::array<char, kFrameHeaderBytes> header{};
  for (std::size_t i = 0; i < 4; ++i) header[i] = static_cast<char>(payload_bytes >> (8 * i) & 0xFF);
  header[4] = static_cast<char>(kind);
  return header;
}

Result<FrameHeader> decode_header(std::string_view bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  const auto kind = static_cast<FrameKind>(bytes[4]);
  const bool known =
      (kind >= FrameKind::Hello && kind <= FrameKind::Files) || (kind >= FrameKind::Ready && kind <= FrameKind::Alive);
  if (!known || length > limits::kFrameBytesMax || bytes.substr(5, 3) != std::string_view("\0\0\0", 3)) {
    return fail(ErrorCode::DataProcessing, "A worker sent a malformed frame.");
  }
  return FrameHeader{kind, length};
}

std::string make_frame(FrameKind kind, std::string_view payload) {
  const auto header = encode_header(kind, payload.size());
  std::string frame;
  frame.reserve(header.size() + payload.size());
  frame.append(header.data(), header.size()).append(payload);
  return frame;
}

Json to_json(const Error& error) {
  Json out;
  out.set("code", name_of(error.code));
  out.set("message", error.message);
  out.set("detail", error.detail);
  out.set("position", error.position ? Json(*error.position) : Json());
  out.set("retry_after_seconds", error.retry_after_seconds);
  return out;
}

Error error_from_json(const Json& json) {
  Error error;
  error.code = error_code_from(json.at("code").as_string()).value_or(ErrorCode::DataProcessing);
  error.message = json.at("message").as_string();
  error.detail = json.at("detail").as_string();
  if (json.at("position").is_integer()) error.position = static_cast<int>(json.at("position").as_int());
  error.retry_after_seconds = static_cast<int>(json.at("retry_after_seconds").as_int());
  return error;
}

}  // namespace canvasback
