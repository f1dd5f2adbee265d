#include "service/collection/collection_listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/hash.hpp"
#include "base/unique_fd.hpp"
#include "storage/file.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

DataFile data_file_of(const std::string& path, const struct stat& info) {
  DataFile out;
  out.path = path;
  take_identity(out, info);
  return out;
}

// .writing-NUMBER.tmp, as PendingFileNames has them, or what file::move() was writing.
bool is_leftover(std::string_view name) {
  constexpr std::string_view kBegin = ".writing-";
  constexpr std::string_view kEnd = ".tmp";
  if (name.starts_with(file::kMovedPrefix)) return parse_part_name(name.substr(file::kMovedPrefix.size())).has_value();
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() <= kBegin.size() + kEnd.size()) return false;
  const std::string_view number = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

std::unexpected<Error> unreadable_folder(const std::string& folder, int error) {
  return fail(ErrorCode::Unavailable, fmt::format("The folder {} cannot be read: {}.", folder, std::strerror(error)));
}

// Whether it can be opened, as its trouble says. 0, or an error number that says nothing of the file.
int open_once(CollectionFile& file) {
  const std::string& path = file.file.path;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) return errno;
    file.trouble = errno == ELOOP ? "It is a symbolic link" : std::strerror(errno);
    if (::stat(path.c_str(), &info) == 0) file.file = data_file_of(path, info);
    return 0;
  }
  file.file = data_file_of(path, info);
  if (!S_ISREG(info.st_mode)) file.trouble = "It is not a regular file";
  return 0;
}

}  // namespace

Result<DataFile> stat_data_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::unexpected(file::error_from(errno, "read", path));
  return data_file_of(path, info);
}

bool is_another_file(const DataFile& listed) {
  const auto stated = stat_data_file(listed.path);
  return !stated || !stated->same_content(listed);
}

bool can_be_opened(const DataFile& file) { return ::access(file.path.c_str(), R_OK) == 0; }

Result<CollectionListing> list_folder(const std::string& folder, MissingFolder missing) {
  CollectionListing out;
  const Folder open(::opendir(folder.c_str()), ::closedir);
  if (!open) {
    const int error = errno;
    struct stat info {};
    const bool is_there = ::lstat(folder.c_str(), &info) == 0;
    if (error == ENOENT && !is_there && missing == MissingFolder::IsEmpty) return out;
    return unreadable_folder(folder, error);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr && errno != 0) return unreadable_folder(folder, errno);
    if (entry == nullptr) return out;
    const std::string name = entry->d_name;
    const std::string path = folder + "/" + name;
    if (is_leftover(name)) out.leftovers.push_back(path);
    if (is_merge_note_name(name)) out.merge_notes.push_back(path);
    const auto parsed = parse_part_name(name);
    if (!parsed) continue;
    CollectionFile found;
    found.file.path = path;
    found.name = *parsed;
    if (const int error = open_once(found); error != 0) return unreadable_folder(folder, error);
    struct stat info {};
    if (!found.trouble.empty() && ::lstat(path.c_str(), &info) != 0 && errno == ENOENT) continue;  // gone meanwhile
    out.files.push_back(std::move(found));
  }
}

std::uint64_t last_commit_of_rejects(const std::string& folder) {
  constexpr std::string_view kPrefix = "commit_";
  std::uint64_t last = 0;
  const Folder open(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kPrefix)) continue;
    std::uint64_t number = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
    last = std::max(last, number);
  }
  return last;
}

std::string identity_of(const DataFile& file) {
  return fmt::format("{}:{}:{}:{}:{}", file.path, file.bytes, file.modified_ns, file.changed_ns, file.inode);
}

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> out;
  const Folder open(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) out.insert(entry->d_name);
  return out;
}

std::string aside_path(const std::string& path) {
  const std::string folder = path.substr(0, path.size() - file_name(path).size());
  return fmt::format("{}.unreadable-{}-{}", folder, random_hex(4), file_name(path));
}

void keep_content(DataFile& file, const DataFile& stated) {
  file.path = stated.path;
  file.bytes = stated.bytes;
  file.modified_ns = stated.modified_ns;
  file.changed_ns = stated.changed_ns;
  file.inode = stated.inode;
}

}  // namespace canvasback
