#include "service/collection/published_versions.hpp"

#include <algorithm>

namespace canvasback {

void PublishedVersions::published(std::shared_ptr<const Dataset> dataset) {
  std::erase_if(held_, [](const auto& entry) { return entry.second.expired(); });
  held_.emplace_back(current_, std::move(dataset));
}

std::shared_ptr<const Dataset> PublishedVersions::newest() const {
  return held_.empty() ? nullptr : held_.back().second.lock();
}

void PublishedVersions::supersede(const std::vector<CollectionFile>& files, std::int64_t now_ns) {
  for (const CollectionFile& file : files) supersede(file.file.path, now_ns);
}

void PublishedVersions::supersede(std::string path, std::int64_t now_ns) {
  superseded_.push_back({std::move(path), current_ + 1, now_ns});
}

void PublishedVersions::keep(const std::set<std::string>& live) {
  std::erase_if(superseded_, [&](const Superseded& file) { return live.contains(file.path); });
}

std::set<std::string> PublishedVersions::superseded() const {
  std::set<std::string> out;
  for (const Superseded& file : superseded_) out.insert(file.path);
  return out;
}

PublishedVersions::Removable PublishedVersions::removable(std::int64_t grace_ns, std::int64_t now_ns) {
  std::erase_if(held_, [](const auto& entry) { return entry.second.expired(); });
  std::uint64_t oldest = current_;
  for (const auto& [version, dataset] : held_) oldest = std::min(oldest, version);
  Removable out;
  std::uint64_t since = 0;
  // None goes before the older ones have.
  for (const Superseded& file : superseded_) {
    if (oldest < file.since || now_ns - file.since_ns < grace_ns) break;
    if (file.since != since) out.generations.emplace_back();
    since = file.since;
    out.generations.back().push_back(file.path);
    ++out.count;
  }
  return out;
}

void PublishedVersions::removed(std::size_t count) {
  superseded_.erase(superseded_.begin(), superseded_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace canvasback
