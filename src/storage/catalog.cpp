#include "storage/catalog.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "storage/file_identity.hpp"
#include "storage/glob.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

bool is_glob(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

// The part of a glob before its first special character, up to a folder.
std::string glob_root(std::string_view glob) {
  std::string_view fixed = glob.substr(0, glob.find_first_of("*?["));
  const std::size_t slash = fixed.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(fixed.substr(0, slash));
}

bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name.starts_with('_');
}

Result<DataFile> stat_file(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  struct stat info {};
  if (error || ::stat(real.c_str(), &info) != 0) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("The file {} cannot be read.", path.string()));
  }
  DataFile file;
  file.path = real.string();
  take_identity(file, info);
  return file;
}

// Files below a folder for which `wanted` holds; hidden files and folders are left out.
template <class Wanted>
Result<std::vector<fs::path>> walk(const std::string& folder, Wanted wanted) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  if (error) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("The folder {} cannot be read: {}.", folder, error.message()));
  }
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    if (is_hidden(entry->path())) {
      if (entry->is_directory(error)) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(error) || !wanted(entry->path())) continue;
    found.push_back(entry->path());
    if (found.size() > limits::kDatasetFilesMax) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("{} holds more than {} files.", folder, limits::kDatasetFilesMax));
    }
  }
  return found;
}

Result<std::vector<fs::path>> matching_paths(const DatasetSource& source) {
  if (is_glob(source.pattern)) {
    const Glob glob(source.pattern);
    return walk(glob_root(source.pattern), [&](const fs::path& path) { return glob.matches(path.string()); });
  }
  std::error_code error;
  if (fs::is_directory(source.pattern, error)) {
    return walk(source.pattern, [&](const fs::path& path) {
      auto kind = dataset_kind_of_path(path.string());
      return kind && (!source.kind || *kind == *source.kind);
    });
  }
  if (!fs::is_regular_file(source.pattern, error)) {
    return fail(ErrorCode::DatasetNotFound,
                fmt::format("No such file, folder or matching glob: {}.", source.pattern));
  }
  return std::vector<fs::path>{source.pattern};
}

bool has_hive_folder(std::string_view root, std::string_view path) {
  for (const std::string& part : split(path.substr(std::min(root.size(), path.size())), '/')) {
    const std::size_t equals = part.find('=');
    if (equals != std::string::npos && equals > 0 && part.find('.') == std::string::npos) return true;
  }
  return false;
}

std::string version_of(const std::vector<DataFile>& files) {
  Sha256 digest;
  for (const DataFile& file : files) {
    digest.update(
        fmt::format("{}\n{} {} {} {}\n", file.path, file.bytes, file.modified_ns, file.changed_ns, file.inode));
  }
  return digest.hex().substr(0, 16);
}

}  // namespace

Result<DatasetSource> dataset_source_from(std::string_view argument) {
  DatasetSource source;
  std::string_view path = argument;
  const std::size_t equals = argument.find('=');
  std::error_code error;
  // `name=path`, unless the whole is a path that happens to hold a '='.
  if (equals != std::string_view::npos && is_dataset_name(argument.substr(0, equals)) &&
      !fs::exists(std::string(argument), error)) {
    source.name = argument.substr(0, equals);
    path = argument.substr(equals + 1);
  }
  if (path.empty()) return fail(ErrorCode::InvalidData, fmt::format("\"{}\" has no path.", argument));
  fs::path absolute = fs::absolute(std::string(path), error).lexically_normal();
  source.pattern = absolute.string();
  while (source.pattern.size() > 1 && source.pattern.back() == '/') source.pattern.pop_back();
  if (source.name.empty()) source.name = name_from_path(source.pattern);
  if (!is_dataset_name(source.name)) {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" cannot be used as a dataset name.", source.name));
  }
  return source;
}

Result<Dataset> list_files(const DatasetSource& source) {
  CANVASBACK_ASSIGN(std::vector<fs::path> paths, matching_paths(source));
  Dataset dataset;
  dataset.name = source.name;
  std::optional<DatasetKind> kind = source.kind;
  std::error_code error;
  const std::string root = is_glob(source.pattern) ? glob_root(source.pattern) : source.pattern;
  for (const fs::path& path : paths) {
    if (!source.kind) {
      auto found = dataset_kind_of_path(path.string());
      if (!found) {
        return fail(ErrorCode::InvalidData,
                    fmt::format("{} has no known extension; its kind can be named in the config.", path.string()));
      }
      if (kind && *kind != *found) {
        return fail(ErrorCode::InvalidData, fmt::format("{} holds files of several kinds.", source.pattern));
      }
      kind = found;
    }
    auto file = stat_file(path);
    if (!file) continue;  // vanished between listing and stat
    if (fs::is_directory(root, error)) {
      dataset.hive_partitioning = dataset.hive_partitioning || has_hive_folder(root, path.parent_path().string());
    }
    dataset.files.push_back(std::move(*file));
  }
  if (dataset.files.empty()) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("No data file matches {}.", source.pattern));
  }
  dataset.kind = *kind;
  std::ranges::sort(dataset.files, {}, &DataFile::path);
  dataset.version = version_of(dataset.files);
  return dataset;
}

std::vector<std::string> readable_paths(const DatasetSource& source, const Dataset& dataset) {
  std::vector<std::string> paths;
  std::error_code error;
  const std::string root = is_glob(source.pattern) ? glob_root(source.pattern) : source.pattern;
  std::string folder;
  if (fs::is_directory(root, error)) folder = fs::canonical(root, error).string();
  if (!folder.empty() && folder != "/") paths.push_back(folder);
  for (const DataFile& file : dataset.files) {
    // A link may lead out of the folder; what it leads to is granted by name.
    if (folder.empty() || folder == "/" || !file.path.starts_with(folder + "/")) paths.push_back(file.path);
  }
  return paths;
}

}  // namespace canvasback
