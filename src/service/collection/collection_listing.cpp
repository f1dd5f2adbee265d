#include "service/collection/collection_listing.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/file.hpp"

namespace canvasback {

Result<DataFile> stat_data_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::unexpected(file::error_from(errno, "read", path));
  DataFile out;
  out.path = path;
  out.bytes = static_cast<std::uint64_t>(info.st_size);
  out.modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  out.inode = info.st_ino;
  return out;
}

Result<CollectionListing> list_folder(const std::string& folder) {
  CollectionListing out;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".writing-")) out.leftovers.push_back(entry.path().string());
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

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace canvasback
