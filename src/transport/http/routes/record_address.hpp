// Where a record is: /api/v1/records/SCHEMA/KEY, a composite key with commas between its values, or
// /api/v1/records/SCHEMA?key=VALUE (once for each field of the key), which names any key: proxies decode %2F, and an
// empty value or a dot is no part of a path. And which version of it a request means: its ETag is the time at which the
// record was ingested.
#pragma once

#include <string>
#include <vector>

#include "service/collection/collection_service.hpp"
#include "task/record_task.hpp"
#include "transport/http/connection/request.hpp"

namespace canvasback::http {

struct RecordAddress {
  const Collection* collection = nullptr;
  std::vector<SchemaField> key;     // its fields, the id where there is no schema: name and type
  std::vector<std::string> values;  // key_text()
};

// Errors: SchemaNotFound; InvalidData for a key of another number of values, or of other types.
Result<RecordAddress> record_address(const CollectionService& collections, const Request& request);

// The path and query of a record, for Location.
std::string record_location(std::string_view collection, const std::vector<std::string>& key);

// "1761235200000000"
std::string record_tag(std::int64_t ingested_us);

// If-Match and If-None-Match. Tags that are none of ours name no version there is.
ExpectedVersion expected_version(const Request& request);

}  // namespace canvasback::http
