#include "service/collection/collection_registry.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/text.hpp"
#include "service/collection/ingest_request.hpp"
#include "storage/file.hpp"

namespace canvasback {

namespace {

std::string version_text(const Collection& collection, std::uint64_t version) {
  if (collection.generation == 0) return fmt::format("{}-{}", collection.name, version);
  return fmt::format("{}-{}.{}", collection.name, collection.generation, version);
}

}  // namespace

Error no_collection(std::string_view name) {
  return Error{
      ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", name.substr(0, 128)), {}, {}, {}};
}

const Collection* CollectionRegistry::find(std::string_view name) const {
  const auto found = collections_.find(name);
  return found == collections_.end() ? nullptr : found->second.get();
}

Collection* CollectionRegistry::find(std::string_view name) {
  const auto found = collections_.find(name);
  return found == collections_.end() ? nullptr : found->second.get();
}

Result<Collection*> CollectionRegistry::existing(std::string_view name) {
  if (Collection* found = find(name)) return found;
  return fail(no_collection(name));
}

Result<Collection*> CollectionRegistry::get_or_make(std::string_view name) {
  if (context_.stopping()) return fail(Error{ErrorCode::Unavailable, "The server is stopping.", {}, {}, 5});
  if (Collection* found = find(name)) return found;
  if (!is_dataset_name(name)) {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" cannot be the name of a collection.", name.substr(0, 64)));
  }
  if (datasets_.entries().contains(name)) {
    return fail(ErrorCode::InvalidData, fmt::format("A dataset \"{}\" already exists.", name));
  }
  const std::string& data = context_.options.data_folder;
  const std::string base = name == kDefaultCollection ? data : fmt::format("{}/collections/{}", data, name);
  CollectionPlace place{std::string(name), base + "/parquet", base + "/archive", base + "/quarantine", false,
                        retired_.size()};
  // Whoever wrote to FLIGHTS would answer for flights in SQL, which does not tell the two apart. What is on the disk is
  // served all the same.
  const std::string known = name_like(name);
  std::error_code error;
  if (!known.empty() && !std::filesystem::exists(std::filesystem::symlink_status(place.folder, error))) {
    return fail(
        ErrorCode::InvalidData,
        fmt::format("\"{}\" already exists; names that differ only in the case of letters are one in SQL.", known));
  }
  CANVASBACK_TRY(file::make_folder(place.folder));
  auto collection =
      std::make_unique<Collection>(context_.executor, std::move(place), context_.options.sync_each_commit);
  return collections_.emplace(std::string(name), std::move(collection)).first->second.get();
}

std::string CollectionRegistry::name_like(std::string_view name) const {
  for (const auto& [other, unused] : collections_) {
    if (lower(other) == lower(name)) return other;
  }
  return datasets_.name_like(name);
}

std::vector<Collection*> CollectionRegistry::list() const {
  std::vector<Collection*> out;
  for (const auto& [name, collection] : collections_) out.push_back(collection.get());
  return out;
}

std::vector<std::pair<std::string, DataFile>> CollectionRegistry::all_files() const {
  std::vector<std::pair<std::string, DataFile>> out;
  for (const auto& [name, collection] : collections_) {
    for (const auto* files : {&std::as_const(collection->files.live), &std::as_const(collection->archived)}) {
      for (const CollectionFile& file : *files) out.emplace_back(name, file.file);
    }
  }
  return out;
}

void CollectionRegistry::publish(Collection& collection) {
  if (collection.is_scratch || collection.is_retired) return;
  const std::uint64_t version = collection.versions.begin();
  collection.files.declared = collection.schema ? declared_kinds(*collection.schema) : Kinds();
  for (CollectionFile& file : collection.files.live) {
    if (file.signature.empty()) file.signature = signature_of(file.info.kinds);
    file.file.dead.clear();
    if (collection.keys) file.file.dead = collection.keys->dead_of(file.file.path);
  }
  auto dataset =
      std::make_shared<const Dataset>(dataset_of(collection.name, collection.files, version_text(collection, version)));
  collection.versions.published(dataset);
  const auto& blocked = collection.health.blocked();
  if (!blocked) return datasets_.put(std::move(dataset));
  std::vector<std::string> left_out;
  for (const CollectionFile& file : collection.files.blocking) left_out.push_back(file_name(file.file.path));
  if (left_out.empty()) left_out.push_back(collection.folder);
  datasets_.put_unreadable(std::move(dataset), std::move(left_out), *blocked);
}

void CollectionRegistry::retire(Collection& collection, Error why) {
  collection.is_retired = true;
  collection.health.stop(std::move(why));
  collection.keys.reset();
  datasets_.drop(collection.name);
  const auto found = collections_.find(collection.name);
  retired_.push_back(std::move(found->second));
  collections_.erase(found);
}

}  // namespace canvasback
