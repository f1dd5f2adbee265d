#include "transport/http/connection/multipart.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback::http {
namespace {

constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046
constexpr std::size_t kPartHeaderBytesMax = 8 * limits::kKiB;

// `name="a b"` or name=a out of "form-data; name=…; filename=…".
std::optional<std::string> attribute(std::string_view value, std::string_view name) {
  for (std::size_t at = value.find(';'); at != std::string_view::npos; at = value.find(';', at)) {
    ++at;
    std::string_view rest = value.substr(at);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (!starts_with_ignoring_case(rest, name) || rest.substr(name.size(), 1) != "=") continue;
    rest.remove_prefix(name.size() + 1);
    if (!rest.starts_with('"')) return std::string(trim(rest.substr(0, rest.find(';'))));
    std::string out;
    for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      out += rest[i];
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  if (!starts_with_ignoring_case(trim(content_type), "multipart/form-data")) return std::nullopt;
  auto boundary = attribute(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryBytesMax) return std::string();
  return boundary;
}

MultipartReader::MultipartReader(std::string_view boundary)
    : delimiter_("\r\n--" + std::string(boundary)), held_("\r\n") {}

Status MultipartReader::read_headers(std::string_view text) {
  std::string name;
  std::string type;
  std::optional<std::string> file_name;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string header = lower(trim(std::string_view(line).substr(0, colon)));
    const std::string_view value = trim(std::string_view(line).substr(colon + 1));
    if (header == "content-disposition") {
      name = attribute(value, "name").value_or("");
      file_name = attribute(value, "filename");
    } else if (header == "content-type") {
      type = value;
    }
  }
  state_ = State::Other;
  if (!file_name && name != "file") return {};
  if (file_begun_) return fail(ErrorCode::InvalidData, "The body holds more than one file; send one at a time.");
  file_begun_ = true;
  file_name_ = file_name.value_or("");
  content_type_ = std::move(type);
  state_ = State::File;
  return {};
}

Status MultipartReader::add(std::string_view bytes, std::string& out) {
  held_ += bytes;
  while (true) {
    switch (state_) {
      case State::Preamble:
      case State::File:
      case State::Other: {
        const std::size_t found = held_.find(delimiter_);
        // The end of what is held may be the begin of a boundary.
        const std::size_t decided =
            found != std::string::npos ? found : held_.size() - std::min(held_.size(), delimiter_.size() - 1);
        if (state_ == State::File) out.append(held_, 0, decided);
        if (found == std::string::npos) {
          held_.erase(0, decided);
          return {};
        }
        held_.erase(0, found + delimiter_.size());
        if (state_ == State::File) file_ended_ = true;
        state_ = State::AfterBoundary;
        break;
      }
      case State::AfterBoundary:
        if (held_.size() < 2) return {};
        if (held_.starts_with("--")) {
          state_ = State::End;
        } else if (held_.starts_with("\r\n")) {
          held_.erase(0, 2);
          state_ = State::PartHeaders;
        } else {
          return fail(ErrorCode::InvalidData, "The multipart body has a broken boundary.");
        }
        break;
      case State::PartHeaders: {
        // No header at all: the empty line follows at once.
        const std::size_t end = held_.starts_with("\r\n") ? 0 : held_.find("\r\n\r\n");
        if (end == std::string::npos) {
          if (held_.size() <= kPartHeaderBytesMax) return {};
          return fail(ErrorCode::InvalidData, "A part of the multipart body has too long headers.");
        }
        const std::string headers = held_.substr(0, end);
        held_.erase(0, end == 0 ? 2 : end + 4);
        CANVASBACK_TRY(read_headers(headers));
        // An empty part: its boundary's line break was that of the headers.
        held_.insert(0, held_.starts_with(std::string_view(delimiter_).substr(2)) ? "\r\n" : "");
        break;
      }
      case State::End: held_.clear(); return {};
    }
  }
}

Status MultipartReader::finish() const {
  if (state_ != State::End) return fail(ErrorCode::InvalidData, "The multipart body ends too early.");
  if (!file_ended_)
    return fail(ErrorCode::InvalidData, "The multipart body has no file; its field is called \"file\".");
  return {};
}

}  // namespace canvasback::http
