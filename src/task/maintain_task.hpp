// The tasks of the role `maintain`: what each kind of them needs to know, and what a worker answers. Wire form: JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "record/record_schema.hpp"
#include "storage/dataset.hpp"
#include "storage/table/merge_plan.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

// Files of a collection into the parts of weeks.
struct MergeWork {
  Dataset files;
  std::string id;  // what the parts' ids begin with
  PartInfo info;   // what is to stand in the footers, but for what the worker learns
  std::optional<RecordSchema> schema;
  std::string key_secret;  // of KeyHasher, with a schema that has keys
};

// The keys of all rows of files, as they stand there.
struct KeysWork {
  Dataset files;
  std::vector<std::vector<std::string>> columns;  // to read, by file
  RecordSchema schema;
  std::string key_secret;
};

// What files say of themselves, and whether it is true.
struct ExamineWork {
  Dataset files;
  bool deep = false;  // every page is read, too
};

// What came of one of them.
struct ExaminedFile {
  std::int64_t rows = 0;
  std::vector<std::int64_t> row_group_rows;
  PartInfo info;
  std::optional<Error> error;  // then nothing else is known
};

// Whether files are, byte for byte, what was written.
struct CheckWork {
  Dataset files;
  bool given = false;  // they come as descriptors, asked for as kNeedInput, instead of by their paths
};

Json to_json(const MergeWork& work);
Json to_json(const KeysWork& work);
Json to_json(const ExamineWork& work);
Json to_json(const CheckWork& work);
Result<MergeWork> merge_work_from_json(const Json& json);
Result<KeysWork> keys_work_from_json(const Json& json);
Result<ExamineWork> examine_work_from_json(const Json& json);
Result<CheckWork> check_work_from_json(const Json& json);

Json to_json(const std::vector<MergedPart>& parts);
std::vector<MergedPart> merged_parts_from_json(const Json& json);
Json to_json(const std::vector<ExaminedFile>& files);
std::vector<ExaminedFile> examined_files_from_json(const Json& json);

}  // namespace canvasback
