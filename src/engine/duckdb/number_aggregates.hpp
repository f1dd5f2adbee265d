// Aggregate functions of the server's own SQL (sql/measure_sql), where the engine's lose digits or fail: sums and means
// of doubles with compensation, spreads that count from a value near the others, so that large numbers close to each
// other keep theirs. One pass, a state of fixed size for each group, in long double: sums and squares past the range of
// doubles are kept. The gate's list of functions has none of them: users' statements cannot call them.
//
//   compensated_sum(DOUBLE), compensated_mean(DOUBLE)       as IEEE 754 adds them where not all are finite
//   spread_std(DOUBLE), spread_variance(DOUBLE)             of a sample
//   integer_std(HUGEINT or DECIMAL(38,s)), integer_variance the same; of decimals in units of their last digit
//
// NULL where the engine's own are. A spread past the range of doubles, or of values that are not finite, is an error.
// Sources: A. Neumaier, ZAMM 54 (1974); T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance",
// The American Statistician 37 (1983).
#pragma once

#include <duckdb.h>

#include "base/error.hpp"

namespace canvasback::duck {

Status register_number_aggregates(duckdb_connection connection);

}  // namespace canvasback::duck
