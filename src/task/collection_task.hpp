// The tasks of the roles that write, as their `work`. Such a worker can open no file: it asks by NeedFile, with a name
// of the front's choosing, and gets a descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "record/record_schema.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

enum class InputFormat { Json, Ndjson, Csv, Parquet, Arrow };

std::string_view name_of(InputFormat format);
std::optional<InputFormat> input_format_from(std::string_view name);
// By media type or by the extension of a file name; nullopt where neither is known.
std::optional<InputFormat> input_format_of_media_type(std::string_view media_type);
std::optional<InputFormat> input_format_of_file_name(std::string_view file_name);

// One request's body, or the only one of a task that is fed as it comes.
struct IngestInput {
  std::int64_t bytes = -1;  // of the fed bytes, in order; -1: all of them, up to their end
  InputFormat format = InputFormat::Json;
  std::string encoding;     // gzip, zstd or empty
  std::string key;          // Idempotency-Key
  std::string parameters;   // with it: what the fingerprint of the request begins with; the content follows
  std::string fingerprint;  // with it: where the front knows it already
  bool quarantine = false;
  std::optional<bool> cast = {};  // instead of what the schema says
};

struct IngestWork {
  std::vector<IngestInput> inputs;
  std::int64_t time_us = 0;
  std::optional<RecordSchema> schema = {};  // of the collection
  std::string key_secret = {};              // of KeyHasher; empty: nobody asks for keys
  std::vector<KeptDelete> deletes = {};
  bool keeps_older = false;       // PartInfo's
  bool fingerprint_only = false;  // nothing is kept: the one input was kept before, or something else was
};

// What became of one input.
struct IngestOutcome {
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
  std::optional<Error> error;            // none of its records are in the files
  Json id = {};                          // of a record that came alone, where it is a string or an integer
  std::vector<std::string> record = {};  // its key, as in its address
  std::string fingerprint = {};          // where it was asked for
  Json errors;  // of its records: [{"record", "line", "field", "rule", "message"}], null where there are none
};

// A file that is written and not yet synced: the number in which it was asked for.
struct IngestFile {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::vector<std::int64_t> row_group_rows;
  PartInfo info;
};

struct IngestResult {
  std::vector<IngestOutcome> outcomes;  // by input
  std::vector<IngestFile> files;        // in the order asked for; none where no input had a record
  bool has_rejects = false;             // the file of refused records was written
};

Json to_json(const IngestWork& work);
IngestWork ingest_work_from_json(const Json& json);
Json to_json(const IngestResult& result);
IngestResult ingest_result_from_json(const Json& json);

// What a repetition of a request must be the same in: its parameters and its content, as it is without an encoding.
class Fingerprint {
 public:
  explicit Fingerprint(std::string_view parameters) {
    hash_.update(parameters);
    hash_.update(std::string_view("\0", 1));
  }
  void add(std::string_view content) { hash_.update(content); }
  std::string finish() { return hash_.hex().substr(0, 32); }

 private:
  Sha256 hash_;
};

// What NeedFile asks for.
inline constexpr std::string_view kNeedPart = "part";
inline constexpr std::string_view kNeedRejects = "rejects";
inline constexpr std::string_view kNeedKeys = "keys";
// Of a Check whose work says "given": the file of the number `index`, open for reading.
inline constexpr std::string_view kNeedInput = "input";

}  // namespace canvasback
