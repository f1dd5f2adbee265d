// SchemaService: makes, replaces and removes the schemas of collections; a schema is of the collection of its name. A
// version is on the disk before it is in force for every request that comes from then on; records that are there stay
// as they are, but their keys must fit.
#pragma once

#include <memory>
#include <string>

#include "service/collection/compact_service.hpp"
#include "service/collection/schema_store.hpp"

namespace canvasback {

class SchemaService {
 public:
  // All of them outlive it.
  SchemaService(CollectionContext& context, CollectionRegistry& registry, CompactService& compaction, KeyService& keys,
                SchemaStore& store)
      : context_(context), registry_(registry), compaction_(compaction), keys_(keys), store_(store) {}

  const SchemaStore& store() const { return store_; }

  // A first version. Errors: DuplicateRecord where there is a schema of the name, InvalidData for a name that is taken
  // by a dataset, SchemaValidation where the records that are there have no such keys.
  asio::awaitable<Result<RecordSchema>> create(RecordSchema schema);
  // A further version. Errors: also SchemaNotFound.
  asio::awaitable<Result<RecordSchema>> replace(RecordSchema schema);
  // The records stay, and may be anything from now on. Errors: SchemaNotFound.
  asio::awaitable<Status> remove(std::string name);

 private:
  asio::awaitable<Result<RecordSchema>> take(Collection& collection, RecordSchema schema, bool first);
  asio::awaitable<void> merge_dead_rows(Collection& collection);
  asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> keys_under(Collection& collection,
                                                                      std::shared_ptr<const RecordSchema> schema);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  CompactService& compaction_;
  KeyService& keys_;
  SchemaStore& store_;
};

}  // namespace canvasback
