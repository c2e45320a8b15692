#include "sim/world/processor.h"
