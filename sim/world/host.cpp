#include "sim/world/host.h"
