#include "service/collection/schema_service.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> not_found(std::string_view name) {
  return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
}

std::unexpected<Error> already(std::string_view name) {
  return fail(ErrorCode::DuplicateRecord, fmt::format("A schema \"{}\" already exists.", name.substr(0, 128)));
}

std::unexpected<Error> rows_are_changing() {
  return fail(ErrorCode::SchemaValidation, "Records are being replaced or deleted: try again.");
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

asio::awaitable<Result<RecordSchema>> SchemaService::create(RecordSchema schema) {
  using Out = Result<RecordSchema>;
  if (store_.find(schema.name) != nullptr) co_return Out(already(schema.name));
  const auto unreadable = store_.unreadable().find(schema.name);
  if (unreadable != store_.unreadable().end()) co_return Out(fail(unreadable->second));
  if (store_.all().size() >= limits::kSchemasMax) {
    co_return Out(fail(ErrorCode::StorageLimit, "There are too many schemas."));
  }
  auto collection = registry_.get_or_make(schema.name);
  if (!collection) co_return Out(std::unexpected(collection.error()));
  co_return co_await take(**collection, std::move(schema), true);
}

asio::awaitable<Result<RecordSchema>> SchemaService::replace(RecordSchema schema) {
  using Out = Result<RecordSchema>;
  if (store_.find(schema.name) == nullptr) co_return Out(not_found(schema.name));
  auto collection = registry_.get_or_make(schema.name);
  if (!collection) co_return Out(std::unexpected(collection.error()));
  co_return co_await take(**collection, std::move(schema), false);
}

// Without the keys of the schema at hand nobody would know which rows are dead: they are merged away before it goes.
asio::awaitable<void> SchemaService::merge_dead_rows(Collection& collection) {
  if (collection.dead_rows() == 0) co_return;
  WorkWatch unwatched;
  static_cast<void>(co_await compaction_.compact(collection.name, unwatched));
}

// The keys of the records that are there, if the schema is to be in force for them, too; none where it has no keys.
asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> SchemaService::keys_under(
    Collection& collection, std::shared_ptr<const RecordSchema> schema) {
  using Out = Result<std::unique_ptr<CollectionKeys>>;
  if (schema->keys().empty()) co_return std::unique_ptr<CollectionKeys>();
  const bool same = collection.keys && same_keys(*schema, collection.keys->schema());
  if (!same && collection.dead_rows() > 0) co_return Out(rows_are_changing());
  auto read = co_await keys_.read(collection, schema);
  if (!read) co_return Out(std::unexpected(read.error()));
  if (!same && read->rebuilt.without_key > 0) {
    co_return Out(fail(ErrorCode::SchemaValidation,
                       fmt::format("{} records have no key of these fields and types.", read->rebuilt.without_key)));
  }
  if (!same && read->rebuilt.duplicates > 0) {
    co_return Out(fail(ErrorCode::DuplicateRecord,
                       fmt::format("{} records have a key that another has, too.", read->rebuilt.duplicates)));
  }
  co_return std::move(read->keys);
}

// The next version: on the disk, then in force for every request that comes from now on.
asio::awaitable<Result<RecordSchema>> SchemaService::take(Collection& collection, RecordSchema schema, bool first) {
  using Out = Result<RecordSchema>;
  co_await collection.merges.idle();
  co_await merge_dead_rows(collection);
  const auto held = co_await collection.lock.hold();
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  const auto* known = store_.versions(collection.name);
  if (first && known != nullptr) co_return Out(already(collection.name));  // made while this waited
  auto keys = co_await keys_under(collection, std::make_shared<const RecordSchema>(schema));
  if (!keys) co_return Out(std::unexpected(keys.error()));
  SchemaStore::Versions versions = known != nullptr ? *known : SchemaStore::Versions();
  schema.version = versions.empty() ? 1 : versions.back().version + 1;
  schema.time_us = wall_us();
  versions.push_back(schema);
  if (versions.size() > limits::kSchemaVersionsMax) versions.erase(versions.begin());
  auto write = [this, &collection, &versions] { return store_.write(collection.name, versions); };
  Status written = co_await on_thread(context_.commit_io, write);
  if (!written) co_return Out(std::unexpected(written.error()));
  store_.set(collection.name, std::move(versions));
  collection.schema = std::make_shared<const RecordSchema>(schema);
  collection.keys = std::move(*keys);
  registry_.publish(collection);
  co_return schema;
}

asio::awaitable<Status> SchemaService::remove(std::string name) {
  Collection* found = registry_.find(name);
  if (store_.find(name) == nullptr || found == nullptr) co_return Status(not_found(name));
  Collection& collection = *found;
  co_await merge_dead_rows(collection);
  const auto held = co_await collection.lock.hold();
  if (Status usable = collection.health.usable(); !usable) co_return usable;
  // Without keys nobody would know that they are dead.
  if (collection.dead_rows() > 0) co_return Status(rows_are_changing());
  if (store_.find(name) == nullptr) co_return Status(not_found(name));
  auto erase = [this, &name] { return store_.erase(name); };
  Status erased = co_await on_thread(context_.commit_io, erase);
  if (!erased) co_return erased;
  store_.forget(name);
  collection.schema.reset();
  collection.keys.reset();
  registry_.publish(collection);
  co_return Status();
}

}  // namespace canvasback
