#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/figures.h"
#include "sim/report/timeline.h"

/// The kinds of figures of a result, a file each; figures.cpp has the table of them.
namespace headroom::report {

struct FigureSource {
  const FigureData& data;
  const Timeline& time;
};

// Each fills in the curves of a chart that has its name, title and axes already, and its caption; no curves:
// there is nothing to be seen.
void draw_yield_and_harvest(Chart&, const FigureSource&);
void draw_latency_over_time(Chart&, const FigureSource&);
void draw_latency_distribution(Chart&, const FigureSource&);
void draw_queue(Chart&, const FigureSource&);
void draw_utilization(Chart&, const FigureSource&);
void draw_members(Chart&, const FigureSource&);
void draw_outcomes(Chart&, const FigureSource&);
void draw_auth(Chart&, const FigureSource&);
void draw_auth_mistakes(Chart&, const FigureSource&);
void draw_bill(Chart&, const FigureSource&);

/// A line of one result in a figure of several.
struct OverlayCurve {
  Values x, y;
};
/// Work that is not on the bill.
std::optional<OverlayCurve> unbilled(const Timeline&);
/// The latency distribution of each result, of all its images.
void draw_latency_distributions(Chart&, const std::vector<FigureData>&);

/// The bound of the objective on that metric, if there is one.
struct ObjectiveBound {
  double at = 0;
  std::string of;  ///< the requests that it is on; empty: all
};
std::optional<ObjectiveBound> bound_of(const std::vector<Summary::Objective>& slo, std::string_view metric);

}  // namespace headroom::report
