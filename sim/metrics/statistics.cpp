#include "sim/metrics/statistics.h"

#include <boost/math/distributions/students_t.hpp>

namespace headroom::metrics {

double student_t_quantile(double degrees, double p) {
  return boost::math::quantile(boost::math::students_t(degrees), p);
}

}  // namespace headroom::metrics
