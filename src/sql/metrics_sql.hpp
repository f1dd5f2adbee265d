// The SQL of metrics, in two steps. First the rows of the source become groups: by bucket of time, dimensions and
// period, with the leaves of each measure (a sum, a count, a smallest value …). Then groups become the numbers of a
// tile: leaves are merged (sums of sums; never an average of averages) and measures made of them. What cannot be merged
// (distinct values, quantiles) is grouped by just the keys that are shown. Rollups are groups that are kept: live and
// published numbers come from the same two steps. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "query/metrics_query.hpp"
#include "sql/metrics_columns.hpp"
#include "sql/metrics_time.hpp"
#include "sql/sql_builder.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// What the source is for the engine.
struct MetricsSource {
  std::string relation;  // a table expression
  Dataset shape;         // its columns, as a dataset has them; of expressions by the names that these functions give
  MetricsClock clock;
};

struct MetricsPeriods {
  std::optional<DayRange> period;  // of metrics without time: nothing
  std::optional<DayRange> compared;
};

// What the rows of a period are, by their time: conditions, and with a compared period the column p.
struct PeriodSql {
  std::string column;  // "… AS p"; empty: none
  std::vector<std::string> conditions;
};
// Of one period alone (`days`, which is number `period`), or of all that are wanted (days is null).
PeriodSql period_sql(const MetricsClock& clock, const TimeColumn& time, const MetricsPeriods& periods,
                     const DayRange* days, int period);

// Columns of groups: t (with a grain), d0, d1 … (dimensions), p (with a compared period: 0 the period, 1 that one),
// l0, l1 … (leaves).
struct GroupKeys {
  Grain grain = Grain::None;
  std::vector<std::string> dimensions;
  bool only_rest = false;  // of rows whose first dimension of the query is not in the table of top values
};

// Whether a row may be of both.
bool overlap(const DayRange& one, const DayRange& other);

// How the numbers of a tile are taken from groups: columns t, d0 …, m0 … (measures), c0 … (of the compared period).
struct TileShape {
  enum class Of { All, Top, Rest };  // rows whose d0 is among the top values, or is not

  std::string groups;             // the table
  Grain grain = Grain::None;      // None: without t
  std::size_t dimensions = 0;     // so many of the groups' first
  bool compared_columns = false;  // both periods beside each other; else of one alone:
  int period = 0;
  Of of = Of::All;
  bool searched = false;  // only groups that the query's search finds
  bool ordered = false;
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};

// Groups by fewer keys, or by longer buckets, made of a table of groups.
struct MergedGroups {
  std::string groups;                   // the table
  Grain from = Grain::None;             // of its buckets
  Grain grain = Grain::None;            // of those that are made; None: without t
  std::vector<std::size_t> dimensions;  // columns of the table, which become d0, d1 …
  std::string measure;                  // not empty: its value is a column m, too
  bool has_period = false;              // the table has p, and keeps it
};

inline constexpr const char* kTopTable = "metrics_top";  // v, rank

class MetricsPlan {
 public:
  // The model and the source must outlive it. Errors: InvalidData for names, columns that are missing or of a type that
  // the measure is not of.
  static Result<MetricsPlan> make(const MetricsModel& model, const MetricsSource& source, MetricsQuery query,
                                  MetricsPeriods periods);

  Result<SqlStatement> groups_sql(const GroupKeys& keys) const;
  // Whether groups by more keys than are shown can be merged.
  bool can_merge() const;
  // The same columns as groups_sql() gives, of groups that were made before: what can be merged.
  std::string merged_groups_sql(const MergedGroups& wanted) const;
  // The rows that groups are made of: columns t, d0 …, and x0 … (what leaves are of; none where rows are counted).
  Result<SqlStatement> leaf_rows_sql(const GroupKeys& keys) const;
  // How values of a leaf become one ("sum", "min", "max"; empty where they cannot), and their type.
  struct LeafShape {
    std::string merge;
    std::string type;
  };
  std::vector<LeafShape> leaf_shapes() const;
  // What tells leaves of plans of one model apart: equal texts are the same numbers.
  std::vector<std::string> leaf_texts() const;
  // Of a measure of the query: its leaf; of an average its sum and its count; of a ratio none.
  std::vector<std::size_t> leaves_of(const std::string& measure) const { return part_of(measure).leaves; }
  // SELECT of the rows that match the query's conditions and are of any of these days (of metrics with time), with
  // these columns of the source as they are: what several queries of a request read, once for all of them.
  Result<SqlStatement> rows_sql(const std::vector<std::string>& columns, const std::vector<DayRange>& days,
                                std::int64_t limit) const;
  // SELECT of the table of top values of d0.
  std::string top_sql(const std::string& groups) const;
  std::string tile_sql(const TileShape& shape) const;
  // How many groups there are by the first dimensions.
  std::string count_sql(const TileShape& shape) const;

  // Of a measure of the query: whether its numbers are exact; if not, the standard error where it is known, or 0.
  struct Exactness {
    bool exact = true;
    double error = 0;
  };
  Exactness exactness(std::size_t measure) const;
  const MetricsQuery& query() const { return query_; }
  const MetricsPeriods& periods() const { return periods_; }

 private:
  MetricsPlan(const MetricsModel& model, const MetricsSource& source, MetricsQuery query, MetricsPeriods periods)
      : model_(&model), source_(&source), query_(std::move(query)), periods_(std::move(periods)) {}

  struct Leaf {
    std::string function;  // of sql/measure_sql.hpp; approx_quantile
    std::string value;     // SQL over the relation; empty: rows are counted
    std::string type;
    double probability = 0.5;
    std::vector<MetricCondition> where;
  };
  struct Part {
    const Metric* metric = nullptr;
    std::vector<std::size_t> leaves;
  };

  Status add_part(const Metric& metric);
  std::size_t add_leaf(Leaf leaf);
  Result<Leaf> leaf_of(const Metric& metric) const;
  const Part& part_of(const std::string& measure) const;
  Result<std::string> dimension_sql(const MetricDimension& dimension) const;
  Json filter_of(const std::vector<MetricCondition>& conditions) const;
  Result<std::string> scan_sql(const GroupKeys& keys, const DayRange* days, int period, SqlStatement& statement) const;
  Result<std::string> extended_relation(Dataset& shape) const;
  std::string merged(std::size_t leaf, char side) const;
  std::string value_sql(const Part& part, char side) const;
  std::string source_of(const TileShape& shape) const;
  std::string order_sql(const TileShape& shape) const;
  std::string rank_order() const;

  const MetricsModel* model_;
  const MetricsSource* source_;
  MetricsQuery query_;
  MetricsPeriods periods_;
  std::vector<Leaf> leaves_;
  std::vector<Part> parts_;  // of the query's measures and those that they are ratios of
};

}  // namespace canvasback
