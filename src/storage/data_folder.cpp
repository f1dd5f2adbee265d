#include "storage/data_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "storage/file.hpp"
#include "storage/table/part_name.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatBegin = "format = ";
constexpr std::array<std::string_view, 5> kFoldersOfCollection{"parquet", "archive", "quarantine", "schemas", "feeds"};
constexpr std::array<std::string_view, 3> kFoldersOfServer{"cache", "spill", "jobs"};
// What the owner writes there, before the first start, too; and what was deleted and may be wanted back.
constexpr std::array<std::string_view, 3> kFoldersOfOwner{"sources", "dashboards", "trash"};
// What a power failure may leave of a first start, and a disk of its own has from its making.
constexpr std::array<std::string_view, 6> kHarmless{"canvasback.format.tmp", "checks.json",      "checks.json.tmp",
                                                    "reading.json",          "reading.json.tmp", "lost+found"};

template <class... Arguments>
std::unexpected<Error> refused(const std::string& folder, fmt::format_string<Arguments...> what,
                               Arguments&&... arguments) {
  return fail(ErrorCode::InvalidData, fmt::format("The data folder {} is not used: {}", folder,
                                                  fmt::format(what, std::forward<Arguments>(arguments)...)));
}

// The number in our file; nullopt where it says none.
std::optional<int> format_in(const fs::path& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kFormatBegin)) continue;
    int number = 0;
    const char* begin = line.data() + kFormatBegin.size();
    const char* end = line.data() + line.size();
    const auto [parsed, error] = std::from_chars(begin, end, number);
    if (error == std::errc() && parsed == end && number > 0) return number;
  }
  return std::nullopt;
}

// Whether a file below a folder of a collection is one that we have written there.
bool is_file_of_collection(std::string_view folder, const std::string& name) {
  if (name.starts_with(".writing-") && name.ends_with(".tmp")) return true;  // a plain copy of a live folder has these
  if (folder == "parquet" || folder == "archive") {
    constexpr std::array<std::string_view, 4> kBeside{".commit-numbers", ".merge-", ".unreadable-", file::kMovedPrefix};
    const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
    return parse_part_name(name).has_value() || std::ranges::any_of(kBeside, begins);
  }
  if (folder == "quarantine") return name.starts_with("commit_") && name.ends_with(".ndjson");
  return name.ends_with(".json") || name.ends_with(".json.tmp");
}

bool holds_only_ours(const fs::path& folder);

// collections/: one folder for each.
bool holds_collections(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_directory(error) || !holds_only_ours(entry.path())) return false;
  }
  return !error;
}

// Nothing, or nothing but what a backup has: collections and their files.
bool holds_only_ours(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "collections" && holds_collections(entry.path())) continue;
    if (std::ranges::find(kHarmless, name) != kHarmless.end()) continue;
    if (std::ranges::find(kFoldersOfOwner, name) != kFoldersOfOwner.end() && entry.is_directory(error)) continue;
    if (std::ranges::find(kFoldersOfServer, name) != kFoldersOfServer.end() && fs::is_empty(entry.path(), error)) {
      continue;
    }
    if (std::ranges::find(kFoldersOfCollection, name) == kFoldersOfCollection.end()) return false;
    for (const auto& file : fs::directory_iterator(entry.path(), error)) {
      if (!is_file_of_collection(name, file.path().filename().string())) return false;
    }
    if (error) return false;
  }
  return !error;
}

}  // namespace

Result<std::string> recognised_data_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  const std::string folder = fs::canonical(path, error).string();
  if (error || !fs::is_directory(folder, error)) {
    return fail(ErrorCode::InvalidData,
                fmt::format("The data folder {} cannot be used: {}.", path, error ? error.message() : "not a folder"));
  }
  const fs::path format_file = fs::path(folder) / kDataFolderFormatFile;
  if (fs::exists(fs::symlink_status(format_file, error))) {
    const auto format = format_in(format_file);
    if (!format) {
      return refused(folder, "{} in it does not say a format. Nothing was changed.", kDataFolderFormatFile);
    }
    if (*format > kDataFolderFormat) {
      return refused(folder,
                     "it was written by a later version of Canvasback (format {}; this one knows up to {}). Use that "
                     "version, or another folder with --data. Nothing was changed.",
                     *format, kDataFolderFormat);
    }
    return folder;
  }
  if (fs::is_regular_file(fs::symlink_status(fs::path(folder) / ".lock", error)) || holds_only_ours(folder)) {
    return folder;
  }
  return refused(folder,
                 "it holds files, and nothing says that they are Canvasback's. Name an empty or a new folder with "
                 "--data. Nothing was changed.");
}

Status mark_data_folder(const std::string& folder) {
  const std::string path = folder + "/" + kDataFolderFormatFile;
  std::error_code error;
  if (fs::exists(path, error)) return {};
  return file::replace(
      path, fmt::format("# Canvasback keeps its data in this folder.\n{}{}\n", kFormatBegin, kDataFolderFormat));
}

}  // namespace canvasback
