#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/processing/calibrate/corpus.h"
#include "models/processing/calibrate/service.h"
#include "models/processing/profile.h"

/// `headroom calibrate`: from images to a profile.
namespace headroom::processing::calibrate {

struct Plan {
  std::string name = "profile";
  std::string folder;  ///< of images of one's own; empty: they are generated
  bool quick = false;
  bool validate = false;
  std::vector<Operation> operations = {Operation::thumbnail, Operation::resize, Operation::crop};
  std::vector<Encoding> outputs;  ///< in addition to the encoding of the image itself
  std::vector<int> widths = {200, 400, 800, 1600};
  int quality = 80;
  std::uint64_t seed = 1;
  int pictures = 0;    ///< of the generated corpus; 0: by `quick`
  double seconds = 0;  ///< for the measurement; 0: by `quick`
  double most_pixels = 24e6;
  std::map<std::string, std::string> deadly = {};  ///< names of images that killed a process before, and how
};

struct Outcome {
  Profile profile;
  std::vector<Skipped> skipped;
  std::int64_t left_out = 0;      ///< images that were usable but too many
  std::int64_t unmeasured = 0;    ///< (image, width) pairs for which there was no time
  std::vector<Encoding> missing;  ///< encodings that this libvips does not have
  std::optional<ServiceRun> service;
  std::vector<Encoded> images;        ///< what was converted
  std::optional<Problem> no_service;  ///< why it could not be run
  std::vector<std::string> notes;     ///< what was measured and cannot be written, and why
};

/// The whole measurement. A Problem if there is not a single usable image; `skipped` then says why.
struct Failure {
  std::string why;
  std::vector<Skipped> skipped;
};
std::variant<Outcome, Failure> calibrate(const Plan& plan, const std::function<void(double)>& progress = {});

}  // namespace headroom::processing::calibrate
