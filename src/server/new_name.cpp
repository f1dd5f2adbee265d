#include "server/new_name.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <climits>

#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr int kNumbersMax = 1'000'000;

// Where a number goes into a file's name: before its extension, and before that of what is packed.
std::size_t place_of_number(const std::string& name) {
  std::size_t end = name.size();
  if (name.ends_with(".gz") || name.ends_with(".zst")) end = name.rfind('.');
  const std::size_t dot = name.rfind('.', end - 1);
  return dot == std::string::npos || dot == 0 ? end : dot;
}

std::string numbered(const std::string& name, int number) {
  if (number == 1) return name;
  const std::size_t place = place_of_number(name);
  const std::string tail = fmt::format("-{}{}", number, name.substr(place));
  std::size_t kept = place;
  if (kept + tail.size() > NAME_MAX) kept = tail.size() < NAME_MAX ? NAME_MAX - tail.size() : 0;
  while (kept > 0 && kept < name.size() && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80) --kept;
  return name.substr(0, kept) + tail;
}

}  // namespace

int rename_into(const std::string& from, const std::string& folder, std::string& to) {
  const std::string name = from.substr(from.rfind('/') + 1);
  for (int number = 1; number <= kNumbersMax; ++number) {
    to = folder + "/" + numbered(name, number);
    const int error = file::rename_to_new(from, to);
    if (error != EEXIST) return error;
  }
  return EEXIST;
}

}  // namespace canvasback
