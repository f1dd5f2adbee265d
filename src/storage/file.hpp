// Files that must survive a crash: every operation of the path of a commit, merge or backup goes through here, and no
// other. A test build can make each of them fail, stop the program at it, or lose what was not synced (FileFaults);
// the product has no such hook installed. Blocking; thread-safe.
//
// Errors: StorageLimit when the disk is full, Unavailable for anything else the system says; its words are the detail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace canvasback::file {

// What a test build may want to know of, before it is done.
struct Operation {
  std::string_view name;  // create, sync, rename, sync_folder, make_folder, remove
  std::string path;
  std::string target = {};  // of rename, also of its two variants
  int fd = -1;              // sync, and create once it has succeeded
};
// An error number instead of the operation, 0 to do nothing and succeed, or nullopt to go on.
using Faults = std::function<std::optional<int>(const Operation&)>;
// Called once, before the first operation.
void install_faults(Faults faults);
// Told after an operation succeeded.
void install_observer(std::function<void(const Operation&)> observer);

// What move() writes before it has its name begins with this, beside the target.
inline constexpr std::string_view kMovedPrefix = ".writing-moved-";

// A new file for writing; it must not exist.
Result<UniqueFd> create(const std::string& path);
// All of the bytes, at the file's offset.
Status write(int fd, std::string_view bytes, const std::string& path);
// Its bytes are on the disk. Never called again for a file after it failed: what was not written is then lost, and a
// second call would not say so.
Status sync(int fd, const std::string& path);
// Another name in the same folder or file system. Never over a file that is there: then Unavailable, and both are as
// they were. Where the file system cannot refuse that by itself, the new name is linked and the old one removed; a
// crash between leaves both names of the one file.
Status rename(const std::string& from, const std::string& to);
// What is under rename(), for whoever renames outside of what must survive a crash, folders too: no fault is planted
// and no observer told. 0, or the system's error number: EEXIST where something has the name.
int rename_to_new(const std::string& from, const std::string& to);
// As rename(), and a file that is there is replaced: for a file that the caller alone writes.
Status rename_over(const std::string& from, const std::string& to);
// The two change places at once, so that neither name is ever without one: two folders, or two files.
Status exchange(const std::string& one, const std::string& other);
// As rename(), also to another file system: copied under a temporary name (kMovedPrefix), synced, renamed, the folder
// synced, and only then removed here. A crash leaves the temporary, or both files, or only the new one.
Status move(const std::string& from, const std::string& to);
// The names in the folder are on the disk.
Status sync_folder(const std::string& path);
// With all folders above it, each synced into its parent. It may exist already.
Status make_folder(const std::string& path);
// It may be gone already.
Status remove(const std::string& path);
// A small file, whole or not at all: written beside its place, synced, renamed, the folder synced.
Status replace(const std::string& path, std::string_view bytes);

// All bytes of a small file. Errors: Unavailable where it is not there or cannot be read.
Result<std::string> read(const std::string& path);
// What others wrote into a file that is there is on the disk. One that is gone has nothing left to sync.
Status sync_by_name(const std::string& path);

Error error_from(int error_number, std::string_view what, const std::string& path);

}  // namespace canvasback::file
