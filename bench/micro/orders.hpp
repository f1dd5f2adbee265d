// The batch that the encoders' benchmarks format: twelve columns like those of the orders table (numbers, times,
// decimals, words of few and of many values, texts with NULLs, quotes and letters beyond ASCII), made from the row
// number, so that it is the same everywhere.
#pragma once

#include <arrow/api.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace canvasback {

class OrdersBuilder {
 public:
  static std::shared_ptr<arrow::RecordBatch> make(std::int64_t rows) {
    OrdersBuilder builder;
    for (std::int64_t row = 0; row < rows; ++row) builder.add(row);
    return builder.finish(rows);
  }

 private:
  static constexpr std::uint64_t kStart = 1'609'459'200'000'000;  // 2021-01-01 in microseconds

  static std::uint64_t mix(std::uint64_t row, std::uint64_t stream) {
    std::uint64_t x = (row + 1) * 0x9E3779B97F4A7C15ULL + stream * 0xBF58476D1CE4E5B9ULL;
    x ^= x >> 31;
    x *= 0x94D049BB133111EBULL;
    return x ^ (x >> 29);
  }
  static void must(const arrow::Status& status) {
    if (!status.ok()) std::abort();
  }

  void add(std::int64_t row) {
    static const std::vector<std::string> kWords = {"electronics", "books", "garden", "bricolage & décor", "toys"};
    static const std::vector<std::string> kCountries = {"Argentina", "Côte d'Ivoire", "Việt Nam", "Chile"};
    static const std::vector<std::string> kNotes = {"leave at the door", "call \"Ana\" <before> & after",
                                                    "größere Menge möglich", "second, revised address"};
    const auto number = static_cast<std::uint64_t>(row);
    const std::uint64_t time = kStart + number * 9'460'000 + mix(number, 1) % 9'460'000;
    const auto quantity = static_cast<std::int32_t>(1 + mix(number, 5) % 9);
    const auto cents = static_cast<std::int64_t>(99 + mix(number, 6) % 250'000);
    must(id_.Append(row));
    must(ts_.Append(static_cast<std::int64_t>(time)));
    must(seller_.Append("seller_" + std::to_string(mix(number, 2) % 48'000)));
    must(offer_.Append(static_cast<std::int64_t>(1'000'000 + mix(number, 3) % 2'000'000)));
    must(category_.Append(kWords[mix(number, 4) % kWords.size()]));
    must(country_.Append(kCountries[mix(number, 7) % kCountries.size()]));
    must(quantity_.Append(quantity));
    must(price_.Append(arrow::Decimal128(cents)));
    must(amount_.Append(static_cast<double>(cents * quantity) * 0.0097));
    must(mix(number, 8) % 10 < 3 ? note_.AppendNull() : note_.Append(kNotes[mix(number, 9) % kNotes.size()]));
    must(flag_.Append(mix(number, 10) % 4 == 0));
    must(updated_.Append(static_cast<std::int64_t>(time + mix(number, 11) % 2'592'000 * 1'000'000)));
  }

  std::shared_ptr<arrow::RecordBatch> finish(std::int64_t rows) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    const auto take = [&](const char* name, arrow::ArrayBuilder& builder) {
      columns.push_back(builder.Finish().ValueOrDie());
      fields.push_back(arrow::field(name, columns.back()->type()));
    };
    take("id", id_);
    take("ts", ts_);
    take("seller", seller_);
    take("offer_id", offer_);
    take("category", category_);
    take("country", country_);
    take("quantity", quantity_);
    take("price", price_);
    take("amount", amount_);
    take("note", note_);
    take("flag", flag_);
    take("updated_at", updated_);
    return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
  }

  arrow::Int64Builder id_, offer_;
  arrow::TimestampBuilder ts_{arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool()};
  arrow::TimestampBuilder updated_{arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool()};
  arrow::StringBuilder seller_, category_, country_, note_;
  arrow::Int32Builder quantity_;
  arrow::Decimal128Builder price_{arrow::decimal128(12, 2)};
  arrow::DoubleBuilder amount_;
  arrow::BooleanBuilder flag_;
};

}  // namespace canvasback
