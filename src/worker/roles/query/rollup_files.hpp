// The files of one wished rollup: its groups by day, or what is small enough instead, sorted and written as Parquet in
// memory, with the description that the site's page has of each (docs/publish.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "task/rollup_task.hpp"
#include "worker/roles/query/rollup_columns.hpp"
#include "worker/roles/query/rollup_groups.hpp"

namespace canvasback {

struct RollupFile {
  Json description;
  std::string bytes;
};

struct RollupFiles {
  std::vector<RollupFile> files;
  std::string unavailable;  // why all or a part of it is not there; empty: it is
};

// The days that the source has rows of.
struct RollupSpan {
  std::int64_t first_day = 0;
  std::int64_t last_day = -1;
};

class RollupWriter {
 public:
  // All must outlive it. span: nothing of metrics without time, or without rows.
  RollupWriter(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics, RollupTables& tables,
               std::optional<RollupSpan> span)
      : context_(context), work_(work), metrics_(metrics), tables_(tables), span_(span) {}

  Result<RollupFiles> make(const RollupWish& wish);

 private:
  struct Layout {
    std::vector<std::string> order;  // SQL of the groups' columns
    std::string named;               // the description's "order"
    std::int64_t row_group_rows = 65'536;
    bool bounds = false;
    std::int64_t bytes_max = 0;
  };

  struct Columns {
    std::vector<std::string> sql;
    std::vector<RollupColumn> kinds;
    Json leaves = Json::Array{};  // their numbers
  };

  Result<Columns> columns_of(const RollupTable& table);
  std::int64_t rows_max(std::int64_t bytes_max) const { return bytes_max / 2; }
  // Nothing where it has too many groups or bytes.
  Result<std::optional<RollupFile>> part(const RollupWish& wish, Grain grain, std::optional<DayRange> days);
  Result<RollupFiles> make_details(const RollupWish& wish);
  Result<RollupFile> write(const RollupTable& table, const Layout& layout);
  DayRange all_days(Grain grain) const;
  DayRange recent_days() const;

  TaskContext& context_;
  const RollupWork& work_;
  const OpenMetrics& metrics_;
  RollupTables& tables_;
  std::optional<RollupSpan> span_;
};

}  // namespace canvasback
