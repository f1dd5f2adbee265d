#include "service/dashboard/dashboard_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "service/dashboard/builtin_dashboards.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 3> kRouteWords{"check", "query", "schema"};
constexpr std::string_view kEnding = ".yaml";
constexpr std::size_t kNameBytesMax = 128;

Error no_dashboard(std::string_view name) {
  return {ErrorCode::DashboardNotFound, fmt::format("There is no dashboard \"{}\".", name.substr(0, 128)), {}, {}, 0};
}

Status check_conditions(const std::optional<DashboardFile>& there, const DashboardConditions& conditions) {
  if (conditions.only_new && there && !there->is_built_in) {
    return fail(ErrorCode::PreconditionFailed, "There is a dashboard of this name already.");
  }
  const auto is_it = [&](const std::string& tag) { return there && tag == there->tag(); };
  if (std::ranges::any_of(conditions.none_of, is_it)) {
    return fail(ErrorCode::PreconditionFailed, "The dashboard is the one that it must not be.");
  }
  const bool is_one = conditions.tags && std::ranges::any_of(*conditions.tags, is_it);
  if (is_one || (conditions.any ? there.has_value() : !conditions.tags)) return {};
  return fail(ErrorCode::PreconditionFailed, "The dashboard was changed since it was read.");
}

}  // namespace

std::string DashboardFile::tag() const { return sha256_hex(text).substr(0, 32); }

bool is_dashboard_name(std::string_view name) {
  return is_dataset_name(name) && name.size() <= kNameBytesMax &&
         std::ranges::find(kRouteWords, name) == kRouteWords.end();
}

std::string DashboardFiles::path_of(std::string_view name) const {
  return fmt::format("{}/{}{}", folder_, name, kEnding);
}

// Nothing where there is nothing of the name.
std::optional<Result<DashboardFile>> DashboardFiles::read_file(std::string_view name) const {
  if (folder_.empty() || !is_dashboard_name(name)) return std::nullopt;
  struct stat info {};
  const std::string path = path_of(name);
  if (::lstat(path.c_str(), &info) != 0 && errno == ENOENT) return std::nullopt;
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::Unavailable,
                fmt::format("{}{} in the folder of dashboards is no file that can be read.", name, kEnding));
  }
  if (static_cast<std::size_t>(info.st_size) > limits::kDashboardBytesMax) {
    return fail(ErrorCode::InvalidData, fmt::format("The dashboard \"{}\" is longer than {} KiB.", name,
                                                    limits::kDashboardBytesMax / limits::kKiB));
  }
  DashboardFile out;
  out.name = name;
  CANVASBACK_ASSIGN(out.text, file::read(path));
  out.modified_us = std::int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
  return out;
}

std::vector<DashboardFile> DashboardFiles::list() const {
  std::vector<DashboardFile> out;
  std::error_code error;
  if (!folder_.empty() && fs::exists(folder_, error)) {
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
      if (out.size() == limits::kDashboardFilesMax) break;
      if (entry.path().extension() != kEnding) continue;
      auto file = read_file(entry.path().stem().string());
      if (file && *file) out.push_back(std::move(**file));
    }
  }
  for (const auto& [name, text] : builtin_dashboards()) {
    if (std::ranges::find(out, name, &DashboardFile::name) != out.end()) continue;
    out.push_back({std::string(name), std::string(text), true, 0});
  }
  std::ranges::sort(out, {}, &DashboardFile::name);
  return out;
}

Result<DashboardFile> DashboardFiles::read(std::string_view name) const {
  if (auto file = read_file(name)) return std::move(*file);
  for (const auto& [known, text] : builtin_dashboards()) {
    if (known == name) return DashboardFile{std::string(name), std::string(text), true, 0};
  }
  return std::unexpected(no_dashboard(name));
}

Result<bool> DashboardFiles::save(const std::string& name, std::string_view text,
                                  const DashboardConditions& conditions) const {
  if (!is_dashboard_name(name)) {
    return fail(ErrorCode::InvalidData,
                "The name of a dashboard must begin with a letter or '_' and may have letters, digits, '_', '-' and "
                "'.'; check, query and schema are no names.");
  }
  if (folder_.empty()) return fail(ErrorCode::Unavailable, "There is no data folder to save dashboards in.");
  std::optional<DashboardFile> there;
  auto known = read(name);
  if (known) there = std::move(*known);
  // What is there and cannot be read is not overwritten.
  if (!known && known.error().code != ErrorCode::DashboardNotFound) return std::unexpected(known.error());
  CANVASBACK_TRY(check_conditions(there, conditions));
  CANVASBACK_TRY(file::make_folder(folder_));
  // The owner's link stays one.
  std::error_code error;
  const std::string path = path_of(name);
  const std::string target = fs::is_symlink(path, error) ? fs::canonical(path, error).string() : path;
  if (target.empty()) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be followed.", path));
  CANVASBACK_TRY(file::replace(target, text));
  return !there || there->is_built_in;
}

Status DashboardFiles::remove(const std::string& name, const DashboardConditions& conditions) const {
  auto there = read_file(name);
  if (!there) return std::unexpected(no_dashboard(name));
  std::optional<DashboardFile> file;
  if (*there) file = std::move(**there);
  CANVASBACK_TRY(check_conditions(file, conditions));
  CANVASBACK_TRY(file::remove(path_of(name)));
  return file::sync_folder(folder_);
}

}  // namespace canvasback
