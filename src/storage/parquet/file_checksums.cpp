#include "storage/parquet/file_checksums.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "base/checksum.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kBodyLabel = "crc32 body=";
constexpr std::string_view kFooterLabel = " footer=";
constexpr std::size_t kDigits = 8;
constexpr std::size_t kTextBytes = kBodyLabel.size() + kDigits + kFooterLabel.size() + kDigits;
constexpr std::size_t kFooterDigitsAt = kTextBytes - kDigits;

// The entry as Thrift's compact protocol writes it: the key's bytes, the header of a second field that is a text, its
// length, its first bytes. No JSON holds the header's byte, and columns' names stand in front of the metadata.
std::string entry_begin() {
  return fmt::format("{}\x18{}{}", kChecksumsKey, static_cast<char>(kTextBytes), kBodyLabel);
}

std::optional<std::uint32_t> number_of(std::string_view digits) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string to_text(const FileChecksums& checksums) {
  return fmt::format("{}{:08x}{}{:08x}", kBodyLabel, checksums.body, kFooterLabel, checksums.footer);
}

std::size_t find_checksums(std::string_view footer) {
  const std::string begin = entry_begin();
  const std::size_t found = footer.rfind(begin);
  if (found == std::string_view::npos) return found;
  const std::size_t at = found + begin.size() - kBodyLabel.size();
  return footer.size() - at < kTextBytes ? std::string_view::npos : at;
}

std::optional<FileChecksums> checksums_in(std::string_view footer) {
  const std::size_t at = find_checksums(footer);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view text = footer.substr(at, kTextBytes);
  const auto body = number_of(text.substr(kBodyLabel.size(), kDigits));
  const auto own = number_of(text.substr(kFooterDigitsAt));
  if (!body || !own) return std::nullopt;
  const FileChecksums out{*body, *own};
  // Digits have one form: a bit that makes a letter of them a capital is damage as well.
  return to_text(out) == text ? std::optional(out) : std::nullopt;
}

std::uint32_t footer_checksum(std::string footer, std::size_t at) {
  std::memset(footer.data() + at + kFooterDigitsAt, '0', kDigits);
  return crc32_of(footer);
}

std::uint64_t footer_bytes(std::string_view end, std::uint64_t file_bytes) {
  if (end.size() != kFooterEndBytes || end.substr(4) != "PAR1") return 0;
  std::uint32_t length = 0;
  std::memcpy(&length, end.data(), sizeof length);
  const std::uint64_t all = length + kFooterEndBytes;
  return all + 4 > file_bytes ? 0 : all;
}

}  // namespace canvasback
