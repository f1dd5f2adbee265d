#include "service/collection_listing.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "storage/file.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

// .writing-NUMBER.tmp, as CollectionService names what is being written.
bool is_leftover(std::string_view name) {
  constexpr std::string_view kBegin = ".writing-";
  constexpr std::string_view kEnd = ".tmp";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() <= kBegin.size() + kEnd.size()) return false;
  const std::string_view number = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<DataFile> stat_data_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::unexpected(file::error_from(errno, "read", path));
  DataFile out;
  out.path = path;
  take_identity(out, info);
  return out;
}

Result<CollectionListing> list_folder(const std::string& folder) {
  CollectionListing out;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_leftover(name)) out.leftovers.push_back(entry.path().string());
    const auto parsed = parse_part_name(name);
    if (!parsed) continue;
    auto file = stat_data_file(entry.path().string());
    if (!file) continue;  // gone meanwhile
    CollectionFile found;
    found.file = std::move(*file);
    found.name = *parsed;
    out.files.push_back(std::move(found));
  }
  if (error) {
    return fail(ErrorCode::Unavailable, fmt::format("The folder {} cannot be read.", folder), error.message());
  }
  return out;
}

void keep_content(DataFile& file, const DataFile& stated) {
  file.path = stated.path;
  file.bytes = stated.bytes;
  file.modified_ns = stated.modified_ns;
  file.changed_ns = stated.changed_ns;
  file.inode = stated.inode;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace canvasback
