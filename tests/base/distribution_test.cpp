#include "sim/base/distribution.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace headroom {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Cdf = std::function<double(double)>;

double normal_cdf(double z) {
  return std::erfc(-z / std::sqrt(2.0)) / 2;
}
Cdf exponential_cdf(double mean) {
  return [=](double x) { return -std::expm1(-x / mean); };
}

/// One law, with its cumulative distribution function in closed form (none for the discrete ones).
struct Case {
  std::string name;
  law::Any law;
  Cdf cdf;
};

// The moments up to the eighth exist and are moderate, so that the intervals below are valid.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"exponential", law::Exponential{2}, exponential_cdf(2)},
      {"uniform", law::Uniform{1, 4}, [](double x) { return std::clamp((x - 1) / 3, 0.0, 1.0); }},
      {"normal", law::Normal{5, 1}, [](double x) { return normal_cdf(x - 5); }},
      {"normal, truncated", law::Normal{1, 1},
       [](double x) { return (normal_cdf(x - 1) - normal_cdf(-1)) / normal_cdf(1); }},
      {"lognormal", law::Lognormal{3, 0.5},
       [](double x) { return normal_cdf((std::log(x / 3) + 0.125) / 0.5); }},
      {"gamma, scv 1/2", law::Gamma{3, 0.5}, [](double x) { return boost::math::gamma_p(2.0, x / 1.5); }},
      {"gamma, scv 4", law::Gamma{3, 4}, [](double x) { return boost::math::gamma_p(0.25, x / 12); }},
      {"weibull, shape 2", law::Weibull{3, 2},
       [](double x) { return -std::expm1(-std::pow(x * std::tgamma(1.5) / 3, 2)); }},
      {"weibull, shape 0.7", law::Weibull{3, 0.7},
       [](double x) { return -std::expm1(-std::pow(x * std::tgamma(1 + 1 / 0.7) / 3, 0.7)); }},
      {"pareto", law::Pareto{2, 10}, [](double x) { return 1 - std::pow(2 / x, 10); }},
      {"erlang", law::Erlang{2, 4}, [](double x) { return boost::math::gamma_p(4.0, 2 * x); }},
      // scv 5 with balanced means: p = (1 + √(4/6)) / 2.
      {"hyperexponential", law::Hyperexponential{2, 5},
       [](double x) {
         const double p = (1 + std::sqrt(4.0 / 6)) / 2;
         return p * exponential_cdf(1 / p)(x) + (1 - p) * exponential_cdf(1 / (1 - p))(x);
       }},
      {"mixture", law::Mixture{{0.3, 0.7}, {law::Uniform{0, 1}, law::Exponential{3}}},
       [](double x) { return 0.3 * std::min(x, 1.0) + 0.7 * exponential_cdf(3)(x); }},
      {"empirical", law::Empirical{{1, 2, 2, 7}}, nullptr},
      {"constant", law::Constant{4}, nullptr},
  };
  return all;
}

std::vector<double> sample(const law::Any& law, std::size_t n, std::uint64_t seed = 1) {
  Engine engine = (StreamKey(seed) / "distribution").engine();
  std::vector<double> values(n);
  for (double& value : values) value = law::sample(law, engine);
  return values;
}

/// √n times Kolmogorov and Smirnov's statistic.
double kolmogorov(std::vector<double> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(values[i]);
    worst = std::max({worst, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return std::sqrt(n) * worst;
}
constexpr double kKolmogorovLimit = 2.2253;  // its 0.9999 quantile

TEST_CASE("sample mean and variance lie where the law's moments say") {
  constexpr std::size_t kDraws = 200'000;
  constexpr double kZ = 4;  // a true law fails once in 16 000 seeds, and this seed is fixed
  for (const Case& c : cases()) {
    INFO(c.name);
    const std::vector<double> values = sample(c.law, kDraws);
    const double n = kDraws;
    const double mean = law::mean(c.law);
    const double variance = law::scv(c.law) * mean * mean;
    double least = 0, sum = 0, square = 0, fourth = 0;
    for (const double x : values) {
      least = std::min(least, x);
      sum += x;
      square += (x - mean) * (x - mean);
      fourth += std::pow(x - mean, 4);
    }
    CHECK(least >= 0);
    CHECK(std::abs(sum / n - mean) <= kZ * std::sqrt(variance / n));
    const double error_of_variance = std::sqrt(std::max(0.0, fourth / n - variance * variance) / n);
    CHECK(std::abs(square / n - variance) <= kZ * error_of_variance);
  }
}

TEST_CASE("samples of the continuous laws follow the closed-form distribution function") {
  for (const Case& c : cases()) {
    if (c.cdf == nullptr) continue;
    INFO(c.name);
    CHECK(kolmogorov(sample(c.law, 50'000), c.cdf) < kKolmogorovLimit);
  }
  // The test has the power to see a law with the right mean and a slightly wrong variance.
  CHECK(kolmogorov(sample(law::Gamma{2, 0.9}, 50'000), exponential_cdf(2)) > kKolmogorovLimit);
}

TEST_CASE("moments in closed form") {
  CHECK(law::mean(law::Pareto{2, 3}) == Approx(3));
  CHECK(law::scv(law::Pareto{2, 3}) == Approx(1.0 / 3));
  CHECK(law::mean(law::Pareto{2, 1}) == kInfinity);
  CHECK(law::scv(law::Pareto{2, 2}) == kInfinity);
  CHECK(law::scv(law::Weibull{3, 1}) == Approx(1));
  CHECK(law::scv(law::Weibull{3, 0.5}) == Approx(5));
  CHECK(law::scv(law::Lognormal{3, std::sqrt(std::log(2.0))}) == Approx(1));
  CHECK(law::scv(law::Erlang{3, 4}) == Approx(0.25));
  CHECK(law::mean(law::Uniform{0, 6}) == 3);
  CHECK(law::scv(law::Uniform{0, 6}) == Approx(1.0 / 3));
  // Half a normal law: mean √(2/π), variance 1 − 2/π.
  const double pi = std::acos(-1);
  CHECK(law::mean(law::Normal{0, 1}) == Approx(std::sqrt(2 / pi)));
  CHECK(law::scv(law::Normal{0, 1}) == Approx((1 - 2 / pi) / (2 / pi)));
  CHECK(law::mean(law::Normal{3, 0}) == 3);
  CHECK(law::mean(law::Empirical{{1, 2, 2, 7}}) == 3);
  CHECK(law::scv(law::Empirical{{1, 2, 2, 7}}) == Approx(5.5 / 9));
}

TEST_CASE("a mixture's moments are those of its parts, weighted") {
  const law::Any mixture = law::Mixture{{0.25, 0.75}, {law::Constant{4}, law::Exponential{2}}};
  CHECK(law::mean(mixture) == Approx(2.5));
  CHECK(law::scv(mixture) == Approx((0.25 * 16 + 0.75 * 8 - 6.25) / 6.25));
  const law::Any nested = law::Mixture{{0.5, 0.5}, {mixture, law::Constant{2.5}}};
  CHECK(law::mean(nested) == Approx(2.5));

  const law::Any no_variance = law::Mixture{{0.5, 0.5}, {law::Pareto{1, 1.5}, law::Constant{1}}};
  CHECK(law::mean(no_variance) == Approx(2));
  CHECK(law::scv(no_variance) == kInfinity);
  const law::Any no_mean = law::Mixture{{0.5, 0.5}, {law::Pareto{1, 0.5}, law::Constant{1}}};
  CHECK(law::mean(no_mean) == kInfinity);
  CHECK(law::scv(no_mean) == kInfinity);
}

TEST_CASE("a lognormal's sigma is the smaller root for its p99") {
  constexpr double kZ99 = 2.3263478740408411;
  for (const double ratio : {1.0, 1.5, 4.0, 10.0, 14.9}) {
    INFO("p99/mean = " << ratio);
    const double sigma = law::lognormal_sigma_from_p99(ratio);
    REQUIRE(sigma >= 0);
    CHECK(std::exp(kZ99 * sigma - sigma * sigma / 2) == Approx(ratio));
    CHECK(sigma <= kZ99);  // the larger root lies above
  }
  CHECK(law::lognormal_sigma_from_p99(1.0) == Approx(0).margin(1e-12));
  CHECK(law::lognormal_sigma_from_p99(14.96) > 0);
  CHECK(law::lognormal_sigma_from_p99(14.98) < 0);
  CHECK(law::lognormal_sigma_from_p99(0.9) < 0);
  CHECK(law::lognormal_sigma_from_p99(std::numeric_limits<double>::quiet_NaN()) < 0);

  // The sampled p99 is the one asked for: the share of draws above it is 1 %, to within 4 standard errors.
  const law::Any law = law::Lognormal{256e3, law::lognormal_sigma_from_p99(1e6 / 256e3)};
  const std::vector<double> values = sample(law, 200'000);
  const auto above = std::count_if(values.begin(), values.end(), [](double x) { return x > 1e6; });
  CHECK(std::abs(static_cast<double>(above) - 2000) < 4 * std::sqrt(200'000 * 0.01 * 0.99));
}

TEST_CASE("laws at the edge of their range are still what they say") {
  Engine engine = StreamKey(1).engine();
  CHECK(law::sample(law::Gamma{3, 0}, engine) == 3);
  CHECK(law::sample(law::Normal{3, 0}, engine) == 3);
  CHECK(law::sample(law::Lognormal{3, 0}, engine) == 3);
  CHECK(law::sample(law::Uniform{3, 3}, engine) == 3);
  CHECK(law::sample(law::Empirical{{3}}, engine) == 3);
  CHECK(law::sample(law::Mixture{{1}, {law::Constant{3}}}, engine) == 3);
  // scv 1 makes a hyperexponential an exponential.
  CHECK(kolmogorov(sample(law::Hyperexponential{2, 1}, 50'000), exponential_cdf(2)) < kKolmogorovLimit);
}

TEST_CASE("distributions of durations and bytes speak in their unit") {
  Engine engine = StreamKey(1).engine();
  const auto fixed = Distribution<Duration>::constant(Duration::ms(20));
  CHECK(fixed.sample(engine) == Duration::ms(20));
  CHECK(fixed.mean() == Duration::ms(20));
  CHECK(fixed.scv() == 0);
  CHECK(Distribution<Duration>::exponential(Duration::ms(20)).mean() == Duration::ms(20));
  CHECK(Distribution<Bytes>::constant(Bytes(512)).sample(engine) == Bytes(512));
  CHECK(Distribution<Duration>{law::Pareto{1, 0.5}}.mean() == Duration::max());
}

// A change of any of these numbers changes the results of every scenario ever published with a seed. They are
// rounded to the nanosecond of a law of mean 1 s, as the simulator does; the same in Debug and in Release.
TEST_CASE("golden values: each law gives the same draws for ever") {
  const double second = 1e9;
  const auto draws = [](const law::Any& law) {
    const Distribution<Duration> distribution{law};
    Engine engine = (StreamKey(1) / "golden").engine();
    std::vector<std::int64_t> values;
    for (int i = 0; i < 4; ++i) values.push_back(distribution.sample(engine).count_ns());
    return values;
  };
  using Golden = std::vector<std::int64_t>;
  CHECK(draws(law::Constant{second}) == Golden{1'000'000'000, 1'000'000'000, 1'000'000'000, 1'000'000'000});
  CHECK(draws(law::Exponential{second}) == Golden{1'174'668'662, 1'817'182'792, 512'686'494, 328'085'408});
  CHECK(draws(law::Uniform{0, 2 * second}) == Golden{1'517'558'203, 1'797'779'948, 507'212'319, 515'276'562});
  CHECK(draws(law::Normal{second, second}) == Golden{564'967'357, 664'003'136, 943'232'210, 669'206'902});
  CHECK(draws(law::Lognormal{second, 1}) == Golden{199'486'150, 129'776'188, 392'573'050, 433'442'183});
  CHECK(draws(law::Gamma{second, 0.5}) == Golden{215'268'607, 1'408'618'588, 864'129'327, 2'115'785'728});
  CHECK(draws(law::Gamma{second, 1}) == Golden{1'174'668'662, 1'817'182'792, 512'686'494, 328'085'408});
  CHECK(draws(law::Gamma{second, 2}) == Golden{52'801'356, 1'037'668'495, 689'411'115, 1'475'034'012});
  CHECK(draws(law::Weibull{second, 0.7}) == Golden{994'273'723, 1'854'369'582, 304'179'208, 160'760'586});
  CHECK(draws(law::Pareto{second, 1.5}) ==
        Golden{2'580'615'965, 4'607'554'903, 1'215'312'511, 1'219'709'166});
  CHECK(draws(law::Erlang{second, 3}) == Golden{1'168'179'316, 308'382'528, 218'425'639, 1'889'186'503});
  CHECK(draws(law::Hyperexponential{second, 4}) ==
        Golden{1'023'997'635, 184'878'859, 300'086'409, 85'784'600});
  CHECK(draws(law::Empirical{{1, 2, 3, 4, 5}}) == Golden{4, 5, 2, 2});
  CHECK(draws(law::Mixture{{0.5, 0.5}, {law::Uniform{0, second}, law::Exponential{second}}}) ==
        Golden{1'817'182'792, 257'638'281, 126'693'456, 343'387'091});
}

}  // namespace
}  // namespace headroom
