#include "storage/held_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "storage/file_identity.hpp"

namespace canvasback {

bool may_be_held(const Dataset& dataset) {
  const bool by_position = dataset.kind == DatasetKind::Parquet || dataset.kind == DatasetKind::Arrow;
  return by_position && dataset.files.size() <= kHeldFilesOfDatasetMax;
}

HeldDescriptors open_held(const Dataset& listed, bool& changed) {
  HeldDescriptors out;
  for (const DataFile& file : listed.files) {
    // A pipe of that name must not keep its opener waiting.
    UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) return {};
    if (info.st_nlink == 0 || !has_identity(file, info)) {
      changed = true;
      return {};
    }
    out.push_back(std::make_shared<const UniqueFd>(std::move(fd)));
  }
  return out;
}

bool HeldFiles::has_room_for(std::string_view name, std::size_t files) const {
  std::size_t held = 0;
  for (const auto& [other, entry] : entries_) {
    if (other == name) continue;
    const auto newest = entry.versions.find(entry.newest);
    if (newest != entry.versions.end()) held += newest->second.descriptors.size();
  }
  return held + files <= kHeldFilesMax;
}

void HeldFiles::put(const Dataset& dataset, HeldDescriptors descriptors) {
  Entry& entry = entries_[dataset.name];
  entry.newest = dataset.version;
  entry.versions[dataset.version].descriptors = std::move(descriptors);
  forget_unused(entry);
}

void HeldFiles::follow(const std::shared_ptr<const Dataset>& dataset) {
  const auto entry = entries_.find(dataset->name);
  if (entry == entries_.end()) return;
  const auto version = entry->second.versions.find(dataset->version);
  if (version != entry->second.versions.end()) version->second.used = dataset;
}

void HeldFiles::drop(std::string_view name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  entry->second.newest.clear();
  forget_unused(entry->second);
  if (entry->second.versions.empty()) entries_.erase(entry);
}

const HeldDescriptors* HeldFiles::find(std::string_view name, std::string_view version) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return nullptr;
  const auto found = entry->second.versions.find(version);
  return found == entry->second.versions.end() ? nullptr : &found->second.descriptors;
}

void HeldFiles::forget_unused(Entry& entry) {
  std::erase_if(entry.versions,
                [&](const auto& known) { return known.first != entry.newest && known.second.used.expired(); });
}

}  // namespace canvasback
