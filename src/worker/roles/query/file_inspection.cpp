#include "worker/roles/query/file_inspection.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "source/arrow/arrow_reader.hpp"
#include "sql/file_forms.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/partition.hpp"
#include "stream/portable_batches.hpp"
#include "worker/roles/query/streamed_files.hpp"

namespace canvasback {
namespace {

// With more runs of files than this, the files of one form are put together.
constexpr std::size_t kRunsMax = 64;

std::string text_at(const arrow::Array& column, std::int64_t row) {
  const auto& text = static_cast<const arrow::StringArray&>(column);
  return text.IsNull(row) ? std::string() : text.GetString(row);
}

// A key that a file has twice is what its schema says, and not what its folders are called.
std::string partition_key(const DataFile& file) {
  std::string out;
  for (const auto& [name, value] : file.partition) out += name + "\n";
  return out;
}

// Characters that the engine takes for a pattern of paths.
bool is_pattern(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace

Status FileInspection::run() {
  CANVASBACK_TRY(look_at_files());
  CANVASBACK_TRY(describe_sorts());
  std::vector<std::vector<SourceColumn>> columns;
  for (const Sort& sort : sorts_) columns.push_back(sort.columns);
  const JoinedColumns joined = join_columns(columns);
  dataset_.columns = joined.columns;
  dataset_.notes = joined.notes;
  for (const std::string& column : dataset_.fine_columns) {
    dataset_.notes.push_back(fmt::format(
        "The column \"{}\" has values finer than a microsecond: times are shown in nanoseconds and in UTC, durations "
        "as numbers.",
        column));
  }
  if (is_plain(joined)) {
    dataset_.union_by_name = sorts_.size() > 1;
    for (DataFile& file : dataset_.files) file.shape = 0;
  } else {
    set_forms(joined);
  }
  if (dataset_.kind == DatasetKind::Arrow) {
    dataset_.rows = 0;
    for (const DataFile& file : dataset_.files) dataset_.rows += file.rows;
    return {};
  }
  CANVASBACK_TRY(add_parquet_footers(dataset_, joined.unchanged));
  const auto engines_alone = [](const Sort& sort) { return sort.converted || !sort.stream_lacks.empty(); };
  if (std::ranges::any_of(sorts_, engines_alone)) dataset_.plain_scan = false;
  return {};
}

// Notes why a file cannot be read. The dataset goes on without it, unless there is no other, or the file is not what
// stands in the way.
Status FileInspection::leave_out(const DataFile& file, const Error& error) {
  if (error.code != ErrorCode::InvalidData || cancel_.cancelled()) return std::unexpected(error);
  if (!first_error_) first_error_ = error;
  dataset_.left_out.push_back({file.path, error.message});
  return {};
}

Status FileInspection::keep(std::vector<DataFile> files) {
  if (files.empty()) return std::unexpected(*first_error_);
  dataset_.files = std::move(files);
  return {};
}

Status FileInspection::look_at_files() {
  const bool arrow = dataset_.kind == DatasetKind::Arrow;
  std::vector<DataFile> files;
  std::vector<Readability> found;
  for (DataFile& file : dataset_.files) {
    auto readability = arrow ? look_at_arrow(file) : look_at_parquet(file);
    if (!readability) {
      CANVASBACK_TRY(leave_out(file, readability.error()));
      continue;
    }
    fine_.insert(readability->fine.begin(), readability->fine.end());
    found.push_back(std::move(*readability));
    files.push_back(std::move(file));
  }
  dataset_.fine_columns.assign(fine_.begin(), fine_.end());
  for (std::size_t i = 0; i < files.size(); ++i) {
    Readability& read = found[i];
    const bool is_fine = std::ranges::any_of(read.nanos, [&](const std::string& name) { return fine_.contains(name); });
    if (read.engine_lacks.empty() && !read.has_far_timestamps && is_fine) {
      read.engine_lacks = "other files have finer timestamps";
    }
    Sort sort;
    sort.file = i;
    sort.form.streamed = !read.engine_lacks.empty();
    sort.stream_lacks = read.stream_lacks;
    sort.names = read.columns;
    sort.nulls = read.nulls;
    sort.enums = read.enums;
    sort.zoned = read.zoned;
    const std::string key = fmt::format("{}\n{}\n{}", sort.form.streamed, partition_key(files[i]), read.schema);
    files[i].shape = sort_of(key, std::move(sort));
  }
  return keep(std::move(files));
}

Result<Readability> FileInspection::look_at_parquet(const DataFile& file) const {
  CANVASBACK_ASSIGN(Readability read, parquet_readability(file, cancel_));
  if (read.engine_lacks.empty() && is_pattern(file.path)) read.engine_lacks = "its path could be one of a pattern";
  if (read.engine_lacks.empty() && !does_engine_agree(file, read.columns)) {
    read.engine_lacks = "its folders are named in another way";
  }
  if (!read.engine_lacks.empty() && !read.stream_lacks.empty()) {
    return fail(ErrorCode::InvalidData, fmt::format("The Parquet file {} cannot be read: {}, and {}.", file.path,
                                                    read.engine_lacks, read.stream_lacks));
  }
  return read;
}

Result<Readability> FileInspection::look_at_arrow(DataFile& file) const {
  CANVASBACK_ASSIGN(ArrowFileFacts facts, look_into_arrow_file(file.path, cancel_));
  file.rows = facts.rows;
  Readability read;
  read.schema = facts.schema->ToString();
  read.engine_lacks = "the engine reads no Arrow files";
  read.fine = std::move(facts.fine);
  for (const auto& field : facts.schema->fields()) {
    read.columns.push_back(field->name());
    if (field->type()->id() == arrow::Type::NA) read.nulls.push_back(field->name());
  }
  return read;
}

// Sorts of which the one file that is looked at cannot be described are left out, with all their files.
Status FileInspection::describe_sorts() {
  std::vector<Sort> described;
  std::vector<int> places;  // in it; -1: left out
  std::vector<std::optional<Error>> errors;
  for (Sort& sort : sorts_) {
    const Status status = describe(sort);
    errors.push_back(status ? std::nullopt : std::optional(status.error()));
    places.push_back(status ? static_cast<int>(described.size()) : -1);
    if (status) described.push_back(std::move(sort));
  }
  std::vector<DataFile> files;
  for (DataFile& file : dataset_.files) {
    const auto sort = static_cast<std::size_t>(file.shape);
    if (errors[sort]) {
      CANVASBACK_TRY(leave_out(file, *errors[sort]));
      continue;
    }
    file.shape = places[sort];
    files.push_back(std::move(file));
  }
  sorts_ = std::move(described);
  return keep(std::move(files));
}

int FileInspection::sort_of(const std::string& key, Sort sort) {
  const auto [known, added] = keys_.try_emplace(key, static_cast<int>(sorts_.size()));
  if (added) sorts_.push_back(std::move(sort));
  return known->second;
}

Status FileInspection::describe(Sort& sort) {
  auto found = describe_sort(sort);
  if (!found && !sort.form.streamed && sort.stream_lacks.empty() && !cancel_.cancelled()) {
    // What the engine does not even describe, we may read.
    const Error engines = found.error();
    sort.form.streamed = true;
    found = describe_sort(sort);
    if (!found) return std::unexpected(engines);
  }
  if (!found) return std::unexpected(found.error());
  take_columns(sort, std::move(*found));
  return {};
}

Result<std::vector<DatasetColumn>> describe_relation(Engine& engine, const std::string& relation,
                                                     const CancelToken& cancel) {
  SqlRequest request{
      fmt::format("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {})", relation), {}, {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, engine.execute(request, cancel));
  std::vector<DatasetColumn> columns;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return columns;
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      columns.push_back({text_at(*batch->column(0), row), text_at(*batch->column(1), row), {}, {}, {}});
    }
  }
}

// The columns of one file of the sort, as a dataset of its own.
Result<std::vector<DatasetColumn>> FileInspection::describe_sort(Sort& sort) {
  Dataset alone;
  alone.name = dataset_.name + " inspected";
  alone.kind = dataset_.kind;
  alone.version = dataset_.version;
  alone.files = {dataset_.files[sort.file]};
  alone.files[0].shape = 0;
  alone.fine_columns = dataset_.fine_columns;
  alone.forms = std::make_shared<const std::vector<FileForm>>(1, FileForm{0, "*", sort.form.streamed});
  const FileRun run{0, 1, 0};
  if (!sort.form.streamed) return describe_relation(engine_, run_source_sql(alone, run), cancel_);
  CANVASBACK_ASSIGN(auto stream, open_streamed_run(alone, run, cancel_));
  const std::vector<std::string> names = stream->schema()->field_names();
  engine_.define_stream(stream_name(alone, run), [alone, run] { return open_streamed_run(alone, run, CancelToken()); });
  CANVASBACK_ASSIGN(auto columns, describe_relation(engine_, run_source_sql(alone, run), cancel_));
  engine_.define_stream(stream_name(alone, run), {});
  columns.resize(columns.size() - 2);  // the row's place
  const auto& partition = alone.files[0].partition;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::size_t behind = columns.size() - i;
    columns[i].name = behind <= partition.size() ? partition[partition.size() - behind].first : names[i];
  }
  return columns;
}

// Gives a column the type of its values, where the engine finds another one. name: as the file has it.
void FileInspection::retype(Sort& sort, const std::string& name, SourceColumn& column) {
  const auto is_one_of = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (column.type.find("VARIANT") != std::string::npos) {
    column.type = replaced(column.type, "VARIANT", "JSON");
    // The engine takes a NULL for the JSON text null.
    const std::string_view cast =
        column.type == "JSON" ? "CASE WHEN {0} IS NOT NULL THEN CAST({0} AS {1}) END" : "CAST({} AS {})";
    column.sql = fmt::format(fmt::runtime(cast), column.sql, column.type);
    sort.converted = true;
  } else if (column.type == "BLOB" && is_one_of(sort.enums)) {
    column.type = "VARCHAR";
    column.sql = fmt::format("decode({})", column.sql);
    sort.retyped = true;
  } else if (column.type == "TIMESTAMP" && is_one_of(sort.zoned)) {
    column.type = "TIMESTAMP WITH TIME ZONE";
    column.sql = fmt::format("CAST({} AS {})", column.sql, column.type);
    sort.retyped = true;
  }
}

void FileInspection::take_columns(Sort& sort, std::vector<DatasetColumn> found) {
  sort.form.columns = static_cast<int>(found.size());
  std::vector<std::string> names;
  for (const DatasetColumn& column : found) names.push_back(column.name);
  names = distinct_names(names);
  std::vector<SourceColumn> folders;
  const auto& partition = dataset_.files[sort.file].partition;
  const Partition above =
      sort.form.streamed || partition.empty() ? Partition() : partition_of("", dataset_.files[sort.file].path);
  for (std::size_t i = 0; i < found.size(); ++i) {
    SourceColumn column{names[i], found[i].type, fmt::format("c{}", i)};
    sort.renamed = sort.renamed || names[i] != found[i].name;
    // The engine joins files by the names that it has given to those that differ in case alone.
    if (i < sort.names.size() && !sort.names[i].empty() && lower(names[i]) != lower(sort.names[i])) {
      column.name = sort.names[i];
      sort.renamed = sort.renamed || sorts_.size() > 1;
    }
    const auto is_key = [&](const auto& part) { return lower(part.first) == lower(found[i].name); };
    if (std::ranges::any_of(partition, is_key)) {
      column.name = std::ranges::find_if(partition, is_key)->first;
      column.type = partition_type(dataset_.files, column.name);
      if (column.type != "VARCHAR") column.sql = fmt::format("CAST({} AS {})", column.sql, column.type);
      // The folder's value stands for the file's own; it comes last.
      std::erase_if(folders, [&](const SourceColumn& known) { return lower(known.name) == lower(column.name); });
      folders.push_back(std::move(column));
      continue;
    }
    // Folders above the dataset's own, which the engine sees, too, are none of its columns.
    if (std::ranges::any_of(above, is_key)) continue;
    retype(sort, i < sort.names.size() ? sort.names[i] : found[i].name, column);
    if (std::ranges::find(sort.nulls, found[i].name) != sort.nulls.end()) column.type.clear();
    sort.columns.push_back(std::move(column));
  }
  sort.columns.insert(sort.columns.end(), folders.begin(), folders.end());
}

// Whether the engine joins the files by itself, exactly, under the names that the columns have.
bool FileInspection::is_plain(const JoinedColumns& joined) const {
  if (dataset_.hive_partitioning || !joined.same_types) return false;
  const PlaceNames names = place_names(dataset_);
  if (names.file != "file_index" || names.row != "file_row_number") return false;
  if (dataset_.kind == DatasetKind::Arrow) return sorts_.size() == 1;
  return std::ranges::none_of(sorts_, [&](const Sort& sort) {
    return sort.form.streamed || sort.renamed || sort.converted || sort.retyped ||
           (sorts_.size() > 1 && !sort.nulls.empty());
  });
}

void FileInspection::set_forms(const JoinedColumns& joined) {
  auto forms = std::make_shared<std::vector<FileForm>>();
  for (std::size_t i = 0; i < sorts_.size(); ++i) {
    forms->push_back(sorts_[i].form);
    forms->back().select = joined.selects[i];
  }
  dataset_.forms = std::move(forms);
  if (file_runs(dataset_).size() > kRunsMax) std::ranges::stable_sort(dataset_.files, {}, &DataFile::shape);
}

}  // namespace canvasback
