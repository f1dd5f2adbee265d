#include "worker/roles/query/dataset_catalog.hpp"

#include "base/text.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {

void DatasetCatalog::update(const Json& datasets) {
  for (const Json& entry : datasets.as_array()) {
    auto dataset = dataset_from_json(entry);
    if (!dataset) continue;
    held_.erase(dataset->name);
    text_sources_.erase(dataset->name);
    datasets_.insert_or_assign(dataset->name, std::move(*dataset));
  }
}

void DatasetCatalog::forget(const Json& names) {
  for (const Json& entry : names.as_array()) {
    const std::string name(entry.as_string());
    datasets_.erase(name);
    held_.erase(name);
    text_sources_.erase(name);
  }
}

void DatasetCatalog::hold(const std::string& dataset, std::vector<UniqueFd> files) {
  HeldDescriptors held;
  for (UniqueFd& file : files) held.push_back(std::make_shared<const UniqueFd>(std::move(file)));
  held_.insert_or_assign(dataset, std::move(held));
}

Result<const Dataset*> DatasetCatalog::find(std::string_view name) const {
  const auto found = datasets_.find(name);
  if (found != datasets_.end()) return &found->second;
  return fail(ErrorCode::DatasetNotFound, "There is no dataset \"" + std::string(name) + "\".");
}

const Dataset* DatasetCatalog::find_table(std::string_view name) const {
  if (auto exact = datasets_.find(name); exact != datasets_.end()) return &exact->second;
  for (const auto& [known, dataset] : datasets_) {
    if (lower(known) == lower(name)) return &dataset;
  }
  return nullptr;
}

std::vector<std::string> DatasetCatalog::names_alike(std::string_view name) const {
  std::vector<std::string> alike;
  for (const auto& [known, dataset] : datasets_) {
    if (lower(known) == lower(name)) alike.push_back(known);
  }
  return alike;
}

std::vector<std::string> DatasetCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, dataset] : datasets_) names.push_back(name);
  return names;
}

const HeldDescriptors* DatasetCatalog::held(std::string_view dataset) const {
  const auto found = held_.find(dataset);
  return found == held_.end() ? nullptr : &found->second;
}

Result<std::shared_ptr<const PartSource>> DatasetCatalog::text_source(const Dataset& dataset) {
  KeptSource& kept = text_sources_[dataset.name];
  if (!kept.source || kept.version != dataset.version) {
    CANVASBACK_ASSIGN(kept.source, open_text_files(dataset));
    kept.version = dataset.version;
  }
  return kept.source;
}

}  // namespace canvasback
