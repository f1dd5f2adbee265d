// The part of CollectionService that keeps schemas: a schema is of the collection of its name.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> not_found(std::string_view name) {
  return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
}

std::unexpected<Error> already(std::string_view name) {
  return fail(ErrorCode::DuplicateRecord, fmt::format("A schema \"{}\" already exists.", name.substr(0, 128)));
}

bool same_keys(const RecordSchema& one, const RecordSchema& other) {
  if (one.primary_key != other.primary_key || one.keys() != other.keys()) return false;
  for (const auto& fields : one.keys()) {
    for (const std::string& name : fields) {
      const SchemaField* left = one.find(name);
      const SchemaField* right = other.find(name);
      const FieldType left_type = left != nullptr ? left->type : FieldType::String;
      if (left_type != (right != nullptr ? right->type : FieldType::String)) return false;
    }
  }
  return true;
}

}  // namespace

asio::awaitable<Result<RecordSchema>> CollectionService::create_schema(RecordSchema schema) {
  using Out = Result<RecordSchema>;
  if (schemas_.find(schema.name) != nullptr) {
    co_return Out(already(schema.name));
  }
  if (schemas_.all().size() >= limits::kSchemasMax) {
    co_return Out(fail(ErrorCode::StorageLimit, "There are too many schemas."));
  }
  auto collection = collection_for(schema.name);
  if (!collection) co_return Out(std::unexpected(collection.error()));
  co_return co_await take_schema(**collection, std::move(schema), true);
}

asio::awaitable<Result<RecordSchema>> CollectionService::replace_schema(RecordSchema schema) {
  using Out = Result<RecordSchema>;
  if (schemas_.find(schema.name) == nullptr) co_return Out(not_found(schema.name));
  auto collection = collection_for(schema.name);
  if (!collection) co_return Out(std::unexpected(collection.error()));
  co_return co_await take_schema(**collection, std::move(schema), false);
}

// Without the keys of the schema at hand nobody would know which rows are dead: they are merged away before it goes.
asio::awaitable<void> CollectionService::drop_dead(Collection& collection) {
  std::int64_t dead = 0;
  for (const CollectionFile& file : collection.files.live) dead += file.file.dead_rows();
  const WorkWatch unwatched;
  if (dead > 0) static_cast<void>(co_await compact(collection.name, unwatched));
}

// The keys of the records that are there, if the schema is to be in force for them, too.
asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> CollectionService::keys_under(Collection& collection,
                                                                                       const RecordSchema& schema) {
  using Out = Result<std::unique_ptr<CollectionKeys>>;
  if (schema.keys().empty()) co_return std::unique_ptr<CollectionKeys>();
  std::int64_t dead = 0;
  for (const CollectionFile& file : collection.files.live) dead += file.file.dead_rows();
  const auto given = std::make_shared<const RecordSchema>(schema);
  if (collection.keys && same_keys(schema, collection.keys->schema())) {
    CollectionKeys::Rebuilt rebuilt;
    co_return co_await read_keys(collection, given, rebuilt);
  }
  if (dead > 0) {
    co_return Out(fail(ErrorCode::SchemaValidation, "Records are being replaced or deleted: try again."));
  }
  CollectionKeys::Rebuilt rebuilt;
  auto keys = co_await read_keys(collection, given, rebuilt);
  if (!keys) co_return Out(std::unexpected(keys.error()));
  if (rebuilt.without_key > 0) {
    co_return Out(fail(ErrorCode::SchemaValidation,
                       fmt::format("{} records have no key of these fields and types.", rebuilt.without_key)));
  }
  if (rebuilt.duplicates > 0) {
    co_return Out(fail(ErrorCode::DuplicateRecord,
                       fmt::format("{} records have a key that another has, too.", rebuilt.duplicates)));
  }
  co_return std::move(*keys);
}

// The next version: on the disk, then in force for every request that comes from now on.
asio::awaitable<Result<RecordSchema>> CollectionService::take_schema(Collection& collection, RecordSchema schema,
                                                                     bool first) {
  using Out = Result<RecordSchema>;
  co_await wait_for_merges(collection);
  co_await drop_dead(collection);
  const auto held = co_await collection.lock->hold();
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  const auto* known = schemas_.versions(collection.name);
  if (first && known != nullptr) co_return Out(already(collection.name));  // made while this waited
  auto keys = co_await keys_under(collection, schema);
  if (!keys) co_return Out(std::unexpected(keys.error()));
  SchemaStore::Versions versions = known != nullptr ? *known : SchemaStore::Versions();
  schema.version = versions.empty() ? 1 : versions.back().version + 1;
  schema.time_us = wall_us();
  versions.push_back(schema);
  if (versions.size() > limits::kSchemaVersionsMax) versions.erase(versions.begin());
  auto write = [this, &collection, &versions] { return schemas_.write(collection.name, versions); };
  Status written = co_await on_thread(disk_, write);
  if (!written) co_return Out(std::unexpected(written.error()));
  schemas_.set(collection.name, std::move(versions));
  collection.schema = std::make_shared<const RecordSchema>(schema);
  collection.keys = std::move(*keys);
  publish(collection);
  co_return schema;
}

asio::awaitable<Status> CollectionService::remove_schema(std::string name) {
  auto found = collections_.find(name);
  if (schemas_.find(name) == nullptr || found == collections_.end()) co_return Status(not_found(name));
  Collection& collection = *found->second;
  co_await drop_dead(collection);
  const auto held = co_await collection.lock->hold();
  if (Status usable = collection.usable(); !usable) co_return usable;
  std::int64_t dead = 0;
  for (const CollectionFile& file : collection.files.live) dead += file.file.dead_rows();
  if (dead > 0) {
    // Without keys nobody would know that they are dead.
    co_return Status(fail(ErrorCode::SchemaValidation, "Records are being replaced or deleted: try again."));
  }
  if (schemas_.find(name) == nullptr) co_return Status(not_found(name));
  auto erase = [this, &name] { return schemas_.erase(name); };
  Status erased = co_await on_thread(disk_, erase);
  if (!erased) co_return erased;
  schemas_.forget(name);
  collection.schema.reset();
  collection.keys.reset();
  publish(collection);
  co_return Status();
}

}  // namespace canvasback
