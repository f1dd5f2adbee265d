#include "sql/file_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace canvasback {
namespace {

const FileForm& form_of(const Dataset& dataset, const FileRun& run) {
  return dataset.forms->at(static_cast<std::size_t>(run.form));
}

std::string place_name(const Dataset& dataset, std::string name) {
  const auto is_taken = [&](const DatasetColumn& column) { return lower(column.name) == name; };
  while (std::ranges::any_of(dataset.columns, is_taken)) name += '_';
  return name;
}

std::string read_parquet_sql(const Dataset& dataset, const FileRun& run) {
  std::vector<std::string> paths;
  for (std::size_t i = run.begin; i < run.end; ++i) paths.push_back(sql_literal(dataset.files[i].path));
  const std::string_view hive = dataset.files[run.begin].partition.empty()
                                    ? "hive_partitioning=false"
                                    : "hive_partitioning=true, hive_types_autocast=false";
  return fmt::format("read_parquet([{}], {}, can_have_nan=true)", fmt::join(paths, ", "), hive);
}

}  // namespace

PlaceNames place_names(const Dataset& dataset) {
  return {place_name(dataset, "file_index"), place_name(dataset, "file_row_number")};
}

std::string bounds_guard_sql(const Dataset& dataset) {
  const bool has_reals = std::ranges::any_of(
      dataset.columns, [](const DatasetColumn& column) { return column.type == "DOUBLE" || column.type == "FLOAT"; });
  return has_reals && dataset.kind == DatasetKind::Parquet ? " WHERE file_index >= 0" : "";
}

std::vector<FileRun> file_runs(const Dataset& dataset) {
  std::vector<FileRun> runs;
  for (std::size_t i = 0; i < dataset.files.size(); ++i) {
    const int form = dataset.files[i].shape;
    if (runs.empty() || runs.back().form != form) runs.push_back({i, i, form});
    runs.back().end = i + 1;
  }
  return runs;
}

std::string stream_name(const Dataset& dataset, const FileRun& run) {
  return fmt::format("{}\n{} {}-{}", dataset.name, dataset.version, run.begin, run.end);
}

std::string run_source_sql(const Dataset& dataset, const FileRun& run) {
  const FileForm& form = form_of(dataset, run);
  std::vector<std::string> names;
  for (int i = 0; i < form.columns; ++i) names.push_back(fmt::format("c{}", i));
  const std::string source = form.streamed ? fmt::format("arrow_files({})", sql_literal(stream_name(dataset, run)))
                                           : read_parquet_sql(dataset, run);
  if (names.empty()) return source;  // nobody has looked yet how many there are
  if (form.streamed) {
    names.emplace_back("file_index");
    names.emplace_back("file_row_number");
  }
  return fmt::format("{} AS f({})", source, fmt::join(names, ", "));
}

std::string formed_relation_sql(const Dataset& dataset, bool with_places) {
  const PlaceNames names = place_names(dataset);
  std::vector<std::string> parts;
  for (const FileRun& run : file_runs(dataset)) {
    const std::string places = with_places ? fmt::format(", file_index + {} AS {}, file_row_number AS {}", run.begin,
                                                         sql_identifier(names.file), sql_identifier(names.row))
                                           : std::string();
    const std::string guard = form_of(dataset, run).streamed ? std::string() : bounds_guard_sql(dataset);
    parts.push_back(fmt::format("SELECT {}{} FROM {}{}", form_of(dataset, run).select, places,
                                run_source_sql(dataset, run), guard));
  }
  return fmt::format("({})", fmt::join(parts, " UNION ALL "));
}

}  // namespace canvasback
