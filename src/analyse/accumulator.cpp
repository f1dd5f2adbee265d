#include "analyse/accumulator.hpp"

#include "analyse/accumulators.hpp"
#include "analyse/shares.hpp"

namespace canvasback::analyse {
namespace {

class BooleanAccumulator final : public Accumulator {
 public:
  BooleanAccumulator(ColumnInfo info, Depth depth) : info_(std::move(info)), depth_(depth) {}

  void add(std::uint32_t, const arrow::Array& array) override {
    rows_ += array.length();
    nulls_ += array.null_count();
    true_ += static_cast<const arrow::BooleanArray&>(array).true_count();
  }
  void merge(Accumulator& given) override {
    auto& other = static_cast<BooleanAccumulator&>(given);
    rows_ += other.rows_;
    nulls_ += other.nulls_;
    true_ += other.true_;
  }
  ColumnProfile finish() override {
    ColumnProfile out;
    out.name = info_.name;
    out.type = info_.type;
    out.kind = ColumnKind::Boolean;
    out.rows = rows_;
    out.nulls = nulls_;
    const std::int64_t not_true = out.count() - true_;
    if (out.count() > 0) {
      out.min = Json(not_true == 0);
      out.max = Json(true_ > 0);
    }
    if (depth_ == Depth::Summary) return out;
    out.distinct = (true_ > 0 ? 1 : 0) + (not_true > 0 ? 1 : 0);
    const bool more_true = true_ >= not_true;
    add_top(out, more_true, more_true ? true_ : not_true);
    add_top(out, !more_true, more_true ? not_true : true_);
    return out;
  }

 private:
  static void add_top(ColumnProfile& out, bool value, std::int64_t count) {
    if (count == 0) return;
    FrequentValue& entry = out.top.emplace_back();
    entry.value = value;
    entry.count = count;
  }

  ColumnInfo info_;
  Depth depth_;
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  std::int64_t true_ = 0;
};

// Rows and nulls alone: of lists, structs, maps, intervals, and whatever else has no order of its own.
class CountingAccumulator final : public Accumulator {
 public:
  explicit CountingAccumulator(ColumnInfo info) : info_(std::move(info)) {}

  void add(std::uint32_t, const arrow::Array& array) override {
    rows_ += array.length();
    nulls_ += array.type_id() == arrow::Type::NA ? array.length() : array.ComputeLogicalNullCount();
  }
  void merge(Accumulator& given) override {
    auto& other = static_cast<CountingAccumulator&>(given);
    rows_ += other.rows_;
    nulls_ += other.nulls_;
  }
  ColumnProfile finish() override {
    ColumnProfile out;
    out.name = info_.name;
    out.type = info_.type;
    out.rows = rows_;
    out.nulls = nulls_;
    return out;
  }

 private:
  ColumnInfo info_;
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> make_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth) {
  if (type.id() == arrow::Type::BOOL) return std::make_unique<BooleanAccumulator>(std::move(info), depth);
  if (auto text = make_text_accumulator(type, info, depth)) return text;
  if (auto number = make_number_accumulator(type, info, depth)) return number;
  return std::make_unique<CountingAccumulator>(std::move(info));
}

}  // namespace canvasback::analyse
