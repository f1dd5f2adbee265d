// Made-up records of five domains (users, transactions, events, products, sensors) as JSON: realistic shapes and
// distributions, nested values, missing keys. A record is a function of seed and number alone, so any range of any
// stream can be made anywhere, in constant memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

enum class RecordType { User, Transaction, Event, Product, Sensor };

std::optional<RecordType> record_type_from(std::string_view name);

class RecordGenerator {
 public:
  RecordGenerator(RecordType type, std::uint64_t seed) : type_(type), seed_(seed) {}

  // Record `number` (0, 1, …) as one line of NDJSON.
  void append(std::uint64_t number, std::string& out);

 private:
  void user(std::uint64_t number, std::string& out);
  void transaction(std::uint64_t number, std::string& out);
  void event(std::uint64_t number, std::string& out);
  void product(std::uint64_t number, std::string& out);
  void sensor(std::uint64_t number, std::string& out);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double bell();  // about normal: mean 0, deviation 1
  // A time within the 400 days from 2025-01-01 on, later for later records, as ISO 8601 text.
  void time(std::uint64_t number, std::string& out);

  RecordType type_;
  std::uint64_t seed_;
  std::uint64_t state_ = 0;
};

}  // namespace canvasback
