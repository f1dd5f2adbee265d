#include "storage/block_index.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

bool is_key(const std::string& key) {
  return key.size() == 64 &&
         std::ranges::all_of(key, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// KEY.arrow, or KEY.part where a copy from another disk was not finished; KEY.parquet is a rollup of dashboards
// (service/dashboard/live_rollups.hpp).
bool is_block(const fs::path& path) {
  const std::string ending = path.extension();
  return is_key(path.stem().string()) && (ending == ".arrow" || ending == ".part" || ending == ".parquet");
}

std::string block_path(const std::string& folder, const std::string& key) { return folder + "/" + key + ".arrow"; }

}  // namespace

BlockIndex::BlockIndex(std::string folder, std::uint64_t budget_bytes)
    : folder_(std::move(folder)), budget_bytes_(budget_bytes) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const bool is_plain = entry.symlink_status(error).type() == fs::file_type::regular;
    if (is_plain && is_block(entry.path())) fs::remove(entry.path(), error);
  }
}

void BlockIndex::accept(const std::string& key, const std::string& offered_path, const std::string& spill_folder) {
  std::error_code error;
  struct stat info {};
  const fs::path offered(offered_path);
  const fs::path name = offered.filename();
  const bool inside = offered.parent_path() == fs::path(spill_folder) && name != "" && name != "." && name != "..";
  const bool usable =
      is_key(key) && inside && ::lstat(offered_path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
      static_cast<std::uint64_t>(info.st_size) <= std::min<std::uint64_t>(limits::kCacheEntryBytesMax, budget_bytes_);
  if (!usable || entries_.contains(key)) {
    if (inside) fs::remove(offered_path, error);
    return;
  }
  fs::rename(offered_path, block_path(folder_, key), error);
  if (error == std::errc::cross_device_link) {
    const std::string part = folder_ + "/" + key + ".part";
    fs::copy_file(offered_path, part, fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(part, block_path(folder_, key), error);
    std::error_code ignored;
    if (error) fs::remove(part, ignored);
    fs::remove(offered_path, ignored);
  }
  if (error) {
    log::warning("a decoded block could not be kept: {}", error.message());
    fs::remove(offered_path, error);
    return;
  }
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  entries_[key] = {bytes, order_.insert(order_.end(), key)};
  bytes_ += bytes;
  evict();
}

void BlockIndex::touch(const std::string& key) {
  auto found = entries_.find(key);
  if (found != entries_.end()) order_.splice(order_.end(), order_, found->second.place);
}

void BlockIndex::evict() {
  std::error_code error;
  while (bytes_ > budget_bytes_ && !order_.empty()) {
    const std::string key = order_.front();
    // A worker that has it mapped keeps its pages until it lets go.
    fs::remove(block_path(folder_, key), error);
    bytes_ -= entries_[key].bytes;
    entries_.erase(key);
    order_.pop_front();
  }
}

}  // namespace canvasback
