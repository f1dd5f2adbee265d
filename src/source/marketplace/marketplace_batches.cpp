#include "source/marketplace/marketplace_batches.hpp"

#include <arrow/builder.h>

#include <utility>
#include <vector>

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kBatchRows = 12'288;  // ten of them are a row group (encode/parquet)

std::shared_ptr<arrow::DataType> money() { return arrow::decimal128(12, 2); }
std::shared_ptr<arrow::DataType> time() { return arrow::timestamp(arrow::TimeUnit::MICRO); }

struct ColumnSpec {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  bool nullable = false;
};

SchemaPtr schema_from(const std::vector<ColumnSpec>& columns) {
  arrow::FieldVector fields;
  for (const ColumnSpec& column : columns) fields.push_back(arrow::field(column.name, column.type, column.nullable));
  return arrow::schema(std::move(fields));
}

// One batch, column after column: each add() appends the next column of the schema, a value for each row.
template <class Row>
class Columns {
 public:
  Columns(Table table, std::span<const Row> rows) : schema_(schema_of(table)), rows_(rows) {}

  // get(row): a std::int64_t or an std::optional of one.
  template <class Builder, class Get>
  void add(Get get) {
    add_with<Builder>([&](Builder& builder, const Row& row) { append(builder, std::optional(get(row))); });
  }
  // get(row): seconds.
  template <class Get>
  void add_time(Get get) {
    add_with<arrow::TimestampBuilder>([&](arrow::TimestampBuilder& builder, const Row& row) {
      const std::optional<std::int64_t> seconds = get(row);
      append(builder, seconds ? std::optional(*seconds * 1'000'000) : std::nullopt);
    });
  }
  // get(row): a std::string_view.
  template <class Get>
  void add_text(Get get) {
    add_with<arrow::StringBuilder>([&](arrow::StringBuilder& builder, const Row& row) {
      if (status_.ok()) status_ = builder.Append(get(row));
    });
  }
  Result<BatchPtr> finish() {
    if (!status_.ok())
      return fail(ErrorCode::MemoryLimit, "There is no memory for generated rows.", status_.ToString());
    return arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(rows_.size()), std::move(arrays_));
  }

 private:
  template <class Builder, class AppendRow>
  void add_with(AppendRow append_row) {
    const auto& type = schema_->field(static_cast<int>(arrays_.size()))->type();
    Builder builder(type, arrow::default_memory_pool());
    if (status_.ok()) status_ = builder.Reserve(static_cast<std::int64_t>(rows_.size()));
    if (!status_.ok()) return;
    for (const Row& row : rows_) append_row(builder, row);
    std::shared_ptr<arrow::Array> array;
    if (status_.ok()) status_ = builder.Finish(&array);
    arrays_.push_back(std::move(array));
  }
  template <class Builder, class Value>
  static void append(Builder& builder, const std::optional<Value>& value) {
    if (!value) {
      builder.UnsafeAppendNull();
    } else if constexpr (std::is_same_v<Builder, arrow::Decimal128Builder>) {
      builder.UnsafeAppend(arrow::Decimal128(*value));
    } else {
      builder.UnsafeAppend(static_cast<typename Builder::value_type>(*value));
    }
  }

  const SchemaPtr schema_;
  const std::span<const Row> rows_;
  arrow::ArrayVector arrays_;
  arrow::Status status_;
};

using Money = arrow::Decimal128Builder;

std::string_view country_code(int country) { return countries()[static_cast<std::size_t>(country)].code; }
std::string_view category_name(int category) { return categories()[static_cast<std::size_t>(category)].name; }

class TableStream final : public BatchStream {
 public:
  TableStream(std::shared_ptr<const Marketplace> marketplace, Table table, CancelToken cancel)
      : marketplace_(std::move(marketplace)), table_(table), cancel_(std::move(cancel)) {}

  SchemaPtr schema() const override { return schema_of(table_); }

  Result<BatchPtr> next() override {
    CANVASBACK_TRY(cancel_.check());
    const std::int64_t end = std::min(next_ + kBatchRows, marketplace_->rows(table_));
    if (next_ >= end) return BatchPtr();
    switch (table_) {
      case Table::Orders: return rows(end, &Marketplace::order);
      case Table::Offers: return rows(end, &Marketplace::offer);
      case Table::Sellers: return rows(end, &Marketplace::seller);
      case Table::Customers: return rows(end, &Marketplace::customer);
    }
    return BatchPtr();
  }

 private:
  template <class Row>
  Result<BatchPtr> rows(std::int64_t end, Row (Marketplace::*row)(std::int64_t) const) {
    std::vector<Row> rows;
    rows.reserve(static_cast<std::size_t>(end - next_));
    while (next_ < end) rows.push_back((*marketplace_.*row)(next_++));
    return batch_of(std::span<const Row>(rows));
  }

  const std::shared_ptr<const Marketplace> marketplace_;  // shared: of all tables
  const Table table_;
  const CancelToken cancel_;
  std::int64_t next_ = 0;
};

}  // namespace

SchemaPtr schema_of(Table table) {
  const auto id = arrow::int64();
  const auto text = arrow::utf8();
  switch (table) {
    case Table::Orders:
      return schema_from({{"id", id},
                          {"customer_id", id},
                          {"offer_id", id},
                          {"seller_id", id},
                          {"country", text},
                          {"category", text},
                          {"status", text},
                          {"quantity", arrow::int32()},
                          {"unit_price", money()},
                          {"discount", money()},
                          {"amount", money()},
                          {"fee", money()},
                          {"refunded", money()},
                          {"rating", arrow::int8(), true},
                          {"paid_at", time(), true},
                          {"shipped_at", time(), true},
                          {"delivered_at", time(), true},
                          {"refunded_at", time(), true},
                          {"created_at", time()},
                          {"updated_at", time()}});
    case Table::Offers:
      return schema_from({{"id", id},
                          {"seller_id", id},
                          {"category", text},
                          {"title", text},
                          {"status", text},
                          {"price", money()},
                          {"list_price", money()},
                          {"stock", arrow::int32()},
                          {"views", id},
                          {"created_at", time()},
                          {"updated_at", time()}});
    case Table::Sellers:
      return schema_from({{"id", id},
                          {"name", text},
                          {"country", text},
                          {"tier", text},
                          {"rating", arrow::decimal128(3, 2)},
                          {"created_at", time()},
                          {"updated_at", time()}});
    case Table::Customers:
      return schema_from({{"id", id},
                          {"name", text},
                          {"email", text},
                          {"country", text},
                          {"segment", text},
                          {"created_at", time()},
                          {"updated_at", time()}});
  }
  return nullptr;
}

Result<BatchPtr> batch_of(std::span<const Order> rows) {
  Columns<Order> columns(Table::Orders, rows);
  columns.add<arrow::Int64Builder>([](const Order& row) { return row.id; });
  columns.add<arrow::Int64Builder>([](const Order& row) { return row.customer_id; });
  columns.add<arrow::Int64Builder>([](const Order& row) { return row.offer_id; });
  columns.add<arrow::Int64Builder>([](const Order& row) { return row.seller_id; });
  columns.add_text([](const Order& row) { return country_code(row.country); });
  columns.add_text([](const Order& row) { return category_name(row.category); });
  columns.add_text([](const Order& row) { return kOrderStatuses[static_cast<std::size_t>(row.status)]; });
  columns.add<arrow::Int32Builder>([](const Order& row) { return row.quantity; });
  columns.add<Money>([](const Order& row) { return row.unit_price; });
  columns.add<Money>([](const Order& row) { return row.discount; });
  columns.add<Money>([](const Order& row) { return row.amount; });
  columns.add<Money>([](const Order& row) { return row.fee; });
  columns.add<Money>([](const Order& row) { return row.refunded; });
  columns.add<arrow::Int8Builder>([](const Order& row) { return row.rating; });
  columns.add_time([](const Order& row) { return row.paid_at; });
  columns.add_time([](const Order& row) { return row.shipped_at; });
  columns.add_time([](const Order& row) { return row.delivered_at; });
  columns.add_time([](const Order& row) { return row.refunded_at; });
  columns.add_time([](const Order& row) { return row.created_at; });
  columns.add_time([](const Order& row) { return row.updated_at; });
  return columns.finish();
}

Result<BatchPtr> batch_of(std::span<const Offer> rows) {
  Columns<Offer> columns(Table::Offers, rows);
  columns.add<arrow::Int64Builder>([](const Offer& row) { return row.id; });
  columns.add<arrow::Int64Builder>([](const Offer& row) { return row.seller_id; });
  columns.add_text([](const Offer& row) { return category_name(row.category); });
  columns.add_text([](const Offer& row) { return std::string_view(row.title); });
  columns.add_text([](const Offer& row) { return kOfferStatuses[static_cast<std::size_t>(row.status)]; });
  columns.add<Money>([](const Offer& row) { return row.price; });
  columns.add<Money>([](const Offer& row) { return row.list_price; });
  columns.add<arrow::Int32Builder>([](const Offer& row) { return row.stock; });
  columns.add<arrow::Int64Builder>([](const Offer& row) { return row.views; });
  columns.add_time([](const Offer& row) { return row.created_at; });
  columns.add_time([](const Offer& row) { return row.updated_at; });
  return columns.finish();
}

Result<BatchPtr> batch_of(std::span<const Seller> rows) {
  Columns<Seller> columns(Table::Sellers, rows);
  columns.add<arrow::Int64Builder>([](const Seller& row) { return row.id; });
  columns.add_text([](const Seller& row) { return std::string_view(row.name); });
  columns.add_text([](const Seller& row) { return country_code(row.country); });
  columns.add_text([](const Seller& row) { return kSellerTiers[static_cast<std::size_t>(row.tier)]; });
  columns.add<Money>([](const Seller& row) { return row.rating; });
  columns.add_time([](const Seller& row) { return row.created_at; });
  columns.add_time([](const Seller& row) { return row.updated_at; });
  return columns.finish();
}

Result<BatchPtr> batch_of(std::span<const Customer> rows) {
  Columns<Customer> columns(Table::Customers, rows);
  columns.add<arrow::Int64Builder>([](const Customer& row) { return row.id; });
  columns.add_text([](const Customer& row) { return std::string_view(row.name); });
  columns.add_text([](const Customer& row) { return std::string_view(row.email); });
  columns.add_text([](const Customer& row) { return country_code(row.country); });
  columns.add_text([](const Customer& row) { return kSegments[static_cast<std::size_t>(row.segment)]; });
  columns.add_time([](const Customer& row) { return row.created_at; });
  columns.add_time([](const Customer& row) { return row.updated_at; });
  return columns.finish();
}

std::unique_ptr<BatchStream> open_table(std::shared_ptr<const Marketplace> marketplace, Table table,
                                        CancelToken cancel) {
  return std::make_unique<TableStream>(std::move(marketplace), table, std::move(cancel));
}

}  // namespace canvasback::marketplace
