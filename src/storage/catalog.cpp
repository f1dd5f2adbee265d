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
#include "storage/partition.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Whether a path is a pattern of paths. One that exists is itself, whatever characters its name has.
bool is_glob(const std::string& path) { return path.find_first_of("*?[") != std::string::npos && !exists(path); }

// The folder that all matches of a glob are in: its components up to the first that is a pattern of names.
std::string glob_root(std::string_view glob) {
  std::size_t root = 0;
  for (std::size_t slash = glob.find('/', 1); slash != std::string_view::npos; slash = glob.find('/', slash + 1)) {
    if (is_glob(std::string(glob.substr(0, slash)))) break;
    root = slash;
  }
  return root == 0 ? "/" : std::string(glob.substr(0, root));
}

// A path without the folder it is in, and without the slash between the two.
std::string_view below(std::string_view root, std::string_view path) {
  return path.substr(root == "/" ? 1 : root.size() + 1);
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
    const std::string root = glob_root(source.pattern);
    const Glob glob(below(root, source.pattern));
    return walk(root, [&](const fs::path& path) { return glob.matches(below(root, path.native())); });
  }
  std::error_code error;
  if (fs::is_directory(source.pattern, error)) {
    return walk(source.pattern, [&](const fs::path& path) {
      auto kind = dataset_kind_of_path(path.string());
      return kind && (!source.kind || *kind == *source.kind);
    });
  }
  if (!fs::is_regular_file(source.pattern, error)) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("No such file, folder or matching glob: {}.", source.pattern));
  }
  return std::vector<fs::path>{source.pattern};
}

std::string absolute_path(std::string_view path) {
  std::error_code error;
  std::string out = fs::absolute(std::string(path), error).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

// Whether there is a file or folder of this name, or a folder that the pattern begins with below the one we are in.
bool stands_for_a_path(const std::string& path) {
  if (exists(path)) return true;
  if (!is_glob(path)) return false;
  std::error_code error;
  const std::string root = glob_root(path);
  return root.size() > fs::current_path(error).native().size() && exists(root);
}

std::string version_of(const std::vector<DataFile>& files, const TextSettings& settings) {
  Sha256 digest;
  for (const DataFile& file : files) {
    digest.update(
        fmt::format("{}\n{} {} {} {}\n", file.path, file.bytes, file.modified_ns, file.changed_ns, file.inode));
  }
  if (settings != TextSettings()) digest.update(to_json(settings).dump());
  return digest.hex().substr(0, 16);
}

// Where the settings of `path?name=value…` begin, if there are any: the '?' of a pattern is followed by no '='.
std::size_t settings_mark(std::string_view argument) {
  const std::size_t mark = argument.rfind('?');
  if (mark == std::string_view::npos || argument.find('=', mark) == std::string_view::npos)
    return std::string_view::npos;
  return mark;
}

// `path` or `name=path`.
Result<DatasetSource> source_without_settings(std::string_view argument) {
  if (stands_for_a_path(absolute_path(argument))) return dataset_source("", argument);
  // `name=path`: either may hold a '=', so the path that exists decides, and else the first '='.
  std::optional<std::size_t> first;
  for (std::size_t at = argument.find('='); at != std::string_view::npos; at = argument.find('=', at + 1)) {
    if (!is_served_name(argument.substr(0, at))) continue;
    if (!first) first = at;
    if (at + 1 < argument.size() && stands_for_a_path(absolute_path(argument.substr(at + 1)))) {
      return dataset_source(argument.substr(0, at), argument.substr(at + 1));
    }
  }
  if (first) return dataset_source(argument.substr(0, *first), argument.substr(*first + 1));
  return dataset_source("", argument);
}

}  // namespace

bool is_served_name(std::string_view name) {
  if (name.empty() || name.size() > kServedNameBytesMax || name == "." || name == "..") return false;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = utf8_sequence_length(name.substr(at));
    if (length == 0) return false;
    const auto byte = static_cast<unsigned char>(name[at]);
    if (length == 1 && (byte < 0x20 || byte == 0x7F || byte == '/')) return false;
    at += length;
  }
  return true;
}

Result<DatasetSource> dataset_source(std::string_view name, std::string_view path) {
  if (path.empty()) return fail(ErrorCode::InvalidData, fmt::format("The dataset \"{}\" has no path.", name));
  DatasetSource source;
  source.name = name;
  source.pattern = absolute_path(path);
  if (source.name.empty()) {
    std::string named = source.pattern;
    // A glob is named after its folder; what exists is none.
    if (!is_glob(source.pattern)) {
      std::ranges::replace_if(
          named, [](char c) { return c == '*' || c == '?' || c == '['; }, '_');
    }
    source.name = name_from_path(named);
  }
  if (!is_served_name(source.name)) {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" cannot be used as a dataset name: it is at most {} bytes of UTF-8 without control "
                            "characters and without a slash.",
                            source.name, kServedNameBytesMax));
  }
  return source;
}

Result<DatasetSource> dataset_source_from(std::string_view argument) {
  auto whole = source_without_settings(argument);
  const std::size_t mark = settings_mark(argument);
  std::error_code error;
  if (mark == std::string_view::npos || (whole && fs::exists(whole->pattern, error))) return whole;
  CANVASBACK_ASSIGN(DatasetSource source, source_without_settings(argument.substr(0, mark)));
  CANVASBACK_ASSIGN(source.text, text_settings_from_query(argument.substr(mark + 1)));
  return source;
}

Result<Dataset> list_files(const DatasetSource& source) {
  CANVASBACK_ASSIGN(std::vector<fs::path> paths, matching_paths(source));
  Dataset dataset;
  dataset.name = source.name;
  std::optional<DatasetKind> kind = source.kind;
  std::error_code error;
  const std::string root = is_glob(source.pattern) ? glob_root(source.pattern) : source.pattern;
  const bool in_folder = fs::is_directory(root, error);
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
    if (in_folder) file->partition = partition_of(root, path.native());
    dataset.hive_partitioning = dataset.hive_partitioning || !file->partition.empty();
    dataset.files.push_back(std::move(*file));
  }
  if (dataset.files.empty()) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("No data file matches {}.", source.pattern));
  }
  dataset.kind = *kind;
  if (source.text != TextSettings()) {
    const bool is_text = dataset.kind == DatasetKind::Csv || dataset.kind == DatasetKind::Json;
    if (!is_text) {
      return fail(ErrorCode::InvalidData, fmt::format("{} is {}: how text is read means nothing for it.",
                                                      source.pattern, name_of(dataset.kind)));
    }
    auto told = std::make_shared<TextReading>();
    told->settings = source.text;
    dataset.text = std::move(told);
  }
  std::ranges::sort(dataset.files, {}, &DataFile::path);
  dataset.version = version_of(dataset.files, source.text);
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
