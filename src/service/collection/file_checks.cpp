#include "service/collection/file_checks.hpp"

#include "storage/file.hpp"

namespace canvasback {

void FileChecks::load() {
  const auto text = file::read(path_);
  const auto json = text ? Json::parse(*text) : std::unexpected(text.error());
  if (!json) return;
  scrubbed_us_ = json->at("scrubbed_us").as_int();
  for (const Json& entry : json->at("files").as_array()) {
    DataFile file;
    file.path = entry.at("path").as_string();
    file.bytes = entry.at("bytes").as_uint();
    file.modified_ns = entry.at("modified_ns").as_int();
    file.changed_ns = entry.at("changed_ns").as_int();
    file.inode = entry.at("inode").as_uint();
    remembered_.insert_or_assign(file.path, std::move(file));
  }
}

std::string FileChecks::text(const std::vector<DataFile>& files) const {
  Json entries = Json::Array{};
  for (const DataFile& file : files) {
    if (unchecked_.contains(file.path)) continue;
    Json entry;
    entry.set("path", file.path);
    entry.set("bytes", file.bytes);
    entry.set("modified_ns", file.modified_ns);
    entry.set("changed_ns", file.changed_ns);
    entry.set("inode", file.inode);
    entries.push(std::move(entry));
  }
  Json out;
  out.set("scrubbed_us", scrubbed_us_);
  out.set("files", std::move(entries));
  return out.dump() + "\n";
}

void FileChecks::expect(const DataFile& file) {
  const auto known = remembered_.find(file.path);
  if (known == remembered_.end() || !known->second.same_content(file)) expect_anew(file);
}

void FileChecks::expect_anew(const DataFile& file) {
  unchecked_.insert_or_assign(file.path, file);
  damaged_.erase(file.path);
}

void FileChecks::passed(const std::string& path, std::int64_t changed_ns) {
  const auto found = unchecked_.find(path);
  if (found == unchecked_.end() || found->second.changed_ns != changed_ns) return;
  unchecked_.erase(found);
  damaged_.erase(path);
}

void FileChecks::found_damaged(const DataFile& file, Damage damage) {
  unchecked_.insert_or_assign(file.path, file);
  damaged_.insert_or_assign(file.path, std::move(damage));
}

void FileChecks::forget(const std::string& path) {
  unchecked_.erase(path);
  damaged_.erase(path);
}

std::vector<std::string> FileChecks::unchecked_of(const std::vector<std::shared_ptr<const Dataset>>& datasets) const {
  std::vector<std::string> out;
  if (unchecked_.empty()) return out;
  for (const auto& dataset : datasets) {
    if (!dataset->is_collection) continue;
    for (const DataFile& file : dataset->files) {
      if (unchecked_.contains(file.path)) out.push_back(file.path);
    }
  }
  return out;
}

std::vector<std::string> FileChecks::waiting() const {
  std::vector<std::string> out;
  for (const auto& [path, file] : unchecked_) {
    if (!damaged_.contains(path)) out.push_back(path);
  }
  return out;
}

}  // namespace canvasback
