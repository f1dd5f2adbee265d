#include "sql/relation_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "sql/column_names.hpp"
#include "sql/file_forms.hpp"
#include "sql/shape_sql.hpp"

namespace canvasback {
namespace {

// The engine's columns of a row's place in Parquet files.
constexpr const char* kFileIndex = "file_index";
constexpr const char* kFileRowNumber = "file_row_number";

std::string list_of(const std::vector<std::string>& paths) { return fmt::format("[{}]", fmt::join(paths, ", ")); }

// Without rows that were deleted, or that a later version of theirs replaced; or only the rows that are asked for.
// `number`: SQL of a row's number.
std::string rows_of_file_sql(const DataFile& file, const std::string& number) {
  if (file.only) return fmt::format(" WHERE {} IN ({})", number, fmt::join(*file.only, ", "));
  const auto& dead = file.dead;
  if (dead.empty()) return {};
  std::vector<std::string> conditions;
  std::vector<std::int64_t> single;
  for (const auto& [first, last] : dead) {
    if (first == last) {
      single.push_back(first);
    } else {
      conditions.push_back(fmt::format("{} NOT BETWEEN {} AND {}", number, first, last));
    }
  }
  if (!single.empty()) conditions.push_back(fmt::format("{} NOT IN ({})", number, fmt::join(single, ", ")));
  return fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
}

bool has_all_rows(const DataFile& file) { return file.dead.empty() && !file.only; }

// Whether a column hides the engine's own of a row's place: it has one namespace for both.
bool hides_places(const Dataset& dataset) {
  const PlaceNames names = place_names(dataset);
  return names.file != kFileIndex || names.row != kFileRowNumber;
}

// Whether its files are not read as they are.
bool is_shaped(const Dataset& dataset) {
  if (dataset.file_kinds || !std::ranges::all_of(dataset.files, has_all_rows)) return true;
  return dataset.kind == DatasetKind::Parquet && !dataset.files.empty() && hides_places(dataset);
}

std::string read_files_sql(const std::vector<std::string>& paths) {
  return fmt::format("read_parquet({}, hive_partitioning=false, can_have_nan=true)", list_of(paths));
}

// A collection's files, each group through the SQL that gives the columns of the whole. A row's place counts through
// the files as the dataset lists them.
std::string shaped_relation_sql(const Dataset& dataset, bool with_places) {
  const PlaceNames names = place_names(dataset);
  const bool alone = hides_places(dataset);
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < dataset.files.size();) {
    const int shape = dataset.files[i].shape;
    const std::size_t begin = i;
    const DataFile& first = dataset.files[i];
    std::vector<std::string> paths(1, sql_literal(dataset.files[i++].path));
    for (; !alone && has_all_rows(first) && i < dataset.files.size() && dataset.files[i].shape == shape; ++i) {
      if (!has_all_rows(dataset.files[i])) break;
      paths.push_back(sql_literal(dataset.files[i].path));
    }
    NumberedFile files{read_files_sql(paths), kFileRowNumber};
    if (alone) files = numbered_file_sql(dataset, first);
    const std::string places = with_places
                                   ? fmt::format(", {} + {} AS {}, {} AS {}", alone ? "0" : kFileIndex, begin,
                                                 sql_identifier(names.file), files.row, sql_identifier(names.row))
                                   : std::string();
    std::string rows = rows_of_file_sql(first, files.row);
    if (rows.empty() && !alone) rows = bounds_guard_sql(dataset);
    groups.push_back(
        fmt::format("SELECT {}{} FROM {}{}", file_columns_sql(dataset, first), places, files.source, rows));
  }
  return fmt::format("({})", fmt::join(groups, " UNION ALL "));
}

// Files of CSV and JSON: the engine's function of parts knows their columns by number, and each row's place.
std::string parts_relation_sql(const Dataset& dataset, bool with_places) {
  std::vector<std::string> columns;
  for (const DatasetColumn& column : dataset.columns) {
    columns.push_back(fmt::format("c{} AS {}", columns.size(), sql_identifier(column.name)));
  }
  if (with_places) {
    const PlaceNames names = place_names(dataset);
    columns.push_back(fmt::format("p0 AS {}, p1 AS {}", sql_identifier(names.file), sql_identifier(names.row)));
  }
  return fmt::format("(SELECT {} FROM part_rows({}))", fmt::join(columns, ", "), sql_literal(dataset.name));
}

// A collection without records has columns and no file.
std::string empty_relation_sql(const Dataset& dataset, bool with_places) {
  std::vector<std::string> columns;
  for (const DatasetColumn& column : dataset.columns) {
    columns.push_back(fmt::format("CAST(NULL AS {}) AS {}", column.type, sql_identifier(column.name)));
  }
  if (with_places) {
    const PlaceNames names = place_names(dataset);
    columns.push_back(fmt::format("CAST(0 AS UBIGINT) AS {}, CAST(0 AS BIGINT) AS {}", sql_identifier(names.file),
                                  sql_identifier(names.row)));
  }
  return fmt::format("(SELECT {} WHERE false)", fmt::join(columns, ", "));
}

std::string file_list(const Dataset& dataset) {
  std::vector<std::string> paths;
  for (const DataFile& file : dataset.files) paths.push_back(sql_literal(file.path));
  return list_of(paths);
}

// All files of a dataset that have its columns as they are, with the engine's own columns of places.
std::string read_all_files_sql(const Dataset& dataset) {
  const std::string_view by_name = dataset.union_by_name ? ", union_by_name=true" : "";
  const std::string_view hive = dataset.hive_partitioning ? ", hive_partitioning=true" : ", hive_partitioning=false";
  // Bounds in footers leave NaN out: without the option the engine would drop or keep row groups by them alone.
  return fmt::format("read_parquet({}{}{}, can_have_nan=true)", file_list(dataset), by_name, hive);
}

}  // namespace

std::string file_columns_sql(const Dataset& dataset, const DataFile& file) {
  if (!dataset.file_kinds) {
    std::vector<std::string> names;
    for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
    return exact_columns_sql(names);
  }
  return select_lists(dataset.file_kinds)->at(static_cast<std::size_t>(file.shape));
}

NumberedFile numbered_file_sql(const Dataset& dataset, const DataFile& file) {
  std::string read = read_files_sql({sql_literal(file.path)});
  if (!hides_places(dataset)) return {std::move(read), kFileRowNumber};
  // The engine numbers the rows as it reads, in the order of the file.
  std::string row = sql_identifier(place_names(dataset).row);
  return {fmt::format("(SELECT *, row_number() OVER () - 1 AS {} FROM {})", row, read), row};
}

std::string relation_sql(const Dataset& dataset) {
  if (dataset.text) return parts_relation_sql(dataset, false);
  if (dataset.forms) return formed_relation_sql(dataset, false);
  if (is_shaped(dataset)) return shaped_relation_sql(dataset, false);
  if (dataset.kind == DatasetKind::Parquet && dataset.files.empty()) return empty_relation_sql(dataset, false);
  if (dataset.kind == DatasetKind::Arrow) return fmt::format("arrow_files({})", sql_literal(dataset.name));
  const std::string guard = bounds_guard_sql(dataset);
  const std::string files = read_all_files_sql(dataset);
  return guard.empty() ? files : fmt::format("(SELECT * FROM {}{})", files, guard);
}

bool has_places_built_in(const Dataset& dataset) {
  return dataset.kind == DatasetKind::Parquet && !dataset.forms && !dataset.text && !is_shaped(dataset) &&
         !dataset.files.empty();
}

std::string place_of(const Dataset& dataset) {
  const PlaceNames names = place_names(dataset);
  return fmt::format("{}, {}", sql_identifier(names.file), sql_identifier(names.row));
}

std::string placed_relation_sql(const Dataset& dataset) {
  if (dataset.text) return parts_relation_sql(dataset, true);
  if (dataset.forms) return formed_relation_sql(dataset, true);
  if (is_shaped(dataset)) return shaped_relation_sql(dataset, true);
  if (dataset.kind == DatasetKind::Parquet && dataset.files.empty()) return empty_relation_sql(dataset, true);
  if (dataset.kind == DatasetKind::Parquet) return read_all_files_sql(dataset);
  const PlaceNames names = place_names(dataset);
  return fmt::format("(SELECT *, 0 AS {}, row_number() OVER () - 1 AS {} FROM {})", sql_identifier(names.file),
                     sql_identifier(names.row), relation_sql(dataset));
}

}  // namespace canvasback
