// DistinctCounter: exact counts of each value while they are few, a HyperLogLog sketch afterwards.
#pragma once

#include <memory>

#include "analyse/frequency_table.hpp"
#include "analyse/hyperloglog.hpp"

namespace canvasback::analyse {

template <class Value, class View = Value>
class DistinctCounter {
 public:
  void add(View value, std::uint64_t hash, std::int64_t count = 1) {
    if (!sketch_) {
      if (table_.add(value, hash, count)) return;
      spill();
    }
    sketch_->add(hash);
  }
  void merge(const DistinctCounter& other) {
    if (!sketch_ && !other.sketch_) {
      if (table_.merge(other.table_)) return;
      spill();
    }
    if (!sketch_) spill();
    if (other.sketch_) {
      sketch_->merge(*other.sketch_);
    } else {
      other.table_.for_each([&](const auto& entry) { sketch_->add(entry.hash); });
    }
  }

  // Set once the values are too many to count one by one: a loop may then feed the sketch alone.
  HyperLogLog* sketch() { return sketch_.get(); }
  bool exact() const { return !sketch_; }
  double count() const { return sketch_ ? sketch_->estimate() : static_cast<double>(table_.distinct()); }
  const FrequencyTable<Value, View>& table() const { return table_; }

 private:
  void spill() {
    sketch_ = std::make_unique<HyperLogLog>();
    table_.for_each([&](const auto& entry) { sketch_->add(entry.hash); });
    table_.overflow();
  }

  FrequencyTable<Value, View> table_;
  std::unique_ptr<HyperLogLog> sketch_;
};

}  // namespace canvasback::analyse
