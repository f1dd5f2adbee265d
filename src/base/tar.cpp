#include "base/tar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace canvasback {
namespace {

// Where the fields of a header are.
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kTimeAt = 136;
constexpr std::size_t kNumberBytes = 12;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::size_t kPrefixAt = 345;
constexpr std::size_t kPrefixBytes = 155;
constexpr std::uint64_t kOctalMax = 077777777777;

void put(std::string& header, std::size_t at, std::string_view text) { header.replace(at, text.size(), text); }

// Octal where it fits, else base 256 with the highest bit set, as GNU and BSD tar have it.
void put_number(std::string& header, std::size_t at, std::uint64_t number) {
  if (number <= kOctalMax) return put(header, at, fmt::format("{:011o}", number));
  for (std::size_t i = kNumberBytes; i-- > 0; number >>= 8) header[at + i] = static_cast<char>(number & 0xFF);
  header[at] = static_cast<char>(0x80);
}

unsigned checksum_of(std::string_view header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool own = i >= kChecksumAt && i < kChecksumAt + kChecksumBytes;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::string text_at(std::string_view header, std::size_t at, std::size_t bytes) {
  const std::string_view field = header.substr(at, bytes);
  return std::string(field.substr(0, field.find('\0')));
}

std::uint64_t number_at(std::string_view header, std::size_t at) {
  std::uint64_t out = 0;
  if ((static_cast<unsigned char>(header[at]) & 0x80) != 0) {
    for (std::size_t i = 1; i < kNumberBytes; ++i) out = out << 8 | static_cast<unsigned char>(header[at + i]);
    return out;
  }
  const std::string text = text_at(header, at, kNumberBytes);
  const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
  std::from_chars(text.data() + first, text.data() + text.size(), out, 8);
  return out;
}

// Whether a name stays below the folder that it is put into.
bool is_safe(std::string_view name) {
  if (name.empty() || name.starts_with('/')) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

Result<std::string> tar_header(std::string_view name, std::uint64_t bytes, std::int64_t modified_s) {
  std::string header(kTarBlockBytes, '\0');
  std::string_view rest = name;
  if (name.size() > kNameBytes) {
    // Cut at a slash: the front goes to the prefix.
    const std::size_t slash = name.find('/', name.size() - kNameBytes - 1);
    if (slash == std::string_view::npos || slash > kPrefixBytes) {
      return fail(ErrorCode::InvalidData, fmt::format("The name {} is too long for tar.", name));
    }
    put(header, kPrefixAt, name.substr(0, slash));
    rest = name.substr(slash + 1);
  }
  put(header, 0, rest);
  put(header, 100, "0000644");  // mode
  put(header, 108, "0000000");  // user
  put(header, 116, "0000000");  // group
  put_number(header, kSizeAt, bytes);
  put_number(header, kTimeAt, static_cast<std::uint64_t>(std::max<std::int64_t>(0, modified_s)));
  header[kTypeAt] = '0';
  put(header, kMagicAt, std::string_view("ustar\00000", 8));
  put(header, kChecksumAt, fmt::format("{:06o}", checksum_of(header)));
  header[kChecksumAt + 7] = ' ';
  return header;
}

std::string tar_padding(std::uint64_t bytes) {
  return std::string((kTarBlockBytes - bytes % kTarBlockBytes) % kTarBlockBytes, '\0');
}

std::string tar_end() { return std::string(2 * kTarBlockBytes, '\0'); }

Status TarReader::add(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    if (left_ > 0) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      CANVASBACK_TRY(sink_.data(bytes.substr(0, taken)));
      bytes.remove_prefix(taken);
      left_ -= taken;
      if (left_ == 0) CANVASBACK_TRY(sink_.end());
      continue;
    }
    if (padding_ > 0) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(padding_, bytes.size()));
      bytes.remove_prefix(taken);
      padding_ -= taken;
      continue;
    }
    const std::size_t taken = std::min(kTarBlockBytes - header_.size(), bytes.size());
    header_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (header_.size() == kTarBlockBytes) CANVASBACK_TRY(read_header());
  }
  return {};
}

Status TarReader::read_header() {
  const std::string header = std::exchange(header_, {});
  if (header.find_first_not_of('\0') == std::string::npos) {
    ended_ = true;
    return {};
  }
  unsigned checksum = 0;
  const std::string text = text_at(header, kChecksumAt, kChecksumBytes);
  std::from_chars(text.data(), text.data() + text.size(), checksum, 8);
  if (checksum != checksum_of(header)) {
    return fail(ErrorCode::InvalidData, "The archive is damaged, or not a tar file.");
  }
  std::string name = text_at(header, 0, kNameBytes);
  if (const std::string prefix = text_at(header, kPrefixAt, kPrefixBytes); !prefix.empty()) name = prefix + "/" + name;
  const char type = header[kTypeAt];
  if (type == '5') return {};
  if (type != '0' && type != '\0') return fail(ErrorCode::InvalidData, "The archive has more than files: " + name);
  if (!is_safe(name)) return fail(ErrorCode::InvalidData, "The archive has a name that leads out of it: " + name);
  left_ = number_at(header, kSizeAt);
  padding_ = (kTarBlockBytes - left_ % kTarBlockBytes) % kTarBlockBytes;
  CANVASBACK_TRY(sink_.begin(name, left_));
  return left_ == 0 ? sink_.end() : Status();
}

Status TarReader::finish() const {
  if (ended_) return {};
  return fail(ErrorCode::InvalidData, "The archive is truncated.");
}

}  // namespace canvasback
