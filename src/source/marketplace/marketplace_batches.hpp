// The rows of the marketplace as Arrow batches: the one form that every format is encoded from. Money is
// DECIMAL(12,2), times are TIMESTAMP in microseconds (whole seconds, UTC) without a zone, as MySQL's DATETIME.
#pragma once

#include <memory>
#include <span>

#include "base/cancel.hpp"
#include "source/marketplace/marketplace.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback::marketplace {

SchemaPtr schema_of(Table table);

// In the schema of their table. Errors: MemoryLimit.
Result<BatchPtr> batch_of(std::span<const Order> rows);
Result<BatchPtr> batch_of(std::span<const Offer> rows);
Result<BatchPtr> batch_of(std::span<const Seller> rows);
Result<BatchPtr> batch_of(std::span<const Customer> rows);

// All rows of a table, by their IDs. Memory: one batch. Errors: MemoryLimit, Cancelled.
std::unique_ptr<BatchStream> open_table(std::shared_ptr<const Marketplace> marketplace, Table table,
                                        CancelToken cancel);

}  // namespace canvasback::marketplace
